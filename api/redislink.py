"""The short way to Redis: several commands in one round trip, and no waiting for one that is away.

Redis only ever saves time here, so whoever asks must be able to do without the answer.
"""

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import hiredis
import structlog
from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import RedisError, ResponseError

from api import metrics
from api.settled import settled

log = structlog.get_logger("redis")

Command = tuple[str | bytes | int, ...]

# Failures in a row that open the breaker, and for how many seconds.
FAILURES = 3
REST_SECONDS = 2.0
# Between two lines about commands that Redis refuses, such as those of one that is full.
COMPLAINT_SECONDS = 60.0
# What the reader says while a reply is not there as a whole.
MORE = object()
READ_SIZE = 64 * 1024
FAILURES_OF_A_LINK = (RedisError, hiredis.HiredisError, OSError)


class RedisAway(Exception):
    """Redis cannot be reached, does not answer in time, or has failed so often that it is not
    asked now."""


@settled
def configured() -> bool:
    """Projects without our settings have none."""
    return bool(getattr(settings, "REDIS_URL", None))


def ask(*commands: Command) -> list[Any]:
    """The replies to the commands, in order, by one round trip; where Redis refused one, its reply
    is the ResponseError. Raises RedisAway, at once while the breaker is open.

    Commands must be harmless to repeat: a connection that Redis closed while it rested, which
    shows only when it is used, is opened anew and asked again, and nobody can tell whether the
    first time was heard. To count twice, or back twice, to read or to store the same page twice is
    harmless.
    """
    return send(*commands).replies()


def send(*commands: Command) -> "Question":
    """Ask, and have the replies later: meanwhile PostgreSQL can be asked something. Each wait
    for another process costs both more than what it waits for."""
    now = time.monotonic()
    if not breaker.allows(now):
        raise RedisAway
    sent = b"".join([hiredis.pack_command(each) for each in commands])  # type: ignore[arg-type]
    try:
        return link_of_thread().send(sent, len(commands))
    except FAILURES_OF_A_LINK as error:
        raise failed(error) from error


def tell(*commands: Command) -> None:
    """Send commands whose replies nobody needs. They are read before the next are sent."""
    with suppress(RedisAway):
        send(*commands)


def failed(error: Exception) -> RedisAway:
    metrics.REDIS_FAILURES.inc()
    breaker.failed(time.monotonic(), error)
    return RedisAway()


# --- connections ---------------------------------------------------------------


class Link:
    """The connection of one thread. redis-py opens it as django-redis is configured, with TLS,
    password and database; from then on hiredis alone writes and reads. Three commands cost 35 µs
    of CPU so, through redis-py's connection 48, through its pool and pipeline 76."""

    def __init__(self) -> None:
        pool = get_redis_connection("default").connection_pool
        # In the older protocol nothing comes that was not asked for.
        options = pool.connection_kwargs | {"protocol": 2}
        self.connection = pool.connection_class(**options)
        self.caches, self.pid = settings.CACHES, os.getpid()
        self.socket: Any = None
        self.under_way: Question | None = None

    def is_current(self) -> bool:
        """Not after a fork: the socket is the parent's. Tests change settings."""
        return self.pid == os.getpid() and self.caches is settings.CACHES

    def send(self, sent: bytes, count: int) -> "Question":
        """Replies that nobody has read yet are read first."""
        if self.under_way is not None:
            self.hear(self.under_way)
        question = Question(self, sent, count, rested=self.socket is not None)
        try:
            self.write(sent)
        except TimeoutError:
            raise
        except OSError:
            if not question.rested:
                raise
            self.write(sent)
            question.rested = False
        self.under_way = question
        return question

    def hear(self, question: "Question") -> None:
        """Read its replies. A time-out is not tried again: it would double the wait."""
        if question is not self.under_way:
            raise ConnectionError("the connection ended before the replies came")
        self.under_way = None
        try:
            question.found = self.read(question.count)
        except TimeoutError:
            raise
        except OSError:
            if not question.rested:
                raise
            self.write(question.sent)
            question.found = self.read(question.count)
        breaker.succeeded()
        complaints.about(question.found)

    def open(self) -> None:
        self.connection.connect()
        self.socket = self.connection._sock
        self.reader = hiredis.Reader(replyError=ResponseError, notEnoughData=MORE)

    def write(self, sent: bytes) -> None:
        if self.socket is None:
            self.open()
        try:
            self.socket.sendall(sent)
        except BaseException:
            self.close()
            raise

    def read(self, count: int) -> list[Any]:
        """Whatever ends this early also ends the connection: a reply that is still to come would
        be taken for the answer to the next question."""
        now = time.monotonic()
        try:
            return [self.reply(now) for _ in range(count)]
        except BaseException:
            self.close()
            raise

    def reply(self, now: float) -> Any:
        """The time-out of the socket is of each read; the sum of them is bounded here."""
        while (found := self.reader.gets()) is MORE:
            data = self.socket.recv(READ_SIZE)
            if not data:
                raise ConnectionResetError("Redis closed the connection")
            self.reader.feed(data)
            longest = self.socket.gettimeout()
            if longest is not None and time.monotonic() - now > 2 * longest:
                raise TimeoutError("the replies of Redis come too slowly")
        return found

    def close(self) -> None:
        self.socket = self.under_way = None
        self.connection.disconnect()


class Question:
    """Commands under way. `rested` tells that the connection was open before: Redis may have closed
    it meanwhile, which only shows now."""

    def __init__(self, link: Link, sent: bytes, count: int, *, rested: bool) -> None:
        self.link, self.sent, self.count, self.rested = link, sent, count, rested
        self.found: list[Any] | None = None

    def replies(self) -> list[Any]:
        """As `ask` has them. For the thread that asked."""
        try:
            if self.found is None:
                self.link.hear(self)
        except FAILURES_OF_A_LINK as error:
            raise failed(error) from error
        return self.found or []


class Kept(threading.local):
    link: Link | None = None


kept = Kept()


def link_of_thread() -> Link:
    link = kept.link
    if link is None or not link.is_current():
        link = kept.link = Link()
    return link


# --- what to do about one that is away -----------------------------------------


class Breaker:
    """Keeps a process from waiting for a Redis that hangs. All threads share it.

    Three failures in a row open it. From then on one caller in two seconds may try, until a try
    succeeds. `now` is a monotonic clock.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.failures = 0
        # When the next try is allowed, or None while it is closed.
        self.next_try: float | None = None

    def allows(self, now: float) -> bool:
        if self.next_try is None:
            return True
        with self.lock:
            if self.next_try is not None and now < self.next_try:
                return False
            if self.next_try is not None:
                # Who tries need not report back: the next may try after the same time.
                self.next_try = now + REST_SECONDS
        return True

    def failed(self, now: float, error: Exception) -> None:
        with self.lock:
            self.failures += 1
            opens = self.failures >= FAILURES and self.next_try is None
            if self.failures >= FAILURES:
                self.next_try = now + REST_SECONDS
        if opens:
            metrics.BREAKER_OPEN.set(1)
            log.error("redis is away", error=type(error).__name__, rest_seconds=REST_SECONDS)

    def succeeded(self) -> None:
        if not self.failures:
            return
        with self.lock:
            closes = self.next_try is not None
            self.failures, self.next_try = 0, None
        if closes:
            metrics.BREAKER_OPEN.set(0)
            log.info("redis is back")


class Complaints:
    """A line about error replies, but not one for each of thousands."""

    def __init__(self) -> None:
        self.next_line = 0.0

    def about(self, replies: Sequence[Any]) -> None:
        if ResponseError not in map(type, replies):
            return
        metrics.REDIS_FAILURES.inc()
        now = time.monotonic()
        if now < self.next_line:
            return
        self.next_line = now + COMPLAINT_SECONDS
        refused = {first_word(each) for each in replies if isinstance(each, ResponseError)}
        log.error("redis refuses commands", refusals=sorted(refused))


def first_word(error: ResponseError) -> str:
    """Redis's own name for what is wrong, such as OOM: the rest may quote what was sent."""
    return str(error).partition(" ")[0]


breaker = Breaker()
complaints = Complaints()
