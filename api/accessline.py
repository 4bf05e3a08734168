"""The access line. It is written for every request, so it goes around structlog, which took 26
microseconds; `config.logs` formats it. Nothing here needs a request, or Django to be set up.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

log = logging.getLogger("access")


def write_access_line(
    *,
    method: str,
    route: str,
    status: int,
    seconds: float,
    request_id: str,
    user_id: int | None = None,
    code: int | None = None,
) -> None:
    """About 6 microseconds. Never raises: see `config.logs.Stderr`."""
    if not log.isEnabledFor(logging.INFO):
        return
    event: dict[str, Any] = {
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "event": "request",
        "request_id": request_id,
    }
    if user_id is not None:
        event["user_id"] = user_id
    if code is not None:
        event["code"] = code
    log.handle(AccessRecord(event))


class AccessRecord(logging.LogRecord):
    """A record as structlog would make it, with what any handler may ask for and no more work: its
    message is the whole event."""

    SAME = vars(logging.LogRecord("access", logging.INFO, "", 0, "", (), None)) | {
        # What structlog's formatter knows its own records by.
        "_logger": None,
        "_name": "info",
    }

    def __init__(self, event: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        event["level"] = "info"
        event["logger"] = "access"
        event["timestamp"] = now.isoformat()[:-6] + "Z"
        event["service"] = getattr(settings, "SERVICE_NAME", "mylist")
        self.__dict__ = self.SAME | {"msg": event, "created": now.timestamp()}
