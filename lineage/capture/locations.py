"""Where data lies, spelled one way, so that two tools that name one place are understood."""

import json
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit


def normalise_location(location: str) -> str:
    """Spell a location as a URI without trailing slash; local paths become ``file:///…``.

    >>> normalise_location("/data/adult/v1/")
    'file:///data/adult/v1'
    >>> normalise_location("file:/data/adult/v1")
    'file:///data/adult/v1'
    >>> normalise_location("s3://bucket/adult/")
    's3://bucket/adult'
    """
    text = location.strip()
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(os.path.normpath(unquote(parts.path))).as_uri()
    if not parts.scheme and text.startswith("/"):
        return Path(os.path.normpath(text)).as_uri()
    return text.rstrip("/")


def local_path(location: str) -> Path | None:
    """The directory or file behind a ``file:`` location; None for anything not on this machine.

    >>> local_path("file:///data/adult/v1").as_posix()
    '/data/adult/v1'
    """
    parts = urlsplit(normalise_location(location))
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def source_location(source: str) -> str:
    """The location in an MLflow dataset's source: JSON with ``uri``, ``path`` or ``url``.

    Returns:
        The normalised location, or an empty string where the source names none (a notebook,
        say, or a data frame built in memory).

    >>> source_location('{"uri": "/data/adult/v1"}')
    'file:///data/adult/v1'
    >>> source_location('{"tags": {"mlflow.source.name": "train.py"}}')
    ''
    """
    try:
        named = json.loads(source)
    except ValueError:
        return normalise_location(source) if "/" in source else ""
    if not isinstance(named, dict):
        return ""
    for key in ("uri", "path", "url"):
        if isinstance(named.get(key), str):
            return normalise_location(named[key])
    return ""


def read_places(value: object) -> list[str] | None:
    """The normalised locations in a JSON list; None where it is no list of locations.

    >>> read_places(["/data/copy/", "s3://bucket/copy"])
    ['file:///data/copy', 's3://bucket/copy']
    >>> read_places(["somewhere"]) is None
    True
    """
    if not isinstance(value, list) or not all(isinstance(place, str) for place in value):
        return None
    places = [normalise_location(place) for place in value]
    return places if all(urlsplit(place).scheme for place in places) else None


def lies_within(location: str, directory: str) -> bool:
    """Whether a location is the directory itself or something inside it.

    >>> lies_within("file:///data/v1/segment-0.csv", "file:///data/v1")
    True
    >>> lies_within("file:///data/v10", "file:///data/v1")
    False
    """
    return location == directory or location.startswith(f"{directory}/")
