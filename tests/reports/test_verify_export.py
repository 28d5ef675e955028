import zipfile
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from deletion_requests.models import DeletionRequest
from reports import statement as parts
from reports.export import zip_folder
from reports.services import write_report
from tests.reports.conftest import record
from tests.reports.forging import forge
from unlearning.jobs.inputs import canonical_digest
from unlearning.ledgering import as_recorded
from unlearning.models import Evidence, Plan
from vestige.verify import Status, verify_export

pytestmark = pytest.mark.django_db
#: Files of the export beside its evidence.
PAYLOAD, TAGS = 4, 12


def test_an_untouched_export_is_verified_with_the_key(export: Path, key: Path) -> None:
    verdict = verify_export(export, key)
    assert (verdict.status, verdict.exit_status, verdict.problems) == (Status.VERIFIED, 0, ())
    assert verdict.headline.startswith("Not everything was removed.")


def test_without_a_key_from_outside_the_signer_is_untrusted(export: Path) -> None:
    for given in (None, export / parts.PUBLIC_KEY):
        verdict = verify_export(export, given)
        assert (verdict.status, verdict.exit_status) == (Status.UNTRUSTED, 3)
        assert verdict.status == "intact, signer untrusted"


def test_one_changed_byte_in_any_file_is_found_and_named(export: Path, key: Path) -> None:
    files = sorted(path for path in export.rglob("*") if path.is_file())
    assert len(files) == PAYLOAD + TAGS + 29
    for path in files:
        original = path.read_bytes()
        for position in {0, len(original) // 2, len(original) - 1}:
            changed = bytearray(original)
            changed[position] ^= 1
            path.write_bytes(changed)
            verdict = verify_export(export, key)
            assert (verdict.status, verdict.exit_status) == (Status.BROKEN, 1), path
            name = path.relative_to(export).as_posix()
            assert any(problem.startswith(f"{name}: ") for problem in verdict.problems), name
        assert verify_export(export, None).exit_status == 1
        path.write_bytes(original)
    assert verify_export(export, key).status is Status.VERIFIED


def test_a_missing_file_is_named(export: Path, key: Path) -> None:
    for path in sorted(path for path in export.rglob("*") if path.is_file()):
        kept = path.read_bytes()
        path.unlink()
        verdict = verify_export(export, key)
        name = path.relative_to(export).as_posix()
        assert verdict.status is Status.BROKEN
        assert any(problem.startswith(f"{name}: ") for problem in verdict.problems), name
        path.write_bytes(kept)


@pytest.mark.parametrize("name", ["extra.txt", "data/evidence/99-more.json", "data/more"])
def test_an_added_file_is_named(export: Path, key: Path, name: str) -> None:
    (export / name).write_text("{}")
    verdict = verify_export(export, key)
    assert verdict.status is Status.BROKEN
    listing = parts.MANIFEST if name.startswith(parts.DATA) else parts.TAG_MANIFEST
    assert f"{name}: present but not listed in {listing}." in verdict.problems


def test_the_packed_export_is_checked_the_same(export: Path, key: Path, tmp_path: Path) -> None:
    packed = tmp_path / "export.zip"
    packed.write_bytes(zip_folder(export))
    assert verify_export(packed, key).status is Status.VERIFIED
    assert verify_export(packed, None).status is Status.UNTRUSTED
    assert zip_folder(export) == packed.read_bytes()
    (export / parts.REPORT).write_text("{}")
    packed.write_bytes(zip_folder(export))
    assert verify_export(packed, key).status is Status.BROKEN


def test_what_is_no_export_or_no_key_is_unreadable(export: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no key, no zip")
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("a/b", "1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a/b", "2")
    for path, given in [
        (tmp_path / "nothing", key),
        (tmp_path / "empty", key),
        (tmp_path / "text", key),
        (tmp_path / "twice.zip", key),
        (export, tmp_path / "nothing"),
        (export, tmp_path / "text"),
    ]:
        verdict = verify_export(path, given)
        assert (verdict.status, verdict.exit_status) == (Status.UNREADABLE, 2)
        assert verdict.problems


def test_signed_files_for_common_tools_must_be_those_of_the_envelope(export: Path) -> None:
    for name in (parts.STATEMENT_PAE, parts.STATEMENT_SIGNATURE):
        kept = (export / name).read_bytes()
        (export / name).write_bytes(kept[::-1])
        problems = verify_export(export, None).problems
        assert problems == (f"{name}: it is not what was signed.",)
        (export / name).write_bytes(kept)


def test_an_export_of_another_version_is_said_to_be_one(export: Path, tmp_path: Path) -> None:
    def written_later(document: dict[str, Any]) -> None:
        document["schema"] = "vestige-report/9"

    earlier = tmp_path / "earlier"
    earlier.mkdir()
    (earlier / "report.json").write_text('{"schema":"vestige-report/1"}')
    (earlier / parts.MANIFEST).write_text("")
    forge(export, written_later)
    for folder, schema in ((earlier, "vestige-report/1"), (export, "vestige-report/9")):
        verdict = verify_export(folder, None)
        assert verdict.status is Status.UNREADABLE
        [sentence] = verdict.problems
        assert sentence.startswith(f"It was written as {schema} by another version of Vestige")


def test_an_export_with_more_than_a_hundred_findings_is_verified(
    done: DeletionRequest, settings: Settings
) -> None:
    """As many as a large request leaves: their files keep the order of the report."""
    plan = Plan.objects.get()
    missing = 101 - plan.evidence.count()
    more = [
        Evidence.objects.create(
            plan=plan,
            kind=f"check_{number}",
            outcome="passed",
            summary=f"Check {number} of the plan.",
            digest=canonical_digest({}),
        )
        for number in range(missing)
    ]
    record(done, "plan.promoted", {"evidence": as_recorded(more)})
    exported = Path(settings.EXPORT_DIR) / write_report(request_id=done.pk).export
    assert len(list((exported / parts.EVIDENCE).iterdir())) == 101
    assert verify_export(exported, None).problems == ()
