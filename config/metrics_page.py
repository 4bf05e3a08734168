"""What Prometheus reads. To anybody it is not for it is an unknown path."""

from secrets import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from api import answers, metrics

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
# What proxies add: one on this machine connects from here, too, for whoever asks it.
SENT_ON = ("HTTP_FORWARDED", "HTTP_X_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


@csrf_exempt
def metrics_page(request: HttpRequest) -> HttpResponse:
    return counts(request) if may_read(request) else answers.not_found(request)


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        metrics.page(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )


def may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.META.get("HTTP_AUTHORIZATION", "")
        return compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    direct = not any(name.startswith(SENT_ON) for name in request.META)
    return direct and request.META.get("REMOTE_ADDR") in LOOPBACK
