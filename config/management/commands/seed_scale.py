"""Makes big data for load tests, and tokens to read it with."""

import os
import stat
import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
    OutputWrapper,
)

from accounts.tokens import Access
from catalog.models import Movie, Title, TVShow
from config import scale

BAR = 30
REDRAW_SECONDS = 0.1


class Progress:
    """A bar on a terminal; elsewhere one line when the stage is over."""

    def __init__(self, out: OutputWrapper, what: str, total: int) -> None:
        self.out, self.what, self.total = out, what, total
        self.done, self.drawn, self.began = 0, 0.0, time.monotonic()

    def add(self, amount: int) -> None:
        self.done += amount
        now = time.monotonic()
        if self.out.isatty() and now - self.drawn > REDRAW_SECONDS:
            self.drawn = now
            share = self.done / (self.total or 1)
            bar = "#" * int(BAR * share)
            self.out.write(f"\r{self.what:10} [{bar:{BAR}}] {share:4.0%}, {self.rate()}", ending="")

    def finish(self, extra: str = "") -> None:
        erase = "\r\x1b[K" if self.out.isatty() else ""
        seconds = time.monotonic() - self.began
        self.out.write(f"{erase}{self.done:,} {self.what} in {seconds:.1f} s, {self.rate()}{extra}")

    def rate(self) -> str:
        seconds = max(time.monotonic() - self.began, 0.001)
        return f"{self.done / seconds:,.0f}/s"


class AsItStands(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Leaves the lines of the help alone."""


class Command(BaseCommand):
    help = """Make big data for load tests: titles, people, and lists. For throwaway databases.

Titles are made up and carry the genres that are there (or the fixtures'). Each person gets
distinct titles, of those made and those there before, the popular ones most often. Running it
again adds more; the same --seed on the same database makes the same data. MYLIST_MAX_ITEMS is not
applied. The people have addresses under example.invalid and no password: --tokens is the way in.

Example: manage.py seed_scale --movies 80000 --shows 20000 --users 20000 --items-per-user 50 \\
             --longest 100000 --tokens var/tokens.txt"""

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=AsItStands, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        numbers = {
            "--movies": "movies to make",
            "--shows": "TV shows to make",
            "--users": "people to make",
            "--items-per-user": "titles on the list of each",
        }
        for name, about in numbers.items():
            parser.add_argument(name, type=int, required=True, metavar="N", help=about)
        parser.add_argument(
            "--longest", type=int, default=0, metavar="N", help="one person more, with N titles"
        )
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="unset: 1")
        parser.add_argument(
            "--tokens",
            metavar="FILE",
            help="write a line `user_id access_token` for each person made, that of --longest"
            " first; good for a day. Nobody else can read the file",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        lists = self.wanted(options)
        try:
            with token_file(options["tokens"]) as tokens:
                self.make(lists, tokens, options)
        except OSError as error:
            raise CommandError(f"--tokens {options['tokens']}: {error.strerror}") from error
        except scale.Disturbed as error:
            raise CommandError(
                "Somebody deleted titles or people meanwhile. What is there is right; run it again."
            ) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. What is there is right.", returncode=130) from None

    def wanted(self, options: dict[str, Any]) -> scale.Lists:
        for name in ("movies", "shows", "users", "items_per_user", "longest"):
            if options[name] < 0:
                option = name.replace("_", "-")
                raise CommandError(f"--{option} is {options[name]}: it takes 0 or more")
        lists = scale.Lists(options["users"], options["items_per_user"], options["longest"])
        titles = options["movies"] + options["shows"] + scale.count_titles()
        if lists.titles > titles:
            raise CommandError(
                f"A list of {lists.titles:,} needs as many titles, and there would be {titles:,}:"
                " ask for more --movies or --shows"
            )
        return lists

    def make(self, lists: scale.Lists, tokens: TextIO | None, options: dict[str, Any]) -> None:
        self.make_titles("movies", Movie, options)
        self.make_titles("shows", TVShow, options)
        if lists.people:
            self.make_people(lists, options["seed"], tokens)
        began = time.monotonic()
        if scale.settle():
            self.stdout.write(f"Tables analyzed in {time.monotonic() - began:.1f} s")

    def make_titles(self, what: str, model: type[Title], options: dict[str, Any]) -> None:
        if not options[what]:
            return
        progress = Progress(self.stdout, what, options[what])
        for made in scale.make_titles(model, options[what], options["seed"]):
            progress.add(made)
        progress.finish()

    def make_people(self, lists: scale.Lists, seed: int, tokens: TextIO | None) -> None:
        progress = Progress(self.stdout, "list rows", lists.items)
        made = []
        for batch in scale.make_people(lists, seed):
            progress.add(batch.items)
            # Once they are there for good: a token of nobody is worse than a person without one.
            if tokens is not None:
                tokens.writelines(lines_of(batch.people))
                tokens.flush()
            made += batch.people
        whose = f"; person {made[0][0]} has the longest list" if lists.longest else ""
        progress.finish(f", of {len(made):,} people{whose}")


def lines_of(people: list[tuple[int, int]]) -> Iterator[str]:
    token = Access()
    token.set_exp(lifetime=scale.SIGNED_IN_FOR)
    for user_id, sid in people:
        token.set_jti()
        token["user_id"], token["sid"] = user_id, sid
        yield f"{user_id} {token}\n"


@contextmanager
def token_file(path: str | None) -> Iterator[TextIO | None]:
    """Emptied, and its owner's alone. A device such as /dev/stdout keeps its mode."""
    if path is None:
        yield None
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
        yield file
