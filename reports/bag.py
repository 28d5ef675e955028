"""Lays an export out as a bag (BagIt 1.0, RFC 8493), so that archives can take it in as it is.

Pure: the same parts always give the same bytes. The bag does not guarantee who made it; the signed
statement does.
"""

import re
from collections.abc import Mapping
from datetime import date

from reports import statement as parts

DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
#: Names that every file system and ``sha256sum`` take literally.
SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


def lay_out(
    payload: Mapping[str, bytes], tags: Mapping[str, bytes], info: Mapping[str, str]
) -> dict[str, bytes]:
    """Complete a bag: declaration, information and both manifests.

    Args:
        payload: Path below ``data/`` (with it) to content.
        tags: Further tag files.
        info: Lines of ``bag-info.txt``; ``Payload-Oxum`` is added.

    Raises:
        ValueError: A name could be read in two ways.
    """
    for name in (*payload, *tags):
        if not SAFE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no safe name for a file of an export")
    listed = {
        **tags,
        parts.DECLARATION: DECLARED,
        parts.BAG_INFO: info_text({**info, "Payload-Oxum": payload_oxum(payload)}),
        parts.MANIFEST: manifest_of(payload),
    }
    return {**payload, **listed, parts.TAG_MANIFEST: manifest_of(listed)}


def bag_info(*, organisation: str, reference: str, created_on: date, schema: str) -> dict[str, str]:
    """What ``bag-info.txt`` says of a report's export."""
    return {
        "Source-Organization": organisation,
        "External-Identifier": reference,
        "External-Description": f"Report on deletion request {reference}",
        "Bagging-Date": created_on.isoformat(),
        "Bag-Software-Agent": f"Vestige ({schema})",
    }


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """The manifest over these files."""
    return parts.manifest_text({name: parts.sha256(data) for name, data in files.items()}).encode()


def payload_oxum(payload: Mapping[str, bytes]) -> str:
    """Octets and number of the payload's files, joined by a dot."""
    return f"{sum(map(len, payload.values()))}.{len(payload)}"


def info_text(info: Mapping[str, str]) -> bytes:
    """Write ``bag-info.txt``: one line a label; what a person entered stays on its line."""
    lines = (f"{label}: {' '.join(value.split())}\n" for label, value in info.items())
    return "".join(lines).encode()
