"""What stands ready for a figure: servers that run, pages that are cached, lists that are tidy."""

import http.client
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from benchmarks import cpu, data, load, servers
from benchmarks.data import People, Sizes
from benchmarks.load import Crowd, Load
from benchmarks.rounds import Arena
from benchmarks.servers import LIST_PATH, Server
from benchmarks.services import Services

# Pages live for ten minutes.
FILLED_SECONDS = 300
FILL_AT_MOST_SECONDS = 240
ASKERS = 8


@dataclass(frozen=True)
class Options:
    """`servers` are the doors of the product that are measured."""

    servers: tuple[str, ...]
    sizes: Sizes
    seconds: float
    turns: int
    quick: bool
    full: bool


@dataclass
class Stage:
    services: Services
    secret: str
    people: People
    options: Options
    arena: Arena
    stack: ExitStack
    say: Callable[[str], None]
    running: dict[str, Server] = field(default_factory=dict)
    filled_at: dict[str, float] = field(default_factory=dict)

    def server(self, name: str) -> Server:
        """Started when it is first asked for; it runs until the end."""
        if name not in self.running:
            more = {"CONSTANT_BYTES": str(self.arena.page_bytes)}
            context = servers.started(name, self.services, self.secret, self.people, **more)
            self.running[name] = self.stack.enter_context(context)
        return self.running[name]

    def fill(self, server: Server, *, anew: bool = False) -> None:
        """See to it that everybody's first page is in the server's Redis database."""
        age = time.monotonic() - self.filled_at.get(server.store, -FILLED_SECONDS)
        if server.name != "constant" and (anew or age >= FILLED_SECONDS):
            self.arena.run(server, Load("once"), FILL_AT_MOST_SECONDS)
            self.filled_at[server.store] = time.monotonic()

    def forget(self, server: Server) -> None:
        self.filled_at.pop(server.store, None)
        self.arena.forget(server)

    def tidy(self, server: Server) -> None:
        """Remove what wrk added and had no time to remove, in the way that the server knows of."""
        for user, title in data.left_over(self.services.database_url, self.people):
            server.ask(self.people.by_id[user], f"{LIST_PATH}movie/{title}/", "DELETE")

    def with_etags(self, server: Server) -> Crowd:
        """The people, each with the ETag of the first page."""
        self.fill(server)
        with ThreadPoolExecutor(ASKERS) as pool:
            slices = [self.people.tokens[n::ASKERS] for n in range(ASKERS)]
            found = list(pool.map(lambda tokens: etags(server, tokens), slices))
        by_token = {token: etag for each in found for token, etag in each.items()}
        people = replace(self.people, etags=[by_token[t] for t in self.people.tokens])
        return load.crowd(people, self.services.directory, f"{server.name}-etags")

    def memory(self, server: Server) -> list[dict[str, float]]:
        return [cpu.memory(pid) for pid in server.workers()]


def etags(server: Server, tokens: list[str]) -> dict[str, str]:
    found = {}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for token in tokens:
        connection.request("GET", LIST_PATH, headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        found[token] = response.headers["ETag"]
        response.read()
    connection.close()
    return found
