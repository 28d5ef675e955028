"""Stands in for Vestige where only what the company sends matters."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any


class Receiver(HTTPServer):
    """Keeps what was sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.events: list[dict[str, Any]] = []
        self.keys: set[str] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Accepts every event."""

    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events.append(json.loads(body))
        self.server.keys.add(self.headers["Authorization"])
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen until the block ends."""
    server = Receiver()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def facet(event: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one of the output's facets without what the client adds."""
    found: dict[str, Any] = event["outputs"][0]["facets"][name]
    return {key: value for key, value in found.items() if not key.startswith("_")}
