import base64
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_django import Settings

from deletion_requests.models import DeletionRequest
from governance import dsse
from governance.ledger import merkle
from governance.ledger.checkpoint import Checkpoint, parse_unverified, sign_checkpoint
from governance.ledger.leaves import entry_leaf
from governance.signing import public_key_pem
from reports import statement as parts
from reports.export import zip_folder
from reports.rendering import canonical_json, report_html
from reports.services import write_report
from vestige.verify import Status, Verdict, verify_export

pytestmark = pytest.mark.django_db
FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)


@pytest.fixture
def export(done: DeletionRequest, settings: Settings) -> Path:
    return Path(settings.EXPORT_DIR) / write_report(request_id=done.pk).export


@pytest.fixture
def key(export: Path, tmp_path: Path) -> Path:  # noqa: ARG001 - its report makes the key
    path = tmp_path / "organisation.pem"
    path.write_bytes(public_key_pem())
    return path


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
    assert len(files) == 7 + 20
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


@pytest.mark.parametrize("name", ["extra.txt", "evidence/99-more.json"])
def test_an_added_file_is_named(export: Path, key: Path, name: str) -> None:
    (export / name).write_text("{}")
    verdict = verify_export(export, key)
    assert verdict.status is Status.BROKEN
    assert f"{name}: present but not listed in the manifest." in verdict.problems


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


Change = Callable[[dict[str, Any]], None]


def forge(export: Path, change: Change) -> None:
    """Change the document, then make everything else fit, signed with the forger's own key."""
    document = json.loads((export / parts.REPORT).read_bytes())
    document["report"]["signer"] = dsse.key_id(FORGER.public_key())
    change(document)
    report = canonical_json(document)
    (export / parts.REPORT).write_bytes(report)
    (export / parts.HTML).write_text(report_html(document))
    public = FORGER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (export / parts.PUBLIC_KEY).write_bytes(public)
    _forge_ledger(export, parts.sha256(report))
    resign(export)


def _forge_ledger(export: Path, digest: str) -> None:
    ledger = json.loads((export / parts.LEDGER).read_bytes())
    leaves = []
    for index, entry in enumerate(ledger["entries"]):
        if entry["kind"] == parts.SIGNED_KIND:
            entry["payload"]["sha256"] = digest
        entry["index"] = index
        fields = ("index", "recorded_at", "kind", "actor", "reference", "payload")
        leaf = entry_leaf({name: entry[name] for name in fields}, bytes.fromhex(entry["salt"]))
        entry["leaf_hash"] = leaf.hex()
        leaves.append(leaf)
    for index, entry in enumerate(ledger["entries"]):
        entry["proof"] = [part.hex() for part in merkle.inclusion_proof(index, leaves)]
    head = Checkpoint(
        origin=parse_unverified(ledger["checkpoint"]).origin,
        size=len(leaves),
        root=merkle.root(leaves),
    )
    ledger["checkpoint"] = sign_checkpoint(head, FORGER)
    (export / parts.LEDGER).write_bytes(canonical_json(ledger))


def resign(export: Path) -> None:
    listed = {
        path.relative_to(export).as_posix(): parts.sha256(path.read_bytes())
        for path in export.rglob("*")
        if path.is_file() and path.name not in parts.OUTSIDE_MANIFEST
    }
    manifest = parts.manifest_text(listed).encode()
    stated = parts.statement(
        manifest=manifest, report=(export / parts.REPORT).read_bytes(), predicate={}
    )
    envelope = dsse.sign(FORGER, canonical_json(stated), parts.PAYLOAD_TYPE)
    (export / parts.MANIFEST).write_bytes(manifest)
    (export / parts.STATEMENT).write_bytes(canonical_json(envelope))


def rename_the_organisation(document: dict[str, Any]) -> None:
    document["report"]["organisation"] = "Somebody Else"


def test_a_forged_export_with_its_own_key_fails_against_the_true_key(
    export: Path, key: Path
) -> None:
    forge(export, rename_the_organisation)
    verdict = verify_export(export, key)
    assert (verdict.status, verdict.exit_status) == (Status.BROKEN, 1)
    assert any("another key as its signer" in problem for problem in verdict.problems)
    assert verify_export(export, None).status is Status.UNTRUSTED
    assert verify_export(export, export / parts.PUBLIC_KEY).status is Status.UNTRUSTED


def test_the_true_key_packed_into_a_forgery_does_not_help_it(export: Path, key: Path) -> None:
    forge(export, rename_the_organisation)
    shutil.copy(key, export / parts.PUBLIC_KEY)
    resign(export)
    assert verify_export(export, key).status is Status.BROKEN
    assert verify_export(export, None).status is Status.BROKEN


def upgrade_a_claim(document: dict[str, Any]) -> None:
    for claim in document["claims"]:
        if claim["verb"] == "suppressed":
            claim["verb"] = "influence removed"


def upgrade_the_headline(document: dict[str, Any]) -> None:
    document["headline"] = "Every affected artifact that the trace found was treated by removal."


def drop_a_limit(document: dict[str, Any]) -> None:
    document["claims"][0]["limits"].pop()


def hide_the_weakest(document: dict[str, Any]) -> None:
    document["weakest"] = "influence removed"


def drop_evidence(document: dict[str, Any]) -> None:
    document["evidence"].pop()


def invent_evidence(document: dict[str, Any]) -> None:
    document["actions"][0]["evidence"][0]["summary"] = "Something better."
    document["claims"][0]["evidence"][0]["summary"] = "Something better."


def lose_the_actions(document: dict[str, Any]) -> None:
    del document["actions"]


def hide_a_gap(document: dict[str, Any]) -> None:
    document["closing_trace"]["complete"] = False


def forget_an_affected_artifact(document: dict[str, Any]) -> None:
    lost = document["actions"].pop(0)
    document["claims"].pop(0)
    document["evidence"] = [
        e for e in document["evidence"] if e["artifact"] != lost["artifact_name"]
    ]


def keep_a_failed_finding_from_the_claim(document: dict[str, Any]) -> None:
    for part in (document["actions"], document["claims"]):
        part[3]["evidence"] = [e for e in part[3]["evidence"] if e["kind"] != "time_ratio"]


def claim_it_for_another_digest(document: dict[str, Any]) -> None:
    other = "sha256:" + "9" * 64
    claim, action = document["claims"][1], document["actions"][1]
    claim["sentence"] = claim["sentence"].replace(action["new_digest"], other)
    claim["digest"] = action["new_digest"] = other


def deny_what_the_closing_trace_found(document: dict[str, Any]) -> None:
    document["closing_trace"]["affected"][0] |= {"name": "later-net", "digest": "sha256:1"}


def change_the_trace(document: dict[str, Any]) -> None:
    document["trace"]["snapshot_hash"] = "0" * 64


def approve_alone(document: dict[str, Any]) -> None:
    document["approvals"].pop()


def name_another_signer(document: dict[str, Any]) -> None:
    document["report"]["signer"] = "0" * 64


@pytest.mark.parametrize(
    "change",
    [
        upgrade_a_claim,
        upgrade_the_headline,
        drop_a_limit,
        hide_the_weakest,
        drop_evidence,
        invent_evidence,
        lose_the_actions,
    ],
)
def test_even_the_signer_cannot_claim_more_than_the_evidence_carries(
    export: Path, change: Change
) -> None:
    forge(export, change)
    verdict: Verdict = verify_export(export, None)
    assert verdict.status is Status.BROKEN
    assert any(problem.startswith(f"{parts.REPORT}: ") for problem in verdict.problems)


@pytest.mark.parametrize("part", [parts.REPORT, parts.LEDGER])
@pytest.mark.parametrize("content", ["[]", "{}", "null", '{"a":1}', "[[[", '{"actions":[1]}'])
def test_a_part_of_any_other_shape_is_broken_not_a_crash(
    export: Path, part: str, content: str
) -> None:
    (export / part).write_text(content)
    resign(export)
    verdict = verify_export(export, None)
    assert verdict.status is Status.BROKEN
    assert any(problem.startswith(f"{part}: ") for problem in verdict.problems)


def test_a_statement_that_covers_something_else_is_refused(export: Path) -> None:
    forge(export, rename_the_organisation)
    envelope = json.loads((export / parts.STATEMENT).read_bytes())
    stated = json.loads(base64.b64decode(envelope["payload"]))
    for change in (
        {"subject": stated["subject"][:1]},
        {"predicateType": "urn:other"},
        {"_type": "urn:other"},
    ):
        signed = dsse.sign(FORGER, canonical_json({**stated, **change}), parts.PAYLOAD_TYPE)
        (export / parts.STATEMENT).write_bytes(canonical_json(signed))
        [problem] = verify_export(export, None).problems
        assert problem.startswith(f"{parts.STATEMENT}: it ")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (hide_a_gap, "it says something else on completeness than its traces."),
        (forget_an_affected_artifact, "it claims nothing on income, which its trace found."),
        (
            keep_a_failed_finding_from_the_claim,
            "its claims do not cite exactly the evidence in evidence/.",
        ),
        (claim_it_for_another_digest, "the replay of income-sisa was of another digest."),
        (
            deny_what_the_closing_trace_found,
            "it claims nothing on later-net, which its closing trace found.",
        ),
        (change_the_trace, "its initial trace is not the one in the ledger."),
        (approve_alone, "its approvals are not two that the ledger holds for this plan."),
        (name_another_signer, "it names another key as its signer."),
    ],
)
def test_the_parts_of_an_export_must_tell_one_story(
    export: Path, change: Change, sentence: str
) -> None:
    forge(export, change)
    verdict = verify_export(export, None)
    assert verdict.status is Status.BROKEN
    assert f"{parts.REPORT}: {sentence}" in verdict.problems


def test_evidence_that_changed_after_it_was_recorded_is_found(export: Path) -> None:
    forge(export, rename_the_organisation)
    ledger = json.loads((export / parts.LEDGER).read_bytes())
    [promoted] = [e for e in ledger["entries"] if e["kind"] == "plan.promoted"]
    promoted["payload"]["evidence"].clear()
    (export / parts.LEDGER).write_bytes(canonical_json(ledger))
    _forge_ledger(export, parts.sha256((export / parts.REPORT).read_bytes()))
    resign(export)
    problems = verify_export(export, None).problems
    assert problems
    assert all(problem.endswith("is not the evidence in the ledger.") for problem in problems)
