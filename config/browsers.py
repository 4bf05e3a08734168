"""Which pages of other origins may call."""

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest, HttpResponse

from api.conditional import vary

# The second stands for a question that no view answers and nobody counts (`api.limits.counts`).
OF_A_BROWSER = ("HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD")


class Cors(CorsMiddleware):
    """Most requests come from no page of another origin, and have only to say that this matters."""

    async_capable = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(name in request.META for name in OF_A_BROWSER):
            return super().__call__(request)  # type: ignore[return-value]
        response: HttpResponse = self.get_response(request)  # type: ignore[assignment]
        if self.is_enabled(request):
            vary(response, "origin")
        return response
