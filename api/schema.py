"""The OpenAPI document: what each view says of itself, and what all answers share."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from drf_spectacular import openapi
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.permissions import AllowAny

from api import problems
from api.limits import PREFIX
from api.parameters import PageParameters
from api.paths import BIGGEST_ID
from api.permissions import StaffOnly, StaffWrites
from api.problems import Code

PROBLEM = {"$ref": "#/components/schemas/Problem"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

WORDS = {
    "list": ("List {many}", "In pages: follow `next` until it is null."),
    "create": ("Add a {one}", "`Location` is the address of what was made."),
    "retrieve": ("Read a {one}", "In full: a list shows the main fields only."),
    "update": ("Replace a {one}", "What the body leaves out stays as it is."),
    "partial_update": ("Change a {one}", "What the body leaves out stays as it is."),
    "destroy": ("Delete a {one}", "For good: there is no undo."),
}

# In a path. The example is there in fresh demo data.
ID = {
    "type": "integer",
    "format": "int64",
    "minimum": 1,
    "maximum": BIGGEST_ID,
    "examples": [1],
}

IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of the answer you have: a 304 without a body says it is still good.",
)

HEADERS = {
    "X-Request-ID": "Names this request in our log: yours if you sent one, else made here.",
    "ETag": "Changes with anything that the body shows; send it back as `If-None-Match`.",
    "Link": 'The next and previous page (RFC 8288): `<…>; rel="next"`. Not sent without one.',
    "Location": "The path of what was made.",
    "Retry-After": "Seconds to wait before trying again.",
    "WWW-Authenticate": "The scheme, `Bearer`, and what is wrong with the token that was sent.",
    "X-RateLimit-Limit": "How many requests the caller may send in a window.",
    "X-RateLimit-Remaining": "How many of them are left.",
    "X-RateLimit-Reset": "Seconds until the next window begins, and all are back.",
    "RateLimit": 'The same in one: `"user";r=999;t=42`, by the IETF\'s draft.',
    "RateLimit-Policy": 'Who is counted, how many, in how many seconds: `"user";q=1000;w=60`.',
}
# Sent while limits are on and counting works.
RATE_LIMIT = [name for name in HEADERS if "RateLimit" in name]
NUMBERS = {"Retry-After", *(name for name in RATE_LIMIT if name.startswith("X-"))}

# What an example of a general problem has beside what all have.
MEMBERS: dict[Code, dict[str, Any]] = {
    problems.BAD_PARAMETER: {
        "detail": "Bad query parameter: limit.",
        "errors": [
            {
                "pointer": "#/limit",
                "code": "unknown",
                "detail": "There is no such parameter here.",
            }
        ],
    },
}


def in_order_of_urls(endpoints: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Pre-processing hook: paths as urls.py has them, a path's methods always alike."""
    places: dict[str, int] = {}
    for path, *_ in endpoints:
        places.setdefault(path, len(places))
    return sorted(endpoints, key=lambda endpoint: (places[endpoint[0]], *rank(endpoint[2])))


def rank(method: str) -> tuple[int, str]:
    return (METHODS.index(method) if method in METHODS else len(METHODS), method)


def path_parameter(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    """Swagger UI fills in the example of a parameter, but not that of its schema."""
    known = [OpenApiExample(str(value), value) for value in schema.get("examples", ())]
    return OpenApiParameter(
        name, schema, OpenApiParameter.PATH, description=description, examples=known
    )


class AutoSchema(openapi.AutoSchema):
    """Names, parameters, examples and problems come from the attributes of
    `api.views.ApiViewSet`."""

    view: Any

    def get_operation_id(self) -> str:
        return f"{self.view.resource}_{self.view.action}".replace("-", "_")

    def get_tags(self) -> list[str]:
        return [self.view.tag or self.view.resource]

    def get_summary(self) -> str:
        return self.told()[0]

    def get_description(self) -> str:  # type: ignore[override]
        told = self.told()[1]
        if self.is_for_staff():
            told += "\n\nFor staff with the permission."
        return told.strip()

    def told(self) -> tuple[str, str]:
        """Summary and description: the docstring of the action, or what its name says."""
        action = getattr(self.view, self.view.action)
        if self.view.action in WORDS and not action.__doc__:
            one, many = self.view.nouns
            summary, rest = WORDS[self.view.action]
            return summary.format(one=one, many=many), rest
        summary, _, rest = (action.__doc__ or "").strip().partition("\n")
        return summary.rstrip("."), "\n".join(line.strip() for line in rest.strip().splitlines())

    def get_override_parameters(self) -> list[Any]:
        declared = self.view.parameters_of(self.view.action)
        paths = [
            path_parameter(name, ID if type_ is int else type_, description)
            for name, (type_, description) in self.view.path_parameters.items()
            if "{" + name + "}" in self.path
        ]
        takes = [declared] if declared().fields else []
        conditional = [IF_NONE_MATCH] if self.has_etag() else []
        return [*super().get_override_parameters(), *paths, *takes, *conditional]

    def has_etag(self) -> bool:
        """As api.conditional gives them."""
        return self.method == "GET" and self.path.startswith("/api/")

    def is_limited(self) -> bool:
        return bool(self.path.startswith(PREFIX))

    def is_page(self) -> bool:
        return issubclass(self.view.parameters_of(self.view.action), PageParameters)

    # --- bodies ---------------------------------------------------------------

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        """An answer has all of its fields, whichever of them a request may leave out, and no
        bounds for what can't be sent."""
        schema: dict[str, Any] = super()._map_basic_serializer(  # type: ignore[no-untyped-call]
            serializer, direction
        )
        if direction == "response" and schema.get("properties"):
            schema["required"] = sorted(schema["properties"])
            for field in schema["properties"].values():
                for bound in ("minimum", "maximum") if field.get("readOnly") else ():
                    field.pop(bound, None)
        return schema

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        body: dict[str, Any] | None = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        if body:
            self.illustrate(body, "sends")
        return body

    def illustrate(self, body: dict[str, Any], side: str) -> None:
        """Add the example that the view has for this action."""
        example = getattr(self.view.examples.get(self.view.action), side, None)
        if example is not None:
            for media in body.get("content", {}).values():
                media["example"] = example

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for answer in answers.values():
            self.illustrate(answer, "gets")
        if self.has_etag():
            answers["304"] = {"description": "Not Modified: what `If-None-Match` names is good."}
        for code in sorted(self.refusals(), key=lambda code: code.number):
            self.add_refusal(answers, code)
        for status, answer in answers.items():
            answer["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"} for name in self.headers(status)
            }
        return dict(sorted(answers.items()))

    def add_refusal(self, answers: dict[str, Any], code: Code) -> None:
        media = {"schema": PROBLEM, "examples": {}}
        known = answers.setdefault(
            str(code.status),
            {
                "description": HTTPStatus(code.status).phrase + ":",
                "content": {"application/problem+json": media},
            },
        )
        known["description"] += f" {code.number} {code.title}."
        examples = known["content"]["application/problem+json"]["examples"]
        examples[str(code.number)] = self.problem_example(code)

    def problem_example(self, code: Code) -> dict[str, Any]:
        """A reference: each code is shown once, as the first operation that has it tells it."""
        value = {
            "type": f"/api/docs/errors/#{code.number}",
            "title": code.title,
            "status": code.status,
            "detail": code.meaning,
            "instance": re.sub(r"{\w+}", "1", self.path),
            "code": code.number,
            "request_id": "5c19a0c3ca224400a3d485b760f538a8",
        } | MEMBERS.get(code, self.view.problem_members.get(code, {}))
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=f"Problem{code.number}",
            type=ResolvedComponent.EXAMPLE,
            schema={"summary": f"{code.number} {code.title}", "value": value},
            object=Code,
        )
        self.registry.register_on_missing(component)
        return component.ref

    def headers(self, status: str) -> list[str]:
        """The names of the headers that an answer of this status carries."""
        found = ["X-Request-ID"]
        if status in ("200", "304") and self.has_etag():
            found.append("ETag")
        if status == "200" and self.is_page():
            found.append("Link")
        if status == "201" and self.method == "POST":
            found.append("Location")
        if status == "401":
            found.append("WWW-Authenticate")
        if status in ("429", "503"):
            found.append("Retry-After")
        return found + RATE_LIMIT if self.is_limited() else found

    # --- refusals -------------------------------------------------------------

    def refusals(self) -> set[Code]:
        """The codes that this operation can answer with."""
        view, family = self.view, self.view.problem_family
        found = {problems.BAD_PARAMETER, problems.BAD_TOKEN, *view.refusals_of(view.action)}
        found |= {problems.DATABASE_AWAY, problems.NOT_MIGRATED}
        if self.is_page():
            found.add(problems.BAD_CURSOR)
        if self.method not in ("GET", "HEAD") and not self.is_open_to_all():
            found.add(problems.CONFLICT)
        if self.method in ("POST", "PUT", "PATCH"):
            found |= {problems.MALFORMED, problems.TOO_LARGE, problems.UNSUPPORTED_TYPE}
            found |= {problems.LENGTH_REQUIRED, family.invalid}
        if "{" in self.path:
            found.add(family.missing)
        if self.is_for_staff():
            found.add(problems.FORBIDDEN)
        if not self.is_open_to_all():
            found.add(problems.NO_TOKEN)
        if self.is_limited():
            found.add(problems.TOO_MANY)
        return found

    def is_for_staff(self) -> bool:
        return not self.is_open_to_all() and any(
            isinstance(permission, StaffOnly) for permission in self.view.get_permissions()
        )

    def is_open_to_all(self) -> bool:
        """Whether a token is optional."""
        reads = self.method in ("GET", "HEAD")
        return any(
            isinstance(permission, AllowAny) or (reads and isinstance(permission, StaffWrites))
            for permission in self.view.get_permissions()
        )

    def get_auth(self) -> list[dict[str, Any]]:
        auths: list[dict[str, Any]] = super().get_auth()
        return [*auths, {}] if self.is_open_to_all() and {} not in auths else auths


def add_shared_components(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Post-processing hook: the headers, and the one shape of every error."""
    components = result["components"]
    components["headers"] = {
        name: {
            "description": told,
            "schema": {"type": "integer" if name in NUMBERS else "string"},
        }
        for name, told in HEADERS.items()
    }
    shown = [example["value"] for example in components.get("examples", {}).values()]
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = problem_schema(shown)
    # What only stands in a body's read-only part is described, but never sent.
    named = set(re.findall(r"#/components/schemas/(\w+)", repr(result)))
    components["schemas"] = {name: schemas[name] for name in sorted(named & schemas.keys())}
    return result


TEXT: dict[str, Any] = {"type": "string"}
REFERENCE: dict[str, Any] = {"type": "string", "format": "uri-reference"}
ERROR = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": {
            "type": "string",
            "description": "A JSON Pointer into the body, or `#/` and the query parameter.",
            "examples": ["#/items/0/content_id", "#/page_size"],
        },
        "code": {"type": "string", "examples": ["required"]},
        "detail": {"type": "string", "examples": ["This field is required."]},
    },
}
ALWAYS: dict[str, Any] = {
    "type": REFERENCE | {"description": "Where the code is explained."},
    "title": TEXT,
    "status": {"type": "integer", "description": "The HTTP status."},
    "detail": TEXT | {"description": "For people; it may change."},
    "instance": REFERENCE | {"description": "The path that was asked."},
    "code": {"type": "integer", "description": "For programs: a number keeps its meaning."},
    "request_id": TEXT | {"description": "As in `X-Request-ID`."},
}
SOMETIMES: dict[str, Any] = {
    "errors": {
        "type": "array",
        "items": ERROR,
        "description": "What is wrong with the input, one by one.",
    },
    "id": {"type": "integer", "format": "int64", "description": "What is there already."},
    "checks": {
        "type": "object",
        "additionalProperties": TEXT,
        "description": "The parts, `ok` or what ails them.",
    },
}


def problem_schema(shown: list[dict[str, Any]]) -> dict[str, Any]:
    """`shown` are examples: they tell which codes have which of the members that not all have."""
    sometimes = {}
    for name, schema in SOMETIMES.items():
        codes = ", ".join(str(example["code"]) for example in shown if name in example)
        sometimes[name] = schema | {"description": f"{schema['description']} With {codes}."}
    numbers = ALWAYS["code"] | {"enum": sorted(problems.CODES)}
    return {
        "type": "object",
        "description": "RFC 9457. `code` is stable: /api/docs/errors/ lists all.",
        "required": list(ALWAYS),
        "properties": ALWAYS | {"code": numbers} | sometimes,
        "examples": [example for example in shown if example.keys() & SOMETIMES.keys()],
    }
