"""Writes a report: gather, build, lint, sign, export; once for each request."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from deletion_requests.lifecycle import State
from deletion_requests.selectors import QueueFilters, RequestView, queue, request_view
from deletion_requests.services import give_up_report
from governance import signing
from governance.ledger.selectors import entries_about, head
from governance.ledger.services import append_entry, lock_appends
from governance.models import LedgerEntry
from governance.outbox import publish
from reports import statement as parts
from reports.document import build_document
from reports.errors import NotReadyForReportError, UnfitReportError
from reports.export import evidence_files, ledger_file, write_folder
from reports.facts import FindingFacts, LedgerFacts, ReportFacts
from reports.guide import GUIDE_TEXT
from reports.lint import lint_document, lint_html
from reports.models import Report
from reports.rendering import canonical_json, report_html
from reports.selectors import (
    FAILED_KIND,
    actions_of,
    approval_facts,
    datasets_examined,
    failed_attempts,
    failed_recently,
    findings_of,
    plan_facts,
    request_facts,
)

log = logging.getLogger(__name__)

#: How long the news of a report may be on its way before it is sent again.
TOLD_AGAIN_AFTER = timedelta(seconds=30)


@transaction.atomic
def write_report(*, request_id: UUID) -> Report:
    """Write, sign and export the report of a request; a second call gives the first one back.

    Args:
        request_id: A request whose work and closing trace are done.

    Raises:
        NotReadyForReportError: The request is in another state.
        UnfitReportError: A rendering says more than the claims carry.
        OSError: The export cannot be written.
    """
    # Held to the end of the transaction: guarantees that the ledger's head in the document is the
    # one just before the report's own entry, and that two workers never write one report twice.
    lock_appends()
    existing = Report.objects.filter(request_id=request_id).first()
    if existing is not None:
        return existing
    view = request_view(request_id)
    if view.state != State.REPORTING or view.trace is None:
        raise NotReadyForReportError(NotReadyForReportError.__doc__)
    facts = gather(view)
    document = build_document(facts)
    return _sign_and_export(view, facts, document)


def attempt_report(*, request_id: UUID) -> Report | None:
    """Write a report, or record why it could not be; after some attempts a person is asked.

    Returns:
        The report, or None where it is not due or could not be written.
    """
    try:
        return write_report(request_id=request_id)
    except NotReadyForReportError:
        return None
    except Exception as error:  # one report's defect must not hold up the others, or go unseen
        log.exception("The report of request %s could not be written.", request_id)
        _record_failure(request_id, error)
        return None


@transaction.atomic
def _record_failure(request_id: UUID, error: Exception) -> None:
    """Note a failed attempt in the ledger; the last one allowed hands the request to a person.

    The row lock comes before the ledger's, as everywhere else.
    """
    attempts, reason = len(failed_attempts(request_id)) + 1, _reason(error)
    final = isinstance(error, UnfitReportError) or attempts >= settings.JOB_MAX_ATTEMPTS
    if final:
        sentence = f"The report could not be written: {reason} Put this right, then resume."
        give_up_report(request_id=request_id, sentence=sentence)
    append_entry(
        kind=FAILED_KIND,
        actor="system",
        reference=f"request:{request_id}",
        payload={"attempt": attempts, "final": final, "note": reason},
    )


def _reason(error: Exception) -> str:
    """Say what went wrong without paths and data, which a defect's own words may hold."""
    if isinstance(error, OSError):
        return f"the folder of exports cannot be used ({error.strerror or type(error).__name__})."
    if isinstance(error, UnfitReportError):
        return f"it says more than its evidence carries. {error}"[:300]
    return f"there is a defect ({type(error).__name__}); the worker's log tells more."


def sweep_reports() -> None:
    """Finish what a crash left between the end of the work and the closed request.

    A report that is missing is written; one that is written but whose request did not close is
    told of again. One that cannot be written does not hold up the others.
    """
    for row in queue(QueueFilters(state=State.REPORTING)):
        if failed_recently(row.id):
            continue
        report = attempt_report(request_id=row.id)
        if report and timezone.now() - report.created_at > TOLD_AGAIN_AFTER:
            publish("report.written", request_id=str(row.id), report_id=str(report.pk))


def gather(view: RequestView) -> ReportFacts:
    """Collect everything the report may state, once."""
    plan, trace, tree = view.plan, view.trace or {}, head()
    return ReportFacts(
        report_id=str(uuid4()),
        created_at=timezone.now(),
        organisation=settings.ORGANISATION,
        signer=signing.key_id(),
        request=request_facts(view),
        trace=trace,
        closing_trace=view.closing_trace,
        datasets_examined=datasets_examined(),
        plan=plan_facts(plan) if plan else None,
        approvals=approval_facts(view),
        actions=actions_of(plan, trace, view.closing_trace) if plan else (),
        findings=findings_of(plan) if plan else (),
        ledger=LedgerFacts(origin=ledger_origin(), size=tree.size, root=tree.root.hex()),
    )


def ledger_origin() -> str:
    """The name under which this installation's checkpoints are signed."""
    return f"vestige/{slugify(settings.ORGANISATION)}/ledger"


def _sign_and_export(view: RequestView, facts: ReportFacts, document: dict[str, Any]) -> Report:
    report_json, html = canonical_json(document), report_html(document)
    if problems := [*lint_document(document), *lint_html(html, document)]:
        raise UnfitReportError(" ".join(problems))
    digest = parts.sha256(report_json)
    entry = append_entry(
        kind=parts.SIGNED_KIND,
        actor="system",
        reference=f"request:{view.id}",
        payload={"report": facts.report_id, "sha256": digest, "note": document["headline"]},
    )
    files = _files(view, facts.findings, report_json, html)
    envelope = _seal(files, facts.report_id, view.reference)
    report = Report.objects.create(
        id=UUID(facts.report_id),
        request_id=view.id,
        document=document,
        digest=digest,
        envelope=envelope,
        ledger_index=entry.index,
        export=view.reference,
        created_at=facts.created_at,
    )
    publish("report.written", request_id=str(view.id), report_id=facts.report_id)
    # Last, so that a refused row leaves no folder; a crash before COMMIT leaves one that the
    # next attempt replaces.
    write_folder(settings.EXPORT_DIR / view.reference, files)
    return report


def _files(
    view: RequestView, findings: tuple[FindingFacts, ...], report_json: bytes, html: str
) -> dict[str, bytes]:
    """Everything that the manifest lists."""
    tree = head()
    checkpoint = signing.sign_head(origin=ledger_origin(), size=tree.size, root=tree.root)
    return {
        parts.REPORT: report_json,
        parts.HTML: html.encode(),
        parts.LEDGER: ledger_file(_entries(view), checkpoint),
        parts.PUBLIC_KEY: signing.public_key_pem(),
        parts.GUIDE: GUIDE_TEXT.format(signer=signing.key_id()).encode(),
        **evidence_files(findings),
    }


def _entries(view: RequestView) -> list[LedgerEntry]:
    """Ledger entries about the request and its plan, in the ledger's order."""
    entries = entries_about(f"request:{view.id}")
    if view.plan:
        entries += entries_about(f"plan:{view.plan.id}")
    return sorted(entries, key=lambda entry: entry.index)


def _seal(files: dict[str, bytes], report_id: str, reference: str) -> dict[str, object]:
    """Add the manifest and the signed statement to the files; give the envelope."""
    manifest = parts.manifest_text({path: parts.sha256(data) for path, data in files.items()})
    stated = parts.statement(
        manifest=manifest.encode(),
        report=files[parts.REPORT],
        predicate={"report": report_id, "reference": reference},
    )
    envelope = signing.sign_payload(canonical_json(stated), parts.PAYLOAD_TYPE)
    files[parts.MANIFEST] = manifest.encode()
    files[parts.STATEMENT] = canonical_json(envelope)
    return envelope
