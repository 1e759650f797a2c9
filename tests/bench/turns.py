"""Counts database round trips as the wire sees them: a proxy between Django and PostgreSQL.

A round trip is a turn: the client sends after the server has answered. So BEGIN, COMMIT, health
checks and prepares count, and a pipeline counts once, whatever any library reports of itself.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from selectors import EVENT_READ, DefaultSelector

from django.db import connection

CHUNK = 1 << 16


class Turns:
    """Forwards connections to PostgreSQL and counts turns over all of them in `count`."""

    def __init__(self, host: str, port: int) -> None:
        self.count = 0
        self._upstream = (host, port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._welcome, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _welcome(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:  # The door was closed: the count is over.
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = self._upstream
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _forward(self, client: socket.socket) -> None:
        server = self._connect()
        is_clients_turn = True
        with client, server, DefaultSelector() as selector:
            for end, other in ((client, server), (server, client)):
                selector.register(end, EVENT_READ, (end, other))
            while True:
                for key, _ in selector.select():
                    end, other = key.data
                    data = end.recv(CHUNK)
                    if not data:
                        return
                    if end is client and is_clients_turn:
                        self.count += 1
                    is_clients_turn = end is server
                    other.sendall(data)


@contextmanager
def counted() -> Iterator[Turns]:
    """Send this thread's Django connection through a counting proxy while the block runs."""
    before = dict(connection.settings_dict)
    connection.ensure_connection()
    info = connection.connection.info
    turns = Turns(info.host, info.port)
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT=str(turns.port))
    try:
        yield turns
    finally:
        connection.close()
        connection.settings_dict.update(before)
        turns.close()
