"""What the fresh process of :mod:`unlearning.verification.replay` does: trains and samples."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from lineage.records import list_segments, version_digest
from unlearning.data import RecordView
from unlearning.digests import record_digest
from unlearning.jobfiles import Report, Sampling, Training
from unlearning.recipes import load_synthesis
from unlearning.training import Trained, run_training, together


class ForbiddenRecordError(Exception):
    """The files still hold a forgotten record."""


class Workshop:
    """Makes references one after the other and each of them once."""

    def __init__(
        self,
        directory: Path,
        *,
        trainings: Sequence[Training],
        samplings: Sequence[Sampling],
        forbidden: frozenset[str],
        report: Report,
    ) -> None:
        self._directory = directory
        self._trainings = trainings
        self._samplings = samplings
        #: Digests of the record ids that no file may hold.
        self._forbidden = forbidden
        self._report = report
        self._total = max(1, len({part.key for part in self._parts()}))
        self._models: dict[str, Trained] = {}
        self._datasets: dict[str, str] = {}
        self._clean: set[tuple[str, ...]] = set()
        self._failures: list[str] = []

    def work(self) -> dict[str, object]:
        """Make everything that was asked for and return the JSON of ``replayed.json``."""
        for training in self._trainings:
            self._attempt(partial(self._train, training))
        for sampling in self._samplings:
            self._attempt(partial(self._sample, sampling))
        return {
            "models": [
                {
                    "key": key,
                    "folder": made.model_dir.name,
                    "digest": made.digest,
                    "seconds": made.seconds,
                }
                for key, made in self._models.items()
            ],
            "datasets": self._datasets,
            "failures": self._failures,
        }

    def _parts(self) -> list[Training]:
        asked = [*self._trainings, *(sampling.training for sampling in self._samplings)]
        return [part for training in asked for part in training.lineage]

    def _attempt(self, make: Callable[[], object]) -> None:
        """Make one thing; whatever goes wrong with it becomes a sentence and stops no other."""
        try:
            make()
        except Exception as error:  # noqa: BLE001 - the code of any recipe may fail in any way
            self._failures.append(str(error) or type(error).__name__)

    def _train(self, training: Training) -> Trained:
        if training.key in self._models:
            return self._models[training.key]
        base = self._base(training)
        self._refuse_forbidden(training.datasets)
        done = len(self._models)
        made = run_training(
            training,
            out=self._directory / f"model-{done}",
            report=lambda fraction, message: self._report(
                min(1.0, (done + fraction) / self._total), message
            ),
            base=base.model_dir if base else None,
        )
        made = replace(made, seconds=made.seconds + (base.seconds if base else 0.0))
        self._models[training.key] = made
        return made

    def _base(self, training: Training) -> Trained | None:
        """What a training starts from: one model, or the models of a merge in one folder."""
        if training.base is not None:
            return self._train(training.base)
        if not training.merged:
            return None
        made = {name: self._train(source) for name, source in training.merged.items()}
        place = self._directory / f"merged-{training.key.removeprefix('sha256:')[:16]}"
        place.mkdir()
        for name, one in made.items():
            (place / name).symlink_to(one.model_dir.resolve(), target_is_directory=True)
        return together(training, made, place=place)

    def _sample(self, sampling: Sampling) -> None:
        if sampling.key in self._datasets:
            return
        generator = self._train(sampling.training)
        out = self._directory / f"dataset-{sampling.key.removeprefix('sha256:')[:16]}"
        out.mkdir()
        load_synthesis(sampling.recipe).sample(
            generator.model_dir,
            params=sampling.params,
            seed=sampling.seed,
            out=out,
            report=lambda _fraction, message: self._report(1.0, message),
        )
        self._datasets[sampling.key] = version_digest(list_segments(out))

    def _refuse_forbidden(self, datasets: tuple[str, ...]) -> None:
        """Look each forgotten record up in the files, once a set of files.

        Raises:
            ForbiddenRecordError: A file still holds one.
        """
        if not datasets or datasets in self._clean:
            return
        held = {record_digest(name) for name in RecordView.open(*datasets).ids}
        if held & self._forbidden:
            raise ForbiddenRecordError("the files still hold a forgotten record")
        self._clean.add(datasets)
