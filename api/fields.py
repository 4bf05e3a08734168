"""Fields that take JSON at its word: `"5"`, `5.0` and `true` are not the number 5."""

from typing import Any

from rest_framework import serializers

from api.paths import BIGGEST_ID


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Email(serializers.EmailField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Integer(serializers.IntegerField):
    """Bounded to what a 64-bit column holds."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", -BIGGEST_ID)
        kwargs.setdefault("max_value", BIGGEST_ID)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class Id(Integer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"min_value": 1} | kwargs))


class Number(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float):
            self.fail("invalid")
        return super().to_internal_value(data)


class Boolean(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


class Date(serializers.DateField):
    """`YYYY-MM-DD`, nothing looser."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"input_formats": ["%Y-%m-%d"]} | kwargs))

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or len(data) != 10:
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)
