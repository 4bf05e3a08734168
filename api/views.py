"""What every endpoint has: its codes, its query parameters, its order."""

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar, NamedTuple

from django.db import Error as DatabaseError
from django.views import View
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from api import limits, problems
from api.limits import Who
from api.paging import Keyset
from api.parameters import Parameters
from api.redislink import Command


class Example(NamedTuple):
    """For the docs: what a client sends, and what it gets when all goes well."""

    sends: Any = None
    gets: Any = None


@cache
def one_of_each(classes: tuple[type[Any], ...]) -> list[Any]:
    return [each() for each in classes]


@cache
def allow(actions: tuple[str, ...]) -> str:
    """OPTIONS is every view's."""
    names = (*actions, "options")
    return ", ".join(name.upper() for name in View.http_method_names if name in names)


class ApiViewSet(GenericViewSet[Any]):
    """The base of every view of the API: what is not declared here is refused."""

    # The first part of every operation id and, unless `tag` says otherwise, the tag in the docs.
    resource: ClassVar[str]
    tag: ClassVar[str] = ""
    nouns: ClassVar[tuple[str, str]] = ("entry", "entries")
    # The type and meaning of the path's variables, for the docs.
    path_parameters: ClassVar[dict[str, tuple[Any, str]]] = {"id": (int, "Its id.")}
    problem_family: ClassVar[problems.Family] = problems.GENERAL
    # By action: what it takes after the `?`, and the codes it has beside those that all have.
    parameters: ClassVar[dict[str, type[Parameters]]] = {}
    refusals: ClassVar[dict[str, Sequence[problems.Code]]] = {}
    # For the docs, by action. Each works as it stands with the data of `seed --demo`.
    examples: ClassVar[dict[str, Example]] = {}
    # For the docs: what an example of a problem has beside what all problems have.
    problem_members: ClassVar[dict[problems.Code, dict[str, Any]]] = {}
    # Whether a cursor of one person must not be used by another.
    pages_are_personal: ClassVar[bool] = False
    query: Parameters
    format_kwarg = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """DRF's, without what there is one of here, or none: renderers, versions, throttles."""
        renderer = self.get_renderers()[0]
        request.accepted_renderer, request.accepted_media_type = renderer, renderer.media_type
        request.version = request.versioning_scheme = None
        self.perform_authentication(request)
        self.check_permissions(request)
        if self.action in self.action_map.values():
            self.read_query(request)

    # They keep nothing of a request, so one of each will do.

    def get_renderers(self) -> list[Any]:
        return one_of_each(tuple(self.renderer_classes))

    def get_parsers(self) -> list[Any]:
        return one_of_each(tuple(self.parser_classes))

    def get_authenticators(self) -> list[Any]:
        return one_of_each(tuple(self.authentication_classes))

    def get_permissions(self) -> list[Any]:
        return one_of_each(tuple(self.permission_classes))

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {"Allow": allow(tuple(self.action_map))}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """DRF's, for what is an answer already."""
        if isinstance(response, Response):
            return super().finalize_response(request, response, *args, **kwargs)
        response["Allow"] = self.headers["Allow"]
        return response

    def read_query(self, request: Request) -> None:
        self.query = self.parameters_of(self.action).of(request._request)

    def perform_authentication(self, request: Request) -> None:
        """Also counts the request, now that it is known whom it counts for."""
        if not limits.counts(request._request):
            return super().perform_authentication(request)
        try:
            super().perform_authentication(request)
        except DatabaseError:
            limits.take_back(request._request)
            limits.settle(request._request, None)
            raise
        except Exception:
            self.count_for(limits.address(request.META))
            raise
        self.count_for(limits.who_is(request))
        return None

    def count_for(self, who: Who) -> None:
        request = self.request._request
        request.META[limits.WHO] = who
        if limits.VERDICT in request.META:
            # Counted by whoever handed it on.
            limits.settle(request, request.META[limits.VERDICT])
        else:
            self.count()

    def count(self) -> None:
        """Count the request, and refuse it if it is one too many.

        An action that asks Redis something else may override this for itself to do nothing, and
        ask it by `limits.ask`, which also counts. What it forgets is counted after it.
        """
        limits.ask(self.request._request)

    def look_ups(self, user_id: int) -> tuple[Command, ...]:
        """What `limits.ask` will ask of Redis, if that is known as soon as a token has told whose
        it is: it is sent at once."""
        return ()

    def parameters_of(self, action: str) -> type[Parameters]:
        return self.parameters.get(action, Parameters)

    def refusals_of(self, action: str) -> Sequence[problems.Code]:
        return self.refusals.get(action, ())

    def body(
        self, serializer: type[serializers.Serializer[Any]], *, partial: bool = False
    ) -> dict[str, Any]:
        """What was sent, validated."""
        if partial and self.request.data == {}:
            # Nothing was sent and nothing must be; building the fields to find so takes long.
            return {}
        sent = serializer(data=self.request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        return dict(sent.validated_data)

    def keyset(self) -> Keyset:
        """The order of the lists that this answers: newest first."""
        return Keyset()
