"""Pages of a list: their size, their cursors, their links. Of a list made for this alone."""

import base64
import itertools
import json
import random
import re

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, F
from django.urls import path as route
from rest_framework import mixins
from rest_framework.permissions import AllowAny

from api.paging import Keyset
from api.parameters import PageParameters
from api.serializers import StrictModelSerializer
from api.views import ApiViewSet

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class ThingSerializer(StrictModelSerializer):
    class Meta:
        model = Permission
        fields = ("id", "name")


class Things(mixins.ListModelMixin, ApiViewSet):
    """Rows with a name that many share, of a table that is there anyway."""

    resource = "things"
    permission_classes = (AllowAny,)
    queryset = Permission.objects.filter(content_type__model="thing").select_related()
    serializer_class = ThingSerializer
    parameters = {"list": PageParameters}
    by_name = False

    def keyset(self):
        return Keyset(F("name"), CharField()) if self.by_name else Keyset()


class MyThings(Things):
    pages_are_personal = True


lists = {"get": "list"}
urlpatterns = [
    route("api/v1/things/", Things.as_view(lists)),
    route("api/v1/named/", Things.as_view(lists, by_name=True)),
    route("api/v1/mine/", MyThings.as_view(lists)),
]
THINGS, NAMED, MINE = "/api/v1/things/", "/api/v1/named/", "/api/v1/mine/"


def make(count, names="abc"):
    kind, _ = ContentType.objects.get_or_create(app_label="made_up", model="thing")
    chance, first = random.Random(count), Permission.objects.count()
    return Permission.objects.bulk_create(
        Permission(name=chance.choice(names), codename=str(first + n), content_type=kind)
        for n in range(count)
    )


def ids(body):
    return [thing["id"] for thing in body["results"]]


def cursor_of(url):
    return re.search("cursor=([^&]*)", url)[1]


def refused(answer):
    body = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    return body["code"], {error["pointer"] for error in body.get("errors", [])}


@pytest.mark.parametrize("path", [THINGS, NAMED])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 7])
def test_pages_of_any_size_lead_through_the_list_and_back(api, path, count):
    made = make(count)
    key = (lambda thing: (thing.name, thing.pk)) if path == NAMED else (lambda thing: thing.pk)
    expected = [thing.pk for thing in sorted(made, key=key, reverse=True)]
    for size in range(1, count + 2):
        pages = [api.get(f"{path}?page_size={size}").json()]
        while pages[-1]["next"] and len(pages) <= count:
            pages.append(api.get(pages[-1]["next"]).json())
        assert list(itertools.chain(*map(ids, pages))) == expected
        assert {len(page["results"]) for page in pages[:-1]} <= {size}
        assert pages[0]["previous"] is None
        for earlier, later in itertools.pairwise(pages):
            back = api.get(later["previous"]).json()
            assert ids(back) == ids(earlier)
            assert (back["previous"] is None) is (earlier is pages[0])
            assert ids(api.get(back["next"]).json()) == ids(later)


def test_a_page_has_twenty_unless_asked_otherwise(api):
    make(101)
    assert len(api.get(THINGS).json()["results"]) == 20
    assert len(api.get(f"{THINGS}?page_size=1").json()["results"]) == 1
    assert len(api.get(f"{THINGS}?page_size=100").json()["results"]) == 100


@pytest.mark.parametrize(
    "size", ["0", "101", "-1", "abc", "1_0", "5.0", "", "%205", "+5", "٣", "9" * 40, "null", "5%00"]
)
def test_a_page_size_out_of_range_is_refused_not_cut(api, size):
    assert refused(api.get(f"{THINGS}?page_size={size}")) == (9002, {"#/page_size"})


def test_parameters_that_are_unknown_or_given_twice_are_named(api):
    assert refused(api.get(f"{THINGS}?page_size=5&page_size=5")) == (9002, {"#/page_size"})
    assert refused(api.get(f"{THINGS}?cursor=a&cursor=a")) == (9002, {"#/cursor"})
    assert refused(api.get(f"{THINGS}?page=2&offset=3")) == (9002, {"#/page", "#/offset"})
    assert "page, offset" in api.get(f"{THINGS}?page=2&offset=3").json()["detail"]


def test_the_link_header_says_what_the_body_says(api):
    make(5)
    first = api.get(f"{THINGS}?page_size=2")
    middle = api.get(first.json()["next"])
    last = api.get(middle.json()["next"])
    for answer in (first, middle, last):
        links = {name: url for url, name in re.findall(r'<([^>]*)>; rel="(\w+)"', answer["Link"])}
        assert links.get("next") == answer.json()["next"]
        assert links.get("prev") == answer.json()["previous"]
    assert "Link" not in api.get(THINGS)


def test_links_are_absolute_and_of_the_address_that_was_asked(api):
    make(2)
    url = f"{THINGS.rstrip('/')}?page_size=1"
    for host in ("localhost", "127.0.0.1:8000"):
        assert api.get(url, HTTP_HOST=host).json()["next"].startswith(f"http://{host}{THINGS}?")
    assert "page_size=1" in api.get(url).json()["next"]


def good_cursor(api):
    make(3)
    return cursor_of(api.get(f"{THINGS}?page_size=1").json()["next"])


def test_every_tampered_cursor_is_refused(api):
    cursor = good_cursor(api)
    assert api.get(f"{THINGS}?cursor={cursor}").status_code == 200
    for at in range(len(cursor)):
        other = "B" if cursor[at] == "A" else "A"
        tampered = f"{cursor[:at]}{other}{cursor[at + 1 :]}"
        assert refused(api.get(THINGS, {"cursor": tampered})) == (9003, set())
    for tampered in (cursor[1:], cursor[:-1], cursor + "A", cursor * 2, cursor.upper()):
        assert refused(api.get(THINGS, {"cursor": tampered}))[0] == 9003


def test_blanks_around_a_cursor_make_another(api):
    make(3)
    cursor = cursor_of(api.get(f"{THINGS}?page_size=1").json()["next"])
    for other in (f" {cursor}", f"{cursor}\n"):
        assert refused(api.get(THINGS, {"cursor": other})) == (9003, set())


@pytest.mark.parametrize(
    "garbage", ["x", ".", "..", "a.b", "é", "=" * 9, "💥.💥", "' OR 1=1 --", "1", "   "]
)
def test_garbage_is_no_cursor(api, garbage):
    assert refused(api.get(THINGS, {"cursor": garbage})) == (9003, set())


@pytest.mark.parametrize("bad", ["", "x" * 100_000, "a\0b"])
def test_what_can_be_no_cursor_is_a_bad_parameter(api, bad):
    assert refused(api.get(THINGS, {"cursor": bad})) == (9002, {"#/cursor"})


@pytest.mark.parametrize(
    "place",
    [None, 5, "x", [], [True], [False, "x"], [False, 1, 2, 3], {"a": 1}, [[[]]], [1e308, 9]],
)
def test_a_place_that_we_did_not_sign_is_refused(api, place):
    value = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
    signature = good_cursor(api).partition(".")[2]
    for cursor in (value, f"{value}.", f"{value}.{signature}", f".{value}"):
        assert refused(api.get(THINGS, {"cursor": cursor})) == (9003, set())


def test_a_cursor_is_good_for_its_path_only(api):
    cursor = good_cursor(api)
    for elsewhere in (NAMED, MINE):
        assert refused(api.get(f"{elsewhere}?cursor={cursor}")) == (9003, set())


def test_a_personal_cursor_is_good_for_its_person_only(api, as_ann, as_bob):
    make(3)
    url = as_ann.get(f"{MINE}?page_size=1").json()["next"]
    assert as_ann.get(url).status_code == 200
    for other in (as_bob, api):
        assert refused(other.get(url)) == (9003, set())


def test_a_cursor_of_another_key_is_refused(api, settings):
    cursor = good_cursor(api)
    settings.SECRET_KEY = "another key that is long enough to sign"
    assert refused(api.get(f"{THINGS}?cursor={cursor}")) == (9003, set())


@pytest.mark.parametrize("path", [THINGS, NAMED])
def test_the_row_that_a_cursor_names_may_be_gone(api, path):
    make(6)
    whole = ids(api.get(path).json())
    first = api.get(f"{path}?page_size=2").json()
    second = api.get(first["next"]).json()
    Permission.objects.filter(pk__in=[whole[1], whole[2]]).delete()
    assert ids(api.get(first["next"]).json()) == [whole[3], whole[4]]
    assert ids(api.get(second["previous"]).json()) == [whole[0]]
    Permission.objects.filter(content_type__model="thing").delete()
    assert api.get(first["next"]).json() == {"next": None, "previous": None, "results": []}
    nothing_before = api.get(second["previous"]).json()
    assert (nothing_before["previous"], nothing_before["results"]) == (None, [])
    assert ids(api.get(nothing_before["next"]).json()) == []
    (new,) = make(1)
    assert ids(api.get(nothing_before["next"]).json()) == [new.pk]


def test_a_row_that_comes_in_front_disturbs_nobody_who_is_further_on(api):
    make(4)
    first = api.get(f"{THINGS}?page_size=2").json()
    rest = ids(api.get(first["next"]).json())
    (new,) = make(1)
    assert ids(api.get(first["next"]).json()) == rest
    back = api.get(api.get(first["next"]).json()["previous"]).json()
    assert ids(back) == ids(first)
    assert ids(api.get(back["previous"]).json()) == [new.pk]


def test_a_page_costs_one_query_wherever_it_is(api, django_assert_num_queries):
    make(30)
    url = f"{NAMED}?page_size=10"
    while url:
        with django_assert_num_queries(1):  # things
            url = api.get(url).json()["next"]


def test_a_long_name_still_fits_a_cursor(api):
    make(2, ["千" * 200])
    url = api.get(f"{NAMED}?page_size=1").json()["next"]
    assert len(ids(api.get(url).json())) == 1
