"""Every path of the service."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView

from api import answers, docs
from api.paths import Remembering
from config.health import HealthViewSet
from config.listed_by import MovieListedByViewSet, TVShowListedByViewSet
from config.metrics_page import metrics_page

admin.site.site_header = admin.site.site_title = "My List"
admin.site.index_title = "Staff desk"

v1: list[URLPattern | URLResolver] = [
    # The busiest first: paths are tried in this order.
    path("", include("mylist.urls")),
    path("", include("catalog.urls")),
    path("", include("accounts.urls")),
    path("movies/<id:id>/listed-by/", MovieListedByViewSet.as_view({"get": "list"})),
    path("tv-shows/<id:id>/listed-by/", TVShowListedByViewSet.as_view({"get": "list"})),
]

urlpatterns = [
    Remembering("api/v1/", v1),
    path("api/", include(docs)),
    path("health/live/", HealthViewSet.as_view({"get": "live"})),
    path("health/ready/", HealthViewSet.as_view({"get": "ready"})),
    path("health/<word:part>/", HealthViewSet.as_view({"get": "part"})),
    path("metrics/", metrics_page),
    path("admin/", admin.site.urls),
    path("", include("accounts.pages")),
    path("", csrf_exempt(TemplateView.as_view(template_name="config/start.html"))),
    # Also with debugging on, when Django's own page would be HTML.
    re_path("", csrf_exempt(answers.not_found)),
]

handler400 = answers.bad_request
handler403 = answers.forbidden
handler404 = answers.not_found
handler500 = answers.server_error
