"""Recipient notice, first half: what the recipient has to be told, in numbers.

The caller hands the notice over; the records themselves are named by whoever writes the letter.
What it does not guarantee stands in the method table.
"""

import time
from collections.abc import Mapping

from unlearning.data import DatasetError, RecordView
from unlearning.jobfiles import JobInputError, Report, StepInput, StepOutput
from unlearning.verification.wording import counted


def apply(job: StepInput, report: Report) -> StepOutput:
    """Count the records that were copied to the recipient.

    ``artifact.copied`` lists the artifacts that were copied, with ``name`` and ``location``. Where
    their files hold none of the records any more, or cannot be read, the whole forget set counts:
    the recipient's copy may be older than the files.

    Raises:
        JobInputError: No address of the recipient is recorded.
    """
    started = time.perf_counter()
    if not job.recipient.get("address"):
        raise JobInputError(f"no address of {job.artifact.get('name')} is recorded")
    copied = job.artifact.get("copied")
    sources = copied if isinstance(copied, list) else []
    found = set().union(*(_held(item, job.record_ids) for item in sources))
    names = ", ".join(str(item["name"]) for item in sources)
    notice = {
        "records": len(found or job.record_ids),
        "dataset": names or str(job.artifact.get("name")),
    }
    report(1.0, f"notice about {counted(len(found or job.record_ids), 'record')} prepared")
    return StepOutput(
        seconds=time.perf_counter() - started,
        manifest={"records": notice["records"]},
        details={"notice": notice},
    )


def _held(source: Mapping[str, object], record_ids: frozenset[str]) -> set[str]:
    try:
        view = RecordView.open(str(source["location"]), exclude=record_ids)
    except DatasetError:
        return set()
    return {record.id for record in view.excluded}
