"""The proxy of benchmarks/faults: what passes in each of its modes."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from benchmarks.faults.proxy import Proxy


@contextmanager
def echo():
    """A server that says back what it hears."""

    def serve(connection):
        with connection, suppress(ConnectionResetError):
            while piece := connection.recv(1000):
                connection.sendall(piece)

    def listen(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=listen, args=[listener], daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy():
    with echo() as port:
        proxy = Proxy(port, seed=1)
        proxy.start()
        yield proxy
        proxy.stop()


@contextmanager
def connected(proxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        yield connection


def said(connection, words):
    connection.sendall(words)
    return connection.recv(1000)


def test_open_passes_everything(proxy):
    with connected(proxy) as connection:
        assert said(connection, b"one") == b"one"


def test_cut_resets_what_is_open_and_what_comes(proxy):
    with connected(proxy) as connection:
        said(connection, b"one")
        proxy.set("cut")
        with pytest.raises(ConnectionResetError):
            connection.recv(1000)
    with pytest.raises(ConnectionError), connected(proxy) as connection:
        said(connection, b"two")
    proxy.set("open")
    with connected(proxy) as connection:
        assert said(connection, b"three") == b"three"


def test_held_delivers_late(proxy):
    with connected(proxy) as connection:
        said(connection, b"one")
        proxy.set("held")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            said(connection, b"two")
        connection.settimeout(5)
        proxy.set("open")
        assert connection.recv(1000) == b"two"


def test_slow_passes_after_a_while(proxy):
    proxy.set("slow")
    with connected(proxy) as connection:
        start = time.monotonic()
        assert said(connection, b"one") == b"one"
        assert time.monotonic() - start > 0.01
