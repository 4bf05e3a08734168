"""The order of the page cache's steps holds in every interleaving; change it and it breaks.

docs/cache.md has the proof, and the table of what breaks after how many events.
"""

import re
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from .protocol_model import Protocol, explore

AS_BUILT = Protocol()
TRUNCATE = "TRUNCATE of the list's token"
FAILOVER = "a failover loses the last commit"
NO_STAFF = {"staff": ()}  # where titles don't matter: several times as quick


def steps(text):
    return tuple(text.split(", "))


def reader(text, **rest):
    return replace(AS_BUILT, reader=steps(text), **rest)


def broken(text="tokens, redis, check, rows, answer, store", **rest):
    return Protocol(reader=steps(text), strict=False, **rest)


# All that it takes; the rows' own tokens make a page exactly as new as what it is stored under.
TOKENS_FIRST = reader("tokens, redis, check, rows, answer, store")

HOLDS = {
    "as built": replace(AS_BUILT, requests=(2, 2)),
    "Redis asked before the tokens, its answer used after": reader(
        "redis, tokens, check, rows, answer, store"
    ),
    "one statement for all who wait": reader(
        "arrive, shared tokens, redis, check, rows, answer, store"
    ),
    "one statement for all who wait, Redis asked before": reader(
        "arrive, redis, shared tokens, check, rows, answer, store"
    ),
    "304 from the tokens alone": reader("tokens, client, check, redis, check, rows, answer, store"),
    "the front misses, the view asks again": reader(
        "tokens, redis, check, tokens, redis, check, rows, answer, store"
    ),
    "whoever waited for another's miss looks again": reader(
        "tokens, redis, check, redis, check, rows, answer, store"
    ),
    "no token row, don't cache": replace(AS_BUILT, fault=TRUNCATE),
    "as built for an empty page, which tells no tokens": reader(
        "tokens, redis, check, rows, tokens again, answer, store"
    ),
    "rows without their tokens": TOKENS_FIRST,
    "items and titles in two statements, each right by itself": reader(
        "tokens, redis, check, items, titles, answer, store", together=False
    ),
}

ASIDE = "redis, check nothing, rows, answer, store"  # cache-aside: what is there is a hit
DEL_AFTER = steps("rows, commit, DEL, acknowledge")
DEL_TWICE = steps("DEL, rows, commit, DEL, acknowledge")

BREAKS = {  # the protocol, and how many events its shortest trace has
    "tokens read after the rows": (broken("redis, rows, tokens, check, answer, store"), 8),
    "page stored under tokens read after its rows": (
        broken("tokens, redis, check, rows, tokens, answer, store"),
        8,
    ),
    "token set in a second transaction": (
        broken(
            writer=steps("rows, commit, token, commit, acknowledge"), requests=(2, 1), **NO_STAFF
        ),
        9,
    ),
    "token set in a transaction before": (
        broken(writer=steps("token, commit, rows, commit, acknowledge"), **NO_STAFF),
        8,
    ),
    "content token forgotten": (broken(staff=steps("rows, commit, acknowledge")), 7),
    "hit if the list's token matches": (
        broken("tokens, redis, check the list only, rows, answer, store"),
        7,
    ),
    "token used again": (
        broken(writer=steps("rows, used token, commit, acknowledge"), **NO_STAFF),
        8,
    ),
    "tokens from a replica": (
        broken("tokens of a replica, redis, check, rows, answer, store"),
        7,
    ),
    "joins a statement that has begun": (
        broken("joined tokens, redis, check, rows, answer, store", requests=(2, 1), **NO_STAFF),
        8,
    ),
    "a missing token row taken for a token": (
        broken("tokens or null, redis, check, rows, answer, store", fault=TRUNCATE, **NO_STAFF),
        8,
    ),
    "no tokens: DEL after commit": (
        broken(ASIDE, wild=False, writer=DEL_AFTER, staff=DEL_AFTER),
        7,
    ),
    "no tokens: DEL before and after": (
        broken(ASIDE, wild=False, writer=DEL_TWICE, staff=DEL_TWICE),
        8,
    ),
    "a counter in Redis, evicted": (
        broken(
            "counter, redis, check, rows, answer, store",
            writer=steps("rows, commit, INCR, acknowledge"),
            wild=False,
            fault="the counter is evicted",
            **NO_STAFF,
        ),
        10,
    ),
}


CACHE_MD = Path(__file__).parents[2] / "docs" / "cache.md"


def read_out(trace):
    return "\n".join(["", *(f"{number:3}. {line}" for number, line in enumerate(trace, 1))])


@pytest.mark.parametrize("name", HOLDS)
def test_every_answer_was_the_list_at_an_instant_of_its_request(name):
    _, trace = explore(HOLDS[name])
    assert not trace, read_out(trace)


@pytest.mark.parametrize("name", HOLDS)
def test_hits_happen_in_it(name):
    """A writer who forgets the token is noticed by hits only."""
    _, trace = explore(replace(HOLDS[name], writer=steps("rows, commit")))
    assert "check hit" in trace[-1], read_out(trace)


@pytest.mark.parametrize("name", HOLDS)
def test_old_pages_are_met_in_it(name):
    blind = tuple("check nothing" if step == "check" else step for step in HOLDS[name].reader)
    _, trace = explore(replace(HOLDS[name], reader=blind))
    assert "check nothing hit" in trace[-1], read_out(trace)


@pytest.mark.parametrize("name", BREAKS)
def test_what_looks_right_and_is_not(name):
    protocol, events = BREAKS[name]
    _, trace = explore(protocol)
    assert trace, "no wrong answer found: has the model lost its teeth?"
    assert "WRONG" in trace[-1], read_out(trace)
    assert len(trace) == events, read_out(trace)


def test_deleting_after_commit_breaks_without_any_fault():
    _, trace = explore(BREAKS["no tokens: DEL after commit"][0])
    assert not [line for line in trace if "crash" in line], read_out(trace)


def test_the_table_in_the_docs_is_this_one():
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \|$", CACHE_MD.read_text(), re.MULTILINE)
    assert rows == [(name, str(events)) for name, (_, events) in BREAKS.items()]


def test_items_and_titles_of_two_statements_may_never_have_stood_together():
    apart = HOLDS["items and titles in two statements, each right by itself"]
    _, trace = explore(replace(apart, together=True))
    assert len(trace) == 6, read_out(trace)


def test_a_lost_commit_lives_on_in_a_page_unless_one_statement_read_rows_and_tokens():
    one_writer = {"writer": steps("rows, token, commit"), **NO_STAFF}
    _, trace = explore(replace(TOKENS_FIRST, fault=FAILOVER, **one_writer))
    assert len(trace) == 7, read_out(trace)
    empty = HOLDS["as built for an empty page, which tells no tokens"]
    _, trace = explore(replace(empty, fault=FAILOVER, **one_writer))
    assert len(trace) == 8, read_out(trace)
    assert not explore(replace(AS_BUILT, fault=FAILOVER, **one_writer))[1]


def can_be_run(order):
    """Nothing is used before it is there."""
    needs = [("tokens", "check"), ("redis", "check"), ("check", "answer"), ("rows", "answer")]
    needs += [("tokens", "store"), ("rows", "store")]
    return all(order.index(first) < order.index(then) for first, then in needs)


ORDERS = [order for order in permutations(TOKENS_FIRST.reader) if can_be_run(order)]


@pytest.mark.parametrize("order", ORDERS, ids=", ".join)
def test_of_a_readers_order_only_tokens_before_rows_matters(order):
    _, trace = explore(replace(AS_BUILT, reader=order, **NO_STAFF))
    assert (not trace) == (order.index("tokens") < order.index("rows")), read_out(trace)


def test_what_a_recorder_sees_of_a_read():
    assert AS_BUILT.seen_outside(hit=True) == ["tokens", "redis"]
    assert AS_BUILT.seen_outside(hit=False) == ["tokens", "redis", "rows with tokens", "store"]
