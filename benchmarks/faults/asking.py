"""One client's kept connection to one instance."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

# Longer than any fault lasts: what takes longer hangs.
SECONDS = 20


class NotSent(Exception):
    """Nobody listened: it has not happened and will not."""


class Unanswered(Exception):
    """It was sent, or begun to be; whether it happened is unknown."""


@dataclass(frozen=True)
class Answer:
    status: int
    etag: str | None
    body: Any


class Connection:
    def __init__(self, port: int, token: str | None = None) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        self.connect()
        content = None if body is None else json.dumps(body)
        kind = {"Content-Type": "application/json"} if body is not None else {}
        try:
            self.http.request(method, path, content, self.headers | kind | (headers or {}))
            response = self.http.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.http.close()
            raise Unanswered from error
        return Answer(response.status, response.headers["ETag"], read(response, raw))

    def close(self) -> None:
        self.http.close()

    def connect(self) -> None:
        if self.http.sock is None:
            try:
                self.http.connect()
            except OSError as error:
                self.http.close()
                raise NotSent from error


def read(response: http.client.HTTPResponse, raw: bytes) -> Any:
    """What a body says. The server's own pages, when the application has failed, are no JSON."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        told = f"{response.status} {dict(response.headers)} {raw[:300]!r}"
        if response.status < 500:
            raise RuntimeError(told) from None
        return told
