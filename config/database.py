"""Turns ``DATABASE_URL`` into Django's ``DATABASES`` entry."""

from typing import TypedDict
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.embedded.paths import database_url

SCHEMES = ("postgresql", "postgres")
EXAMPLE = "postgresql://user:password@host:5432/name"


class DatabaseSettings(TypedDict):
    """What Django needs to know of one database."""

    ENGINE: str
    NAME: str
    USER: str
    PASSWORD: str
    HOST: str
    PORT: str
    OPTIONS: dict[str, str]


def database_from_environment() -> DatabaseSettings:
    """The database named by ``DATABASE_URL``, or the embedded one."""
    return parse_database_url(database_url())


def parse_database_url(url: str) -> DatabaseSettings:
    """Read a libpq address: ``postgresql://user:password@host:port/name?host=…&user=…``.

    A value in the query wins over the same value in the authority, as in libpq, so that a unix
    socket's folder can be given as ``?host=/path``. Every other query value becomes a connection
    option, for example ``sslmode=require``.

    Raises:
        ImproperlyConfigured: the address is no PostgreSQL address; the sentence never repeats
            the address, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = str(parts.port or "")
        query = {
            k: v[-1] for k, v in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()
        }
    except ValueError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be read ({error}); it should look like {EXAMPLE}."
        ) from None
    if parts.scheme not in SCHEMES:
        raise ImproperlyConfigured(
            f"DATABASE_URL must name a PostgreSQL server (15 or newer), like {EXAMPLE}."
        )
    name = query.pop("dbname", unquote(parts.path.removeprefix("/")))
    if not name:
        raise ImproperlyConfigured(
            f"DATABASE_URL names no database; it should look like {EXAMPLE}."
        )
    return DatabaseSettings(
        ENGINE="django.db.backends.postgresql",
        NAME=name,
        USER=query.pop("user", unquote(parts.username or "")),
        PASSWORD=query.pop("password", unquote(parts.password or "")),
        HOST=query.pop("host", unquote(parts.hostname or "")),
        PORT=query.pop("port", port),
        OPTIONS=query,
    )
