"""How answers are written: JSON by orjson, whatever the Accept header asks for."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from django.http import HttpResponse
from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


def to_json(data: Any) -> bytes:
    """Dates and times as they come from the database: ISO 8601, in UTC with `Z`."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z)


def json_response(
    data: Any, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    """What `Response` comes to, for where it is known that there is nothing to choose."""
    return HttpResponse(to_json(data), "application/json", status, headers=headers)


def no_content() -> HttpResponse:
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else to_json(data)


class OnlyJSON(BaseContentNegotiation):
    """One renderer, so nothing to negotiate. Bodies are JSON too, and nothing but UTF-8."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        plain = request._request
        charset = (plain.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in ("utf-8", "utf8"):
            return None
        return next((each for each in parsers if each.media_type == plain.content_type), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        only = next(iter(renderers))
        return only, only.media_type


class AllowedMethods(BaseMetadata):
    """OPTIONS: the methods of the path. The fields are in the OpenAPI document."""

    def determine_metadata(self, request: Request, view: "APIView") -> dict[str, Any]:
        return {"methods": view.allowed_methods}
