"""The servers that come along keep what they acknowledged."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded.postgres import EmbeddedPostgres
from config.embedded.valkey import EmbeddedValkey


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "state", durable=False)
    server.start()
    yield server
    server.stop()
    server.remove()


def test_postgres_keeps_committed_rows_through_a_kill(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("kept")
    with psycopg.connect(postgres.url("kept"), autocommit=True) as connection:
        connection.execute("CREATE TABLE rows (n int)")
        connection.execute("INSERT INTO rows VALUES (1), (2)")
    os.kill(postgres.pid, signal.SIGKILL)
    postgres.start()
    with psycopg.connect(postgres.url("kept")) as connection:
        assert connection.execute("SELECT sum(n) FROM rows").fetchone() == (3,)


def test_postgres_starts_beside_the_lock_of_a_killed_server_whose_pid_is_used_again(
    postgres: EmbeddedPostgres,
) -> None:
    lock = postgres.data_dir / "postmaster.pid"
    text = lock.read_text()
    postgres.stop()
    lock.write_text(text.replace(text.split()[0], str(os.getppid()), 1))
    postgres.start()
    assert postgres.answers()


def test_creating_a_database_twice_keeps_the_first(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("once")
    with psycopg.connect(postgres.url("once"), autocommit=True) as connection:
        connection.execute("CREATE TABLE witness ()")
    postgres.create_database("once")
    with psycopg.connect(postgres.url("once")) as connection:
        assert connection.execute("SELECT to_regclass('witness')").fetchone() == ("witness",)


def test_postgres_listens_on_no_network_port(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_only_the_server_and_root_may_enter_the_socket_folder(postgres: EmbeddedPostgres) -> None:
    assert postgres.socket_dir.stat().st_mode & 0o777 == 0o700


def test_valkey_keeps_what_it_acknowledged_through_a_stop(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "state")
    server.start()
    try:
        with redis.Redis(unix_socket_path=server.url.removeprefix("redis+socket://")) as client:
            client.set("key", "value")
        server.stop()
        server.start()
        with redis.Redis(unix_socket_path=server.url.removeprefix("redis+socket://")) as client:
            assert client.get("key") == b"value"
    finally:
        server.stop()
