"""Artifact destruction, first half: what lies at each recorded location is counted and digested.

The caller deletes it afterwards and looks again; so the receipts say what was there even where a
worker dies between two deletions. What it does not guarantee stands in the method table.
"""

import time

from unlearning.inventory import describe_place
from unlearning.jobfiles import JobInputError, Report, StepInput, StepOutput
from unlearning.verification.wording import counted


def apply(job: StepInput, report: Report) -> StepOutput:
    """Take the inventory of every location.

    ``artifact.places`` names, for each location, the ``path`` of its files on this machine, or the
    ``reason`` why there is none.

    Raises:
        JobInputError: No location is recorded.
        UnreadablePlaceError: The files at a location cannot be read.
    """
    started = time.perf_counter()
    places = job.artifact.get("places")
    if not isinstance(places, list) or not places:
        raise JobInputError(f"no location of {job.artifact.get('name')} is recorded")
    inventory = []
    for number, place in enumerate(places):
        inventory.append(describe_place(place))
        report((number + 1) / len(places), f"location {number + 1} of {len(places)} read")
    report(1.0, f"{counted(len(inventory), 'location')} read")
    return StepOutput(
        seconds=time.perf_counter() - started,
        manifest={"locations": len(inventory)},
        details={"inventory": inventory},
    )
