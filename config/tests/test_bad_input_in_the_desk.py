"""What staff can send to the admin by hand is refused like anybody's bad input."""

import pytest

pytestmark = pytest.mark.django_db

PAGES = ["catalog/movie", "catalog/tvshow", "catalog/genre", "accounts/user", "mylist/mylistitem"]


@pytest.fixture
def desk(client, admin):
    client.force_login(admin)
    return client


@pytest.mark.parametrize("page", [*PAGES, "accounts/signin"])
@pytest.mark.parametrize("key", ["abc", "1\0", "-1", "1.5", "9" * 5000])
@pytest.mark.parametrize("action", ["delete_selected", "withdraw"])
def test_keys_that_are_no_numbers_are_no_choice(desk, page, key, action):
    answer = desk.post(f"/admin/{page}/", {"action": action, "_selected_action": key})
    assert answer.status_code < 500


@pytest.mark.parametrize("query", ["genres=abc", "genres=1,x", "genres=%00", "release_year=x"])
def test_a_form_is_not_filled_with_nonsense(desk, query):
    assert desk.get(f"/admin/catalog/movie/add/?{query}").status_code < 500


@pytest.mark.parametrize("page", [*PAGES, "accounts/signin"])
@pytest.mark.parametrize(
    "query", ["q=%00", "q=%ED%A0%80", "o=x", "p=x", "p=999999999999999999999", "id=abc", "nope=1"]
)
def test_lists_are_not_asked_for_nonsense(desk, page, query):
    assert desk.get(f"/admin/{page}/?{query}").status_code < 500


def test_completion_is_not_asked_for_nonsense(desk):
    where = "app_label=catalog&model_name=movie&field_name=genres"
    assert desk.get(f"/admin/autocomplete/?{where}&term=%00").status_code < 500
    assert desk.get("/admin/autocomplete/?app_label=x").status_code == 403


@pytest.mark.parametrize("pk", ["abc", "1%00", "9" * 30, "_5F", "..%2F"])
def test_pages_of_things_that_cannot_be(desk, pk):
    for page in PAGES:
        for form in ("change", "delete", "history"):
            assert desk.get(f"/admin/{page}/{pk}/{form}/").status_code < 500
