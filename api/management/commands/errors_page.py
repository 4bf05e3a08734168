"""Writes docs/errors.md from the registered codes."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.problems import CODES

HEAD = """# Every error

Made by `python manage.py errors_page` from the code; do not edit. All of them are
`application/problem+json` (RFC 9457) and carry the number as `code`.

| code | status | title | meaning |
|---|---|---|---|
"""


def page() -> str:
    rows = (
        f"| {code.number} | {code.status} | {code.title} | {code.meaning} |\n"
        for _, code in sorted(CODES.items())
    )
    return HEAD + "".join(rows)


class Command(BaseCommand):
    help = "Write docs/errors.md from the registered codes, or --check that it is in step."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "errors.md"
        if not options["check"]:
            path.write_text(page(), encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != page():
            raise CommandError("docs/errors.md is out of step: run python manage.py errors_page")
