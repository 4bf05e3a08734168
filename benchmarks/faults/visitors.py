"""Who signs out, or is shut out by staff: from the answer on, no request of theirs may pass."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.faults.asking import Answer, Connection, NotSent, Unanswered
from benchmarks.faults.histories import Event, Wrong, clock

LIST = "/api/v1/mylist/"
ACTIVE = "UPDATE accounts_user SET is_active = %s WHERE id = %s"
# Seconds between two visits, and between two tries of one thing.
PAUSE, AGAIN = 0.2, 0.2


@dataclass(frozen=True)
class Account:
    id: int
    email: str
    password: str


class Visitor(threading.Thread):
    def __init__(
        self, account: Account, ports: dict[str, int], connect: Callable[[], Any], seed: int
    ) -> None:
        super().__init__(name="visitor", daemon=True)
        self.account, self.ports, self.connect = account, ports, connect
        self.chance = random.Random(f"{seed} visitor")
        self.over = threading.Event()
        self.done: Counter[str] = Counter()
        self.wrong: list[Wrong] = []

    def run(self) -> None:
        while not self.over.is_set():
            self.chance.choice([self.sign_out, self.shut_out])()
            time.sleep(self.chance.uniform(0, 2 * PAUSE))

    def sign_out(self) -> None:
        token = self.sign_in()
        self.expect(token, 200)
        self.ask(
            "POST", "/api/v1/auth/token/revoke/", token["access"], {"refresh": token["refresh"]}
        )
        self.expect(token, 401)
        self.done["signed out"] += 1

    def shut_out(self) -> None:
        token = self.sign_in()
        self.expect(token, 200)
        self.sql(False)
        self.expect(token, 401)
        self.sql(True)
        self.expect(token, 200)
        self.done["shut out"] += 1

    def sign_in(self) -> dict[str, str]:
        body = {"email": self.account.email, "password": self.account.password}
        token: dict[str, str] = self.ask("POST", "/api/v1/auth/token/", None, body).body
        return token

    def expect(self, token: dict[str, str], status: int) -> None:
        """Of every instance, which have read the list with this token before."""
        for at in self.chance.sample(list(self.ports), len(self.ports)):
            start = clock()
            answer = self.ask("GET", LIST, token["access"], at=at)
            if answer.status != status:
                text = f"visitor at {at}: {answer.status} instead of {status}"
                kind = "5xx" if answer.status >= 500 else "unexpected"
                self.wrong.append(Wrong(kind, Event(start, clock(), text)))

    def ask(
        self, method: str, path: str, token: str | None, body: Any = None, at: str | None = None
    ) -> Answer:
        """Until it is answered. To sign out twice is the same as once."""
        while True:
            port = self.ports[at or self.chance.choice(list(self.ports))]
            try:
                answer = Connection(port, token).ask(method, path, body)
            except (NotSent, Unanswered):
                answer = Answer(503, None, None)
            if answer.status != 503:
                return answer
            time.sleep(AGAIN)

    def sql(self, active: bool) -> None:
        while True:
            try:
                with self.connect() as connection:
                    connection.execute(ACTIVE, [active, self.account.id])
                return
            except psycopg.Error:
                time.sleep(AGAIN)
