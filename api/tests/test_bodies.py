"""How long a body says it is."""

import pytest

from api.bodies import LONGEST_BODY, content_length


@pytest.mark.parametrize(
    ("said", "length"),
    [
        (None, 0),
        ("", 0),
        ("0", 0),
        (7, 7),
        ("7", 7),
        ("007", 7),
        ("0" * 5000, 0),
        ("0" * 5000 + "7", 7),
        (str(LONGEST_BODY), LONGEST_BODY),
        # What is no number in HTTP, though it is one for Python.
        *((no_number, 0) for no_number in ("-1", "+1", "1_0", " 1", "1.0", "\xb2", "١")),
    ],
)
def test_a_length_is_digits(said, length):
    assert content_length({} if said is None else {"CONTENT_LENGTH": said}) == length


@pytest.mark.parametrize("digits", [18, 19, 4300, 4301, 8000])
@pytest.mark.parametrize("zeros", ["", "0" * 5000])
def test_one_that_nobody_can_count_is_too_long(digits, zeros):
    """Python refuses to read more than 4,300 digits."""
    assert content_length({"CONTENT_LENGTH": zeros + "1" * digits}) > 10**17
