"""How log lines look: one JSON object or one line for people each, from every logger alike."""

import logging
import sys
from typing import Any

import orjson
import structlog

from api.accessline import AccessRecord


def add_service(service: str) -> structlog.typing.Processor:
    def processor(_logger: Any, _method: str, event: structlog.typing.EventDict) -> Any:
        event["service"] = service
        return event

    return processor


def logging_config(level: str, fmt: str, service: str) -> dict[str, Any]:
    """A `logging.config.dictConfig` for `fmt` json or console, and structlog set up to feed it.

    Tracebacks carry no local variables: a password may be among them.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service(service),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter(fmt, shared)},
        "handlers": {"stderr": {"class": "config.logs.Stderr", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Answers and their exceptions are logged once, by api.requestlog and api.answers;
            # Django's own lines would repeat them, with paths that can hold one-time links.
            "django.request": {"level": "CRITICAL"},
            "django.security": {"level": "ERROR"},
            "django.server": {"level": "WARNING"},
        },
    }


def formatter(fmt: str, shared: list[structlog.typing.Processor]) -> dict[str, Any]:
    json = fmt == "json"
    look: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        else [
            structlog.dev.ConsoleRenderer(
                colors=bool(sys.stderr and sys.stderr.isatty()),
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    return {
        "()": JSONLines if json else "structlog.stdlib.ProcessorFormatter",
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *look],
    }


class JSONLines(structlog.stdlib.ProcessorFormatter):
    """Access lines, which are most of all lines, are ready to be written: 20 microseconds less."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record, AccessRecord):
            return orjson.dumps(record.msg).decode()
        return super().format(record)


class Stderr(logging.StreamHandler[Any]):
    """What cannot be written, on a full disk or into a closed pipe, is lost: nobody is there to be
    told, and the request goes on."""

    def emit(self, record: logging.LogRecord) -> None:
        """One write for a line, whole under threads; sys.stderr flushes at its end by itself."""
        try:
            self.stream.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handleError(record)
