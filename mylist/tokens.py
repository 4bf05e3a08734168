"""Tokens: what a list is now, and what its content is, said by two random words of the database.

`mylist.triggers` makes new ones with every change; `mylist.pagecache` says what they are for.
"""

from hashlib import blake2b
from typing import Any, NamedTuple

from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast

from api.compiled import Compiled, Param
from mylist.models import ContentToken, MyList


class Tokens(NamedTuple):
    """A list's own token, and that of what it shows."""

    list: str
    content: str

    @property
    def mark(self) -> bytes:
        """What a page begins with that is valid now."""
        return f"{self.list}{self.content}".encode()

    def digest(self, shape: str) -> str:
        """The two as one word that tells nothing of them, for pages of one look."""
        return blake2b(self.mark, digest_size=16, key=shape.encode()).hexdigest()


def checked(list_token: str | None, content_token: str | None) -> Tokens | None:
    """None where there is no row yet, or none any more: then nothing is kept."""
    return Tokens(list_token, content_token) if list_token and content_token else None


# --- reading them --------------------------------------------------------------


def word(rows: QuerySet[Any, Any]) -> Subquery:
    return Subquery(rows.values_list(Cast("token", CharField()))[:1])


def content_token() -> Subquery:
    return word(ContentToken.objects.all())


def token_expressions(user: Any) -> dict[str, Subquery]:
    """For whoever reads something of a person anyway: what to read with it. `user` is their id, or
    an expression for it. The values, in this order, are what `checked` takes."""
    own = word(MyList.objects.filter(user_id=user))
    return {"list_token": own, "content_token": content_token()}


def token_facts() -> dict[str, Subquery]:
    """The same for rows that have a `user_id`."""
    return token_expressions(OuterRef("user_id"))


NOW = Compiled(
    lambda: MyList.objects.filter(user_id=Param("user")).values_list(*token_facts().values())
)


def tokens_now(user_id: int) -> Tokens | None:
    rows = NOW.rows(user=user_id)
    return checked(*rows[0]) if rows else None


def tokens_of(request: Any) -> Tokens | None:
    """From the statement that let the person in or, where it read none, from one of our own."""
    facts = getattr(request.auth, "facts", {})
    if "list_token" not in facts:
        return tokens_now(request.user.pk)
    return checked(facts["list_token"], facts["content_token"])
