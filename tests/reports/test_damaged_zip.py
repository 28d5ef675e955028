"""A ZIP that was damaged on its way: whatever its bytes say, the check answers in its own words."""

import zipfile
from pathlib import Path
from random import Random

import pytest

from reports.export import zip_folder
from vestige.export_reader import read_export
from vestige.verify import Status, verify_export

pytestmark = pytest.mark.django_db


def rewritten(data: bytes, draw: Random) -> bytes:
    """Some bytes changed, lost or put in, as a bad disk or a bad hand would."""
    damaged = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 4))):
        place = draw.randrange(len(damaged))
        match draw.randrange(4):
            case 0:
                del damaged[place : place + draw.randrange(1, 64)]
            case 1:
                damaged[place:place] = draw.randbytes(draw.randrange(1, 8))
            case _:
                damaged[place] = draw.randrange(256)
    return bytes(damaged)


@pytest.mark.parametrize("seed", range(2))
def test_a_damaged_zip_is_never_a_crash_and_never_verified_when_it_reads_differently(
    export: Path, key: Path, tmp_path: Path, seed: int
) -> None:
    draw = Random(seed)  # noqa: S311 - a seeded damage, no secret
    whole, packed = read_export(export), tmp_path / "export.zip"
    data = zip_folder(export)
    # The parts that say how to read the ZIP, where a parser trips, get their share of the damage.
    directory = data.index(b"PK\x01\x02")
    for round_ in range(40):
        head, tail = (data, b"") if round_ % 2 else (data[directory:], data[:directory])
        damaged = rewritten(head, draw)
        packed.write_bytes(damaged if round_ % 2 else tail + damaged)
        verdict = verify_export(packed, key)
        assert verdict.exit_status in {0, 1, 2}
        assert verdict.exit_status != 0 or read_export(packed) == whole


def unreadable(packed: Path, data: bytes) -> bool:
    packed.write_bytes(data)
    return verify_export(packed, None).status is Status.UNREADABLE


def zip_of(packed: Path, name: str, method: int) -> bytes:
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, "a" * 1000)
    return packed.read_bytes()


def test_a_zip_with_names_that_are_no_text_is_unreadable(tmp_path: Path) -> None:
    data = zip_of(tmp_path / "export.zip", "export/ä", zipfile.ZIP_STORED)
    assert unreadable(tmp_path / "export.zip", data.replace("ä".encode(), b"\xff\xff"))


def test_a_zip_that_ends_before_its_member_is_unreadable(tmp_path: Path) -> None:
    data = zip_of(tmp_path / "export.zip", "export/a", zipfile.ZIP_STORED)
    longer = data.replace((1000).to_bytes(4, "little"), (5000).to_bytes(4, "little"))
    assert unreadable(tmp_path / "export.zip", longer)


def test_a_zip_packed_by_lzma_with_other_settings_than_it_says_is_unreadable(
    tmp_path: Path,
) -> None:
    data = zip_of(tmp_path / "export.zip", "export/a", zipfile.ZIP_LZMA)
    settings = data.index(b"\x5d\x00\x00")
    assert unreadable(tmp_path / "export.zip", data[:settings] + b"\xff" + data[settings + 1 :])
