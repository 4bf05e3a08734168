"""What a path may look like: both slash forms, and ids that fit the database."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, URLResolver, register_converter
from django.urls.resolvers import RoutePattern

BIGGEST_ID = 2**63 - 1


class TrailingSlashMiddleware:
    """A path answers with and without its trailing slash: every route is written with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)


class Remembering(URLResolver):
    """`path(route, include(patterns))` that looks each path up once, while it remembers."""

    def __init__(self, route: str, patterns: list[Any]) -> None:
        super().__init__(RoutePattern(route, is_endpoint=False), patterns)
        self.known = lru_cache(maxsize=1024)(super().resolve)

    def resolve(self, path: str) -> ResolverMatch:
        return self.known(str(path))


class IdConverter:
    """`<id:pk>`: a positive 64-bit number as we write it; anything else is no such path."""

    regex = r"[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        if (number := int(value)) > BIGGEST_ID:
            raise ValueError(value)
        return number

    def to_url(self, value: int) -> str:
        return str(value)


class WordConverter:
    """`<word:kind>`: lower-case ASCII letters. No NUL byte reaches the database."""

    regex = r"[a-z]{1,40}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def register_converters() -> None:
    register_converter(IdConverter, "id")
    register_converter(WordConverter, "word")
