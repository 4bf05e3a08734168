"""The OpenAPI document: what each view says of itself, and the problems that all share."""

from http import HTTPStatus
from typing import Any

from drf_spectacular import openapi
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AllowAny

from api import problems
from api.permissions import StaffOnly, StaffWrites
from api.problems import Code

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

SUMMARIES = {
    "list": "List {many}",
    "create": "Add a {one}",
    "retrieve": "Read a {one}",
    "update": "Replace a {one}",
    "partial_update": "Change a {one}",
    "destroy": "Delete a {one}",
}


class AutoSchema(openapi.AutoSchema):
    """Names, parameters and problems come from the attributes of `api.views.ApiViewSet`."""

    view: Any

    def get_operation_id(self) -> str:
        return f"{self.view.resource}_{self.view.action}".replace("-", "_")

    def get_tags(self) -> list[str]:
        return [self.view.tag or self.view.resource]

    def get_summary(self) -> str:
        return self.told()[0]

    def get_description(self) -> str:  # type: ignore[override]
        return self.told()[1]

    def told(self) -> tuple[str, str]:
        """Summary and description: the docstring of the action, or what its name says."""
        action = getattr(self.view, self.view.action)
        if self.view.action in SUMMARIES and not action.__doc__:
            one, many = self.view.nouns
            return SUMMARIES[self.view.action].format(one=one, many=many), ""
        summary, _, rest = (action.__doc__ or "").strip().partition("\n")
        return summary.rstrip("."), "\n".join(line.strip() for line in rest.strip().splitlines())

    def get_override_parameters(self) -> list[Any]:
        declared = self.view.parameters_of(self.view.action)
        paths = [
            OpenApiParameter(name, type_, OpenApiParameter.PATH, description=description)
            for name, (type_, description) in self.view.path_parameters.items()
            if "{" + name + "}" in self.path
        ]
        takes = [declared] if declared().fields else []
        return [*super().get_override_parameters(), *paths, *takes]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for code in sorted(self.refusals(), key=lambda code: code.number):
            status = str(code.status)
            known = answers.setdefault(
                status,
                {"description": HTTPStatus(code.status).phrase + ":", "content": PROBLEM},
            )
            known["description"] += f" {code.number} {code.title}."
        return dict(sorted(answers.items()))

    def refusals(self) -> set[Code]:
        """The codes that this operation can answer with."""
        view, family = self.view, self.view.problem_family
        found = {problems.BAD_PARAMETER, problems.DATABASE_AWAY, *view.refusals_of(view.action)}
        if self.method in ("POST", "PUT", "PATCH"):
            found |= {problems.MALFORMED, problems.TOO_LARGE, problems.UNSUPPORTED_TYPE}
            found |= {problems.LENGTH_REQUIRED, family.invalid}
        if "{" in self.path:
            found.add(family.missing)
        permissions = view.get_permissions()
        if any(isinstance(permission, StaffOnly) for permission in permissions):
            found |= self.staff_refusals(permissions)
        found.add(problems.BAD_TOKEN)
        if not self.open_to_all(permissions):
            found.add(problems.NO_TOKEN)
        return found

    def staff_refusals(self, permissions: list[Any]) -> set[Code]:
        return set() if self.open_to_all(permissions) else {problems.FORBIDDEN}

    def open_to_all(self, permissions: list[Any]) -> bool:
        """Whether a token is optional."""
        reads = self.method in ("GET", "HEAD")
        return any(
            isinstance(permission, AllowAny) or (reads and isinstance(permission, StaffWrites))
            for permission in permissions
        )

    def get_auth(self) -> list[dict[str, Any]]:
        auths: list[dict[str, Any]] = super().get_auth()
        optional = self.open_to_all(self.view.get_permissions())
        return [*auths, {}] if optional and {} not in auths else auths


def add_problem_component(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Post-processing hook: the one shape of every error."""
    error = {
        "type": "object",
        "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": {"type": "string", "examples": ["#/items/0/content_id"]},
            "code": {"type": "string", "examples": ["required"]},
            "detail": {"type": "string", "examples": ["This field is required."]},
        },
    }
    text = {"type": "string"}
    result["components"].setdefault("schemas", {})["Problem"] = {
        "type": "object",
        "description": "RFC 9457. `code` is stable: /api/docs/errors/ lists all.",
        "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "instance": {"type": "string", "format": "uri-reference"},
            "code": {"type": "integer", "enum": sorted(problems.CODES)},
            "request_id": text,
            "errors": {"type": "array", "items": error},
        },
    }
    return result
