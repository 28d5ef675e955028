"""Whether every acknowledged request ended once and right, whatever was killed on its way."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import requests

from bench.kit.company import SmallCompany
from bench.kit.installation import Installation
from bench.kit.records import Head, Records
from bench.kit.users import Journey
from config.embedded.paths import BASE_DIR
from reports.statement import CHECKPOINT
from unlearning.digests import record_digest
from vestige.demo.company import Customer
from vestige.demo.journey import JourneyError
from vestige.verify import verify_export

#: What the product says it serves, with the registered names behind it.
SERVED = {"model": "income-sisa", "index": "customer-index"}
#: Files of a model that list the records in it: by digest, and of an index by id.
_MANIFESTS, _IDS = frozenset({"manifest.json", "base-manifest.json"}), "ids.json"
#: What may stand only once in the ledger for a request; a step, a recipient and an officer each
#: once.
_ONCE = """
SELECT kind, reference, what, count(*) FROM (
  SELECT kind, reference,
    CASE WHEN kind = 'step.done' OR kind LIKE 'recipient.%' THEN payload->>'step'
         WHEN kind = 'request.approval' THEN actor ELSE '' END
      AS what
  FROM governance_ledgerentry
  WHERE kind IN ('request.received', 'request.code_sent', 'request.identity_confirmed',
                 'request.trace_recorded', 'trace.initial', 'plan.drafted', 'request.plan_drafted',
                 'request.approval', 'request.plan_approved', 'request.steps_started', 'step.done',
                 'request.steps_finished', 'plan.verified', 'plan.promoted', 'trace.closing',
                 'recipient.notified', 'request.recipients_open', 'recipient.acknowledged',
                 'request.recipients_answered', 'request.evidence_recorded', 'report.signed',
                 'request.report_written')
) entries
GROUP BY kind, reference, what HAVING count(*) > 1
"""
_REPEATED_ROWS = {
    "requests of one Idempotency-Key": """
        SELECT idempotency_key, count(*) FROM deletion_requests_deletionrequest
        GROUP BY 1 HAVING count(*) > 1""",
    "reports of one request": """
        SELECT request_id, count(*) FROM reports_report GROUP BY 1 HAVING count(*) > 1""",
    "plans of one request": """
        SELECT case_id, count(*) FROM unlearning_plan GROUP BY 1 HAVING count(*) > 1""",
    "jobs of one step": """
        SELECT plan_id, step_id, purpose, count(*) FROM unlearning_job
        GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "successors of one data set": """
        SELECT upstream_id, relation, count(*) FROM lineage_derivation
        WHERE relation IN ('redacted_from', 'regenerated_from')
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "notices of one step": """
        SELECT step_id, count(*) FROM deletion_requests_recipientnotice
        GROUP BY 1 HAVING count(*) > 1""",
    "clock events of one kind": """
        SELECT request_id, kind, basis, count(*) FROM deletion_requests_clockevent
        GROUP BY 1, 2, 3 HAVING count(*) > 1""",
}


def refused_again(journey: Journey) -> list[str]:
    """Post a letter once more with everything up: the same key must still give the same request.

    What a second request would be told as is :func:`doubled`.
    """
    try:
        journey.post()
    except (requests.RequestException, JourneyError) as error:
        return [f"{journey.key}, posted again with everything up: {error}"]
    return []


def refused_export(journey: Journey, to: Path) -> list[str]:
    """Download an export as its reader does, or say why that is refused.

    Args:
        journey: Whose export.
        to: Where it is kept.
    """
    try:
        to.write_bytes(journey.export())
    except (requests.RequestException, JourneyError) as error:
        return [f"{journey.id}: no export: {error}"]
    return []


def lost(journey: Journey, records: Records) -> list[str]:
    """Say which acknowledged request is not there any more, or never ended."""
    if not journey.acknowledged:
        return [f"{journey.key} was never acknowledged: {journey.trouble}"]
    found = records.rows(
        "SELECT state FROM deletion_requests_deletionrequest WHERE id = %s", [journey.id]
    )
    if not found:
        return [f"request {journey.id} was acknowledged and is gone"]
    state = str(found[0][0])
    if state == "closed":
        return []
    words = journey.document.get("attention") or journey.trouble
    return [f"request {journey.id} is {state}: {words}"]


def export_problems(export: Path, key: Path) -> list[str]:
    """Say why ``vestige verify`` does not accept an export.

    Args:
        export: The ZIP as its reader downloaded it.
        key: The public signing key, from outside the export.
    """
    verdict = verify_export(export, key)
    said = " ".join([f"{verdict.status.value}.", *verdict.problems])
    return [] if verdict.exit_status == 0 else [said]


def checkpoint_of(export: Path) -> str:
    """The signed checkpoint of the ledger that came with an export."""
    with ZipFile(export) as archive:
        [name] = [name for name in archive.namelist() if Path(name).name == CHECKPOINT]
        return archive.read(name).decode()


def still_held(customer: Customer, company: SmallCompany) -> list[str]:
    """Say which data files still hold a person's record."""
    return [f"{path} still holds the record" for path in company.files_with(customer.email)]


def doubled(journeys: list[Journey], records: Records) -> list[str]:
    """Say which effect happened more than once."""
    found = [
        f"{j.key} was acknowledged as {j.acknowledged}" for j in journeys if len(j.acknowledged) > 1
    ]
    for what, query in _REPEATED_ROWS.items():
        found += [f"{what}: {row}" for row in records.rows(query)]
    found += [
        f"{kind} {what} of {about}: {n} times" for kind, about, what, n in records.rows(_ONCE)
    ]
    return found


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a model that is in production."""

    #: Of its weights.
    digest: str
    #: Ids, or digests of ids, of the records that it lists as its own; empty where it has no list.
    records: frozenset[str]


class Registry:
    """What MLflow holds, asked as any program would."""

    def __init__(self, installation: Installation) -> None:
        from mlflow import MlflowClient  # noqa: PLC0415 - two seconds that only a run needs

        self._client = MlflowClient(tracking_uri=installation.mlflow_url)
        self._url = installation.mlflow_url

    def doubled(self) -> list[str]:
        """Say which step was published more than once, as run, model or registered version."""
        experiments = [found.experiment_id for found in self._client.search_experiments()]
        runs = self._client.search_runs(experiments, max_results=5_000)
        models = self._client.search_logged_models(experiments, max_results=5_000)
        versions = self._client.search_model_versions(max_results=5_000)
        tags = {
            "runs": [run.data.tags for run in runs],
            "models": [model.tags for model in models],
            "versions": [version.tags for version in versions],
        }
        return [
            f"{count} {what} of step {step}"
            for what, found in tags.items()
            for step, count in Counter(tag.get("vestige.step", "") for tag in found).items()
            if step and count > 1
        ]

    def in_production(self) -> dict[str, Version]:
        """The version of every registered model that is in production, by registered name."""
        found = {}
        for registered in self._client.search_registered_models(max_results=1_000):
            if number := registered.aliases.get("production"):
                version = self._client.get_model_version(registered.name, number)
                model = self._client.get_logged_model(str(version.source).removeprefix("models:/"))
                found[registered.name] = Version(
                    digest=model.tags["vestige.digest"],
                    records=self._records_listed(model.artifact_location),
                )
        return found

    def _records_listed(self, location: str) -> frozenset[str]:
        from mlflow.artifacts import (  # noqa: PLC0415 - as above
            download_artifacts,
            list_artifacts,
        )

        names = {
            file.path.rpartition("/")[2]
            for file in list_artifacts(artifact_uri=location, tracking_uri=self._url)
        }
        listed: set[str] = set()
        with tempfile.TemporaryDirectory() as folder:
            for name in names & {*_MANIFESTS, _IDS}:
                file = download_artifacts(
                    artifact_uri=f"{location}/{name}", dst_path=folder, tracking_uri=self._url
                )
                content = json.loads(Path(file).read_text(encoding="utf-8"))
                listed.update(content if name == _IDS else content["record_digests"])
        return frozenset(listed)


def still_served(customer: Customer, company: SmallCompany, registry: Registry) -> list[str]:
    """Say where what is in production, or the product, still knows a record."""
    found = served_wrong(
        customer.number, served=company.served(), in_production=registry.in_production()
    )
    return found + [f"rule {rule} is still in force" for rule in company.rules()]


def served_wrong(
    number: str, *, served: Mapping[str, str], in_production: Mapping[str, Version]
) -> list[str]:
    """Say which version in production lists a record, and what the product serves instead of one.

    Args:
        number: Id of the record.
        served: Digests of what the product serves, by what it is.
        in_production: What the registry has in production, by registered name.
    """
    found = [
        f"{name} in production still lists {number}"
        for name, version in in_production.items()
        if version.records & {number, record_digest(number)}
    ]
    for part, name in SERVED.items():
        version = in_production.get(name)
        if version is None:
            found.append(f"{name} is not in production")
            continue
        if not version.records:
            # An empty list would pass for one without the record.
            found.append(f"{name} in production does not say which records are in it")
        if served.get(part) != version.digest:
            found.append(f"the product does not serve the {name} that is in production")
    return found


def broken_prefixes(heads: list[Head], records: Records) -> list[str]:
    """Say which head of the ledger that was seen before a kill is no prefix of the ledger now."""
    leaves = records.leaves()
    return [
        f"the ledger's first {head.size} entries changed"
        for head in heads
        if not head.is_prefix_of(leaves)
    ]


def fsck_problems(installation: Installation, checkpoint: Path | None, key: Path) -> list[str]:
    """Say what ``vestige ledger fsck`` finds.

    Args:
        installation: Whose ledger is read.
        checkpoint: A signed one from an earlier export; None before there is one.
        key: The public signing key.
    """
    outside = [f"--checkpoint={checkpoint}", f"--key={key}"] if checkpoint else []
    checked = subprocess.run(
        [sys.executable, *("-m", "vestige", "ledger", "fsck", "--json"), *outside],
        cwd=BASE_DIR,
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode == 0:
        return []
    try:
        return [f"fsck: {problem}" for problem in json.loads(checked.stdout)["problems"]]
    except ValueError:
        return [f"fsck could not run: {checked.stderr.strip()[-300:]}"]
