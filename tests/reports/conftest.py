"""A request whose work is done, as rows: the cast that every report test speaks of."""

import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from deletion_requests.models import (
    Approval,
    ClockEvent,
    DeletionRequest,
    IdentityCheck,
    RecordedTrace,
)
from governance.ledger.services import append_entry
from governance.models import Role, User
from lineage.models import Artifact, Derivation
from lineage.stated import stated_digest, stated_trace
from reports import statement as parts
from reports.export import write_folder
from reports.services import write_report
from unlearning.jobs.inputs import canonical_digest
from unlearning.ledgering import as_recorded
from unlearning.models import Evidence, Plan, PlanStep, StepState
from unlearning.recorded import planned_digest
from unlearning.selectors import plan_view
from vestige.export_reader import read_export

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
RETRAINED = ("manifest_excludes", "duplicates_checked", "replay_equal")
#: Kind, name, influence, method, class, evidence beside the recorded run.
STEPS = [
    ("product", "income", "exposure", "output_suppression", "suppression", ("outputs_suppressed",)),
    ("model", "income-sisa", "weights", "sisa_shard_retrain", "exact", RETRAINED),
    (
        "fine_tune",
        "income-tuned",
        "weights",
        "retrain_from_clean_ancestor",
        "exact",
        (*RETRAINED, "ancestor_clean"),
    ),
    (
        "model",
        "income-net",
        "weights",
        "negative_gradient_repair",
        "approximate",
        ("membership_inference", "replica_membership", "utility_floor", "time_ratio"),
    ),
    (
        "embedding_index",
        "neighbours",
        "content",
        "vector_removal",
        "storage",
        ("vectors_absent",),
    ),
    (
        "dataset_version",
        "adult@1",
        "content",
        "source_row_deletion",
        "storage",
        ("source_rows_absent",),
    ),
    ("cache", "features", "content", "artifact_destruction", "storage", ("artifact_destroyed",)),
    (
        "synthetic_dataset",
        "adult-synthetic",
        "content",
        "synthetic_regeneration",
        "exact",
        ("synthetic_regenerated", "ancestor_clean"),
    ),
    ("recipient", "lakeside", "content", "recipient_notice", "notice", ("recipient_notified",)),
]
#: What each fine-tune or synthetic dataset of the cast was made from.
SOURCES = {"income-tuned": "income-net", "adult-synthetic": "income-sisa"}
ANSWERED: dict[str, object] = {"recipient": "lakeside", "acknowledged_at": NOW.isoformat()}
RECEIPT = {"location": "file:///data/features", "files": 3, "bytes": 4096, "digest": OLD}
PAYLOADS: dict[str, dict[str, object]] = {
    "replay_equal": {"digest": NEW, "reference_digest": NEW},
    "membership_inference": {
        "before": {"auc": 0.75, "low": None, "high": None},
        "after": {"auc": 0.5, "low": None, "high": None},
        "reference": {"auc": 0.5, "low": None, "high": None},
    },
    "replica_membership": {
        "replicas": 32,
        "records": {
            "1": {
                moment: {
                    "auc": {"value": value, "low": value - 0.14, "high": value + 0.14},
                    "balanced_accuracy": {"value": 0.5, "low": 0.38, "high": 0.62},
                }
                for moment, value in (("before", 0.8), ("after", 0.512), ("reference", 0.498))
            }
        },
    },
    "artifact_destroyed": {"receipts": [{**RECEIPT, "absent": True}]},
    "duplicates_checked": {"rows_with_same_content": 0, "rows_compared": 99},
    "utility_floor": {
        "retained": {"before": {"accuracy": 1.0}, "after": {"accuracy": 0.84}, "reference": None}
    },
}


@pytest.fixture(autouse=True)
def places(tmp_path: Path, settings: Settings) -> None:
    settings.EXPORT_DIR = tmp_path / "exports"
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing-key.pem"
    settings.ORGANISATION = "Example Company"


@pytest.fixture
def no_match(db: None) -> DeletionRequest:  # noqa: ARG001 - opens the database
    """Nothing was found for this person."""
    request = make_request()
    add_trace(request, "initial", [])
    add_trace(request, "closing", [])
    return request


@pytest.fixture
def done(db: None) -> DeletionRequest:  # noqa: ARG001 - opens the database
    """Every step is done and verified; the report is due."""
    request = make_request()
    artifacts = [make_artifact(kind, name) for kind, name, *_ in STEPS]
    connect({artifact.name: artifact for artifact in artifacts})
    found = [
        affected(artifact, influence)
        for artifact, (_, _, influence, *_) in zip(artifacts, STEPS, strict=True)
    ]
    add_trace(request, "initial", found)
    plan = make_plan(request.pk, officer("pat", Role.PRIVACY_OFFICER))
    for ordinal, (artifact, step) in enumerate(zip(artifacts, STEPS, strict=True), start=1):
        add_step(plan, ordinal, artifact, step)
    draft(request, plan)
    for name in ("pat", "alex"):
        given = Approval.objects.create(
            request=request,
            plan_id=plan.pk,
            plan_digest=plan.digest,
            officer=User.objects.filter(username=name).first() or officer(name, Role.APPROVER),
            approved_at=NOW,
        )
        agreed = {
            "plan_digest": plan.digest,
            "roles": [Role(role).label for role in given.officer.roles],
            "approved_at": NOW.isoformat(timespec="seconds"),
        }
        record(request, "request.approval", agreed, actor=f"officer:{name}")
    for row in plan.steps.order_by("ordinal"):
        record(request, "step.done", finished(row))
    record(request, "plan.promoted", {"evidence": as_recorded(Evidence.objects.all())})
    told = PlanStep.objects.get(method="recipient_notice")
    answer = add_evidence(told, "recipient_acknowledged", ANSWERED)
    record(request, "recipient.acknowledged", {"evidence": as_recorded([answer])})
    repeated = Evidence.objects.create(
        plan=plan,
        kind="trace_repeated",
        outcome="passed",
        summary="The trace was run again after the work.",
        digest=canonical_digest({}),
    )
    add_trace(request, "closing", found[3:4], evidence=[repeated])
    return request


def make_request() -> DeletionRequest:
    request = DeletionRequest.objects.create(
        reference="VR-2026-000042",
        regime="gdpr",
        zone="Europe/Berlin",
        holiday_calendar="DE",
        state="reporting",
        subject_digest=b"s" * 16,
        key_version=1,
        sealed_contact=b"sealed",
        received_at=NOW,
        due_on=date(2026, 12, 21),
        intake_client="demo",
        body_digest=b"d" * 32,
    )
    ClockEvent.objects.create(
        request=request, kind="start", occurred_at=NOW, rule="gdpr-erasure@1", note="Received."
    )
    IdentityCheck.objects.create(
        request=request, code_digest=b"c" * 32, sent_at=NOW, expires_at=NOW, confirmed_at=NOW
    )
    received = {name: getattr(request, name) for name in ("reference", "regime", "request_type")}
    record(request, "request.received", received, actor="client:demo")
    return request


def make_artifact(kind: str, name: str) -> Artifact:
    return Artifact.objects.create(
        kind=kind,
        name=name,
        identity=f"{kind}:{name}",
        digest=OLD,
        location=f"http://127.0.0.1/{name}",
        indexed_at=NOW if kind == "dataset_version" else None,
    )


def connect(artifacts: dict[str, Artifact]) -> None:
    """The cast's derivations, where a claim depends on them."""
    tuned, net = artifacts["income-tuned"], artifacts["income-net"]
    Derivation.objects.create(upstream=net, downstream=tuned, relation="fine_tuned_from")
    synthetic, generator = artifacts["adult-synthetic"], artifacts["income-sisa"]
    made = {"recipe": "a:b", "params": {}, "seed": 7, "policy": "regenerate"}
    synthetic.attributes = {"synthesis": {**made, "generator": generator.identity}}
    synthetic.save()


def affected(artifact: Artifact, influence: str) -> dict[str, object]:
    return {
        "artifact_id": artifact.pk,
        "kind": artifact.kind,
        "name": artifact.name,
        "digest": artifact.digest,
        "state": "current",
        "influence": [influence],
        "certainty": "certain",
        "path": [
            *([{"id": 0, "name": SOURCES[artifact.name]}] if artifact.name in SOURCES else []),
            {"id": artifact.pk, "name": artifact.name, "kind": artifact.kind},
        ],
        "description": "Rows of a census." if artifact.kind == "dataset_version" else "",
        "rank": 1,
    }


def add_trace(
    request: DeletionRequest,
    purpose: str,
    found: list[dict[str, object]],
    evidence: Iterable[Evidence] = (),
) -> None:
    impact = {
        "records": [{"record_id": "C-1", "segment": 1, "dataset_version": 2}] if found else [],
        "affected": found,
        "complete": True,
        "reasons": [],
        "gaps": [],
        "frontier": [],
        "cycles": [],
        "snapshot_hash": "e" * 64,
        "datasets_examined": 2,
    }
    RecordedTrace.objects.create(
        request=request, purpose=purpose, impact=impact, snapshot_hash="e" * 64, complete=True
    )
    payload = {
        "snapshot_hash": "e" * 64,
        "affected": len(found),
        "complete": True,
        "digest": stated_digest(stated_trace(impact)),
        "evidence": as_recorded(evidence),
    }
    record(request, f"trace.{purpose}", payload)


def record(
    request: DeletionRequest, kind: str, payload: Mapping[str, object], actor: str = "system"
) -> None:
    """What the ledger holds of the request."""
    append_entry(kind=kind, actor=actor, reference=f"request:{request.pk}", payload=payload)


def draft(request: DeletionRequest, plan: Plan) -> None:
    """What the ledger holds of the plan before anybody agrees to it."""
    view = plan_view(plan.pk)
    planned = planned_digest((vars(step) for step in view.steps), view.uncovered)
    payload = {"digest": plan.digest, "planned": planned}
    record(request, "plan.drafted", payload, actor=f"officer:{view.author}")


def finished(step: PlanStep) -> dict[str, object]:
    """What the ledger holds of a step that is done."""
    return {
        "step": step.ordinal,
        "method": step.method,
        "name": step.artifact.name,
        "digest": step.outcome.get("digest"),
    }


def make_plan(case_id: UUID, author: User) -> Plan:
    return Plan.objects.create(
        id=uuid4(),
        case_id=case_id,
        author=author,
        record_ids=["C-1"],
        snapshot_hash="e" * 64,
        digest="f" * 64,
        started_at=NOW,
        settled_at=NOW,
    )


def add_step(
    plan: Plan,
    ordinal: int,
    artifact: Artifact,
    row: tuple[str, str, str, str, str, tuple[str, ...]],
) -> None:
    _, _, _, method, guarantee_class, evidence = row
    makes = guarantee_class in {"exact", "approximate"} or method == "vector_removal"
    step = PlanStep.objects.create(
        plan=plan,
        ordinal=ordinal,
        artifact=artifact,
        method=method,
        guarantee_class=guarantee_class,
        cost_seconds=12.5,
        cost_basis="One recorded training.",
        reason="It is the cheapest exact method.",
        alternatives=[{"method": "none", "reason": "Weaker."}],
        state=StepState.DONE,
        outcome={"digest": NEW} if makes else {},
    )
    for kind in ("run_recorded", *evidence):
        add_evidence(step, kind, PAYLOADS.get(kind, {"step": ordinal}))


def add_evidence(step: PlanStep, kind: str, payload: dict[str, object]) -> Evidence:
    return Evidence.objects.create(
        plan=step.plan,
        step=step,
        kind=kind,
        outcome="passed",
        summary=f"Summary of {kind} on {step.artifact.name}.",
        payload=payload,
        digest=canonical_digest(payload),
    )


def officer(name: str, role: Role) -> User:
    return User.objects.create(username=name, roles=[role], email=f"{name}@example.org")


#: The signed export of the cast, by relative path; written once, since it never varies in kind.
_EXPORTED: dict[str, bytes] = {}


@pytest.fixture
def export(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "exports" / "VR-2026-000042"
    if not _EXPORTED:
        done = request.getfixturevalue("done")
        written = Path(settings.EXPORT_DIR) / write_report(request_id=done.pk).export
        _EXPORTED.update(read_export(written))
        shutil.rmtree(written)
    write_folder(folder, _EXPORTED)
    return folder


@pytest.fixture
def key(export: Path, tmp_path: Path) -> Path:
    """The organisation's key as it was obtained on another way."""
    path = tmp_path / "organisation.pem"
    shutil.copy(export / parts.PUBLIC_KEY, path)
    return path
