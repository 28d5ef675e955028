"""``manage.py exposure --email X | --record ID … [--run NAME] [--json]``."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.subjects import subject_digest
from lineage.errors import ActivityNotFound, RecordNotFound
from lineage.selectors import RunExposure, exposures


class Command(BaseCommand):
    """Say since which step each training may carry some records."""

    help = "Show in which training step records were first used, and the checkpoints from before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--email", help="an identifier of the data subject")
        who.add_argument("--record", action="append", help="a record id; may be repeated")
        parser.add_argument("--run", default="", help="only the runs of this name or id")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Print each training's first step and its checkpoints."""
        who = options["record"] or subject_digest(options["email"])
        try:
            found = exposures(who, run=options["run"])
        except (ActivityNotFound, RecordNotFound) as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), indent=2))
            return
        for item in found.trainings:
            for line in _lines(item):
                self.stdout.write(line)
        if not found.trainings:
            self.stdout.write("No training is known to have used the records.")
        if not found.complete:
            self.stdout.write("Others may have used them too:")
        for reason in found.reasons:
            self.stdout.write(f"  {reason}")


def _lines(item: RunExposure) -> Iterator[str]:
    yield f"{item.name} ({item.run_id}): {_sentence(item)}"
    for reason in item.exposure.reasons:
        yield f"  {reason}"
    for words, listed in (
        ("clean", item.checkpoints.clean),
        ("not clean", item.checkpoints.exposed),
        ("not clean, no step recorded", item.checkpoints.without_step),
    ):
        for checkpoint in listed:
            step = "" if checkpoint.step is None else f" (step {checkpoint.step})"
            yield f"  {words}: {checkpoint.name}{step}"


def _sentence(item: RunExposure) -> str:
    exposure = item.exposure
    if not exposure.known:
        return f"unknown; assume the records since step {exposure.step}."
    if exposure.step is None:
        return "no step used the records."
    if exposure.step == 0:
        return "it began with weights that carry the records."
    return f"first used in step {exposure.step}."
