"""From what a person types to a source of records, and what a job could do with its rows."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from lineage.capture.locations import local_path
from lineage.capture.mlflow_dataset import SCHEME, dataset_place
from lineage.capture.query_source import QuerySource
from lineage.errors import UnreadableRecords
from lineage.records import (
    FileSource,
    MalformedRecordsError,
    RecordFormat,
    RecordLayout,
    Source,
    format_of,
    why_by_hand,
    why_not_rewritable,
)

#: What a person may name as the format besides the formats themselves.
AUTO = "auto"
MLFLOW = "mlflow"
DATABASES = frozenset({"postgresql", "postgres", "sqlite"})


@contextmanager
def open_source(
    text: str,
    layout: RecordLayout,
    *,
    form: str = AUTO,
    query: str = "",
    tracking_uri: str = "",
) -> Iterator[tuple[Source, RecordLayout, str]]:
    """Open the place that rows are loaded from.

    Args:
        text: A path, a ``file:`` URI, ``mlflow:RUN_ID[/NAME]``, ``postgresql://…`` or
            ``sqlite:///…``.
        layout: The columns; its format is replaced by the one found.
        form: A value of :class:`lineage.records.RecordFormat`, ``mlflow`` or ``auto``.
        query: The query, of a database.
        tracking_uri: Of MLflow; empty for the configured one.

    Yields:
        The source, the layout with the format, and why only a person can take rows out of it
        (empty where a job can).

    Raises:
        UnreadableRecords: The place, the format and the query do not go together, or nothing can
            be read there.
    """
    scheme = urlsplit(text).scheme
    if scheme in DATABASES or form == RecordFormat.SQL:
        yield from _query(text, layout, query)
        return
    if query:
        raise UnreadableRecords("--query is for a database: postgresql://… or sqlite:///….")
    try:
        if scheme == SCHEME.rstrip(":") or form == MLFLOW:
            place = dataset_place(text, tracking_uri or settings.MLFLOW_TRACKING_URI)
            form = AUTO
        else:
            place = _place(text)
        found = format_of(place) if form == AUTO else RecordFormat(form)
    except MalformedRecordsError as error:
        raise UnreadableRecords(str(error)) from error
    layout = replace(layout, format=found)
    yield FileSource(path=place, format=found), layout, why_by_hand(place, layout)


def _query(
    url: str, layout: RecordLayout, query: str
) -> Iterator[tuple[Source, RecordLayout, str]]:
    if not query:
        raise UnreadableRecords("Say with --query which rows of the database to read.")
    layout = replace(layout, format=RecordFormat.SQL)
    source = QuerySource(url=url, query=query, record_id_column=layout.record_id_column)
    with closing(source):
        yield source, layout, why_not_rewritable(layout.format)


def _place(text: str) -> Path:
    """The path of a ``file:`` URI or of a path as people type it."""
    if urlsplit(text).scheme == "file":
        return local_path(text) or Path(text)
    return Path(text).expanduser().absolute()
