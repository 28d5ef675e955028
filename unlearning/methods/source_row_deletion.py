"""Source row deletion: segment files are written anew without the forgotten rows.

Every other row keeps what it says; how, :mod:`unlearning.rewriting` tells. The caller swaps the new
files in. What it does not guarantee stands in the method table.
"""

import time

from unlearning.data import RecordView, local_path, read_description, segment_files
from unlearning.digests import file_digest
from unlearning.jobfiles import Report, StepInput, StepOutput
from unlearning.methods.forget_set_checks import require_forgettable
from unlearning.rewriting import rewrite
from unlearning.verification.duplicates import check_duplicates


def apply(job: StepInput, report: Report) -> StepOutput:
    """Write those segment files anew that hold a forgotten record.

    Raises:
        JobInputError: The dataset holds none of the records, or nothing else.
        DatasetError: A file cannot be read.
    """
    started = time.perf_counter()
    directory = local_path(job.need_model_dir())
    view = RecordView.open(directory, exclude=job.record_ids)
    require_forgettable(view)
    column = read_description(directory).record_id_column
    files = segment_files(directory)
    out = job.out / "segments"
    out.mkdir(parents=True, exist_ok=True)
    segments = []
    for index, file in enumerate(files):
        removed = rewrite(file, out / file.name, column, job.record_ids)
        if removed:
            segments.append(
                {
                    "file": file.name,
                    "old_digest": file_digest(file),
                    "new_digest": file_digest(out / file.name),
                    "removed": removed,
                }
            )
        else:
            (out / file.name).unlink()
        report((index + 1) / len(files), f"segment {index + 1} of {len(files)}")
    return StepOutput(
        model_dir=out,
        seconds=time.perf_counter() - started,
        manifest={"rows": len(view.records), "removed": len(view.excluded)},
        details={"segments": segments},
        evidence=(check_duplicates(view),),
    )
