"""Reading an OpenLineage event: strict about what the graph rests on, lenient about the rest.

Follows the core schema (OpenLineage 2-0-2). Two departures occur in the wild and are accepted with
a warning: a ``runId`` that is no UUID, and a missing ``schemaURL`` (also of facets).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from governance.errors import FieldError

EVENT_TYPES = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")


@dataclass(kw_only=True)
class Findings:
    """What is wrong with an event: errors refuse it, warnings are kept beside it."""

    errors: list[FieldError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def error(self, pointer: str, detail: str) -> None:
        """Note what makes the event unusable."""
        self.errors.append(FieldError(pointer=pointer, detail=detail))

    def warn(self, pointer: str, detail: str) -> None:
        """Note what is irregular, but harmless to the graph."""
        self.warnings.append(f"{pointer}: {detail}")


def check_event(event: object) -> Findings:
    """Check one event against the core schema.

    Args:
        event: A decoded JSON value.

    Returns:
        Errors with JSON pointers into the event, and warnings.
    """
    findings = Findings()
    if not isinstance(event, Mapping):
        findings.error("", "An event must be a JSON object.")
        return findings
    if "\\u0000" in json.dumps(event):
        findings.error("", "An event must not contain the character U+0000.")
    _check_base(event, findings)
    if "run" in event:
        _check_run(event, findings)
    if "run" in event or "job" in event:
        _check_named(event.get("job"), "/job", findings)
        for side, own_facets in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
            _check_datasets(event.get(side), f"/{side}", own_facets, findings)
    elif "dataset" in event:
        _check_named(event["dataset"], "/dataset", findings)
    else:
        findings.error("", "An event must name a run with its job, a job, or a dataset.")
    return findings


def _check_base(event: Mapping[str, object], findings: Findings) -> None:
    """Check eventTime, eventType, producer and schemaURL."""
    if parse_time(event.get("eventTime")) is None:
        findings.error("/eventTime", "This must be a date and time as in RFC 3339.")
    if not isinstance(event.get("producer"), str):
        findings.error("/producer", "This must be a string that names the producer.")
    if "schemaURL" not in event:
        findings.warn("/schemaURL", "missing")
    elif not isinstance(event["schemaURL"], str):
        findings.error("/schemaURL", "This must be a string.")
    if "eventType" in event and event["eventType"] not in EVENT_TYPES:
        findings.error("/eventType", f"This must be one of {', '.join(EVENT_TYPES)}.")


def _check_run(event: Mapping[str, object], findings: Findings) -> None:
    """Check the run of a run event."""
    run = event["run"]
    if not isinstance(run, Mapping):
        findings.error("/run", "This must be an object.")
        return
    run_id = run.get("runId")
    if not isinstance(run_id, str) or not run_id:
        findings.error("/run/runId", "This must be a string.")
    else:
        try:
            UUID(run_id)
        except ValueError:
            findings.warn("/run/runId", "not a UUID")
    _check_facets(run, "/run/facets", findings)


def _check_named(value: object, pointer: str, findings: Findings) -> None:
    """Check a job or dataset: an object with a namespace, a name and facets."""
    if not isinstance(value, Mapping):
        findings.error(pointer, "This must be an object with a namespace and a name.")
        return
    for name in ("namespace", "name"):
        if not isinstance(value.get(name), str):
            findings.error(f"{pointer}/{name}", "This must be a string.")
    _check_facets(value, f"{pointer}/facets", findings)


def _check_datasets(value: object, pointer: str, own_facets: str, findings: Findings) -> None:
    """Check the inputs or outputs of an event; absent ones are none."""
    if value is None:
        return
    if not isinstance(value, list):
        findings.error(pointer, "This must be an array of datasets.")
        return
    for position, dataset in enumerate(value):
        here = f"{pointer}/{position}"
        _check_named(dataset, here, findings)
        if isinstance(dataset, Mapping):
            _check_facets(dataset, f"{here}/{own_facets}", findings)


def _check_facets(owner: Mapping[str, object], pointer: str, findings: Findings) -> None:
    """Check that facets are objects; unknown ones are welcome."""
    facets = owner.get(pointer.rsplit("/", 1)[1])
    if facets is None:
        return
    if not isinstance(facets, Mapping):
        findings.error(pointer, "This must be an object of facets.")
        return
    for name, facet in facets.items():
        here = f"{pointer}/{escape(name)}"
        if not isinstance(facet, Mapping):
            findings.error(here, "A facet must be an object.")
            continue
        missing = [key for key in ("_producer", "_schemaURL") if key not in facet]
        if missing:
            findings.warn(here, f"{' and '.join(missing)} missing")


def escape(name: str) -> str:
    """Escape one step of a JSON pointer (RFC 6901).

    >>> escape("a/b~c")
    'a~1b~0c'
    """
    return name.replace("~", "~0").replace("/", "~1")


def parse_time(value: object) -> datetime | None:
    """Read a date and time; one without zone is taken as UTC. None where it is no such thing."""
    if not isinstance(value, str) or "T" not in value.upper():
        return None
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
