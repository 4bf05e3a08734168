"""The API's own documents: the OpenAPI schema, two ways to read it, and the page of errors."""

from collections.abc import Iterable
from typing import Any

from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from api.parameters import Parameters, refusal
from api.problems import CODES
from api.renderers import OnlyJSON

READ_ONLY = ["get", "head"]


class SchemaParameters(Parameters):
    format = serializers.ChoiceField(["json", "yaml"], required=False)


class FormatNegotiation(OnlyJSON):
    """`?format=` chooses between JSON and YAML here, and nowhere else."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        by_format = {renderer.format: renderer for renderer in renderers}
        chosen = by_format.get(request._request.GET.get("format", "json"))
        if chosen is None:
            raise refusal({"format": [f"It takes one of: {', '.join(by_format)}."]}, "invalid")
        return chosen, chosen.media_type


class SchemaView(SpectacularAPIView):
    content_negotiation_class = FormatNegotiation
    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        SchemaParameters.of(request._request)


class RedocView(SpectacularRedocView):
    """Without the fonts and the logo that the original fetches from elsewhere."""

    template_name = "api/redoc.html"


class ErrorsView(TemplateView):
    template_name = "api/errors.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Every code there is now: apps register theirs after this module was imported.

        With each its meaning, cut at the backticks: every second part of it is code.
        """
        codes = [(code, code.meaning.split("`")) for _, code in sorted(CODES.items())]
        return super().get_context_data(codes=codes, **kwargs)


urlpatterns = [
    path("schema/", SchemaView.as_view(http_method_names=READ_ONLY), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(http_method_names=READ_ONLY), name="docs"),
    path("docs/redoc/", RedocView.as_view(http_method_names=READ_ONLY)),
    path("docs/errors/", csrf_exempt(ErrorsView.as_view())),
]
