"""Whether every acknowledged request ended once and right, whatever was killed on its way."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

from bench.kit.company import SmallCompany
from bench.kit.installation import Installation
from bench.kit.records import Head, Records
from bench.kit.users import Journey
from config.embedded.paths import BASE_DIR
from reports.statement import CHECKPOINT
from vestige.demo.company import Customer
from vestige.verify import verify_export

INDEX = "customer-index"
#: What may stand only once in the ledger for a request; a step and an officer each once.
_ONCE = """
SELECT kind, reference, what, count(*) FROM (
  SELECT kind, reference,
    CASE kind WHEN 'step.done' THEN payload->>'step' WHEN 'request.approval' THEN actor ELSE '' END
      AS what
  FROM governance_ledgerentry
  WHERE kind IN ('request.received', 'request.code_sent', 'request.identity_confirmed',
                 'request.trace_recorded', 'trace.initial', 'plan.drafted', 'request.plan_drafted',
                 'request.approval', 'request.plan_approved', 'request.steps_started', 'step.done',
                 'request.steps_finished', 'plan.verified', 'plan.promoted', 'trace.closing',
                 'request.evidence_recorded', 'report.signed', 'request.report_written')
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
        SELECT upstream_id, count(*) FROM lineage_derivation
        WHERE relation = 'redacted_from' GROUP BY 1 HAVING count(*) > 1""",
    "clock events of one kind": """
        SELECT request_id, kind, basis, count(*) FROM deletion_requests_clockevent
        GROUP BY 1, 2, 3 HAVING count(*) > 1""",
}


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

    def index_digest_and_ids(self) -> tuple[str, set[str]]:
        """Digest and record ids of the index that is in production."""
        from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - as above

        version = self._client.get_model_version_by_alias(INDEX, "production")
        model = self._client.get_logged_model(str(version.source).removeprefix("models:/"))
        with tempfile.TemporaryDirectory() as folder:
            files = Path(
                download_artifacts(
                    artifact_uri=f"{model.artifact_location}/ids.json",
                    dst_path=folder,
                    tracking_uri=self._url,
                )
            )
            ids = set(json.loads(files.read_text(encoding="utf-8")))
        return model.tags["vestige.digest"], ids


def still_served(customer: Customer, company: SmallCompany, registry: Registry) -> list[str]:
    """Say where the index in production, or the product, still knows a record."""
    digest, ids = registry.index_digest_and_ids()
    found = (
        [f"{INDEX} in production still holds {customer.number}"] if customer.number in ids else []
    )
    if digest not in company.served().values():
        found.append(f"the product does not serve the {INDEX} that is in production")
    return found + [f"rule {rule} is still in force" for rule in company.rules()]


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
