"""The export as others read it: an archive's library, sha256sum and OpenSSL, as VERIFY.md says."""

import io
import re
import subprocess
import zipfile
from pathlib import Path

import bagit
import pytest

from reports import statement as parts
from reports.bag import lay_out
from reports.export import zip_folder
from vestige.verify import Status, verify_export

pytestmark = pytest.mark.django_db
COMMANDS = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SENSITIVE = {
    "manifest": "data/report.html",
    "tagmanifest": "bag-info.txt",
    "statement.sig": "statement.pae",
    "checkpoint.sig": "checkpoint.body",
}


@pytest.fixture
def unpacked(export: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(zip_folder(export))) as archive:
        archive.extractall(tmp_path / "unpacked")
    [folder] = (tmp_path / "unpacked").iterdir()
    return folder


def commands(folder: Path) -> list[str]:
    blocks = COMMANDS.findall((folder / parts.GUIDE).read_text())
    return [line for block in blocks for line in block.splitlines()]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_of_the_guide_succeeds_as_it_stands(unpacked: Path) -> None:
    said = {command: run(command, unpacked) for command in commands(unpacked)}
    assert {result.returncode for result in said.values()} == {0}
    assert len(said) == 10
    for command, result in said.items():
        if command.startswith("openssl pkeyutl"):
            assert "Signature Verified Successfully" in result.stdout
        if command.startswith("sha256sum -c"):
            assert "WARNING" not in result.stderr
        if command.startswith("! "):
            assert result.stdout == ""


def test_the_guide_names_the_fingerprint_that_its_command_prints(unpacked: Path) -> None:
    [command] = [line for line in commands(unpacked) if line.startswith("openssl pkey ")]
    fingerprint = run(command, unpacked).stdout.split()[0]
    assert fingerprint in (unpacked / parts.GUIDE).read_text()


@pytest.mark.parametrize(("word", "name"), SENSITIVE.items())
def test_the_guides_commands_notice_a_changed_byte(unpacked: Path, word: str, name: str) -> None:
    path = unpacked / name
    path.write_bytes(path.read_bytes()[:-2] + b"??")
    failed = [line for line in commands(unpacked) if run(line, unpacked).returncode]
    assert any(word in line for line in failed)


@pytest.mark.parametrize(
    ("name", "found_by"),
    [
        ("data/evidence/000000-all_erased.json", "find data "),
        ("data/evidence/.hidden.json", "find data "),
        ("data/more/report.pdf", "find data "),
        ("report.pdf", "ls -A"),
        ("more/VERIFY.md", "ls -A"),
        ("manifest-md5.txt", "ls -A"),
    ],
)
def test_the_guides_commands_notice_an_added_file(unpacked: Path, name: str, found_by: str) -> None:
    (unpacked / name).parent.mkdir(exist_ok=True)
    (unpacked / name).write_text("Everything was erased.")
    failed = {line: r for line in commands(unpacked) if (r := run(line, unpacked)).returncode}
    [(command, result)] = failed.items()
    assert found_by in command
    assert result.stdout.strip() in {name, name.partition("/")[0]}


def test_the_guides_commands_notice_an_added_link(unpacked: Path) -> None:
    (unpacked / "data" / "link").symlink_to(unpacked / parts.REPORT)
    assert any(run(line, unpacked).returncode for line in commands(unpacked))


def test_the_guide_names_the_one_file_that_only_vestige_checks(unpacked: Path, key: Path) -> None:
    path = unpacked / parts.STATEMENT
    path.write_bytes(path.read_bytes() + b"\n")
    assert all(run(line, unpacked).returncode == 0 for line in commands(unpacked))
    assert "these commands\ndo not read it" in (unpacked / parts.GUIDE).read_text()
    assert verify_export(unpacked, key).status is Status.BROKEN


def test_a_library_for_bags_accepts_the_export(unpacked: Path) -> None:
    bag = bagit.Bag(str(unpacked))
    assert bag.validate()
    assert bag.version_info == (1, 0)
    assert bag.info["External-Identifier"] == "VR-2026-000042"
    assert bag.info["Source-Organization"] == "Example Company"


def test_a_library_for_bags_notices_a_changed_byte(unpacked: Path) -> None:
    (unpacked / parts.REPORT).write_text("{}")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(unpacked)).validate()


def test_the_packed_export_is_the_same_every_time_and_names_only_safe_paths(export: Path) -> None:
    packed = zip_folder(export)
    assert zip_folder(export) == packed
    for name in zipfile.ZipFile(io.BytesIO(packed)).namelist():
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", name)
        assert ".." not in name
        assert not name.startswith("/")


@pytest.mark.parametrize("name", ["data/../x", "/x", "data/a b", "data/x\ny", "data/", "data//x"])
def test_a_name_that_could_be_read_in_two_ways_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no safe name"):
        lay_out({name: b""}, {}, {})


def test_what_a_person_entered_stays_on_its_line_of_the_bags_information() -> None:
    bag = lay_out({}, {}, {"Source-Organization": "A\nPayload-Oxum: 9.9"})
    assert bag[parts.BAG_INFO] == b"Source-Organization: A Payload-Oxum: 9.9\nPayload-Oxum: 0.0\n"
