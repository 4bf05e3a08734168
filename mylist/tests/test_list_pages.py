"""Reading the list, page by page."""

import dataclasses
from urllib.parse import parse_qs, urlsplit

import pytest

from mylist import pagecache
from mylist.models import MyList, MyListItem
from mylist.registry import KINDS
from mylist.tests.lists import both_kinds, films, put, unsaved
from mylist.tests.standin.models import Film

# Without accounts, where pages are kept, their tokens are read by statements of their own, before
# and after the rows.
OWN = pagecache.configured()
HERE = "/api/v1/mylist/"


def ids(page):
    return [item["id"] for item in page["results"]]


def walk(client, url, link="next"):
    """Every page from here on."""
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.json()
        yield answer.json()
        url = answer.json()[link]


def test_an_empty_list_is_an_empty_page(as_ann):
    assert as_ann.get(HERE).json() == {"count": 0, "next": None, "previous": None, "results": []}


def test_newest_come_first_whatever_the_clock_says(as_ann, ann):
    items = put(ann, *films(3))
    MyListItem.objects.filter(pk=items[2].pk).update(added_at="2001-01-01T00:00:00Z")
    assert ids(as_ann.get(HERE).json()) == [items[2].pk, items[1].pk, items[0].pk]


def test_pages_lead_to_each_other(as_ann, ann):
    items = [item.pk for item in reversed(put(ann, *films(5)))]
    pages = list(walk(as_ann, f"{HERE}?page_size=2"))
    assert [ids(page) for page in pages] == [items[:2], items[2:4], items[4:]]
    assert {page["count"] for page in pages} == {5}
    assert pages[0]["previous"] is None
    back = list(walk(as_ann, pages[-1]["previous"], "previous"))
    assert [ids(page) for page in back] == [items[2:4], items[:2]]
    assert pages[0]["next"].startswith(f"http://testserver{HERE}?")


def test_the_links_stand_in_the_header_too(as_ann, ann):
    put(ann, *films(3))
    first = as_ann.get(f"{HERE}?page_size=1")
    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    second = as_ann.get(first.json()["next"])
    assert f'<{second.json()["previous"]}>; rel="prev"' in second["Link"]
    assert "Link" not in as_ann.get(HERE)


def test_a_full_page_with_nothing_behind_it_is_the_last(as_ann, ann):
    put(ann, *films(2))
    assert as_ann.get(f"{HERE}?page_size=2").json()["next"] is None


@pytest.mark.parametrize("kind", ["film", "series"])
def test_only_one_kind(as_ann, ann, kind):
    put(ann, *both_kinds(6))
    pages = list(walk(as_ann, f"{HERE}?content_type={kind}&page_size=2"))
    shown = [item["content_type"] for page in pages for item in page["results"]]
    assert shown == [kind] * 3
    assert {page["count"] for page in pages} == {3}


@pytest.mark.parametrize("kind", ["movie", "FILM", "", "film%00"])
def test_an_unknown_kind_is_a_400_that_names_the_parameter(as_ann, kind):
    refused = as_ann.get(f"{HERE}?content_type={kind}")
    assert (refused.status_code, refused.json()["code"]) == (400, 9002)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["#/content_type"]


@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=101", "offset=1", "format=json", "page_size=1&page_size=1"]
)
def test_a_bad_or_unknown_parameter_is_a_400(as_ann, query):
    assert as_ann.get(f"{HERE}?{query}").json()["code"] == 9002


def test_other_peoples_items_are_not_there(as_ann, as_bob, ann, bob):
    contents = films(3)
    mine, theirs = put(ann, *contents), put(bob, contents[0])
    assert ids(as_bob.get(HERE).json()) == [theirs[0].pk]
    assert as_bob.get(HERE).json()["count"] == 1
    assert as_ann.get(HERE).json()["count"] == len(mine)


# --- cursors -----------------------------------------------------------------


def cursor_of(page):
    return parse_qs(urlsplit(page["next"]).query)["cursor"][0]


def test_a_cursor_of_another_person_is_refused(as_ann, as_bob, ann, bob):
    contents = films(3)
    put(ann, *contents)
    put(bob, *contents)
    link = as_ann.get(f"{HERE}?page_size=1").json()["next"]
    refused = as_bob.get(link)
    assert (refused.status_code, refused.json()["code"]) == (400, 9003)


def test_a_cursor_is_for_one_filter(as_ann, ann):
    put(ann, *both_kinds(6))
    cursor = cursor_of(as_ann.get(f"{HERE}?content_type=film&page_size=1").json())
    for other in ("", "&content_type=series"):
        assert as_ann.get(f"{HERE}?cursor={cursor}{other}").json()["code"] == 9003
    # How much is shown at once is no part of it.
    longer = as_ann.get(f"{HERE}?content_type=film&page_size=50&cursor={cursor}")
    assert len(longer.json()["results"]) == 2


def test_a_cursor_is_good_in_every_process(as_ann, ann, monkeypatch):
    """The same kind, registered by another worker: an object of its own."""
    put(ann, *films(2))
    link = as_ann.get(f"{HERE}?content_type=film&page_size=1").json()["next"]
    elsewhere = dataclasses.replace(KINDS["film"], queryset=lambda: Film.objects.all())
    monkeypatch.setitem(KINDS, "film", elsewhere)
    assert as_ann.get(link).status_code == 200


@pytest.mark.parametrize("cursor", ["", "x", "x.y", "%00", "W10.x", "💥"])
def test_a_cursor_that_we_did_not_make_is_refused(as_ann, cursor):
    assert as_ann.get(f"{HERE}?cursor={cursor}").status_code == 400


# --- while the list changes ----------------------------------------------------


def test_a_walk_meets_all_that_stays_though_others_come_and_go(as_ann, ann):
    contents = films(24)
    items = put(ann, *contents[:20])
    url, met = f"{HERE}?page_size=3", []
    for new in contents[20:]:
        page = as_ann.get(url).json()
        met += ids(page)
        put(ann, new)
        # The reader stands on this one, and has one behind and one ahead taken away.
        MyList.remove(ann, id=met[-1])
        MyList.remove(ann, id=met[-2])
        MyList.remove(ann, id=items[len(met) // 3 - 1].pk)
        url = page["next"]
    met += [pk for page in walk(as_ann, url) for pk in ids(page)]
    assert len(met) == len(set(met))
    assert set(MyListItem.objects.filter(pk__lte=items[-1].pk).values_list("pk", flat=True)) <= set(
        met
    )


def test_the_way_back_from_a_place_that_is_gone(as_ann, ann):
    items = put(ann, *films(4))
    second = list(walk(as_ann, f"{HERE}?page_size=2"))[1]
    MyList.remove(ann, id=items[1].pk)
    assert ids(as_ann.get(second["previous"]).json()) == [items[3].pk, items[2].pk]


def test_the_last_page_can_empty_while_one_reads(as_ann, ann):
    items = put(ann, *films(2))
    link = as_ann.get(f"{HERE}?page_size=1").json()["next"]
    MyList.remove(ann, id=items[0].pk)
    last = as_ann.get(link).json()
    assert (last["results"], last["next"]) == ([], None)


# --- cost ----------------------------------------------------------------------


@pytest.mark.parametrize("length", [2, 100])
def test_a_page_costs_the_same_however_long_it_is(as_ann, ann, length, django_assert_num_queries):
    put(ann, *both_kinds(length))
    with django_assert_num_queries(1 + OWN):  # items with the count and their content
        assert len(as_ann.get(f"{HERE}?page_size=100").json()["results"]) == length


def test_an_empty_list_costs_one_query(as_ann, django_assert_num_queries):
    with django_assert_num_queries(1 + OWN):  # items
        as_ann.get(HERE)


def test_a_filtered_page_costs_no_more(as_ann, ann, django_assert_num_queries):
    put(ann, *both_kinds(20))
    with django_assert_num_queries(1 + OWN):  # items with the count and their content
        as_ann.get(f"{HERE}?content_type=film")


def test_an_item_whose_content_is_gone_is_not_shown(as_ann, ann, film):
    """As when the title is deleted between the query for the items and that for the titles."""
    put(ann, film)
    dangling = unsaved(ann, Film(pk=film.pk + 1))
    dangling.save()
    assert [item["content_id"] for item in as_ann.get(HERE).json()["results"]] == [film.pk]
    assert as_ann.get(f"{HERE}{dangling.pk}/").status_code == 404
