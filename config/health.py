"""Whether the service and each of its parts can do their work."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from drf_spectacular.utils import extend_schema, inline_serializer
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import SignIn
from api import problems
from api.problems import Problem
from api.views import ApiViewSet, Example
from catalog.models import Movie, TVShow
from mylist.models import MyList, MyListItem

OK = "ok"


def can_read(*models: Any) -> Callable[[], str]:
    """A check that reads one row of each model."""

    def check() -> str:
        for model in models:
            model.objects.order_by().values_list("pk").first()
        return OK

    return check


def database() -> str:
    """Reached, and migrated to what this code expects."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} migrations are waiting" if waiting else OK


def redis() -> str:
    """Redis only ever saves time, so its absence makes nothing unready."""
    if not settings.REDIS_URL:
        return "not configured"
    try:
        cache.client.get_client().ping()  # type: ignore[attr-defined]
    except RedisError:
        return "away"
    return OK


PARTS = {
    "accounts": can_read(SignIn),
    "catalog": can_read(Movie, TVShow),
    "mylist": can_read(MyList, MyListItem),
}
READY = {"database": database, **PARTS}

HealthSerializer = inline_serializer(
    "Health",
    {
        "status": serializers.ChoiceField(["ok"]),
        "checks": serializers.DictField(child=serializers.CharField()),
    },
)


class HealthViewSet(ApiViewSet):
    resource = "health"
    permission_classes = (AllowAny,)
    path_parameters = {"part": ({"type": "string", "enum": list(PARTS)}, "A part's name.")}
    refusals = {"ready": [problems.NOT_READY], "part": [problems.NOT_READY]}
    examples = {
        "live": Example(gets={"status": OK, "checks": {}}),
        "ready": Example(
            gets={"status": OK, "checks": dict.fromkeys(READY, OK) | {"redis": "not configured"}}
        ),
        "part": Example(gets={"status": OK, "checks": {"mylist": OK}}),
    }
    problem_members = {
        problems.NOT_READY: {
            "checks": dict.fromkeys(READY, OK) | {"database": "2 migrations are waiting"}
        }
    }

    @extend_schema(responses={200: HealthSerializer})
    def live(self, request: Request) -> Response:
        """Ask whether the process answers.

        Touches nothing else.
        """
        return Response({"status": OK, "checks": {}})

    @extend_schema(responses={200: HealthSerializer})
    def ready(self, request: Request) -> Response:
        """Ask whether requests can be answered.

        503 while the database is away or not migrated. Redis is told, but never makes it unready.
        """
        return answer(READY, redis=redis())

    @extend_schema(responses={200: HealthSerializer})
    def part(self, request: Request, part: str) -> Response:
        """Ask whether one part can read what it keeps.

        503 while it cannot.
        """
        if part not in PARTS:
            raise Problem(problems.NO_SUCH_PATH)
        return answer({part: PARTS[part]})


def answer(checks: dict[str, Callable[[], str]], **told: str) -> Response:
    results: dict[str, str] = {}
    for name, check in checks.items():
        # Each try at a database that is away can take seconds, and who asks waits not so long.
        away = "OperationalError" in results.values()
        results[name] = "not tried" if away else outcome(check)
    if any(result != OK for result in results.values()):
        headers = {"Retry-After": "5"}
        raise Problem(problems.NOT_READY, headers=headers, checks=results | told)
    return Response({"status": OK, "checks": results | told})


def outcome(check: Callable[[], str]) -> str:
    """What went wrong is told by its class: messages of drivers name hosts and users."""
    try:
        return check()
    except Error as error:
        return type(error).__name__
