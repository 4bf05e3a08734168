"""One view, at the path of the list."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

PAGE = b'{"results":"%s"}' % (b"x" * (settings.CONSTANT_BYTES - len('{"results":""}')))
# Without it gunicorn sends chunks, which costs more: the floor must be as low as it can be.
HEADERS = {"Content-Length": str(len(PAGE))}


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE, content_type="application/json", headers=HEADERS)


urlpatterns = [path("api/v1/mylist/", page)]
