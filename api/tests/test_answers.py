"""How errors are flattened, and what may stand in a pointer."""

import pytest
from rest_framework import serializers

from api.answers import flatten
from api.fields import Integer, Text
from api.serializers import StrictSerializer


class Part(StrictSerializer):
    size = Integer()


class Whole(StrictSerializer):
    name = Text()
    parts = Part(many=True, required=False)
    sizes = serializers.ListField(child=Integer(), required=False)
    main = Part(required=False)

    def validate(self, attrs):
        if attrs["name"] == "wrong":
            raise serializers.ValidationError("All of it is wrong.")
        return attrs


def pointers(data, **kwargs):
    whole = Whole(data=data, **kwargs)
    assert not whole.is_valid()
    error = serializers.ValidationError(whole._errors)
    return [(each["pointer"], each["code"]) for each in flatten(error.get_full_details())]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, [("#/name", "required")]),
        ([], [("#", "invalid")]),
        ({"name": "wrong"}, [("#", "invalid")]),
        ({"name": 5, "x": 1}, [("#/x", "unknown")]),
        ({"name": 5, "main": 5}, [("#/name", "invalid"), ("#/main", "invalid")]),
        ({"name": "a", "main": {"size": "5"}}, [("#/main/size", "invalid")]),
        ({"name": "a", "main": {"x": 1}}, [("#/main/x", "unknown")]),
        ({"name": "a", "sizes": [1, "2", None]}, [("#/sizes/1", "invalid"), ("#/sizes/2", "null")]),
        ({"name": "a", "sizes": 1}, [("#/sizes", "not_a_list")]),
        ({"name": "a", "parts": [{"size": 1}, {}]}, [("#/parts/1/size", "required")]),
        ({"name": "a", "parts": [5]}, [("#/parts/0", "invalid")]),
        ({"name": "a", "parts": 5}, [("#/parts", "not_a_list")]),
    ],
)
def test_an_error_points_to_what_is_wrong(data, expected):
    assert pointers(data) == expected


def test_of_many_each_is_pointed_to():
    several = Whole(data=[{"name": "a"}, {}, {"name": 1}], many=True)
    assert not several.is_valid()
    details = serializers.ValidationError(several.errors).get_full_details()
    assert [each["pointer"] for each in flatten(details)] == ["#/1/name", "#/2/name"]


def test_two_errors_of_one_field_are_two():
    details = serializers.ValidationError({"name": ["One.", "Two."]}).get_full_details()
    assert [each["detail"] for each in flatten(details)] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("a/b", "#/a~1b"),
        ("a~b", "#/a~0b"),
        ("~1", "#/~01"),
        ("a b", "#/a%20b"),
        ("é", "#/%C3%A9"),
        ("#", "#/%23"),
        ("", "#/"),
        ("a[0]", "#/a%5B0%5D"),
        ("x" * 5000, "#/" + "x" * 100),
    ],
)
def test_a_name_is_escaped_in_a_pointer(name, pointer):
    """Twice: for JSON Pointer (RFC 6901, 3), and for the fragment of a URI (6)."""
    assert pointers({name: 1})[0] == (pointer, "unknown")


def test_of_very_many_unknown_fields_some_are_named():
    assert len(pointers({f"field-{n}": 1 for n in range(1000)})) == 20
