"""The document as blocks in reading order, in words; the PDF's template only lays them out."""

from typing import Any

from governance.wording import (
    clock_event,
    duration,
    kind_name,
    lower_first,
    moment,
    phrase,
    verb_tone,
)
from reports.pdf_blocks import (
    Block,
    Json,
    bullets,
    finding,
    guarantee,
    heading,
    table,
    table_of,
    tag,
    text,
)
from reports.pdf_measured import measured_blocks
from reports.pdf_trace import trace_blocks
from reports.verbs import STRENGTH


def pdf_view(document: Json) -> dict[str, Any]:
    """Arrange the document for print."""
    request, report = document["request"], document["report"]
    return {
        "title": f"Report on deletion request {request['reference']}",
        "organisation": report["organisation"],
        "reference": request["reference"],
        "report": report["id"],
        "headline": document["headline"],
        "facts": _facts(document),
        "sections": [
            {"title": title, "blocks": blocks}
            for title, blocks in (
                ("What is claimed", _claims(document)),
                ("Residual risk, and what was not examined", _risk(document)),
                ("What was measured", measured_blocks(document)),
                ("What the trace found", trace_blocks(document)),
                ("What was planned and approved", _plan(document)),
                ("Clock and identity", _clock(request)),
                ("How to verify this report offline", _verify(document)),
            )
            if blocks
        ],
    }


def _facts(document: Json) -> list[list[str]]:
    request = document["request"]
    confirmed = request["identity"]["confirmed_at"]
    return [
        ["Law", f"{request['regime_name']}, {request['request_type']}"],
        ["Received", moment(request["clock"]["received_at"])],
        ["Answer due", moment(request["clock"]["due_on"])],
        ["Report written", moment(document["report"]["created_at"])],
        ["Identity", f"confirmed {moment(confirmed)}" if confirmed else "not confirmed"],
        ["Trace", "complete" if document["complete"] else "not complete, see the gaps"],
    ]


def _claims(document: Json) -> list[Block]:
    claims = document["claims"]
    if not claims:
        return [text("No affected artifact was found, so nothing is claimed about any.")]
    by_verb = sorted(claims, key=lambda claim: STRENGTH.index(claim["verb"]))
    blocks = [
        text(
            "Each claim follows by rule from the method and its evidence. Read the verb and the"
            f" guarantee class together; the weakest claim, {document['weakest']}, caps the"
            " finding above."
        ),
        table(
            "One claim for each affected artifact, the strongest verb first",
            ["Artifact", "Kind", "Verb", "Guarantee class"],
            [5, 3, 5, 3],
            [
                [
                    claim["artifact"],
                    kind_name(claim["kind"]),
                    tag(claim["verb"], verb_tone(claim["verb"])),
                    guarantee(claim["guarantee_class"]),
                ]
                for claim in by_verb
            ],
        ),
        *(_claim(claim) for claim in claims),
    ]
    if document["deployments"]:
        blocks += [
            heading("Products switched to another model"),
            text(
                "A switch changes what is served from then on. It takes nothing out of a model, so"
                " it is no claim of its own."
            ),
            {"kind": "findings", "items": [finding(item) for item in document["deployments"]]},
        ]
    return blocks


def _claim(claim: Json) -> Block:
    return {
        "kind": "claim",
        "title": f"{kind_name(claim['kind'])} {claim['artifact']}",
        "tags": [
            tag(claim["verb"], verb_tone(claim["verb"])),
            guarantee(claim["guarantee_class"], "Guarantee class: "),
        ],
        "sentence": claim["sentence"],
        "evidence": [
            finding(item, f"{phrase(item['kind'])}: ", f"SHA-256 {item['digest']}")
            for item in claim["evidence"]
        ],
        "assumptions": claim["assumptions"],
        "limits": claim["limits"],
    }


def _risk(document: Json) -> list[Block]:
    return [
        heading("What remains to live with"),
        bullets(document["residual_risk"]),
        heading("What was not examined"),
        bullets(document["not_examined"]),
    ]


def _plan(document: Json) -> list[Block]:
    plan = document["plan"]
    if plan is None:
        return []
    approvals = [
        f"{item['officer']} ({', '.join(item['roles'])}"
        f"{'; drafted the plan' if item['is_author'] else ''}), {moment(item['approved_at'])}"
        for item in document["approvals"]
    ]
    uncovered = [f"{item['artifact']}: {item['reason']}" for item in plan["uncovered"]]
    return [
        text(f"Plan {plan['digest']}, drafted by {plan['author']}."),
        *table_of(
            "Steps in the order in which they ran",
            ["Step", "Artifact", "Guarantee class", "Why this method", "Estimate"],
            [4, 4, 3, 7, 2],
            [_step(step) for step in document["plan_steps"]],
        ),
        *(
            [heading("Artifacts that no method could treat"), bullets(uncovered)]
            if uncovered
            else []
        ),
        heading("Approvals"),
        bullets(approvals or ["None"]),
    ]


def _step(step: Json) -> list[Any]:
    others = [
        f" Not chosen: {lower_first(phrase(other['method']))} ({other['reason']})"
        for other in step["alternatives"]
    ]
    return [
        f"{step['ordinal']}. {step['method_name']}",
        step["artifact_name"],
        guarantee(step["guarantee_class"]),
        step["reason"] + "".join(others),
        duration(step["cost_seconds"]),
    ]


def _clock(request: Json) -> list[Block]:
    clock = request["clock"]
    return [
        text(
            f"The clock follows {clock['source']} (rule {clock['rule']}). Identity was checked by"
            f" {request['identity']['method']}; no document is kept."
        ),
        *table_of(
            "Clock events",
            ["Event", "When", "Why"],
            [3, 4, 8],
            [
                [clock_event(event["kind"]), moment(event["occurred_at"]), event["note"]]
                for event in clock["events"]
            ],
        ),
    ]


def _verify(document: Json) -> list[Block]:
    ledger = document["ledger"]
    return [
        text(
            "Every file of the export is listed with its SHA-256, the list is signed, and the"
            " entries behind this report are proven to stand in the ledger. Ask the organisation"
            " for its public key by another way than this export: a key that lies inside it proves"
            " nothing. VERIFY.md in the export gives the commands for common tools."
        ),
        {"kind": "code", "text": "vestige verify EXPORT --key KEY"},
        {
            "kind": "facts",
            "items": [
                ["Signing key (SHA-256 of its public part)", document["report"]["signer"]],
                ["Ledger", f"{ledger['origin']}, {ledger['size']} entries"],
                ["Root of the ledger", ledger["root"]],
                ["Schema", document["schema"]],
            ],
        },
    ]
