"""A few threads that do what an event loop hands them, and stay."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, NamedTuple


class Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Threads:
    """As `loop.run_in_executor` for a thread pool, for 8 microseconds less each: nobody but the
    loop can wait for an answer, so it takes no locks of its own.

    The threads begin with the first job, as those from before a fork are gone after it. They hold
    up no exit: who stops a server waits for its requests, not for its threads.
    """

    def __init__(self, count: int) -> None:
        self.count, self.lock, self.begun = count, Lock(), False
        self.jobs: SimpleQueue[Job] = SimpleQueue()

    def run(self, function: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        """What the function returns or raises. It is not called if nobody waits any more."""
        if not self.begun:
            self.begin()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self.jobs.put(Job(loop, answer, function, arguments))
        return answer

    def begin(self) -> None:
        with self.lock:
            if not self.begun:
                self.begun = True
                for n in range(self.count):
                    Thread(target=self.work, name=f"django_{n}", daemon=True).start()

    def work(self) -> None:
        while True:
            job = self.jobs.get()
            if not job.answer.cancelled():
                # The loop may be closed by then.
                with suppress(RuntimeError):
                    job.loop.call_soon_threadsafe(*outcome(job))
            # A thread that rests holds no request.
            del job


def outcome(job: Job) -> tuple[Any, ...]:
    try:
        return settle, job.answer, job.function(*job.arguments), None
    except BaseException as error:
        return settle, job.answer, None, error


def settle(answer: asyncio.Future[Any], found: Any, error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(found)
    else:
        answer.set_exception(error)
