"""``manage.py trace --email X | --record ID | --artifact WORDS [--as-of T [--diff T2]]``."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain, product
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.errors import VestigeError
from governance.subjects import subject_digest
from governance.wording import evidence_shown
from lineage.closure.propagation import STRENGTH
from lineage.graph import Influence
from lineage.moments import moment_from
from lineage.selectors import (
    Asked,
    OneArtifact,
    OneRecord,
    diff_impact,
    difference_document,
    impact_document,
    trace,
)

#: What ``--diff`` takes in place of a moment.
NOW = "now"
#: What the artifacts are called of which this is the strongest influence.
HEADINGS: Mapping[Influence, str] = {
    Influence.CONTENT: "Copies of content",
    Influence.WEIGHTS: "Influence on weights",
    Influence.SELECTION: "Selection only",
    Influence.EXPOSURE: "Exposure at query time",
}


class Command(BaseCommand):
    """Trace one data subject, one record or one artifact."""

    help = "Show everything that holds, or inherited, somebody's records, a record or an artifact."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        start = parser.add_mutually_exclusive_group(required=True)
        start.add_argument("--email", help="an identifier of the data subject")
        start.add_argument("--record", help="the id of one record")
        start.add_argument("--artifact", help="the id, identity or name of one artifact")
        parser.add_argument("--as-of", help="what was on record then, in ISO 8601 with an offset")
        parser.add_argument("--diff", help=f"what changed from then to this moment, or to {NOW}")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Print the answer, with the path to each affected artifact."""
        try:
            document = _answer(_asked(options), options["as_of"], options["diff"])
        except VestigeError as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            self.stdout.write(json.dumps(document, indent=2))
            return
        if options["diff"] is None:
            lines = chain(_start_lines(document, options), _impact_lines(document))
        else:
            lines = chain(_difference_lines(document))
        for line in lines:
            self.stdout.write(line)


def _asked(options: Mapping[str, Any]) -> Asked:
    if options["record"] is not None:
        return OneRecord(record_id=options["record"])
    if options["artifact"] is not None:
        return OneArtifact(words=options["artifact"])
    return subject_digest(options["email"])


def _answer(asked: Asked, as_of: str | None, diff: str | None) -> Mapping[str, Any]:
    before = moment_from(as_of, "as_of") if as_of is not None else None
    if diff is None:
        return impact_document(trace(asked, before), before)
    if before is None:
        raise CommandError("--diff compares with an earlier moment: name it with --as-of.")
    after: datetime | None = None if diff == NOW else moment_from(diff, "diff")
    return difference_document(diff_impact(asked, before, after), before, after)


def _start_lines(document: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[str]:
    held = len(document["records"])
    if document["as_of"]:
        yield f"As it was on record at {document['as_of']}"
    if options["artifact"] is not None:
        yield f"What came of the artifact {options['artifact']}, itself included:"
    elif options["record"] is not None:
        yield f"Places in data sets in use where the record {options['record']} lies: {held}"
    elif document["as_of"]:
        yield f"Records of this data subject of which the id is not forgotten: {held}"
    else:
        yield f"Records of this data subject: {held or 'none are held'}"


def _impact_lines(document: Mapping[str, Any]) -> Iterable[str]:
    for influence, certainty in product(STRENGTH, ("certain", "possible")):
        found = [
            item
            for item in document["affected"]
            if (item["influence"][0], item["certainty"]) == (influence, certainty)
        ]
        if found:
            yield f"{HEADINGS[influence]}, {certainty}: {len(found)}"
        for item in found:
            path = " → ".join(node["name"] for node in item["path"])
            others = f" (also {', '.join(item['influence'][1:])})" if item["influence"][1:] else ""
            yield f"  {item['kind']:18} {path}{others}"
    yield from (_blocked_line(link) for link in document["blocked"])
    yield from _completeness("The trace", document)


def _blocked_line(link: Mapping[str, Any]) -> str:
    return (
        f"not reached: {link['downstream']['name']}, which was made from"
        f" {link['upstream']['name']} ({link['relation']}), because"
        f" {evidence_shown(link['evidence'])}: {link['evidence']}"
    )


def _difference_lines(document: Mapping[str, Any]) -> Iterable[str]:
    before, after = document["before"], document["after"]
    yield f"From {before['as_of']} to {after['as_of'] or NOW}"
    for key in ("newly_affected", "no_longer_affected"):
        yield f"{key.replace('_', ' ').capitalize()}: {len(document[key])}"
        yield from (f"  {_affected_line(item, item['name'])}" for item in document[key])
    yield f"Otherwise affected: {len(document['otherwise_affected'])}"
    for item in document["otherwise_affected"]:
        was, now = item["before"], item["after"]
        yield f"  {_affected_line(was, was['name'])}"
        yield f"    now {', '.join(now['influence'])}, {now['certainty']}"
    yield "In the whole graph (--json lists each):"
    for key, found in document["graph"].items():
        yield f"  {key.replace('_', ' ')}: {len(found)}"
    yield from _completeness("The earlier trace", before)
    yield from _completeness("The later trace", after)


def _affected_line(item: Mapping[str, Any], words: str) -> str:
    influence = ", ".join(item["influence"])
    return f"{item['kind']:18} {item['certainty']:9} {influence:20} {words}"


def _completeness(what: str, answer: Mapping[str, Any]) -> Iterable[str]:
    yield f"{what} is complete." if answer["complete"] else f"{what} is NOT complete:"
    yield from (f"  {reason}" for reason in answer["reasons"])
