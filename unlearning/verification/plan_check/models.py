"""Checks of models: what they were trained on, whether they can be repeated, how well they do."""

from collections.abc import Iterator, Mapping, Sequence

from unlearning.data import Record, RecordView, local_path
from unlearning.digests import weights_digest
from unlearning.jobfiles import Report, Training
from unlearning.recipes import load_recipe
from unlearning.verification import Finding
from unlearning.verification.approximate import time_finding
from unlearning.verification.manifests import check_manifests
from unlearning.verification.models import Places, attack, compare, retained_sample
from unlearning.verification.plan_check.ancestors import ancestor_finding, ancestors_of_model
from unlearning.verification.plan_check.replicas import check_replicas
from unlearning.verification.plan_check.treated import Orders, Treated
from unlearning.verification.replay import References, replay_finding
from unlearning.verification.utility import utility_finding

_RETRAINS = frozenset({"sisa_shard_retrain", "retrain_from_clean_ancestor"})
_REPAIRS = frozenset({"negative_gradient_repair"})
MODEL_METHODS = _RETRAINS | _REPAIRS


def check_models(
    models: Sequence[Treated], references: References, orders: Orders, report: Report
) -> Iterator[tuple[Treated, Finding]]:
    """Check every treated model; those of an approximate method also by replicas.

    Args:
        models: Steps of :data:`MODEL_METHODS`.
        references: What a fresh process made.
        orders: What holds for the whole plan.
        report: Progress, 0.0 to 1.0.
    """
    for number, step in enumerate(models):
        held = _kept_records(step.manifest)
        for finding in _check_model(step, held, references, orders):
            yield step, finding
        if step.method in _REPAIRS:
            yield step, check_replicas(step, held, orders, _share(report, number, len(models)))
        report((number + 1) / len(models), "models compared with their references")


def _check_model(
    step: Treated, forgotten: tuple[Record, ...], references: References, orders: Orders
) -> Iterator[Finding]:
    training = step.need_training()
    reference = references.models.get(training.key)
    if step.method in _RETRAINS:
        yield from _check_retrain(step, training, references, orders)
    elif reference is not None:
        seconds = float(str(step.manifest["seconds"]))
        yield time_finding(seconds=seconds, retrain_seconds=reference.seconds)
    recipe = load_recipe(training.recipe)
    held_out = RecordView.open(*training.held_out).records if training.held_out else ()
    retained = retained_sample(RecordView.open(*training.rows, exclude=orders.record_ids))
    places = Places(
        before=step.before,
        after=step.after,
        reference=reference.model_dir if reference else None,
    )
    yield utility_finding(
        retained=compare(recipe, places, retained),
        held_out=compare(recipe, places, held_out) if held_out else None,
    )
    if forgotten and held_out:
        yield attack(recipe, places, forgotten=forgotten, held_out=held_out)
    else:
        why = "no held-out records are known" if forgotten else step.why_nothing_to_attack
        summary = f"Not established: {why}."
        yield Finding(kind="membership_inference", outcome="inconclusive", summary=summary)


def _check_retrain(
    step: Treated, training: Training, references: References, orders: Orders
) -> Iterator[Finding]:
    files = [
        step.after / str(step.manifest[k]) for k in ("file", "base_file") if k in step.manifest
    ]
    yield check_manifests(files, record_ids=orders.record_ids)
    reference = references.models.get(training.key)
    if reference is None:
        summary = f"Not established: no reference could be trained: {references.failure}."
        yield Finding(kind="replay_equal", outcome="inconclusive", summary=summary)
    else:
        yield replay_finding(
            digest=weights_digest(step.after), claimed=step.digest, reference=reference
        )
    ancestors = list(ancestors_of_model(step, training, references))
    if ancestors:
        yield ancestor_finding(ancestors, references)


def _kept_records(manifest: Mapping[str, object]) -> tuple[Record, ...]:
    """Read the copy of the forgotten rows that the step kept; none where it inherited only."""
    location = manifest.get("forget_set")
    if not location or not local_path(str(location)).is_dir():
        return ()
    return RecordView.open(str(location)).records


def _share(report: Report, number: int, total: int) -> Report:
    return lambda fraction, message: report((number + fraction) / total, message)
