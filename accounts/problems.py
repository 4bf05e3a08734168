"""The codes of users and sign-in."""

from accounts.models import EmailTaken, Overtaken, User
from accounts.passwords import BadResetLink
from accounts.tokens import BadCredentials, BadToken
from api.problems import BAD_TOKEN, CONFLICT, Problem, answers, code, family

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="api"'}
TOKEN_REFUSED = {"WWW-Authenticate": 'Bearer realm="api", error="invalid_token"'}

USER = family(3, "user")
BAD_CREDENTIALS = code(
    3003, 401, "Bad credentials", "No active person signs in with this address and password."
)
BAD_RESET_LINK = code(
    3004, 400, "Bad reset link", "The link is malformed, expired or used: ask for a new one."
)


@answers(EmailTaken)
def email_taken(error: EmailTaken) -> Problem:
    detail = "This address belongs to somebody already."
    wrong = {"pointer": "#/email", "code": "unique", "detail": detail}
    return Problem(USER.invalid, detail, errors=[wrong])


@answers(User.DoesNotExist)
def no_such_user(error: User.DoesNotExist) -> Problem:
    return Problem(USER.missing)


@answers(Overtaken)
def overtaken(error: Overtaken) -> Problem:
    return Problem(CONFLICT)


@answers(BadCredentials)
def bad_credentials(error: BadCredentials) -> Problem:
    return Problem(BAD_CREDENTIALS, headers=CHALLENGE)


@answers(BadToken)
def bad_token(error: BadToken) -> Problem:
    return Problem(BAD_TOKEN, headers=TOKEN_REFUSED)


@answers(BadResetLink)
def bad_reset_link(error: BadResetLink) -> Problem:
    return Problem(BAD_RESET_LINK)
