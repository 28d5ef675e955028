"""Writes a report: gather, build, lint, sign, export; once for each request."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from deletion_requests.lifecycle import State
from deletion_requests.selectors import QueueFilters, RequestView, queue, request_view
from deletion_requests.services import give_up_report
from governance import signing
from governance.attempts import DATABASE_AWAY, attempts_are_spent, defect
from governance.ledger.origin import ledger_origin
from governance.ledger.selectors import entries_about, head
from governance.ledger.services import append_entry, lock_appends
from governance.outbox import publish
from reports import statement as parts
from reports.bag import bag_info, lay_out
from reports.document import SCHEMA, build_document
from reports.errors import NotReadyForReportError, UnfitReportError
from reports.export import evidence_files, ledger_file, write_folder
from reports.facts import LedgerFacts, ReportFacts
from reports.guide import guide_text
from reports.lint import lint_document, lint_html
from reports.models import Report
from reports.pdf import report_pdf
from reports.pdf_lint import lint_pdf
from reports.rendering import as_signed, canonical_json, report_html
from reports.selectors import (
    FAILED_KIND,
    approval_facts,
    failed_attempts,
    failed_recently,
    findings_of,
    plan_facts,
    request_facts,
)
from reports.treatments import actions_of

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
    document = as_signed(build_document(facts))
    return _sign_and_export(view, facts, document)


def attempt_report(*, request_id: UUID) -> Report | None:
    """Write a report, or record why it could not be; after some attempts a person is asked.

    A database that is away does not count as an attempt.

    Returns:
        The report, or None where it is not due or could not be written.

    Raises:
        django.db.OperationalError: The database is away.
        django.db.InterfaceError: The same.
    """
    try:
        return write_report(request_id=request_id)
    except NotReadyForReportError:
        return None
    except DATABASE_AWAY:
        raise
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
    final = isinstance(error, UnfitReportError) or attempts_are_spent(attempts)
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
    return defect(error)


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
    trace, tree = view.trace or {}, head()
    # A plan that was outdated before its work began says nothing of the trace that came after it.
    plan = view.plan if view.plan and view.plan.snapshot_hash == trace["snapshot_hash"] else None
    return ReportFacts(
        report_id=str(uuid4()),
        created_at=timezone.now(),
        organisation=settings.ORGANISATION,
        signer=signing.key_id(),
        request=request_facts(view),
        trace=trace,
        closing_trace=view.closing_trace,
        plan=plan_facts(plan) if plan else None,
        approvals=approval_facts(view) if plan else (),
        actions=actions_of(plan, trace, view.closing_trace) if plan else (),
        findings=findings_of(plan) if plan else (),
        ledger=LedgerFacts(origin=ledger_origin(), size=tree.size, root=tree.root.hex()),
    )


def _sign_and_export(view: RequestView, facts: ReportFacts, document: dict[str, Any]) -> Report:
    payload = _payload(facts, document)
    digest = parts.sha256(payload[parts.REPORT])
    entry = append_entry(
        kind=parts.SIGNED_KIND,
        actor="system",
        reference=f"request:{view.id}",
        payload={"report": facts.report_id, "sha256": digest, "note": document["headline"]},
    )
    tree = head()
    note = signing.sign_head(origin=ledger_origin(), size=tree.size, root=tree.root)
    payload[parts.LEDGER] = ledger_file(entries_about(f"request:{view.id}"), note)
    files, envelope = _seal(payload, note, facts)
    report = Report.objects.create(
        id=UUID(facts.report_id),
        request_id=view.id,
        document=document,
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


def _payload(facts: ReportFacts, document: dict[str, Any]) -> dict[str, bytes]:
    """The report in its three renderings, checked against its claims, and its evidence.

    Raises:
        UnfitReportError: A rendering says more than the claims carry.
    """
    report_json, html = canonical_json(document), report_html(document)
    pdf = report_pdf(document, report_json)
    problems = [
        *lint_document(document),
        *lint_html(html, document),
        *lint_pdf(pdf, document),
    ]
    if problems:
        raise UnfitReportError(" ".join(problems))
    return {
        parts.REPORT: report_json,
        parts.HTML: html.encode(),
        parts.PDF: pdf,
        **evidence_files(facts.findings),
    }


def _seal(
    payload: dict[str, bytes], note: str, facts: ReportFacts
) -> tuple[dict[str, bytes], dict[str, object]]:
    """Lay the export out as a bag and sign it; gives every file and the envelope."""
    tags = {
        parts.PUBLIC_KEY: signing.public_key_pem(),
        parts.GUIDE: guide_text(signer=facts.signer).encode(),
        **parts.checkpoint_files(note),
    }
    info = bag_info(
        organisation=facts.organisation,
        reference=facts.request.reference,
        created_on=facts.created_at.date(),
        schema=SCHEMA,
    )
    files = lay_out(payload, tags, info)
    predicate = parts.predicate(report=facts.report_id, reference=facts.request.reference)
    stated = canonical_json(parts.statement(files, predicate))
    envelope = signing.sign_payload(stated, parts.PAYLOAD_TYPE)
    return {**files, **parts.statement_files(envelope)}, envelope
