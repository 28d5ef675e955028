import pytest

from reports.lint import FORBIDDEN, lint_claim, lint_html, visible_text
from reports.verbs import Verb

CLAIM = {
    "artifact": "income-net",
    "verb": Verb.SUPPRESSED,
    "sentence": "Outputs about the data subject were suppressed at http://x while it lasted.",
    "limits": ["Suppression hides answers."],
}
DOCUMENT = {"headline": "Not everything was removed.", "claims": [CLAIM]}
PAGE = (
    "<style>p{content:'was removed'}</style><h1>Not everything\n was removed.</h1>"
    f"<p>{CLAIM['sentence']}</p><li>Suppression hides <b>answers.</b></li>"
)


@pytest.mark.parametrize("word", ["removed", "erased", "deleted", "Forgotten", "guaranteed"])
def test_a_suppression_never_says_removal(word: str) -> None:
    problems = lint_claim({**CLAIM, "sentence": f"Everything was {word}."})
    assert problems == [f'The claim on income-net (suppressed) says "{word.lower()}".']


def test_a_name_is_no_claim() -> None:
    named = {**CLAIM, "artifact": "removed users", "sentence": "Suppressed at removed users."}
    assert lint_claim(named) == []


def test_every_verb_has_its_forbidden_words() -> None:
    assert set(FORBIDDEN) == set(Verb)
    assert lint_claim({**CLAIM, "verb": "obliterated"})


def test_a_faithful_rendering_passes() -> None:
    assert lint_html(PAGE, DOCUMENT) == []
    assert visible_text(PAGE).startswith("Not everything was removed.")


def test_a_template_that_claims_by_itself_is_found() -> None:
    assert lint_html(PAGE + "<p>The record was erased.</p>", DOCUMENT) == [
        'The rendering adds "was erased", which no claim carries.'
    ]


@pytest.mark.parametrize("part", ["Not everything", "suppressed at", "hides"])
def test_a_rendering_that_leaves_something_out_is_found(part: str) -> None:
    assert lint_html(PAGE.replace(part, ""), DOCUMENT)
