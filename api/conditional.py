"""What need not be sent: a body the client has already, or one it did not ask for."""

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseNotModified
from django.utils.http import parse_etags


class ConditionalMiddleware:
    """ETag and 304 for what is read under /api/; HEAD answers as GET, without the body. A view that
    knows its ETag before its body sets it, and may answer 304 by itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith("/api/"):
            response = with_etag(request, response)
        if not response.streaming:
            if response.status_code not in (204, 304):
                response.setdefault("Content-Length", str(len(response.content)))
            if request.method == "HEAD":
                response.content = b""
        return response


def with_etag(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if request.method not in ("GET", "HEAD") or response.status_code not in (200, 304):
        response.setdefault("Cache-Control", "no-store")
        return response
    vary(response, "Authorization")
    response.setdefault("Cache-Control", cache_control(request))
    if response.status_code == 304:
        return response
    if "ETag" not in response:
        response["ETag"] = f'"{hashlib.blake2b(response.content, digest_size=16).hexdigest()}"'
    return not_modified(response) if client_has_it(request, response["ETag"]) else response


def vary(response: HttpResponse, header: str) -> None:
    """`patch_vary_headers` without its regular expression, for a header that nobody named yet."""
    known = response.get("Vary")
    response["Vary"] = f"{known}, {header}" if known else header


def cache_control(request: HttpRequest) -> str:
    return "private, no-cache" if "HTTP_AUTHORIZATION" in request.META else "no-cache"


def client_has_it(request: HttpRequest, etag: str) -> bool:
    known = request.META.get("HTTP_IF_NONE_MATCH")
    return known is not None and names(known, etag)


def names(if_none_match: str, etag: str) -> bool:
    """If-None-Match compares weakly (RFC 9110, 13.1.2): W/ is left out of account."""
    known = parse_etags(if_none_match)
    return "*" in known or etag in (tag.removeprefix("W/") for tag in known)


def not_modified(response: HttpResponse) -> HttpResponse:
    """All headers but those about the body: a browser wants those of CORS here, too."""
    kept = {name: value for name, value in response.items() if not name.startswith("Content-")}
    return HttpResponseNotModified(headers=kept)
