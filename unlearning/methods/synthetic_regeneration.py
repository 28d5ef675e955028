"""Regeneration: the synthetic rows are sampled anew from the generator that never saw the records.

Recipe, parameters and seed are those recorded of the first sampling, so that a fresh process can
repeat it. Exact by construction where the generator was made again exactly. What it does not
guarantee stands in the method table.
"""

import time

from lineage.records import list_segments, version_digest
from unlearning.data import RecordView, segment_files
from unlearning.digests import file_digest, weights_digest
from unlearning.jobfiles import Generator, JobInputError, Report, StepInput, StepOutput
from unlearning.recipes import load_synthesis
from unlearning.training import make_deterministic, read_manifest
from unlearning.verification.manifests import listed_in


def apply(job: StepInput, report: Report) -> StepOutput:
    """Sample the whole dataset anew.

    Raises:
        JobInputError: The sampling was not recorded, the generator saw a forgotten record, or the
            dataset is not on this machine.
    """
    make_deterministic()
    started = time.perf_counter()
    sampling, generator = job.need_sampling()
    _require_treated(generator, job)
    # What was there when the new rows were sampled: nothing else may be overwritten by them.
    replaced = {file.name: file_digest(file) for file in segment_files(job.need_model_dir())}
    out = job.out / "dataset"
    out.mkdir(parents=True, exist_ok=True)
    load_synthesis(sampling.recipe).sample(
        generator.model_dir, params=sampling.params, seed=sampling.seed, out=out, report=report
    )
    rows = len(RecordView.open(out).records)
    return StepOutput(
        model_dir=out,
        digest=version_digest(list_segments(out)),
        seconds=time.perf_counter() - started,
        manifest={"rows": rows, "generator_digest": generator.digest},
        details={"rows": rows, "replaced": replaced},
    )


def _require_treated(generator: Generator, job: StepInput) -> None:
    """Refuse a generator that is not the one recorded, or that learned from a forgotten record.

    The untreated generator is told by its own list of what it was trained on.
    """
    if weights_digest(generator.model_dir) != generator.digest:
        raise JobInputError("the generator's files are not those that its step reported")
    try:
        listed = read_manifest(generator.model_dir)
    except OSError as error:
        raise JobInputError("the generator does not say what it was trained on") from error
    if listed_in(listed, record_ids=job.record_ids):
        raise JobInputError("the generator was trained with a forgotten record; treat it first")
