"""Query parameters: declared for each endpoint, anything else refused by name."""

import re
from typing import Any, ClassVar, Self
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, QueryDict
from rest_framework import serializers

from api import problems
from api.answers import flatten
from api.problems import Problem
from api.serializers import StrictSerializer

WHOLE = re.compile(r"-?[0-9]{1,18}")
DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class Whole(serializers.IntegerField):
    """Digits as people write them: not `1_0`, ` 5` or `٣`."""

    def to_internal_value(self, data: Any) -> int:
        if not WHOLE.fullmatch(data):
            self.fail("invalid")
        return int(data)


class Decimal(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if not DECIMAL.fullmatch(data):
            self.fail("invalid")
        return float(data)


class Parameters(StrictSerializer):
    """What an endpoint takes after the `?`. This one takes nothing."""

    unknown_message = "There is no such parameter here."
    # Where a reader of the list stands and how much they see at once: no part of what they ask.
    places: ClassVar[tuple[str, ...]] = ("cursor", "page_size")

    # What it comes to without a query, once that was asked for.
    empty: ClassVar["Parameters | None"] = None

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """The validated parameters; a problem that names each bad one."""
        query = request.META.get("QUERY_STRING", "")
        if query:
            refuse_unless_utf8(query)
            return cls.read(request.GET)
        # Most requests have none, and to build the fields anew takes longer than all else.
        if type(cls.empty) is not cls:
            cls.empty = cls.read(request.GET)
        return cls.empty

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        twice = [name for name, values in query.lists() if len(values) > 1]
        if twice:
            raise refusal({name: ["It was given more than once."] for name in twice}, "twice")
        parameters = cls(data=query.dict())
        try:
            parameters.is_valid(raise_exception=True)
        except serializers.ValidationError as error:
            raise refusal(error.detail) from error
        return parameters

    def get(self, name: str, default: Any = None) -> Any:
        return self.validated_data.get(name, default)

    def question(self) -> dict[str, Any]:
        """What was asked for, without the place in it: filters, search and order."""
        asked: dict[str, Any] = self.validated_data
        return {name: asked[name] for name in sorted(asked) if name not in self.places}


class PageParameters(Parameters):
    cursor = serializers.CharField(
        required=False,
        max_length=3000,
        trim_whitespace=False,
        help_text="Where to go on: taken from `next` or `previous`, opaque.",
    )
    page_size = Whole(
        default=20, min_value=1, max_value=100, help_text="How many results a page has."
    )


def refuse_unless_utf8(query: str) -> None:
    """Django reads what is not UTF-8, lone surrogates too, as U+FFFD, which finds nothing."""
    try:
        unquote_to_bytes(query.encode("latin-1")).decode()
    except UnicodeError as error:
        raise Problem(problems.BAD_PARAMETER, "The query is not UTF-8.") from error


def refusal(detail: Any, code: str | None = None) -> Problem:
    errors = flatten(serializers.ValidationError(detail, code=code).get_full_details())
    names = ", ".join(str(name)[:100] for name in detail)
    return Problem(problems.BAD_PARAMETER, f"Bad query parameter: {names}.", errors=errors)
