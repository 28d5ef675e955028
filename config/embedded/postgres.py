"""Supervises an embedded PostgreSQL: makes its files, starts it, brings it back after a crash."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded.errors import ServiceError
from config.embedded.paths import (
    DATABASE_USER,
    POSTGRES_SOCKET_NAME,
    embedded_database_url,
    postgres_home,
    postgres_socket_dir,
    private_dir,
    run_dir,
)
from config.embedded.postgres_programs import program_dir, server_identity
from config.embedded.process import Child, Command, failure_sentence

#: Seconds in which a server must answer; after a crash it first replays its log.
START_SECONDS = 60
#: Seconds in which the children of a killed server notice, and give its memory back.
ORPHAN_SECONDS = 15
IN_USE = ("pre-existing shared memory block", "lock file", "could not lock")


class EmbeddedPostgres:
    """One PostgreSQL server for one state folder, reachable by a unix socket only.

    No password: the socket lies in a folder that only the server's own user and root may enter.
    """

    name = "PostgreSQL"

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        """Describe the server.

        Args:
            state: the installation's state folder.
            durable: False skips waiting for the disk; for tests, whose data may be lost with
                the machine, though never with the process.
        """
        self.state = state
        self._durable = durable
        self._identity = server_identity()
        #: Everything the server keeps, its socket perhaps apart.
        self.home = postgres_home(state)
        self.data_dir = self.home / "data"
        self.socket_dir = postgres_socket_dir(state)
        self._child: Child | None = None

    def start(self) -> None:
        """Make the files on first use and start the server; returns when it answers.

        Raises:
            ServiceError: it cannot run here.
        """
        # Also takes the exit status of a killed server, whose pid counts as used until then.
        self.stop()
        programs = program_dir()
        self._make_folders()
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise(programs)
        deadline = time.monotonic() + ORPHAN_SECONDS
        while True:
            self._remove_stale_locks()
            child = self._child = Child(self._command(programs))
            try:
                child.wait_until(self.answers, seconds=START_SECONDS)
            except ServiceError:
                in_use = any(sign in child.output() for sign in IN_USE)
                child.stop()
                if not in_use or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    def is_alive(self) -> bool:
        """Whether the server process runs."""
        return self._child is not None and self._child.is_alive()

    @property
    def pid(self) -> int:
        """The server's process id.

        Raises:
            ServiceError: it was not started.
        """
        if self._child is None:
            raise ServiceError("PostgreSQL was not started.")
        return self._child.pid

    def answers(self) -> bool:
        """Whether a connection succeeds."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.Error:
            return False
        return True

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return embedded_database_url(self.state, database)

    def create_database(self, database: str) -> None:
        """Create a database unless it is there."""
        create_database(self.url("postgres"), database)

    def stop(self) -> None:
        """Stop the server cleanly."""
        if self._child is not None:
            self._child.stop(seconds=20)

    def remove(self) -> None:
        """Delete the data of a stopped server; for the throw-away servers of tests."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _make_folders(self) -> None:
        owner = self._identity[0] if self._identity else os.geteuid()
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._identity is None:
            private_dir(run_dir(self.state), owner)
        private_dir(self.home, owner)
        private_dir(self.socket_dir, owner)

    def _initialise(self, programs: Path) -> None:
        """Run initdb into a draft that is renamed when whole, so that a kill leaves no half."""
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        uid, gid = self._identity or (None, None)
        finished = subprocess.run(
            [
                programs / "initdb",
                f"--pgdata={draft}",
                f"--username={DATABASE_USER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *([] if self._durable else ["--no-sync"]),
            ],
            capture_output=True,
            text=True,
            check=False,
            user=uid,
            group=gid,
            extra_groups=[] if self._identity else None,
            cwd=self.home,
            env=self._environment(),
        )
        if finished.returncode != 0:
            log = self.state / "logs" / "initdb.log"
            log.parent.mkdir(exist_ok=True)
            log.write_text(finished.stdout + finished.stderr)
            raise ServiceError(
                failure_sentence("PostgreSQL", "could not make its files", finished.stderr, log)
            )
        draft.rename(self.data_dir)

    def _command(self, programs: Path) -> Command:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "fsync": "on" if self._durable else "off",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return Command(
            name="postgres",
            argv=[str(programs / "postgres"), "-D", str(self.data_dir), *options],
            state=self.state,
            environment=self._environment(),
            # "Fast shutdown": end the sessions, write everything, stop.
            stop_signal=signal.SIGINT,
            identity=self._identity,
        )

    def _environment(self) -> dict[str, str]:
        """Nothing of ours: a stray PGPORT or an unknown LANG would change the server."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

    def _remove_stale_locks(self) -> None:
        """Drop the locks of a killed server whose pid now belongs to some other program.

        PostgreSQL itself drops a lock whose pid is free; a pid that was used again would keep it
        from starting for ever.
        """
        socket_lock = f"{POSTGRES_SOCKET_NAME}.lock"
        for lock in (self.data_dir / "postmaster.pid", self.socket_dir / socket_lock):
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(lock.read_text().split()[0])
                command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
                if os.fsencode(self.data_dir) not in command_line:
                    lock.unlink()


def create_database(server_url: str, database: str) -> None:
    """Create a database on a server unless it is there.

    Raises:
        psycopg.Error: the server refuses.
    """
    with psycopg.connect(server_url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if found.fetchone() is None:
            statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
            connection.execute(statement)
