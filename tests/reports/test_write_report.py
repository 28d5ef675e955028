from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from jinja2 import DictLoader
from pypdf import PdfReader
from pytest_django import Settings

from deletion_requests.models import DeletionRequest
from governance.ledger.selectors import entries_about
from governance.models import OutboxMessage, Role, User
from governance.signing import public_key_pem
from lineage.models import Artifact
from reports import statement as parts
from reports.errors import NotReadyForReportError, UnfitReportError
from reports.models import Report
from reports.rendering import ENVIRONMENT, FILE
from reports.selectors import failed_attempts
from reports.services import attempt_report, write_report
from reports.tables import gaps
from reports.tasks import sweep
from unlearning.models import Evidence, Plan, PlanStep
from vestige.verify import Status, verify_export

pytestmark = pytest.mark.django_db


def export_of(report: Report, settings: Settings) -> Path:
    return Path(settings.EXPORT_DIR) / report.export


def key_file(settings: Settings) -> Path:
    path = Path(settings.SIGNING_KEY_FILE).parent / "public.pem"
    path.write_bytes(public_key_pem())
    return path


def test_the_report_of_the_example_says_what_was_done(done: DeletionRequest) -> None:
    document = write_report(request_id=done.pk).document
    assert {claim["verb"] for claim in document["claims"]} == {
        "influence removed",
        "unlearning procedure applied",
        "removed from index",
        "deleted from",
        "suppressed",
        "destroyed",
        "regenerated without the records",
        "recipient notified and acknowledged",
    }
    assert document["headline"].startswith("Not everything was removed. Influence removed")
    assert document["weakest"] == "recipient notified and acknowledged"
    assert document["complete"] is True
    assert len(document["plan_steps"]) == len(document["affected_artifacts"]) == 9
    assert document["request"]["identity"]["method"].startswith("one-time code")
    assert [item["officer"] for item in document["approvals"]] == ["pat", "alex"]
    assert document["trace"]["records_found"] == 1
    assert [item["name"] for item in document["closing_trace"]["affected"]] == ["income-net"]
    assert "income-net" in document["baseline"]
    assert {threat["evidence"] for threat in document["threat_model"]} >= {"membership_inference"}


def test_each_trace_states_how_many_data_sets_it_looked_into_itself(done: DeletionRequest) -> None:
    closing = done.traces.get(purpose="closing")
    closing.impact["datasets_examined"] = 5
    closing.save()
    document = write_report(request_id=done.pk).document
    # Now, as the report is written, the record index covers yet another number of data sets.
    assert Artifact.objects.exclude(indexed_at=None).count() == 1
    assert document["trace"]["datasets_examined"] == 2
    assert document["closing_trace"]["datasets_examined"] == 5


def test_measurements_stand_side_by_side(done: DeletionRequest) -> None:
    rows = {
        row["measure"]: row for row in write_report(request_id=done.pk).document["measurements"]
    }
    assert rows["auc"] | {"artifact": ""} == {
        "artifact": "",
        "evidence": "membership_inference",
        "measure": "auc",
        "before": 0.75,
        "after": 0.5,
        "reference": 0.5,
    }
    assert rows["retained accuracy"]["reference"] is None


def test_nothing_in_the_export_names_the_subject(done: DeletionRequest, settings: Settings) -> None:
    export = export_of(write_report(request_id=done.pk), settings)
    contents = [path.read_bytes() for path in export.rglob("*") if path.is_file()]
    contents.append(PdfReader(export / parts.PDF).pages[0].extract_text().encode())
    for content in contents:
        assert b"C-1" not in content
        assert b"example.org" not in content


def test_a_second_call_gives_the_first_report_back(done: DeletionRequest) -> None:
    first = write_report(request_id=done.pk)
    done.state = "closed"
    done.save()
    assert write_report(request_id=done.pk).pk == first.pk
    assert Report.objects.count() == 1
    signed = [e for e in entries_about(f"request:{done.pk}") if e.kind == "report.signed"]
    assert [entry.index for entry in signed] == [first.ledger_index]


def test_the_news_of_the_report_goes_out_once(done: DeletionRequest) -> None:
    report = write_report(request_id=done.pk)
    write_report(request_id=done.pk)
    news = OutboxMessage.objects.get(topic="report.written")
    assert news.payload == {"request_id": str(done.pk), "report_id": str(report.pk)}


@pytest.mark.parametrize("state", ["executing", "withdrawn"])
def test_no_report_before_its_time(done: DeletionRequest, state: str) -> None:
    done.state = state
    done.save()
    with pytest.raises(NotReadyForReportError):
        write_report(request_id=done.pk)
    assert not Report.objects.exists()


def test_the_sweeper_writes_what_a_crash_left_unwritten(done: DeletionRequest) -> None:
    sweep()
    assert Report.objects.get().request_id == done.pk


def test_the_sweeper_tells_again_of_a_report_whose_request_did_not_close(
    done: DeletionRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(request_id=done.pk)
    sweep()
    assert OutboxMessage.objects.filter(topic="report.written").count() == 1
    monkeypatch.setattr("reports.services.TOLD_AGAIN_AFTER", timedelta(0))
    sweep()
    assert OutboxMessage.objects.filter(topic="report.written").count() == 2
    assert Report.objects.count() == 1


def test_the_sweeper_goes_on_after_a_report_that_cannot_be_written(
    done: DeletionRequest, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    Path(settings.EXPORT_DIR).write_text("a file where the folder should be")
    sweep()
    sweep()
    assert caplog.text.count(f"The report of request {done.pk} could not be written.") == 1
    done.refresh_from_db()
    assert done.state == "reporting"


def test_a_report_that_cannot_be_written_calls_for_a_person(
    done: DeletionRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_MAX_ATTEMPTS = 2
    monkeypatch.setattr("reports.selectors.PAUSE", timedelta())
    Path(settings.EXPORT_DIR).write_text("a file where the folder should be")
    sweep()
    sweep()
    done.refresh_from_db()
    assert done.state == "needs_human"
    assert done.attention.startswith("The report could not be written: the folder of exports")
    assert str(settings.EXPORT_DIR) not in done.attention
    failed = [e.payload for e in entries_about(f"request:{done.pk}") if e.kind == "report.failed"]
    assert [(item["attempt"], item["final"]) for item in failed] == [(1, False), (2, True)]

    Path(settings.EXPORT_DIR).unlink()
    done.state = "reporting"
    done.save()
    sweep()
    assert Report.objects.get().request_id == done.pk


def test_a_defect_of_one_report_is_recorded_without_its_data(
    done: DeletionRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_facts: object) -> None:
        raise KeyError("C-1")

    monkeypatch.setattr("reports.services.build_document", broken)
    sweep()
    [entry] = [e for e in entries_about(f"request:{done.pk}") if e.kind == "report.failed"]
    assert "KeyError" in entry.payload["note"]
    assert "C-1" not in entry.payload["note"]


def test_a_folder_that_a_crash_left_is_replaced(done: DeletionRequest, settings: Settings) -> None:
    stale = Path(settings.EXPORT_DIR) / done.reference
    stale.mkdir(parents=True)
    (stale / "half-written").write_text("x")
    export = export_of(write_report(request_id=done.pk), settings)
    assert not (export / "half-written").exists()
    assert [path.name for path in export.parent.iterdir()] == [done.reference]


def test_without_disk_nothing_is_signed(done: DeletionRequest, settings: Settings) -> None:
    Path(settings.EXPORT_DIR).write_text("a file where the folder should be")
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        write_report(request_id=done.pk)
    assert not Report.objects.exists()
    assert not [e for e in entries_about(f"request:{done.pk}") if e.kind == "report.signed"]


def test_a_rendering_that_says_more_is_not_signed(
    done: DeletionRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    bold = DictLoader({FILE: "<p>All your data has been erased.</p>"})
    monkeypatch.setattr(ENVIRONMENT, "loader", bold)
    with pytest.raises(UnfitReportError, match="been erased"):
        write_report(request_id=done.pk)
    assert not Report.objects.exists()
    # It would say the same again, so a person is asked at once.
    sweep()
    done.refresh_from_db()
    assert done.state == "needs_human"


def test_a_claim_falls_where_the_trace_after_the_work_finds_the_records_again(
    done: DeletionRequest,
) -> None:
    trace = done.traces.get(purpose="closing")
    sisa = PlanStep.objects.get(artifact__name="income-sisa").artifact
    again = {**trace.impact["affected"][0], "artifact_id": sisa.pk, "name": sisa.name}
    newcomer = {**again, "artifact_id": 10**6, "name": "late-model", "digest": "sha256:9"}
    trace.impact["affected"] += [again, newcomer]
    trace.save()
    document = write_report(request_id=done.pk).document
    verbs = {claim["artifact"]: claim["verb"] for claim in document["claims"]}
    assert verbs["income-sisa"] == verbs["late-model"] == "not established"
    assert verbs["income-tuned"] == "influence removed"
    assert "late-model (model)" in document["headline"]


def test_an_artifact_without_step_is_reported_as_not_established(done: DeletionRequest) -> None:
    PlanStep.objects.get(artifact__name="income-sisa").delete()
    document = write_report(request_id=done.pk).document
    [claim] = [claim for claim in document["claims"] if claim["artifact"] == "income-sisa"]
    assert claim["verb"] == "not established"
    assert "Not established: income-sisa (model)." in document["headline"]


def test_an_artifact_without_step_is_named_with_what_the_trace_after_the_work_found(
    done: DeletionRequest,
) -> None:
    PlanStep.objects.get(artifact__name="income-net").delete()
    actions = write_report(request_id=done.pk).document["actions"]
    [action] = [item for item in actions if item["artifact_name"] == "income-net"]
    assert (action["method"], action["found_again"]) == ("", ["weights"])


def test_an_approval_keeps_the_roles_that_the_officer_had_then(done: DeletionRequest) -> None:
    User.objects.filter(username="alex").update(roles=[Role.AUDITOR])
    approvals = write_report(request_id=done.pk).document["approvals"]
    assert [item["roles"] for item in approvals] == [["Privacy officer"], ["Approver"]]


def test_a_plan_of_an_earlier_trace_is_no_part_of_the_report(
    no_match: DeletionRequest, settings: Settings
) -> None:
    """Another request treated everything before the work on this one's plan began."""
    Plan.objects.create(
        case_id=no_match.pk, record_ids=["C-1"], snapshot_hash="1" * 64, digest="f" * 64
    )
    report = write_report(request_id=no_match.pk)
    assert report.document["plan"] is None
    assert verify_export(export_of(report, settings), key_file(settings)).problems == ()


def test_an_artifact_is_reported_with_the_digest_that_was_traced(
    done: DeletionRequest, settings: Settings
) -> None:
    Artifact.objects.filter(name="features").update(digest="sha256:" + "c" * 64)
    report = write_report(request_id=done.pk)
    [action] = [a for a in report.document["actions"] if a["artifact_name"] == "features"]
    assert action["artifact_digest"] == "sha256:" + "a" * 64
    assert verify_export(export_of(report, settings), key_file(settings)).problems == ()


def test_missing_evidence_downgrades_the_claim(done: DeletionRequest) -> None:
    Evidence.objects.filter(step__artifact__name="income-sisa", kind="replay_equal").delete()
    document = write_report(request_id=done.pk).document
    [claim] = [claim for claim in document["claims"] if claim["artifact"] == "income-sisa"]
    assert claim["verb"] == "not established"


def test_a_switch_of_the_product_is_reported_but_claims_nothing(done: DeletionRequest) -> None:
    step = PlanStep.objects.get(artifact__name="income")
    Evidence.objects.create(
        plan=step.plan,
        step=step,
        kind="deployment_switched",
        outcome="passed",
        summary="income answered with another digest.",
        digest="d" * 64,
    )
    document = write_report(request_id=done.pk).document
    [switch] = document["deployments"]
    assert switch["summary"] == "income answered with another digest."
    [claim] = [claim for claim in document["claims"] if claim["artifact"] == "income"]
    assert claim["verb"] == "suppressed"


def test_a_subject_without_records_gets_a_report_too(
    no_match: DeletionRequest, settings: Settings
) -> None:
    report = write_report(request_id=no_match.pk)
    assert report.document["claims"] == report.document["plan_steps"] == []
    assert report.document["headline"] == ("No records found in the 2 indexed data sets examined.")
    verdict = verify_export(export_of(report, settings), key_file(settings))
    assert verdict.status is Status.VERIFIED, verdict.problems


def test_the_owners_words_on_the_data_are_repeated(done: DeletionRequest) -> None:
    document = write_report(request_id=done.pk).document
    assert document["notes"] == [{"artifact": "adult@1", "note": "Rows of a census."}]


def test_receipts_recipients_and_replicas_are_tabled(done: DeletionRequest) -> None:
    document = write_report(request_id=done.pk).document
    [receipt] = document["destructions"]
    assert (receipt["artifact"], receipt["what"], receipt["absent"]) == (
        "features",
        "the artifact",
        True,
    )
    [recipient] = document["recipients"]
    assert recipient["acknowledged"] == "Summary of recipient_acknowledged on lakeside."
    [auc, accuracy] = document["membership"]
    assert auc == {
        "artifact": "income-net",
        "record": "1",
        "attack": "loss threshold, AUC",
        "before": "0.800 (0.660 to 0.940)",
        "after": "0.512 (0.372 to 0.652)",
        "control": "0.498 (0.358 to 0.638)",
        "replicas": 32,
        "decision": "passed",
    }
    assert accuracy["attack"] == "likelihood ratio, balanced accuracy"
    measured = {row["evidence"] for row in document["measurements"]}
    assert "replica_membership" not in measured


def test_what_an_artifact_was_made_from_is_read_off_the_graph(done: DeletionRequest) -> None:
    actions = write_report(request_id=done.pk).document["actions"]
    inherits = {item["artifact_name"]: item["inherits"] for item in actions if item["inherits"]}
    assert inherits == {"income-tuned": ["income-net"], "adult-synthetic": ["income-sisa"]}


@pytest.mark.parametrize("name", ["income-tuned", "adult-synthetic"])
def test_without_clean_ancestors_nothing_is_established(done: DeletionRequest, name: str) -> None:
    Evidence.objects.filter(step__artifact__name=name, kind="ancestor_clean").delete()
    claims = write_report(request_id=done.pk).document["claims"]
    assert [claim["verb"] for claim in claims if claim["artifact"] == name] == ["not established"]


def test_a_gap_elsewhere_is_named_and_leaves_the_report_complete(done: DeletionRequest) -> None:
    far = {"rule": "r", "artifact": "old-net", "severity": "high", "hides": "H.", "remedy": "R."}
    for trace in done.traces.all():
        trace.impact["gaps"] = [far]
        trace.save()
    document = write_report(request_id=done.pk).document
    assert document["complete"] is True
    assert document["gaps"] == [{**far, "on_path": False}]


def test_gaps_on_the_paths_come_first() -> None:
    far, near = ({"artifact": name, "hides": f"{name} hides."} for name in ("far", "near"))
    trace = {"gaps": [far, near], "reasons": ["near hides."]}
    assert [(gap["artifact"], gap["on_path"]) for gap in gaps([trace, trace])] == [
        ("near", True),
        ("far", False),
    ]


def test_a_database_that_is_away_is_no_attempt_at_a_report(
    done: DeletionRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr("reports.services.lock_appends", away)

    with pytest.raises(OperationalError):
        attempt_report(request_id=done.pk)

    assert failed_attempts(done.pk) == []
