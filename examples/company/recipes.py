"""The company's training recipes, named by the tag ``vestige.recipe`` of its MLflow runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from examples.company.descent import Schedule, new_optimizer
from examples.company.features import encode_records
from examples.company.networks import (
    Classifier,
    ClassifierStack,
    fit,
    load_classifier,
    load_ensemble,
    new_classifier,
)
from unlearning.data import Record, RecordView
from unlearning.digests import record_digest
from unlearning.jobfiles import Report
from unlearning.recipes import CHECKPOINTS, OnCheckpoint, RecipeError, State, TrainedModel
from unlearning.replicas import descend_side_by_side
from unlearning.sharding import derive_seed, order_keys, shard_of, slice_of
from unlearning.training import read_manifest


class Monolithic:
    """One classifier on all records."""

    def train(  # noqa: PLR0913 - the recipe contract
        self,
        data: RecordView,
        *,
        params: Mapping[str, str],
        seed: int,
        resume_from: Path | None,
        base: Path | None,
        on_checkpoint: OnCheckpoint,
        report: Report,
    ) -> TrainedModel:
        """Train from initial weights; nothing of a monolithic model can be reused."""
        del resume_from, base, on_checkpoint
        model = new_classifier(int(params["hidden"]), seed=derive_seed(seed, "init"))
        return _fit_all(model, data, params, seed, report)

    def train_replicas(
        self, data: RecordView, *, params: Mapping[str, str], seeds: Sequence[int], report: Report
    ) -> list[State]:
        """Train one classifier a seed, side by side."""
        schedule = Schedule.parse(params)
        models = [
            new_classifier(int(params["hidden"]), seed=derive_seed(seed, "init")) for seed in seeds
        ]
        stack = ClassifierStack(models)
        descend_side_by_side(
            stack,
            *encode_records(data.records),
            keys=[order_keys(data.ids, seed=derive_seed(seed, "batches")) for seed in seeds],
            optimizer=new_optimizer(stack, schedule),
            epochs=schedule.epochs,
            batch_size=schedule.batch_size,
            report=lambda done: report(done / schedule.epochs, f"epoch {done}"),
        )
        return list(stack.states())

    def load(self, model_dir: Path) -> nn.Module:
        """Load the classifier."""
        return load_classifier(model_dir)

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        """Encode by the fixed vocabulary."""
        return encode_records(records)


class FineTune(Monolithic):
    """A classifier trained further on newer records."""

    def train(  # noqa: PLR0913 - the recipe contract
        self,
        data: RecordView,
        *,
        params: Mapping[str, str],
        seed: int,
        resume_from: Path | None,
        base: Path | None,
        on_checkpoint: OnCheckpoint,
        report: Report,
    ) -> TrainedModel:
        """Train from the base model's weights."""
        del resume_from, on_checkpoint
        if base is None:
            raise RecipeError("a fine-tune needs its base model")
        return _fit_all(load_classifier(base), data, params, seed, report)


class Sisa:
    """Sharded, isolated, sliced, aggregated training (Bourtoule et al. 2021, arXiv:1912.03817).

    Each shard's classifier sees only its shard, slice after slice: stage ``j`` trains on slices
    0 to ``j`` and leaves a checkpoint. Forgetting a record of slice ``j`` in shard ``k`` repeats
    stages ``j`` and later of shard ``k`` and nothing else.
    """

    def train(  # noqa: PLR0913 - the recipe contract
        self,
        data: RecordView,
        *,
        params: Mapping[str, str],
        seed: int,
        resume_from: Path | None,
        base: Path | None,
        on_checkpoint: OnCheckpoint,
        report: Report,
    ) -> TrainedModel:
        """Train every stage, or only those that an excluded record has touched."""
        del base
        n_shards, n_slices = int(params["n_shards"]), int(params["n_slices"])
        first_stale = _first_stale_slices(data, n_shards, n_slices, seed, resume_from)
        state: dict[str, Tensor] = {}
        trained: list[str] = []
        for shard, slices in enumerate(_shards(data, n_shards, n_slices, seed)):
            model = new_classifier(int(params["hidden"]), seed=derive_seed(seed, "init", shard))
            for stage in range(n_slices):
                name = f"shard-{shard}-slice-{stage}"
                if resume_from is not None and stage < first_stale[shard]:
                    path = resume_from / CHECKPOINTS / f"{name}.safetensors"
                    model.load_state_dict(load_file(path))
                else:
                    seen = [record for part in slices[: stage + 1] for record in part]
                    _fit_stage(model, seen, params, derive_seed(seed, shard, stage))
                    trained.append(name)
                on_checkpoint(name, model.state_dict())
                done = (shard * n_slices + stage + 1) / (n_shards * n_slices)
                report(done, f"shard {shard + 1} of {n_shards}, slice {stage + 1} of {n_slices}")
            weights = {k: v.clone() for k, v in model.state_dict().items()}
            state |= {f"shards.{shard}.{name}": tensor for name, tensor in weights.items()}
        total = n_shards * n_slices
        return TrainedModel(
            state=state, details={"stages_trained": trained, "stages_reused": total - len(trained)}
        )

    def load(self, model_dir: Path) -> nn.Module:
        """Load the ensemble."""
        return load_ensemble(model_dir)

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        """Encode by the fixed vocabulary."""
        return encode_records(records)


def _first_stale_slices(
    data: RecordView, n_shards: int, n_slices: int, seed: int, resume_from: Path | None
) -> list[int]:
    """Return a shard's first slice that an excluded record lay in; ``n_slices`` when none did."""
    if resume_from is None:
        return [0] * n_shards
    first = [n_slices] * n_shards
    for record_id in _excluded_that_were_trained_on(data, resume_from):
        shard = shard_of(record_id, n_shards=n_shards, seed=seed)
        first[shard] = min(first[shard], slice_of(record_id, n_slices=n_slices, seed=seed))
    return first


def _excluded_that_were_trained_on(data: RecordView, resume_from: Path) -> frozenset[str]:
    """Return the excluded ids that can have touched the earlier model.

    A forget set also names records of other datasets. Those in the files count, and those that the
    earlier model's manifest lists: their rows may be gone from the files by now.
    """
    found = frozenset(record.id for record in data.excluded)
    try:
        listed = read_manifest(resume_from)
    except OSError:
        return data.exclude_ids  # nothing is known of the earlier model, so every id may be in it
    return found | {name for name in data.exclude_ids if record_digest(name) in listed}


def _shards(data: RecordView, n_shards: int, n_slices: int, seed: int) -> list[list[list[Record]]]:
    """Return records by shard and slice."""
    shards: list[list[list[Record]]] = [[[] for _ in range(n_slices)] for _ in range(n_shards)]
    for record in data.records:
        shard = shard_of(record.id, n_shards=n_shards, seed=seed)
        shards[shard][slice_of(record.id, n_slices=n_slices, seed=seed)].append(record)
    return shards


def _fit_stage(
    model: Classifier, records: list[Record], params: Mapping[str, str], seed: int
) -> None:
    if not records:  # a shard may lose its last record; its model then stays as it was
        return
    ordered = sorted(records, key=lambda record: record.id)
    features, classes = encode_records(ordered)
    fit(
        model,
        features,
        classes,
        ids=tuple(record.id for record in ordered),
        seed=seed,
        schedule=Schedule.parse(params),
        report=lambda _fraction: None,
    )


def _fit_all(
    model: Classifier, data: RecordView, params: Mapping[str, str], seed: int, report: Report
) -> TrainedModel:
    if not data.records:
        raise RecipeError("no record is left to train on")
    features, classes = encode_records(data.records)
    schedule = Schedule.parse(params)
    fit(
        model,
        features,
        classes,
        ids=data.ids,
        seed=derive_seed(seed, "batches"),
        schedule=schedule,
        report=lambda done: report(done, f"epoch {round(done * schedule.epochs)}"),
    )
    return TrainedModel(state=model.state_dict(), details={"records": len(data.records)})


sisa = Sisa()
monolithic = Monolithic()
fine_tune = FineTune()
