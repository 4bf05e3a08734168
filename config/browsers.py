"""Which pages of other origins may call."""

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest, HttpResponse

from api.conditional import vary


class Cors(CorsMiddleware):
    """Most requests come from no page of another origin, and have only to say that this matters."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_ORIGIN" in request.META:
            return super().__call__(request)  # type: ignore[return-value]
        response: HttpResponse = self.get_response(request)  # type: ignore[assignment]
        if self.is_enabled(request):
            vary(response, "origin")
        return response
