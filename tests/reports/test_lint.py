"""What the lints of a report accept and refuse, without a database."""

from typing import Any

import pytest

from reports.lint import (
    CLAIMING,
    CLAIMING_SQUEEZED,
    FORBIDDEN,
    lint_claim,
    lint_document,
    lint_html,
    lint_text,
    visible_text,
)
from reports.rendering import report_html
from reports.verbs import Verb
from tests.factories import report_document

CLAIM: dict[str, Any] = {
    "artifact": "income-net",
    "kind": "product",
    "verb": Verb.SUPPRESSED,
    "guarantee_class": "suppression",
    "sentence": "Outputs about the data subject were suppressed at http://x while it lasted.",
    "evidence": [],
    "assumptions": [],
    "limits": ["Suppression hides answers."],
}
DOCUMENT = {"headline": "Not everything was removed.", "claims": [CLAIM]}
PAGE = (
    "<style>p{content:'was removed'}</style><h1>Not everything\n was removed.</h1>"
    "<h3>Product income-net</h3><b>suppressed</b> <b>Guarantee class: Suppression</b>"
    f"<p>{CLAIM['sentence']}</p><li>Suppression hides <b>answers.</b></li>"
)


def problems_of(page: str) -> list[str]:
    return lint_text(visible_text(page), DOCUMENT)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return report_document()


@pytest.fixture(scope="module")
def html(document: dict[str, Any]) -> str:
    return report_html(document)


@pytest.mark.parametrize("word", ["removed", "erased", "deleted", "Forgotten", "guaranteed"])
def test_a_suppression_never_says_removal(word: str) -> None:
    problems = lint_claim({**CLAIM, "sentence": f"Everything was {word}."})
    assert problems == [f'The claim on income-net (suppressed) says "{word.lower()}".']


def test_a_name_is_no_claim() -> None:
    named = {**CLAIM, "artifact": "removed users", "sentence": "Suppressed at removed users."}
    assert lint_claim(named) == []


@pytest.mark.parametrize("place", ["/srv/removed/adult.csv", "http://unlearned.example/influence"])
def test_a_place_is_no_claim(document: dict[str, Any], place: str) -> None:
    action = {"artifact_name": "adult@1", "place": place}
    sentence = f"The listed records were deleted from {place} (adult@1)."
    claim = {**CLAIM, "artifact": "adult@1", "verb": Verb.DELETED, "sentence": sentence}
    assert lint_document({**document, "claims": [claim], "actions": [action]}) == []
    assert lint_claim(claim)


def test_a_short_name_does_not_hide_a_word() -> None:
    claim = {**CLAIM, "artifact": "r", "sentence": "Everything was removed at r."}
    assert lint_claim(claim) == ['The claim on r (suppressed) says "removed".']


@pytest.mark.parametrize("field", ["limits", "assumptions"])
@pytest.mark.parametrize(
    "said", ["All copies were erased.", "The result is guaranteed.", "It is certified."]
)
def test_limits_and_assumptions_promise_nothing_either(field: str, said: str) -> None:
    problems = lint_claim({**CLAIM, field: [said]})
    assert problems
    assert all(said in problem for problem in problems)


def test_a_limit_may_quote_a_finding() -> None:
    summary = "The manifest lists 3 forgotten records as trained on."
    limit = f"Check failed: {summary}"
    finding = {"kind": "manifest_excludes", "outcome": "failed", "summary": summary, "digest": ""}
    assert lint_claim({**CLAIM, "evidence": [finding], "limits": [limit]}) == []
    assert lint_claim({**CLAIM, "limits": [limit]})


def test_every_verb_has_its_forbidden_words() -> None:
    assert set(FORBIDDEN) == set(Verb)
    assert lint_claim({**CLAIM, "verb": "obliterated"})


def test_a_faithful_rendering_passes() -> None:
    assert problems_of(PAGE) == []
    assert visible_text(PAGE).startswith("Not everything was removed.")


@pytest.mark.parametrize("being", ["is", "are", "was", "were", "has been", "have been", "will be"])
@pytest.mark.parametrize("gone", ["removed", "deleted", "erased", "destroyed", "forgotten"])
def test_a_template_that_claims_by_itself_is_found(being: str, gone: str) -> None:
    said = f"{being.rsplit(maxsplit=1)[-1]} {gone}"
    problem = f'It adds "{said}", which no claim carries.'
    assert problems_of(f"{PAGE}<p>The data {being} {gone} at every location.</p>") == [problem]
    assert CLAIMING_SQUEEZED.search(f"Thedata{being.replace(' ', '')}{gone}ateverylocation.")


@pytest.mark.parametrize(
    "claim",
    ["was now fully erased", "are all gone", "no longer holds", "Everything was", "is guaranteed"],
)
def test_other_ways_to_claim_are_found_too(claim: str) -> None:
    assert CLAIMING.search(f"It {claim} here")


@pytest.mark.parametrize(
    "said", ["This removed row", "How artifacts are treated", "The switch is no removal"]
)
def test_what_claims_nothing_passes(said: str) -> None:
    assert not CLAIMING.search(said)


@pytest.mark.parametrize(
    "part", ["Not everything", "suppressed at", "hides", "Product", "income-net", "Guarantee class"]
)
def test_a_rendering_that_leaves_something_out_is_found(part: str) -> None:
    assert problems_of(PAGE.replace(part, ""))


@pytest.mark.parametrize(
    ("shown", "instead"),
    [
        ("<b>suppressed</b>", "<b>influence removed</b>"),
        ("Guarantee class: Suppression", "Guarantee class: Exact"),
        ("<h3>Product income-net", "<h3>Product income-tuned"),
    ],
)
def test_a_claim_under_another_verb_class_or_name_is_found(shown: str, instead: str) -> None:
    # Word for word the claim's own parts still stand somewhere on the page.
    altered = PAGE.replace(shown, instead) + shown
    assert problems_of(altered) == [
        "It lacks the claim on income-net with its verb and guarantee class."
    ]


def test_the_file_that_the_document_gives_passes(document: dict[str, Any], html: str) -> None:
    assert lint_html(html, document) == []


@pytest.mark.parametrize(
    ("shown", "instead"),
    [
        ("None were found.", "They do not hold the records."),
        (">Approximate</span>", ">Exact</span>"),
        (">suppressed</span>", ">influence removed</span>"),
        ("</article>", "The customer data have been destroyed at every location</article>"),
        ("</style>", ".r-headline p { display: none }</style>"),
        ("<main>", '<main title="Everything is gone">'),
        ("<h2", "<!-- --><h2"),
    ],
)
def test_whatever_was_changed_in_the_file_is_found(
    document: dict[str, Any], html: str, shown: str, instead: str
) -> None:
    assert shown in html
    problems = lint_html(html.replace(shown, instead, 1), document)
    assert problems[-1].startswith("It reads ")


def test_a_departure_is_quoted_with_what_the_report_gives(
    document: dict[str, Any], html: str
) -> None:
    altered = html.replace("None were found.", "None were hidden.")
    [problem] = lint_html(altered, document)
    assert "None were hidden." in problem
    assert "where the report gives" in problem
    assert "None were found." in problem


@pytest.mark.parametrize("field", ["claims", "headline", "report"])
def test_a_document_of_another_shape_is_refused(document: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match="cannot be rendered"):
        report_html({name: value for name, value in document.items() if name != field})
