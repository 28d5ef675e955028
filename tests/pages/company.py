"""The lineage of an example company: two dozen artifacts of every kind."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from governance.subjects import SubjectDigest
from lineage.graph import Relation
from lineage.models import Activity, ActivityKind, Artifact, Derivation, Posting
from tests.factories import ArtifactFactory

SUBJECT = SubjectDigest(value=b"s" * 16, key_version=1)
_LONG_AGO = datetime(2026, 9, 1, 8, 15, tzinfo=UTC)

#: (name, kind, what it came from and how, method that treats it).
COMPANY: tuple[tuple[str, str, Mapping[str, Relation], str], ...] = (
    ("adult-v1/segment-0002.csv", "segment", {}, ""),
    ("adult-v2/segment-0002.csv", "segment", {}, ""),
    ("adult-v2/segment-0007.csv", "segment", {}, ""),
    ("digits-v1/segment-0001.csv", "segment", {}, ""),
    ("digits-v1/segment-0003.npz", "segment", {}, ""),
    ("digits-eval/segment-0000.npz", "segment", {}, ""),
    ("adult-v1", "dataset_version", {"adult-v1/segment-0002.csv": Relation.PART_OF}, "source"),
    (
        "adult-v2",
        "dataset_version",
        {
            "adult-v2/segment-0002.csv": Relation.PART_OF,
            "adult-v2/segment-0007.csv": Relation.PART_OF,
        },
        "source",
    ),
    (
        "digits-v1",
        "dataset_version",
        {
            "digits-v1/segment-0001.csv": Relation.PART_OF,
            "digits-v1/segment-0003.npz": Relation.PART_OF,
        },
        "source",
    ),
    ("digits-eval", "evaluation_set", {"digits-eval/segment-0000.npz": Relation.PART_OF}, "source"),
    ("adult-features", "cache", {"adult-v1": Relation.CACHED_IN}, "artifact_destruction"),
    ("lakeside-insights", "recipient", {"adult-v2": Relation.COPIED_TO}, "recipient_notice"),
    ("income-sisa v1", "model", {"adult-v2": Relation.TRAINED_ON}, "sisa_shard_retrain"),
    (
        "income-monolithic v1",
        "model",
        {"adult-v1": Relation.TRAINED_ON},
        "negative_gradient_repair",
    ),
    ("income-monolithic-log", "log", {"adult-v1": Relation.LOGGED_IN}, "source"),
    (
        "income-fine-tune v1",
        "fine_tune",
        {"income-monolithic v1": Relation.FINE_TUNED_FROM, "adult-v2": Relation.TRAINED_ON},
        "retrain",
    ),
    (
        "income-student v1",
        "distilled",
        {"income-monolithic v1": Relation.DISTILLED_FROM, "adult-v1": Relation.TRAINED_ON},
        "retrain",
    ),
    ("income-generator v1", "model", {"adult-v1": Relation.TRAINED_ON}, "retrain"),
    (
        "adult-synthetic",
        "synthetic_dataset",
        {"income-generator v1": Relation.SYNTHESIZED_BY},
        "synthetic_regeneration",
    ),
    ("income-synthetic v1", "model", {"adult-synthetic": Relation.TRAINED_ON}, "retrain"),
    ("customer-segments v1", "model", {"adult-v1": Relation.TRAINED_ON}, "retrain"),
    (
        "digits-cnn v1",
        "model",
        {"digits-v1": Relation.TRAINED_ON, "digits-eval": Relation.EVALUATED_ON},
        "retrain",
    ),
    (
        "digits-cnn-epoch-2",
        "checkpoint",
        {"digits-v1": Relation.TRAINED_ON},
        "artifact_destruction",
    ),
    (
        "customer-index v1",
        "embedding_index",
        {"income-monolithic v1": Relation.EMBEDDED_BY, "adult-v1": Relation.INDEXES},
        "vector_removal",
    ),
    (
        "offer-desk",
        "product",
        {"income-sisa v1": Relation.DEPLOYED_AS, "customer-index v1": Relation.DEPLOYED_AS},
        "output_suppression",
    ),
    ("digit-reader", "product", {"digits-cnn v1": Relation.DEPLOYED_AS}, "output_suppression"),
)
METHOD_OF = {"source": "source_row_deletion", "retrain": "retrain_from_clean_ancestor"}


def lineage() -> dict[str, Artifact]:
    """The graph of the company, with one model whose training nobody logged."""
    run = Activity.objects.create(
        kind=ActivityKind.MLFLOW_RUN,
        external_id="8c1f0f62a7d14e0c9a5e6c0d9c9f1a77",
        name="train income-monolithic",
        recipe="examples.company.recipes:monolithic",
        params={"epochs": "12", "learning_rate": "0.05", "seed": "7"},
        started_at=_LONG_AGO,
        ended_at=_LONG_AGO + timedelta(seconds=41),
        seconds=41.2,
        status="FINISHED",
    )
    artifacts: dict[str, Artifact] = {}
    for name, kind, sources, _ in COMPANY:
        artifacts[name] = ArtifactFactory.create(
            kind=kind,
            name=name,
            identity=f"example:{name}",
            location=f"file:///srv/example/{name}",
            occurred_at=_LONG_AGO,
            indexed_at=_LONG_AGO if kind in {"dataset_version", "evaluation_set", "log"} else None,
            made_by=run if kind in {"model", "checkpoint"} else None,
            attributes=_attributes(name, kind),
        )
        Derivation.objects.bulk_create(
            Derivation(
                upstream=artifacts[source],
                downstream=artifacts[name],
                relation=relation,
                occurred_at=_LONG_AGO,
            )
            for source, relation in sources.items()
        )
    artifacts["legacy"] = ArtifactFactory.create(name="legacy-scorer v3", kind="model")
    artifacts["old"] = ArtifactFactory.create(
        name="adult-features (2025)",
        kind="cache",
        state="destroyed",
        attributes={
            "receipts": [
                {
                    "location": "file:///srv/example/adult-features-2025",
                    "files": 4,
                    "bytes": 1_284_096,
                    "digest": "sha256:" + "a1" * 32,
                    "absent": True,
                }
            ]
        },
    )
    segments = [row.pk for row in artifacts.values() if row.kind == "segment"]
    Posting.objects.create(
        subject_digest=SUBJECT.value,
        key_version=SUBJECT.key_version,
        segments=segments,
        record_ids=["C-000017"] * len(segments),
    )
    return artifacts


def _attributes(name: str, kind: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {"seen": True}
    if name == "digits-v1":
        attributes["description"] = (
            "Handwritten digits from MNIST, assigned to made-up customers by a seeded draw."
        )
    if kind == "recipient":
        attributes["contact"] = "mailto:privacy@lakeside.example"
    if kind == "checkpoint":
        attributes["copies"] = ["file:///srv/backup/digits-cnn-epoch-2"]
    return attributes
