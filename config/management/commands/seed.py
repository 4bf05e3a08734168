"""Loads the fixtures; with --demo also people to sign in with."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from catalog.models import Movie, TVShow
from config import seeding


class Command(BaseCommand):
    help = "Load the fixtures: what is missing is added, what is there is left. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="also people to sign in with; only when debugging"
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing when the catalog has a title"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["demo"] and not settings.DEBUG:
            raise CommandError(
                "--demo makes people whose password is public: only with DJANGO_DEBUG=on"
            )
        if options["if_empty"] and (Movie.objects.exists() or TVShow.objects.exists()):
            self.stdout.write("The catalog is not empty: nothing was loaded.")
        else:
            self.load(demo=options["demo"])
        if options["demo"]:
            self.tell(seeding.demo_people())

    @transaction.atomic
    def load(self, *, demo: bool) -> None:
        for what, count in seeding.load_fixtures().items():
            self.stdout.write(f"{count} new {what}")
        if demo:
            seeding.make_demo_people()

    def tell(self, people: list[tuple[str, str]]) -> None:
        if people:
            self.stdout.write(f"Sign in with the password {seeding.DEMO_PASSWORD} as:")
        for email, role in people:
            self.stdout.write(f"  {email:22} {role}")
