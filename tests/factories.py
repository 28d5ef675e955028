"""Rows for tests: a small fixed cast and requests at any stage of their journey."""

# mypy: disable-error-code="no-untyped-call"
# factory_boy says that it is typed, but its declarations carry no annotations.

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from factory.declarations import (
    LazyAttribute,
    LazyFunction,
    RelatedFactory,
    SelfAttribute,
    Sequence,
    SubFactory,
)
from factory.django import DjangoModelFactory

from deletion_requests.models import (
    ClockEvent,
    DeletionRequest,
    IdentityCheck,
    RecordedTrace,
)
from governance.ledger.services import append_entry
from governance.models import Role, User
from lineage.models import Artifact
from lineage.selectors import locations_of
from reports.claims import Action, EvidenceItem
from reports.document import build_document
from reports.facts import (
    ClockFacts,
    FindingFacts,
    LedgerFacts,
    PlanFacts,
    ReportFacts,
    RequestFacts,
)
from reports.models import Report
from reports.rendering import as_signed, canonical_json
from reports.rules import RULES
from reports.statement import SIGNED_KIND, sha256
from unlearning.methods import METHODS
from unlearning.models import Evidence, Job, Plan, PlanStep
from unlearning.planning import TOUCH_NO_FILE

PASSWORD = "correct horse battery staple"


@cache
def hashed_password() -> str:
    """Hashing is slow on purpose; the whole cast shares one password and one hash."""
    return make_password(PASSWORD)


class OfficerFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    username = Sequence(lambda n: f"officer{n}")
    email = LazyAttribute(lambda user: f"{user.username}@example.com")
    password = LazyFunction(hashed_password)
    roles = LazyFunction(lambda: [Role.PRIVACY_OFFICER])


class ClockEventFactory(DjangoModelFactory[ClockEvent]):
    class Meta:
        model = ClockEvent

    kind = "start"
    occurred_at = SelfAttribute("request.received_at")
    rule = "gdpr-erasure@1"
    note = "The request was received."


class IdentityCheckFactory(DjangoModelFactory[IdentityCheck]):
    class Meta:
        model = IdentityCheck

    code_digest = b"c" * 32
    sent_at = SelfAttribute("request.received_at")
    expires_at = LazyAttribute(lambda check: check.sent_at + timedelta(days=1))
    confirmed_at = SelfAttribute("request.received_at")


class DeletionRequestFactory(DjangoModelFactory[DeletionRequest]):
    """A request that was received an hour ago; its clock has started."""

    class Meta:
        model = DeletionRequest
        skip_postgeneration_save = True

    reference = Sequence(lambda n: f"VR-2026-{n + 1:06d}")
    regime = "gdpr"
    request_type = "erasure"
    zone = "Europe/Berlin"
    holiday_calendar = "DE"
    state = "received"
    subject_digest = b"s" * 16
    key_version = 1
    sealed_contact = b"sealed"
    received_at = LazyFunction(lambda: datetime.now(UTC) - timedelta(hours=1))
    due_on = LazyAttribute(lambda request: (request.received_at + timedelta(30)).date())
    intake_client = "client:portal"
    body_digest = b"b" * 32

    clock = RelatedFactory(ClockEventFactory, factory_related_name="request")
    identity = RelatedFactory(IdentityCheckFactory, factory_related_name="request")


class ArtifactFactory(DjangoModelFactory[Artifact]):
    class Meta:
        model = Artifact

    kind = "model"
    name = Sequence(lambda n: f"income-classifier-{n}")
    identity = Sequence(lambda n: f"mlflow-model:m-{n}")
    digest = LazyAttribute(
        lambda artifact: "sha256:" + hashlib.sha256(artifact.name.encode()).hexdigest()
    )


class PlanFactory(DjangoModelFactory[Plan]):
    class Meta:
        model = Plan

    case_id = LazyFunction(uuid.uuid4)
    author = SubFactory(OfficerFactory)
    record_ids = LazyFunction(lambda: ["C-000017"])
    snapshot_hash = "5" * 64
    digest = Sequence(lambda n: hashlib.sha256(str(n).encode()).hexdigest())


class PlanStepFactory(DjangoModelFactory[PlanStep]):
    class Meta:
        model = PlanStep

    plan = SubFactory(PlanFactory)
    ordinal = Sequence(lambda n: n + 1)
    artifact = SubFactory(ArtifactFactory)
    method = "retrain_from_clean_ancestor"
    guarantee_class = "exact"
    cost_seconds = 42.0
    cost_basis = "recorded training time"
    reason = "The model has no shards, so it is trained again."
    places = LazyAttribute(
        lambda step: [] if step.method in TOUCH_NO_FILE else list(locations_of(step.artifact.pk))
    )


class JobFactory(DjangoModelFactory[Job]):
    class Meta:
        model = Job

    plan = LazyAttribute(lambda job: job.step.plan)
    step = SubFactory(PlanStepFactory)
    input_digest = Sequence(lambda n: hashlib.sha256(f"job {n}".encode()).hexdigest())


class EvidenceFactory(DjangoModelFactory[Evidence]):
    class Meta:
        model = Evidence

    plan = LazyAttribute(lambda evidence: evidence.step.plan)
    step = SubFactory(PlanStepFactory)
    kind = "manifest_excludes"
    outcome = "passed"
    summary = "The new manifest lists none of the records."
    digest = "e" * 64


def pass_checks(step: PlanStep, *, inherits: bool = False) -> None:
    """Let every check pass that a step's method needs before its results go live."""
    for kind in METHODS[step.method].checks_for(inherits=inherits):
        EvidenceFactory.create(step=step, kind=kind)


#: (kind, name, method, guarantee class, what it came from by position) of the example company.
_COMPANY: tuple[tuple[str, str, str, str, int | None], ...] = (
    ("segment", "segment-0042.csv", "", "", None),
    ("dataset_version", "adult-customers v2", "source_row_deletion", "storage", 0),
    ("model", "income-sisa v1", "sisa_shard_retrain", "exact", 1),
    ("model", "income-monolithic v1", "negative_gradient_repair", "approximate", 1),
    ("fine_tune", "income-fine-tuned v1", "retrain_from_clean_ancestor", "exact", 3),
    ("embedding_index", "customer-neighbours v1", "vector_removal", "storage", 3),
    ("product", "income-service", "output_suppression", "suppression", 2),
)
_INFLUENCE = {
    "segment": ["content"],
    "dataset_version": ["content"],
    "embedding_index": ["content", "weights"],
    "product": ["exposure"],
}


def impact_document(
    artifacts: list[Artifact] | None = None, *, complete: bool = True
) -> dict[str, Any]:
    """The impact of one data subject on the example company, as a trace records it."""
    ids = [artifact.pk for artifact in artifacts] if artifacts else list(range(1, 8))
    paths: list[list[int]] = []
    for position, (*_, source) in enumerate(_COMPANY):
        paths.append([*(paths[source] if source is not None else []), position])
    gap = {
        "rule": "model_without_training_input",
        "artifact": "legacy-scorer v3",
        "severity": "high",
        "hides": "What this model learned from is not recorded, so it may hold them.",
        "remedy": "Log its training data with mlflow.log_input and let it be captured again.",
    }
    return {
        "records": [
            {"record_id": "C-000017", "segment": ids[0], "dataset_version": ids[1]},
        ],
        "affected": [
            {
                "artifact_id": ids[position],
                "kind": kind,
                "name": name,
                "digest": "sha256:" + hashlib.sha256(name.encode()).hexdigest(),
                "influence": _INFLUENCE.get(kind, ["weights"]),
                "certainty": "certain",
                "path": [
                    {"id": ids[hop], "name": _COMPANY[hop][1], "kind": _COMPANY[hop][0]}
                    for hop in paths[position]
                ],
                "rank": len(paths[position]) - 1,
                "state": "current",
            }
            for position, (kind, name, *_) in enumerate(_COMPANY)
        ],
        "complete": complete,
        "reasons": [] if complete else [f"{gap['artifact']}: {gap['hides']}"],
        "gaps": [] if complete else [gap],
        "frontier": [],
        "snapshot_hash": "5" * 64,
        "datasets_examined": 2,
    }


class RecordedTraceFactory(DjangoModelFactory[RecordedTrace]):
    class Meta:
        model = RecordedTrace

    request = SubFactory(DeletionRequestFactory)
    purpose = "initial"
    snapshot_hash = "5" * 64
    complete = LazyAttribute(lambda trace: trace.impact["complete"])
    impact = LazyFunction(impact_document)


def planned_request(
    *, author: User | None = None, state: str = "planned", complete: bool = True
) -> DeletionRequest:
    """A request whose plan over the example company is drafted."""
    request: DeletionRequest = DeletionRequestFactory.create(state=state)
    artifacts: list[Artifact] = [
        ArtifactFactory.create(kind=kind, name=name) for kind, name, *_ in _COMPANY
    ]
    RecordedTraceFactory.create(
        request=request, impact=impact_document(artifacts, complete=complete)
    )
    plan = PlanFactory.create(case_id=request.pk, author=author or OfficerFactory.create())
    treated = [row for row in zip(_COMPANY, artifacts, strict=True) if row[0][2]]
    for ordinal, ((_, _, method, guarantee_class, _), artifact) in enumerate(treated[::-1], 1):
        PlanStepFactory.create(
            plan=plan,
            ordinal=ordinal,
            artifact=artifact,
            method=method,
            guarantee_class=guarantee_class,
            alternatives=[
                {
                    "method": "output_suppression",
                    "reason": "It would leave the weights as they are.",
                }
            ],
        )
    return request


def report_document() -> dict[str, Any]:
    """The document of a report on the example company; equal at every call."""
    moment = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
    clock = ClockFacts(
        source="GDPR Art. 12(3)",
        rule="gdpr-erasure@1",
        received_at=moment,
        due_on=moment.date() + timedelta(30),
        zone="Europe/Berlin",
        calendar="DE",
        events=(("start", moment, "", "gdpr-erasure@1", "The request was received."),),
    )
    actions = tuple(_action(*row[:4]) for row in _COMPANY if row[2])
    return build_document(
        ReportFacts(
            report_id="3f2c0000-0000-4000-8000-000000000000",
            created_at=moment,
            organisation="Example Company",
            signer="ab" * 32,
            request=RequestFacts(
                id="5d1e0000-0000-4000-8000-000000000000",
                reference="VR-2026-000042",
                regime="gdpr",
                regime_name="GDPR (European Union)",
                request_type="erasure",
                clock=clock,
                identity_method="one-time code sent to the contact address",
                identity_confirmed_at=moment,
            ),
            trace=impact_document(),
            closing_trace=None,
            plan=PlanFacts(digest="9f" * 32, author="ann", steps=(), uncovered=()),
            approvals=(),
            actions=actions,
            findings=tuple(
                FindingFacts(
                    artifact=action.artifact_name,
                    kind=item.kind,
                    outcome=item.outcome,
                    summary=item.summary,
                    payload={"before": {"auc": 0.58}, "after": {"auc": 0.5123}},
                    digest=item.digest,
                )
                for action in actions
                for item in action.evidence
                if item.kind == "membership_inference"
            ),
            ledger=LedgerFacts(origin="example.com/vestige", size=31, root="cd" * 32),
        )
    )


def _action(kind: str, name: str, method: str, guarantee_class: str) -> Action:
    rule = RULES[method]
    return Action(
        artifact_kind=kind,
        artifact_name=name,
        artifact_digest="sha256:" + hashlib.sha256(name.encode()).hexdigest(),
        new_digest="sha256:" + hashlib.sha256(f"new {name}".encode()).hexdigest(),
        method=method,
        guarantee_class=guarantee_class,
        run_recorded=True,
        evidence=tuple(
            EvidenceItem(
                kind=evidence,
                outcome="passed",
                summary="It was checked and holds.",
                digest=hashlib.sha256(evidence.encode()).hexdigest(),
            )
            for evidence in (*rule.required, *rule.effect)
        ),
        place="http://127.0.0.1:9000" if kind == "product" else "file:///data/adult/v2",
    )


def signed_report() -> Report:
    """A closed request's report row; its export is not on disk."""
    request: DeletionRequest = DeletionRequestFactory.create(state="closed")
    report_id, document = uuid.uuid4(), as_signed(report_document())
    entry = append_entry(
        kind=SIGNED_KIND,
        actor="system",
        reference=f"request:{request.pk}",
        payload={"report": str(report_id), "sha256": sha256(canonical_json(document))},
    )
    return Report.objects.create(
        id=report_id,
        request_id=request.pk,
        document=document,
        envelope={},
        ledger_index=entry.index,
        export=request.reference,
        created_at=datetime.now(UTC),
    )
