"""The checker of benchmarks/faults can fail: small histories, possible and not, made by hand; and
a search for orders that is too simple to be wrong, to agree with on many small random ones."""

import itertools
import random
from math import inf

import pytest

from benchmarks.faults import cards, people, verdict
from benchmarks.faults.histories import Event, Operation, Record, Sighting, Wrong
from benchmarks.faults.linearizability import by_title, judge
from benchmarks.faults.lists import (
    EMPTY,
    Added,
    Adding,
    Cleared,
    Entry,
    Gone,
    Missing,
    Noted,
    Page,
    Removed,
    Shown,
)

A, B, C = "movie/1", "movie/2", "tvshow/1"


def page(*entries, **fields):
    """Titles with their ids, newest first."""
    return Page(tuple(Entry(pk, title, "") for title, pk in entries), **fields)


def there(title, pk):
    return Shown(((title, Entry(pk, title, None)),))


def absent(title):
    return Shown(((title, None),))


def history(*operations):
    return [
        Operation(1, effect, start, inf if end is None else end)
        for effect, start, end in operations
    ]


POSSIBLE = {
    "nothing": [],
    "a read while an add is under way shows it": [
        (Added(A, 1, ""), 0, 10),
        (page((A, 1)), 1, 2),
    ],
    "reads at once with an add may differ": [
        (Added(A, 1, ""), 0, 10),
        (page((A, 1)), 1, 5),
        (page(), 2, 6),
    ],
    "an add without an answer may come late": [
        (Adding(A, "", ids=(7,)), 0, None),
        (page(), 1, 2),
        (page((A, 7)), 8, 9),
    ],
    "or never": [(Adding(A, ""), 0, None), (page(), 1, 2), (absent(A), 8, 9)],
    "nobody was told the id of what was removed": [
        (Adding(A, ""), 0, None),
        (Removed(A), 1, 2),
        (page(), 3, 4),
    ],
    "of two adds without an answer, the one was removed before anybody saw its id": [
        (Adding(A, "", ids=(7,)), 0, None),
        (Adding(A, "", ids=(7,)), 0, None),
        (Removed(A), 1, 2),
        (there(A, 7), 3, 4),
    ],
    "a removal without an answer, between two reads": [
        (Added(A, 1, ""), 0, 1),
        (Removed(A), 2, None),
        (page((A, 1)), 3, 4),
        (page(), 5, 6),
        (Added(A, 2, ""), 7, 8),
    ],
    "emptied by a request without an answer, before what was added since": [
        (Added(A, 1, ""), 0, 1),
        (Cleared(), 2, None),
        (Added(B, 2, ""), 3, 4),
        (page((B, 2)), 5, 6),
    ],
    "two writes that were under way for the same page": [
        (Added(A, 1, ""), 0, 10),
        (Added(B, 2, ""), 0, 10),
        (page((B, 2), (A, 1)), 1, 2),
    ],
    "a short page, and the next": [
        (Added(A, 1, ""), 0, 1),
        (Added(B, 2, ""), 2, 3),
        (page((B, 2), size=1, more=True), 4, 5),
        (page((A, 1), size=1, after=2), 6, 7),
    ],
    "the item below the cursor was removed meanwhile": [
        (Added(A, 1, ""), 0, 1),
        (Added(B, 2, ""), 2, 3),
        (Removed(B, 2), 4, 9),
        (page((A, 1), size=1, after=2), 6, 7),
    ],
    "only one kind": [
        (Added(A, 1, ""), 0, 1),
        (Added(C, 2, ""), 2, 3),
        (page((C, 2), kind="tvshow"), 4, 5),
    ],
    "a call at the instant of an answer is not after it": [
        (Added(A, 1, ""), 0, 1),
        (page(), 1, 2),
    ],
    "a title that was being deleted was dropped from a page that began before another change": [
        (Added(A, 1, ""), 0, 1),
        (Added(B, 2, ""), 2, 3),
        (Gone(B), 4, 9),
        (page((A, 1), unsure=frozenset([B])), 5, 6),
        (there(B, 2), 7, 8),
    ],
    "a page that ends where another item was, whose removal was never answered": [
        (Added(A, 1, ""), 0, 1),
        (Added(B, 2, ""), 2, 3),
        (Removed(A), 4, None),
        (page((B, 2), size=1, more=False), 5, 6),
    ],
    "notes": [
        (Added(A, 1, "x"), 0, 1),
        (Noted(A, 1, "y"), 2, 6),
        (Shown(((A, Entry(1, A, "x")),)), 3, 4),
        (Shown(((A, Entry(1, A, "y")),)), 4, 5),
    ],
    "a deleted title": [(Added(A, 1, ""), 0, 1), (Gone(A), 2, 3), (page(), 4, 5)],
    "a page leaves out what is being deleted, though it stands below what was removed": [
        (Added(A, 1, ""), 0, 1),
        (Added(B, 2, ""), 2, 3),
        (Gone(B), 4, 9),
        (page((A, 1), unsure=frozenset([B])), 5, 6),
    ],
}

# The first answer that is wrong, by position.
IMPOSSIBLE = {
    "a stale page": ([(Added(A, 1, ""), 0, 1), (page(), 2, 3), (page((A, 1)), 4, 5)], 1),
    "what was shown is gone again, while it is being added": (
        [(Added(A, 1, ""), 0, 10), (page((A, 1)), 1, 2), (page(), 3, 4)],
        2,
    ),
    "an old id": (
        [
            (Added(A, 1, ""), 0, 1),
            (Removed(A), 2, 3),
            (Added(A, 2, ""), 4, 5),
            (there(A, 1), 6, 7),
        ],
        3,
    ),
    "added twice": ([(Added(A, 1, ""), 0, 1), (Added(A, 2, ""), 2, 3)], 1),
    "removed twice": (
        [(Added(A, 1, ""), 0, 1), (Removed(A), 2, 5), (Removed(A), 3, 6)],
        2,
    ),
    "a removal that had not begun": (
        [(Added(A, 1, ""), 0, 1), (page(), 2, 3), (Removed(A), 4, None)],
        1,
    ),
    "one add without an answer cannot make two items": (
        [
            (Adding(A, "", ids=(7, 8)), 0, None),
            (there(A, 7), 1, 2),
            (Removed(A), 3, 4),
            (there(A, 8), 5, 6),
        ],
        3,
    ),
    "one id cannot be made by two": (
        [
            (Adding(A, "", ids=(7,)), 0, None),
            (Adding(A, "", ids=(7,)), 0, None),
            (there(A, 7), 1, 2),
            (Removed(A), 3, 4),
            (there(A, 7), 5, 6),
        ],
        4,
    ),
    "emptied, and yet there": (
        [(Added(A, 1, ""), 0, 1), (Cleared(), 2, 3), (page((A, 1)), 4, 5)],
        2,
    ),
    "a note on what is there under another id": (
        [(Added(A, 1, ""), 0, 1), (Noted(A, 2, "x"), 2, 3)],
        1,
    ),
    "removed by an id that it does not have": (
        [(Added(A, 1, ""), 0, 1), (Removed(A, 2), 2, 3)],
        1,
    ),
    "an old note": (
        [
            (Added(A, 1, "x"), 0, 1),
            (Noted(A, 1, "y"), 2, 3),
            (Shown(((A, Entry(1, A, "x")),)), 4, 5),
        ],
        2,
    ),
    "a deleted title is back": (
        [(Added(A, 1, ""), 0, 1), (Gone(A), 2, 3), (page((A, 1)), 4, 5)],
        2,
    ),
    "missing by its own id": ([(Added(A, 1, ""), 0, 1), (Missing(A, 1), 2, 3)], 1),
    "a page that says it is the last": (
        [
            (Added(A, 1, ""), 0, 1),
            (Added(B, 2, ""), 2, 3),
            (page((B, 2), size=1, more=False), 4, 5),
        ],
        2,
    ),
    "a kind's page without what is of it": (
        [(Added(C, 2, ""), 0, 1), (page(kind="tvshow"), 2, 3)],
        1,
    ),
}
# Each title by itself is right at some instant, but no instant is right for both.
MIXED = [
    (Added(A, 1, ""), 0, 1),
    (Removed(A), 2, 3),
    (Added(B, 2, ""), 4, 5),
    (page((B, 2), (A, 1)), 1.5, 6),
]


@pytest.mark.parametrize("name", POSSIBLE)
def test_what_is_possible_passes(name):
    operations = history(*POSSIBLE[name])
    assert judge(operations).violations == []
    assert by_title(operations).violations == []


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_is_impossible_is_found(name):
    parts, wrong = IMPOSSIBLE[name]
    operations = history(*parts)
    assert [each.operation for each in judge(operations).violations] == [operations[wrong]]


def test_a_page_of_two_instants_is_found_by_the_whole_list_only():
    operations = history(*MIXED)
    assert [each.operation for each in judge(operations).violations] == [operations[-1]]
    assert by_title(operations).violations == []


def test_the_search_goes_on_without_a_stale_answer():
    parts = [(Added(A, 1, ""), 0, 1), (page(), 2, 3)]
    parts += [(page((A, 1)), 2 * k, 2 * k + 1) for k in range(2, 9)]
    assert len(judge(history(*parts)).violations) == 1


def test_the_search_goes_on_from_what_the_database_told():
    gone = Operation(1, page(), 2, 3, surely=True)
    later = history((page(), 4, 5), (Added(A, 2, ""), 6, 7), (page((A, 2)), 8, 9))
    (violation,) = judge([*history((Added(A, 1, ""), 0, 1)), gone, *later]).violations
    assert violation.operation is gone


def test_a_search_that_grows_too_large_falls_back_to_titles():
    clears = [(Cleared(), 0, 99)] + [(Added(f"movie/{k}", k, ""), 0, 99) for k in range(12)]
    finding = judge(history(*clears), limit=50)
    assert not finding.whole
    assert finding.violations == []


# --- against a search too simple to be wrong ------------------------------------------


def any_order(operations):
    """Whether some order of all that was answered, and some of what was not, is right."""
    certain = [each for each in operations if each.end < inf]
    open_ones = [each for each in operations if each.end == inf]
    subsets = itertools.chain.from_iterable(
        itertools.combinations(open_ones, count) for count in range(len(open_ones) + 1)
    )
    return any(
        in_time(order) and in_turn(order)
        for some in subsets
        for order in itertools.permutations([*certain, *some])
    )


def in_time(order):
    return all(a.start <= b.end for a, b in itertools.combinations(order, 2))


def in_turn(order):
    states = [EMPTY]
    for operation in order:
        states = [after for state in states for after in operation.effect.step(state)]
    return bool(states)


def random_effect(chance):
    title, pk = chance.choice([A, B]), chance.choice([1, 2])
    items = [(A, chance.choice([1, 2])), (B, chance.choice([1, 2]))]
    shown = chance.choice([[], items[:1], items[1:]])
    return chance.choice(
        [
            Added(title, pk, ""),
            Added(title, pk, ""),
            Removed(title),
            Removed(title, pk),
            Cleared(),
            there(title, pk),
            absent(title),
            page(*shown),
            page(*shown),
            page(*shown[:1], size=1, more=chance.random() < 0.3),
        ]
    )


def random_history(chance):
    parts = []
    for _ in range(chance.randint(2, 6)):
        start, effect = chance.uniform(0, 10), random_effect(chance)
        lasting = effect.alters and chance.random() < 0.3
        if lasting and isinstance(effect, Added):
            effect = Adding(effect.title, "", ids=(effect.id,))
        parts.append((effect, start, None if lasting else start + chance.uniform(0, 6)))
    return history(*parts)


def test_the_search_agrees_with_trying_every_order():
    chance, seen = random.Random(1), {True: 0, False: 0}
    for _ in range(1000):
        operations = random_history(chance)
        possible = any_order(operations)
        seen[possible] += 1
        assert (judge(operations).violations == []) == possible, operations
        assert not possible or by_title(operations).violations == []
    assert min(seen.values()) > 150


# --- cards ------------------------------------------------------------------------------

VERSIONS = {A: [cards.Version("one"), cards.Version("two", 10, 20), cards.Version("three", 30, 40)]}


def seen(*sightings):
    return cards.stale(VERSIONS, [Sighting(A, *each) for each in sightings])


@pytest.mark.parametrize(
    "sightings",
    [
        [("one", 1, 2), ("two", 21, 22), ("three", 41, 42)],
        [("one", 11, 12), ("two", 11, 12)],
        [("one", 11, 15), ("two", 12, 13)],
        [("two", 12, 13), ("two", 14, 15), ("three", 31, 32)],
    ],
)
def test_cards_that_were_true(sightings):
    assert seen(*sightings) == []


@pytest.mark.parametrize(
    "sightings",
    [
        [("one", 21, 22)],
        [("two", 1, 2)],
        [("four", 1, 2)],
        [("two", 12, 13), ("one", 14, 15)],
        [("three", 31, 32), ("two", 33, 34)],
    ],
)
def test_cards_that_were_not(sightings):
    assert [(each.shown, each.start) for each in seen(*sightings)] == [sightings[-1][:2]]


# --- what a client finds wrong by itself -------------------------------------------------


def item(title, pk):
    kind, _, content_id = title.partition("/")
    content = {"title": "T", "available": True, "genres": [{"id": 3, "name": "G"}]}
    return {
        "id": pk,
        "content_type": kind,
        "content_id": int(content_id),
        "note": "",
        "content": content,
    }


def looked_at(*items, count=None):
    client = people.Client("ann's", people.Person(1, ""), {}, people.Titles([A]), None, 1)
    body = {"results": list(items), "count": len(items) if count is None else count, "next": None}
    client.look_at(body, page(), 0, "GET")
    return [each.kind for each in client.record.wrong], client.record.sightings


@pytest.mark.parametrize(
    ("items", "count", "wrong"),
    [
        ([], None, []),
        ([item(B, 2), item(A, 1)], None, []),
        ([item(A, 2), item(A, 1)], None, ["doubled"]),
        ([item(A, 1), item(B, 2)], None, ["unexpected"]),
        ([item(A, 1)], 2, ["count"]),
    ],
)
def test_a_page_that_cannot_be(items, count, wrong):
    assert looked_at(*items, count=count)[0] == wrong


def test_a_page_is_a_sighting_of_its_cards_and_genres():
    _, sightings = looked_at(item(A, 1))
    assert {(each.of, each.shown) for each in sightings} == {(A, ("T", True)), ("genre/3", "G")}


# --- the verdict ------------------------------------------------------------------------


def found_in(*operations, gone=None, wrong=()):
    record = Record(list(operations), wrong=list(wrong))
    found = verdict.judged(record, {}, gone or {}, [])
    return {kind: count for kind, count in found.wrong.items() if count}


def operation(effect, start, end, text="GET", **fields):
    return Operation(1, effect, start, end, text, **fields)


ADDED = operation(Added(A, 1, ""), 0, 1, "POST")


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (operation(page(), 2, 3), "stale"),
        (operation(page(), 2, 3, "by SQL", surely=True), "lost"),
        (operation(absent(A), 2, 3, "DELETE", surely=True), "lost"),
        (operation(Added(A, 2, ""), 2, 3, "POST", surely=True), "lost"),
    ],
)
def test_what_is_wrong_has_a_name(wrong, name):
    assert found_in(ADDED, wrong) == {name: 1}


def test_ids_of_what_was_added_without_an_answer_are_learned_from_what_is_shown():
    adding = operation(Adding(A, ""), 0, inf, "POST")
    assert found_in(adding, operation(page((A, 7)), 4, 5)) == {}
    assert found_in(adding, operation(page((B, 7)), 4, 5)) == {"stale": 1}


def test_while_a_title_is_being_deleted_pages_may_differ():
    gone = {A: Event(2, 9, "deleted")}
    pages = [operation(page(), 3, 4), operation(page((A, 1)), 5, 6), operation(absent(A), 7, 8)]
    assert found_in(ADDED, *pages, gone=gone) == {}


def test_what_staff_deleted_is_off_every_list():
    gone = {A: Event(2, 3, "deleted")}
    assert found_in(ADDED, operation(page(), 4, 5), gone=gone) == {}
    assert found_in(ADDED, operation(page((A, 1)), 2.5, 2.6), gone=gone) == {}
    back = [operation(page((A, 1)), 4, 5), operation(page(), 6, 7)]
    assert found_in(ADDED, *back, gone=gone) == {"stale": 1}


@pytest.mark.parametrize(("start", "name"), [(0.5, "torn"), (2, "stale")])
def test_a_count_is_torn_only_while_something_changes(start, name):
    count = Wrong("count", Event(start, start + 0.1, "counts 1 and shows 0"), 1)
    assert found_in(ADDED, wrong=[count]) == {name: 1}
