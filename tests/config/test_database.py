"""DATABASE_URL is read as libpq reads it, and refused in one sentence."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import parse_database_url


def test_a_server_on_the_network() -> None:
    read = parse_database_url(
        "postgresql://anna:s%40fe@db.example.com:6432/vestige?sslmode=require"
    )
    assert read["HOST"] == "db.example.com"
    assert read["PORT"] == "6432"
    assert read["USER"] == "anna"
    assert read["PASSWORD"] == "s@fe"
    assert read["NAME"] == "vestige"
    assert read["OPTIONS"] == {"sslmode": "require"}


def test_a_unix_socket_named_in_the_query() -> None:
    read = parse_database_url("postgresql:///vestige?host=/run/pg&user=vestige")
    assert (read["HOST"], read["USER"], read["PORT"], read["OPTIONS"]) == (
        "/run/pg",
        "vestige",
        "",
        {},
    )


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/name",
        "postgresql://host",
        "postgresql://host:port/name",
        "postgresql://host/name?sslmode",
        "host/name",
    ],
)
def test_what_is_no_postgresql_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        parse_database_url(url)


def test_the_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        parse_database_url("mysql://anna:secret@host/name")
    assert "secret" not in str(refusal.value)
