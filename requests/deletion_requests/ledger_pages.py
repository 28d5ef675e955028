"""The pages of the ledger: its entries, its signed head, the key that signs it."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from deletion_requests.models import DeletionRequest
from deletion_requests.timeline import TITLES, reference_of
from governance.access import OfficerRequest, officers_only
from governance.acts import Act
from governance.filters import asked_for
from governance.ledger import selectors
from governance.ledger.listing import EntryView, entries, head_hex
from governance.ledger.origin import ledger_origin
from governance.signing import key_id, public_key_pem, sign_head


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """One entry as the page says it."""

    entry: EntryView
    title: str
    #: The sentence that the entry carries, or empty.
    note: str
    #: The request that it is about; None where it is about something else.
    request_id: UUID | None
    request_reference: str


@require_GET
@officers_only(Act.READ_LEDGER)
def ledger_page(request: OfficerRequest) -> HttpResponse:
    """List entries, the newest first; the filter stands in the address."""
    about = asked_for(request, "request")
    found = entries(
        references=_references(about) if about else None, page=asked_for(request, "page")
    )
    size, root = head_hex()
    context = {
        "section": "ledger",
        "about": about,
        "slice": found,
        "rows": _rows(found.rows),
        "size": size,
        "root": root,
        "origin": ledger_origin(),
    }
    return render(request, "governance/ledger.html", context)


@require_GET
@officers_only(Act.READ_LEDGER)
def checkpoint_file(_request: OfficerRequest) -> HttpResponse:
    """Give the ledger's head as it stands, signed (C2SP tlog-checkpoint)."""
    head = selectors.head()
    note = sign_head(origin=ledger_origin(), size=head.size, root=head.root)
    return _download(note.encode(), f"checkpoint-{head.size}.txt", "text/plain; charset=utf-8")


@require_GET
def public_key_page(request: HttpRequest) -> HttpResponse:
    """Show the public key and its fingerprint to everybody: people compare it with a report's."""
    context = {"section": "key", "key_id": key_id(), "pem": public_key_pem().decode()}
    return render(request, "governance/public_key.html", context)


@require_GET
def public_key_file(_request: HttpRequest) -> HttpResponse:
    """Give the public key as a file."""
    return _download(public_key_pem(), "vestige-public-key.pem", "application/x-pem-file")


def _download(content: bytes, name: str, content_type: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _references(about: str) -> tuple[str, ...]:
    """What the ledger calls the requests whose reference contains this text."""
    rows = DeletionRequest.objects.filter(reference__icontains=about).values_list("pk", flat=True)
    return tuple(reference_of(request_id) for request_id in rows)


def _rows(found: tuple[EntryView, ...]) -> list[EntryRow]:
    names = {
        reference_of(request_id): (request_id, reference)
        for request_id, reference in DeletionRequest.objects.filter(
            pk__in=_request_ids(found)
        ).values_list("pk", "reference")
    }
    return [
        EntryRow(
            entry=entry,
            title=TITLES.get(entry.kind, entry.kind.replace(".", " ").replace("_", " ")),
            note=str(entry.payload.get("note", "")),
            request_id=names.get(entry.reference, (None, ""))[0],
            request_reference=names.get(entry.reference, (None, ""))[1],
        )
        for entry in found
    ]


def _request_ids(found: tuple[EntryView, ...]) -> set[UUID]:
    about = {entry.reference.partition(":") for entry in found}
    return {UUID(name) for kind, _, name in about if kind == "request"}
