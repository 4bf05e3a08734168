"""What every endpoint has: its codes, its query parameters, its order."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from api import problems
from api.paging import Keyset
from api.parameters import Parameters


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
    # Whether a cursor of one person must not be used by another.
    pages_are_personal: ClassVar[bool] = False
    query: Parameters

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action in self.action_map.values():
            self.query = self.parameters_of(self.action).of(request._request.GET)

    def parameters_of(self, action: str) -> type[Parameters]:
        return self.parameters.get(action, Parameters)

    def refusals_of(self, action: str) -> Sequence[problems.Code]:
        return self.refusals.get(action, ())

    def keyset(self) -> Keyset:
        """The order of the lists that this answers: newest first."""
        return Keyset()
