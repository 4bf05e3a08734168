"""The page cache's protocol as a model small enough to try every order of events.

Two writers change one list, staff edit a title on it, two workers answer reads of it. `explore`
runs every interleaving of their steps, with a crash between any two of them, breadth first, and
returns the shortest trace to a wrong answer, or none. No Django, no clock, no threads.

Checked at each answer, when `strict`: list and title stood like that in the database, together,
at one instant between the start of the request and its answer. This is what we promise. Protocols
that break are asked for less, what a client can prove: an answer is wrong only if it is older
than something that was acknowledged, or answered to anybody, before its request started.

Five things keep it small, and none hides a wrong answer:
- nobody sees what a transaction does before it commits, so it runs as one event;
- a request starts with its first event and answers right after the last that it needs: an earlier
  start or a later answer would only allow it more;
- a wild Redis answers with nothing or with any page it was ever sent. That is expiry, eviction, a
  flush, a restart with old data, and a store that comes late, twice, or after its sender died.
  What was sent need not be found, so a page is sent as soon as it can be;
- who crashed before others could see anything of it might as well not have begun;
- the two readers are alike, and so are the two writers of the list.

In a trace (2, 0) is version 2 of the list with version 0 of the title, or the tokens of both.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple


class State(NamedTuple):
    """What the database says. Versions and tokens count up; None is a token row that is gone."""

    list: int = 0
    title: int = 0
    list_token: int | None = 0
    title_token: int | None = 0

    content = property(lambda self: self[:2])
    tokens = property(lambda self: self[2:])


class Page(NamedTuple):
    content: tuple
    tag: tuple

    def __str__(self):
        return f"has {self.content} under {self.tag}"


class Reader(NamedTuple):
    requests: int  # how many it still answers
    at: int = 0  # its next step; 0 is between requests
    since: int = 0  # the oldest state it may answer: an index into the history
    tokens: tuple | None = ()  # None: nothing to store under
    found: Page | None = None
    content: tuple | None = None


class Writer(NamedTuple):
    changes: str  # "list" or "title"
    at: int = 0  # its next step
    wrote: int = 0  # the state it made: an index into the history


class World(NamedTuple):
    readers: tuple
    writers: tuple = (Writer("list"), Writer("list"), Writer("title"))
    history: tuple = (State(),)  # every committed state, the last one is now
    known: int = 0  # the newest state that anybody was told of
    pages: frozenset = frozenset()  # what Redis may answer
    counter: int = 0  # of the protocol that counts in Redis

    now = property(lambda self: self.history[-1])

    def alike(self):
        """Equal for worlds that differ only in which of two like processes is which."""
        return (frozenset(self.readers), frozenset(self.writers), *self[2:])

    def put(self, kind, who, **changes):
        processes = list(getattr(self, kind))
        processes[who] = processes[who]._replace(**changes)
        return self._replace(**{kind: tuple(processes)})


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """The order of steps, by default as built. A reader's step is a method of `Reading`."""

    reader: tuple[str, ...] = ("tokens", "redis", "check", "rows with tokens", "answer", "store")
    writer: tuple[str, ...] = ("rows", "token", "commit", "acknowledge")
    staff: tuple[str, ...] = ("rows", "token", "commit", "acknowledge")
    wild: bool = True  # else Redis has what it was sent last, until a DEL
    strict: bool = True
    together: bool = True  # else the list and the title have an instant each
    fault: str | None = None
    requests: tuple[int, int] = (1, 1)  # of each reader

    def steps_of(self, writer):
        steps = self.writer if writer.changes == "list" else self.staff
        return tuple(step for step in steps if not (self.strict and step == "acknowledge"))

    def at_once(self, step):
        """Whether a reader takes this step with the one before: waiting would change nothing."""
        return step.startswith(("check", "answer")) or (self.wild and step == "store")

    def seen_outside(self, *, hit):
        """The steps that a recorder of SQL and Redis commands sees."""
        steps = self.reader[: self.reader.index("check")] if hit else self.reader
        return [step for step in steps if step not in ("arrive", "check", "answer")]


class Reading(NamedTuple):
    """A reader's steps. Each yields what may come of it: a note for the trace and the world."""

    protocol: Protocol
    world: World
    who: int

    me = property(lambda self: self.world.readers[self.who])

    def got(self, note="", **what):
        [value] = what.values()
        return f"{value}{note}", self.world.put("readers", self.who, **what)

    def arrive(self):
        yield "", self.world

    def tokens(self):
        tokens = self.world.now.tokens
        yield self.got(tokens=None if None in tokens else tokens)

    def tokens_or_null(self):
        yield self.got(tokens=self.world.now.tokens)

    def tokens_of_a_replica(self):
        yield from (self.got(tokens=state.tokens) for state in self.world.history)

    def shared_tokens(self):
        """A statement for this reader alone, or for all who have arrived and wait for one."""
        [(note, world)] = self.tokens()
        yield note, world
        for other, reader in enumerate(self.world.readers):
            if reader.at == self.me.at - 1:
                shared = {"at": self.me.at, "tokens": world.readers[self.who].tokens}
                yield f"{note} for both readers", world.put("readers", other, **shared)

    def joined_tokens(self):
        """A statement of its own, or the answer of another reader's that is under way."""
        yield from self.tokens()
        for other, reader in enumerate(self.world.readers):
            if other != self.who and reader.at == self.me.at:
                yield self.got(" from the other's statement", tokens=reader.tokens)

    def counter(self):
        yield self.got(tokens=(self.world.counter,))

    def redis(self):
        yield from (self.got(found=page) for page in self.world.pages)
        if self.protocol.wild or not self.world.pages:
            yield "has nothing", self.world

    client = redis  # what a client keeps, with its ETag: any page that was ever answered

    def check(self, part=slice(None)):
        found, tokens = self.me.found, self.me.tokens
        if found and tokens is not None and found.tag[part] == tokens[part]:
            after = {"content": found.content, "tokens": None}
            after["at"] = self.protocol.reader.index("answer")
            yield "hit", self.world.put("readers", self.who, **after)
        else:
            yield "miss", self.world.put("readers", self.who, found=None)

    def check_the_list_only(self):
        return self.check(slice(1))

    def check_nothing(self):
        return self.check(slice(0))

    def rows(self):
        yield self.got(content=self.world.now.content)

    def rows_with_tokens(self):
        [(_, world)] = self.tokens()
        yield from Reading(self.protocol, world, self.who).rows()

    def items(self):
        yield self.got(content=(self.world.now.list, None))

    def titles(self):
        yield self.got(content=(self.me.content[0], self.world.now.title))

    def tokens_again(self):
        """Not the same: the page is answered, and nobody knows what to store it under."""
        same = self.world.now.tokens == self.me.tokens
        yield self.got(tokens=self.me.tokens if same else None)

    def answer(self):
        content, since = self.me.content, self.me.since
        allowed = [state.content for state in self.world.history[since:]]
        if content in allowed:
            known = max(self.world.known, since + allowed.index(content))
            yield f"{content}", self.world._replace(known=0 if self.protocol.strict else known)
        elif not self.protocol.together and each_in(content, allowed):
            yield f"{content}", self.world
        else:
            yield f"{content}, WRONG: it was {', then '.join(map(str, allowed))}", None

    def store(self):
        page = Page(self.me.content, self.me.tokens)
        kept = self.world.pages if self.protocol.wild else frozenset()
        if page.tag is None:
            yield "nothing", self.world
        else:
            yield f"{page.content} under {page.tag}", self.world._replace(pages=kept | {page})


def each_in(content, allowed):
    return all(any(one[i] == mine for one in allowed) for i, mine in enumerate(content))


def read(protocol, world, who):
    """A reader's next step and those it takes at once: a line for the trace, and the world."""
    _, at, since, *_ = world.readers[who]
    if at == 0:
        since = len(world.history) - 1 if protocol.strict else world.known
    world = world.put("readers", who, at=at + 1, since=since)
    step = getattr(Reading(protocol, world, who), protocol.reader[at].replace(" ", "_"))
    for note, after in step():
        line, me = f"{protocol.reader[at]} {note}".strip(), after and after.readers[who]
        if me and me.at == len(protocol.reader):
            yield line, after.put("readers", who, **Reader(me.requests - 1)._asdict())
        elif me and protocol.at_once(protocol.reader[me.at]):
            yield from ((f"{line}; {more}", end) for more, end in read(protocol, after, who))
        else:
            yield line, after


IN_TRANSACTION = {  # what becomes of a version and its token; an UPDATE brings no row back
    "rows": lambda version, token: (version + 1, token),
    "token": lambda version, token: (version, token if token is None else token + 1),
    "used token": lambda version, token: (version, (token + 1) % 2),
}


def write(protocol, world, who):
    """What a writer does until others may see it: a whole transaction, or one step."""
    writer, steps = world.writers[who], protocol.steps_of(world.writers[who])
    at, names = writer.at, (writer.changes, f"{writer.changes}_token")
    change = [getattr(world.now, name) for name in names]
    while steps[at] in IN_TRANSACTION:
        change = IN_TRANSACTION[steps[at]](*change)
        at += 1
    wrote = len(world.history) if steps[at] == "commit" else writer.wrote
    state = world.now._replace(**dict(zip(names, change, strict=True)))
    public = {
        "commit": {"history": (*world.history, state)},
        "acknowledge": {"known": max(world.known, wrote)},
        "DEL": {"pages": frozenset()},
        "INCR": {"counter": world.counter + 1},
    }
    after = world.put("writers", who, at=at + 1, wrote=wrote)._replace(**public[steps[at]])
    return ", ".join(steps[writer.at : at + 1]), after


def strike(fault, world):
    if fault == "the counter is evicted":
        return world._replace(counter=0)
    then = world.now
    if fault == "TRUNCATE of the list's token":
        then = world.now._replace(list_token=None)
    elif len(world.history) == 2:  # "a failover loses the last commit"
        then = world.history[0]
    return world if then == world.now else world._replace(history=(*world.history, then))


def events(protocol, world):
    """All that may happen next."""
    for who, reader in enumerate(world.readers):
        name = f"reader {who + 1}"
        if reader.requests:
            yield from ((f"{name}: {line}", after) for line, after in read(protocol, world, who))
        if reader.at:
            yield f"{name} crashes", world.put("readers", who, **Reader(reader.requests)._asdict())
    for who, writer in enumerate(world.writers):
        name, end = ("writer 1", "writer 2", "staff")[who], len(protocol.steps_of(writer))
        if writer.at < end:
            line, after = write(protocol, world, who)
            yield f"{name}: {line}", after
        if 0 < writer.at < end:
            yield f"{name} crashes", world.put("writers", who, at=end)
    if protocol.fault:
        yield protocol.fault, strike(protocol.fault, world)


def explore(protocol):
    """How many worlds can be reached, and the shortest trace to a wrong answer, or no trace."""
    start = World(readers=tuple(map(Reader, protocol.requests)))
    seen, waiting = {start.alike()}, deque([(start, ())])
    while waiting:
        world, path = waiting.popleft()
        for line, after in events(protocol, world):
            if after is None:
                return len(seen), (*path, line)
            if (alike := after.alike()) not in seen:
                seen.add(alike)
                waiting.append((after, (*path, line)))
    return len(seen), ()
