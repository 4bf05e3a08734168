"""How variables of the environment are read.

A value that cannot be understood stops the start with the name of its variable. Settings and
gunicorn read with the same words; .env.example lists them all.
"""

import re
from collections.abc import Callable
from email.utils import getaddresses
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_FORMATS = ("json", "console")
HOST = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9a-fA-F:.]+\]", re.ASCII)
# The form in which browsers send it; any other would never match. Apps have schemes of their own.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?")


def text(name: str, default: str = "") -> str:
    """A variable that is empty is not set."""
    return str(env.str(name, default)).strip() or default


def secret(name: str, *, least: int) -> str:
    """A shared secret that goes into a header, or nothing. An error must not quote it."""
    found = text(name)
    if found and not re.fullmatch(rf"[!-~]{{{least},}}", found):
        raise ImproperlyConfigured(
            f"{name} takes {least} or more printable ASCII characters without spaces"
        )
    return found


def flag(name: str, *, default: bool = False) -> bool:
    """A switch: on/off, true/false, yes/no or 1/0. Anything else is refused, not taken for off."""
    word = text(name, "on" if default else "off").lower()
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise ImproperlyConfigured(f"{name} is {word!r}: say on or off")


def number(name: str, *, default: int, least: int = 0, most: int | None = None) -> int:
    word = text(name, str(default))
    if word.isascii() and word.isdigit():
        found = int(word)
        if found >= least and (most is None or found <= most):
            return found
    bounds = f"from {least}" + ("" if most is None else f" to {most}")
    raise ImproperlyConfigured(f"{name} is {word!r}: it takes a whole number {bounds}")


def one_of(name: str, words: tuple[str, ...], *, default: str) -> str:
    word = text(name, default)
    if word not in words:
        raise ImproperlyConfigured(f"{name} is {word!r}: it takes one of {', '.join(words)}")
    return word


def words(name: str, *default: str, like: re.Pattern[str], such_as: str) -> list[str]:
    """What stands between commas."""
    found = [word.strip() for word in text(name, ",".join(default)).split(",") if word.strip()]
    for word in found:
        if not like.fullmatch(word):
            raise ImproperlyConfigured(f"{name} holds {word!r}: it takes words such as {such_as}")
    return found


def url(name: str, *schemes: str, default: str = "") -> str:
    address = text(name) or default
    if address and address.partition("://")[0] not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with {':// or '.join(schemes)}://")
    return address


def parsed(name: str, parse: Callable[[str], dict[str, Any]], address: str) -> dict[str, Any]:
    """What an address says. An error must not quote it: it can hold a password."""
    try:
        return parse(address)
    except (ValueError, ImproperlyConfigured):
        raise ImproperlyConfigured(f"{name} cannot be read as an address") from None


def mail_server(name: str, *, default: str) -> dict[str, Any]:
    """Django's EMAIL_ settings."""
    found = parsed(name, env.email_url_config, url(name, *env.EMAIL_SCHEMES, default=default))
    if found["EMAIL_BACKEND"].endswith("smtp.EmailBackend") and not found["EMAIL_HOST"]:
        raise ImproperlyConfigured(f"{name} names no host")
    return found


def sender(name: str, *, default: str) -> str:
    """An address, alone or as `Name <address>`."""
    whole = text(name, default)
    found = [address for _, address in getaddresses([whole])]
    if len(found) != 1 or not re.fullmatch(r"[^@\s]+@[^@\s]+", found[0]) or "\n" in whole:
        raise ImproperlyConfigured(f"{name} is {whole!r}: say it as My List <noreply@example.com>")
    return whole


def log_lines() -> tuple[str, str, str]:
    """The least level that is logged, the format of its lines, and the service's name in them."""
    return (
        one_of("LOG_LEVEL", LOG_LEVELS, default="INFO"),
        one_of("LOG_FORMAT", LOG_FORMATS, default="json"),
        text("SERVICE_NAME", "mylist"),
    )
