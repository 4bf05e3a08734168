"""Fields take JSON at its word."""

from datetime import date

import pytest
from rest_framework.exceptions import ValidationError

from api import fields
from api.paths import BIGGEST_ID


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (fields.Text(), ["a", "5"], [5, True, None, [], {}, "", "a\0", 1.5]),
        (fields.Email(), ["a@example.com"], [5, True, None, "a", "a@b\n.example"]),
        (fields.Integer(), [5, -5, BIGGEST_ID], ["5", 5.0, True, BIGGEST_ID + 1, None, [5]]),
        (fields.Id(), [1, BIGGEST_ID], [0, -1, "1", 1.0, True, BIGGEST_ID + 1]),
        (fields.Number(), [1, 1.5, -2.0], ["1", True, None, [1]]),
        (fields.Boolean(), [True, False], ["true", 1, 0, "on", None, []]),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "run_validation") else "",
)
def test_a_field_takes_its_own_type_and_no_other(field, good, bad):
    for value in good:
        assert field.run_validation(value) == value
    for value in bad:
        with pytest.raises(ValidationError):
            field.run_validation(value)


@pytest.mark.parametrize(
    "value", ["2026-2-3", "03.02.2026", "2026-02-30", "2026-02-03T00:00", 20260203, None, True, ""]
)
def test_a_date_has_one_form(value):
    assert fields.Date().run_validation("2026-02-03") == date(2026, 2, 3)
    with pytest.raises(ValidationError):
        fields.Date().run_validation(value)
