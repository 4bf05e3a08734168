"""The API's own documents: the OpenAPI schema, two ways to read it, and the page of errors."""

from types import SimpleNamespace

from django.urls import path
from django.views.generic import TemplateView
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework.negotiation import DefaultContentNegotiation

from api.problems import CODES


class FormatNegotiation(DefaultContentNegotiation):
    """`?format=` chooses between JSON and YAML here, and nowhere else."""

    settings = SimpleNamespace(URL_FORMAT_OVERRIDE="format")  # type: ignore[assignment]


class SchemaView(SpectacularAPIView):
    content_negotiation_class = FormatNegotiation
    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer]


class ErrorsView(TemplateView):
    template_name = "api/errors.html"
    extra_context = {"codes": sorted(CODES.values(), key=lambda code: code.number)}


urlpatterns = [
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("docs/redoc/", SpectacularRedocView.as_view()),
    path("docs/errors/", ErrorsView.as_view()),
]
