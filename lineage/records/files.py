"""Which files of a place are segments, and what names them."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lineage.records.reading import read_each
from lineage.records.values import (
    BadRow,
    MalformedRecordsError,
    RecordFormat,
    RecordLayout,
    Row,
    Segment,
    SegmentFile,
)

CHUNK = 1 << 20
#: Endings of the files of each format.
SUFFIXES: dict[RecordFormat, tuple[str, ...]] = {
    RecordFormat.CSV: (".csv",),
    RecordFormat.JSONL: (".jsonl", ".ndjson"),
    RecordFormat.PARQUET: (".parquet", ".pq"),
    RecordFormat.HUGGINGFACE: (".arrow",),
}
#: Where a directory holds CSV files of this name, no other CSV file there is a segment.
CSV_SEGMENTS = "segment-"
#: Files of a Hugging Face folder that say what lies in it.
STATE_FILE = "state.json"
SPLITS_FILE = "dataset_dict.json"


@dataclass(frozen=True, kw_only=True)
class FileSource:
    """A file, or a directory of files of one format."""

    path: Path
    format: RecordFormat

    @property
    def location(self) -> str:
        """The path as a URI."""
        return self.path.absolute().as_uri()

    @property
    def length(self) -> int:
        """How many files there are."""
        return len(segment_paths(self.path, self.format))

    def segments(self) -> Iterator[Segment]:
        """List and hash the files, in the order of their names.

        Raises:
            MalformedRecordsError: There are none, or a file cannot be read.
        """
        for path in segment_paths(self.path, self.format):
            before = _stamp(path)
            yield Segment(
                name=path.relative_to(self.path).as_posix() if path != self.path else path.name,
                digest=file_digest(path),
                location=path.absolute().as_uri(),
                read=partial(_read_unchanged, path, before),
            )


def format_of(path: Path) -> RecordFormat:
    """Tell the format of a file or a directory from its names.

    Raises:
        MalformedRecordsError: It is no format that can be read, or there are several.
    """
    if not path.exists():
        raise MalformedRecordsError(f"{path} does not exist.")
    if (path / STATE_FILE).is_file() or (path / SPLITS_FILE).is_file():
        return RecordFormat.HUGGINGFACE
    files = [path] if path.is_file() else path.iterdir()
    endings = {file.suffix.lower() for file in files}
    found = [form for form, suffixes in SUFFIXES.items() if endings & set(suffixes)]
    if len(found) != 1:
        problem = "holds files of several formats" if found else "is of no format that can be read"
        raise MalformedRecordsError(f"{path} {problem}: name the format with --format.")
    return found[0]


def list_segments(place: Path, form: RecordFormat = RecordFormat.CSV) -> list[SegmentFile]:
    """Find and hash the segments of a directory, sorted by name; a file is its own segment.

    Raises:
        MalformedRecordsError: The place is missing or holds no segment of this format.
    """
    return [SegmentFile(path=path, digest=file_digest(path)) for path in segment_paths(place, form)]


def segment_paths(place: Path, form: RecordFormat) -> list[Path]:
    """Find the files of a place, sorted by name.

    Raises:
        MalformedRecordsError: The place is missing, holds none, or holds some in folders below.
    """
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise MalformedRecordsError(f"The directory {place} does not exist.")
    if form is RecordFormat.HUGGINGFACE:
        return _saved_files(place)
    files = sorted(path for path in place.iterdir() if _ends(path, form))
    if form is RecordFormat.CSV:
        files = [path for path in files if path.name.startswith(CSV_SEGMENTS)] or files
    elif below := next((p for p in place.glob("*/**/*") if _ends(p, form)), None):
        raise MalformedRecordsError(
            f"The directory {place} holds {form} files in folders below ({below.parent}); load "
            "each folder as a dataset of its own."
        )
    if not files:
        raise MalformedRecordsError(f"The directory {place} holds no {form} file.")
    return files


def _ends(path: Path, form: RecordFormat) -> bool:
    return path.suffix.lower() in SUFFIXES[form] and path.is_file()


def _saved_files(folder: Path) -> list[Path]:
    """The files of a Hugging Face folder, or of every split of one.

    Raises:
        MalformedRecordsError: A description is missing, or a file that it names.
    """
    if (folder / SPLITS_FILE).is_file():
        splits = _described(folder / SPLITS_FILE, "splits")
        return [path for split in splits for path in _saved_files(folder / str(split))]
    files = []
    for named in _described(folder / STATE_FILE, "_data_files"):
        path = folder / str(named.get("filename", "") if isinstance(named, dict) else "")
        if not path.is_file():
            raise MalformedRecordsError(f"{folder / STATE_FILE} names a file that is not there.")
        files.append(path)
    return sorted(files)


def _described(file: Path, key: str) -> list[object]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MalformedRecordsError(f"{file} cannot be read as JSON.") from error
    listed = document.get(key) if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed:
        raise MalformedRecordsError(f"{file} lists nothing under {key}.")
    if document.get("_indices_data_files") or document.get("_indices_files"):
        # The rows in use would be some of those in the files.
        raise MalformedRecordsError(f"{file} picks rows by index: call flatten_indices() and save.")
    return listed


def version_digest(segments: Sequence[SegmentFile]) -> str:
    """``sha256:<hex>`` over the sorted digests of a version's segments."""
    return digest_of_all(segment.digest for segment in segments)


def digest_of_all(digests: Iterable[str]) -> str:
    """``sha256:<hex>`` over digests, whatever their order."""
    listed = "\n".join(sorted(digests))
    return f"sha256:{hashlib.sha256(listed.encode()).hexdigest()}"


def file_digest(path: Path) -> str:
    """``sha256:<hex>`` of the bytes of a file."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            state.update(chunk)
    return f"sha256:{state.hexdigest()}"


def _read_unchanged(
    path: Path, before: tuple[int, int], layout: RecordLayout
) -> Iterator[Row | BadRow]:
    """Read the rows of the very bytes that were hashed.

    Raises:
        MalformedRecordsError: The file was written meanwhile, or cannot be read.
    """
    yield from read_each(path, layout)
    if _stamp(path) != before:
        raise MalformedRecordsError(f"{path.name} was written while it was read; load it again.")


def _stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds."""
    state = path.stat()
    return state.st_size, state.st_mtime_ns
