"""How the records of a dataset lie on disk, and how they are read: every format, one way.

Reading streams: memory does not grow with the number of rows. A source lists its segments, each
named by the hash of its content, and reads the rows of each.
"""

from lineage.records.content import ALIKE, COMMONPLACE, Fingerprint, Fingerprinter, similarity
from lineage.records.files import (
    SUFFIXES,
    FileSource,
    digest_of_all,
    format_of,
    list_segments,
    segment_paths,
    version_digest,
)
from lineage.records.reading import checked, read_each, read_rows
from lineage.records.rewriting import DESCRIPTION_FILE, REWRITABLE, why_by_hand, why_not_rewritable
from lineage.records.tables import Broken, json_values, read_values, require_columns
from lineage.records.text import text_of
from lineage.records.values import (
    LONGEST_RECORD_ID,
    BadRow,
    MalformedRecordsError,
    NamedSegment,
    RecordFormat,
    RecordLayout,
    Row,
    Segment,
    SegmentFile,
    Source,
    layout_document,
    layout_from,
    record_id_in,
)

__all__ = [
    "ALIKE",
    "COMMONPLACE",
    "DESCRIPTION_FILE",
    "LONGEST_RECORD_ID",
    "REWRITABLE",
    "SUFFIXES",
    "BadRow",
    "Broken",
    "FileSource",
    "Fingerprint",
    "Fingerprinter",
    "MalformedRecordsError",
    "NamedSegment",
    "RecordFormat",
    "RecordLayout",
    "Row",
    "Segment",
    "SegmentFile",
    "Source",
    "checked",
    "digest_of_all",
    "format_of",
    "json_values",
    "layout_document",
    "layout_from",
    "list_segments",
    "read_each",
    "read_rows",
    "read_values",
    "record_id_in",
    "require_columns",
    "segment_paths",
    "similarity",
    "text_of",
    "version_digest",
    "why_by_hand",
    "why_not_rewritable",
]
