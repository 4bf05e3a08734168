"""Signing in, and people's own accounts."""

from typing import Any, ClassVar

from django.contrib.auth import authenticate
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.exceptions import NotAuthenticated, NotFound, PermissionDenied
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import passwords, tokens
from accounts.examples import NO_ADDRESS, SIGN_INS, TOKENS, USERS
from accounts.models import SignIn, User
from accounts.problems import BAD_CREDENTIALS, BAD_RESET_LINK, USER
from accounts.serializers import (
    CredentialsSerializer,
    DetailSerializer,
    RefreshSerializer,
    RegistrationSerializer,
    ResetConfirmSerializer,
    ResetSerializer,
    RevokeSerializer,
    SignInSerializer,
    StaffUserSerializer,
    TokenPairSerializer,
    UserSerializer,
    VerifySerializer,
    check_password_rules,
)
from api.parameters import PageParameters
from api.permissions import StaffOnly
from api.problems import FORBIDDEN, NO_TOKEN
from api.views import ApiViewSet

# For the docs: the type and meaning of `{id}` in a path.
PERSON = (
    {"type": "string", "pattern": "^(me|[1-9][0-9]*)$", "examples": ["me"]},
    "A person's id, or `me` for who asks.",
)

# For the docs: a client that sends an expired token is refused where none is needed, too.
NO_TOKEN_SENT: list[Any] = [{}]


class TokenViewSet(ApiViewSet):
    """Tokens: got by signing in, renewed once each, ended by revoking."""

    resource = "auth"
    tag = "sign-in"
    problem_family = USER
    permission_classes = (AllowAny,)
    refusals: ClassVar = {
        "sign_in": [BAD_CREDENTIALS],
        "revoke": [NO_TOKEN],
        "reset_confirm": [BAD_RESET_LINK],
    }
    examples = TOKENS
    problem_members: ClassVar = {USER.invalid: NO_ADDRESS}

    @extend_schema(
        auth=NO_TOKEN_SENT, request=CredentialsSerializer, responses={200: TokenPairSerializer}
    )
    def sign_in(self, request: Request) -> Response:
        """Sign in.

        Send no `Authorization` header: an expired token there is a 401 (3002), whatever the body
        says. `access` is good for 15 minutes, `refresh` for one new pair within 30 days. A wrong
        address, a wrong password and a deactivated person are told alike (3003).
        """
        given = self.body(CredentialsSerializer)
        user = authenticate(request, **given)
        if user is None:
            raise tokens.BadCredentials
        return Response(tokens.sign_in(user, request.headers.get("User-Agent", "")))

    @extend_schema(
        auth=NO_TOKEN_SENT, request=RefreshSerializer, responses={200: TokenPairSerializer}
    )
    def refresh(self, request: Request) -> Response:
        """Exchange a refresh token for a new pair.

        Send no `Authorization` header: an expired token there is a 401 (3002), whatever the body
        says.

        Each refresh token works once: store the new one before anything else, and let one place in
        your client refresh while the rest wait for it. Of requests that race with one token, one
        wins. A used token that comes back more than a minute later looks stolen: it ends the
        sign-in, and with it every token of it.

        If the answer got lost, try the same token once more, at once: it works if the first request
        never arrived. A 401 (3002) here is final: sign in again.
        """
        return Response(tokens.refresh(self.body(RefreshSerializer)["refresh"]))

    @extend_schema(auth=NO_TOKEN_SENT, request=VerifySerializer, responses={200: DetailSerializer})
    def verify(self, request: Request) -> Response:
        """Ask whether a token would be taken now.

        A refresh token is not used up by this.
        """
        tokens.check(self.body(VerifySerializer)["token"])
        return Response({"detail": "The token is good."})

    @extend_schema(request=RevokeSerializer, responses={204: None})
    def revoke(self, request: Request) -> Response:
        """End this sign-in.

        The one of the `refresh` token in the body or, with `{}`, of the token in the header. Its
        access tokens end at once, too.
        """
        refresh = self.body(RevokeSerializer).get("refresh")
        if refresh is not None:
            ending: Any = tokens.live(tokens.read(refresh, tokens.Refresh))
        elif request.auth is not None:
            ending = request.auth
        else:
            raise NotAuthenticated
        SignIn.objects.filter(pk=ending.pk).delete()
        return Response(status=204)

    @extend_schema(auth=NO_TOKEN_SENT, request=ResetSerializer, responses={202: DetailSerializer})
    def reset(self, request: Request) -> Response:
        """Ask for a link that sets a new password.

        It comes by mail, works once and for an hour. The answer is the same whether or not the
        address is somebody's.
        """
        passwords.send_reset_link(self.body(ResetSerializer)["email"], request._request)
        return Response({"detail": "If somebody has this address, a link is on its way."}, 202)

    @extend_schema(auth=NO_TOKEN_SENT, request=ResetConfirmSerializer, responses={204: None})
    def reset_confirm(self, request: Request) -> Response:
        """Set a new password by the link.

        `uid` and `token` stand in the mail. Every sign-in of the person ends.
        """
        given = self.body(ResetConfirmSerializer)
        person = passwords.user_of_link(given["uid"], given["token"])
        check_password_rules(given["password"], person)
        if not passwords.replace_password(person, given["password"]):
            raise passwords.BadResetLink
        return Response(status=204)


class PersonViewSet(ApiViewSet):
    """`{id}` in a path: the caller (`me`), or anybody for staff with the permission."""

    def person(self, action: str) -> User:
        """Whom the path names, for `action`: view, change or delete."""
        caller: User = self.request.user  # type: ignore[assignment]
        if self.kwargs["id"] in ("me", caller.pk):
            # Who asks is known by little more than their id.
            return get_object_or_404(User, pk=caller.pk)
        if not caller.is_staff:
            raise NotFound
        if not caller.has_perm(f"accounts.{action}_user"):
            raise PermissionDenied
        person = get_object_or_404(User, pk=self.kwargs["id"])
        powerful = person.is_staff or person.is_superuser
        if action != "view" and powerful and not caller.is_superuser:
            raise PermissionDenied
        return person


class UserViewSet(mixins.ListModelMixin, PersonViewSet):
    resource = "users"
    nouns = ("user", "users")
    path_parameters: ClassVar = {"id": PERSON}
    problem_family = USER
    queryset = User.objects.all()
    serializer_class = UserSerializer
    parameters: ClassVar = {"list": PageParameters}
    refusals: ClassVar = {
        action: [FORBIDDEN] for action in ("retrieve", "update", "partial_update", "destroy")
    }
    examples = USERS
    problem_members: ClassVar = {USER.invalid: NO_ADDRESS}

    def get_permissions(self) -> list[BasePermission]:
        if self.action == "create":
            return [AllowAny()]
        return [StaffOnly() if self.action == "list" else IsAuthenticated()]

    def serializer_for(self, person: User, *, partial: bool) -> UserSerializer:
        own = person.pk == self.request.user.pk
        kind = UserSerializer if own else StaffUserSerializer
        context = self.get_serializer_context()
        return kind(person, data=self.request.data, partial=partial, context=context)

    @extend_schema(
        auth=NO_TOKEN_SENT, request=RegistrationSerializer, responses={201: UserSerializer}
    )
    def create(self, request: Request) -> Response:
        """Register.

        The address is the login, in whatever case; it is kept in lower case. Then sign in.
        """
        registration = RegistrationSerializer(data=request.data)
        registration.is_valid(raise_exception=True)
        person = registration.save()
        return Response(registration.data, 201, headers={"Location": f"{request.path}{person.pk}/"})

    def retrieve(self, request: Request, id: int | str) -> Response:
        """Read a person.

        `me` is who asks. Others are for staff with the permission; everybody else gets a 404.
        """
        return Response(self.get_serializer(self.person("view")).data)

    @extend_schema(request=StaffUserSerializer, responses={200: UserSerializer})
    def update(self, request: Request, id: int | str, *, partial: bool = False) -> Response:
        """Replace a person's data.

        A new `password` or `email` needs `current_password`, that of who asks. A new password ends
        every sign-in of the person. `is_active` is for staff to set, and not their own.
        """
        serializer = self.serializer_for(self.person("change"), partial=partial)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    @extend_schema(request=StaffUserSerializer, responses={200: UserSerializer})
    def partial_update(self, request: Request, id: int | str) -> Response:
        """Change a person's data.

        A new `password` or `email` needs `current_password`, that of who asks. A new password ends
        every sign-in of the person. `is_active` is for staff to set, and not their own.
        """
        return self.update(request, id, partial=True)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: int | str) -> Response:
        """Delete a person with all that is theirs.

        Their list and sign-ins too, for good.
        """
        self.person("delete").erase()
        return Response(status=204)


class SignInViewSet(mixins.ListModelMixin, PersonViewSet):
    """The devices that a person is signed in on."""

    resource = "sign-ins"
    tag = "sign-in"
    nouns = ("sign-in", "sign-ins")
    path_parameters: ClassVar = {
        "id": PERSON,
        "sign_in": (int, "The sign-in's id."),
    }
    problem_family = USER
    queryset = SignIn.objects.all()
    serializer_class = SignInSerializer
    permission_classes = (IsAuthenticated,)
    parameters: ClassVar = {"list": PageParameters}
    refusals: ClassVar = {action: [FORBIDDEN] for action in ("list", "destroy", "clear")}
    examples = SIGN_INS
    pages_are_personal = True

    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.live().unexpired(timezone.now()).filter(user=self.person("view"))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: int | str, sign_in: int) -> Response:
        """End one sign-in.

        Its access tokens end at once, too.
        """
        if not SignIn.objects.filter(user=self.person("change"), pk=sign_in).delete()[0]:
            raise NotFound
        return Response(status=204)

    @extend_schema(responses={204: None})
    def clear(self, request: Request, id: int | str) -> Response:
        """End every sign-in of a person.

        This one too.
        """
        SignIn.objects.filter(user=self.person("change")).delete()
        return Response(status=204)
