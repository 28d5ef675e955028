"""The pages: what they say, that nothing entered is read as markup, and that they are tagged."""

import json
import subprocess
import sys
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from reports.figure import lineage_figure
from reports.pdf import report_pdf
from reports.pdf_lint import lint_pdf
from reports.printing import SHOWN, breakable, prepared, printable, squeezed
from reports.rendering import canonical_json
from tests.factories import report_document

HOSTILE = (
    '#eval("1") $x^2$ \\ #import "@preview/x:1" *b* _i_ <b>&amp;</b> @ref // c /* */ `r` [c] {d}'
    " \u202egnirts\u202c \u2066x\u2069 a\x00b \x1b[31m 中文 😀 עברית ﷽ \ue000 \ufffe e\u0301"
)


def pages_of(document: dict[str, Any]) -> bytes:
    return report_pdf(document, canonical_json(document))


def text_of(pdf: bytes) -> str:
    return squeezed("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return report_document()


@pytest.fixture(scope="module")
def pdf(document: dict[str, Any]) -> bytes:
    return pages_of(document)


def test_the_pages_say_what_the_document_says(document: dict[str, Any], pdf: bytes) -> None:
    assert lint_pdf(pdf, document) == []
    text = text_of(pdf)
    for said in ("Finding", "What is claimed", "Residual risk", "Page 1 of"):
        assert squeezed(said) in text
    assert text.index(squeezed(document["headline"])) < text.index(squeezed("What is claimed"))


def test_the_same_document_gives_the_same_bytes(document: dict[str, Any], pdf: bytes) -> None:
    assert pages_of(document) == pdf


def test_the_pages_are_tagged_named_and_in_a_language(document: dict[str, Any], pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/Lang"] == "en"
    assert bool(catalog["/MarkInfo"]["/Marked"])
    assert bool(catalog["/ViewerPreferences"]["/DisplayDocTitle"])
    assert "/StructTreeRoot" in catalog
    assert reader.metadata is not None
    assert reader.metadata.title == f"Report on deletion request {document['request']['reference']}"
    about = catalog["/Metadata"].get_object().get_data()
    assert b"pdfuaid:part" in about
    assert b"<pdfaid:part>3</pdfaid:part>" in about
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in about


def test_what_readers_list_and_search_holds_no_marks_for_breaking_lines() -> None:
    document = hostile_document()
    document["headline"] = f"Records deleted from: {'income-monolithic-log@1' * 2}."
    metadata = PdfReader(BytesIO(pages_of(document))).metadata
    assert metadata is not None
    assert metadata.subject == document["headline"]


def test_the_document_itself_is_attached(document: dict[str, Any], pdf: bytes) -> None:
    assert PdfReader(BytesIO(pdf)).attachments["report.json"] == [canonical_json(document)]


def test_the_picture_has_words_and_only_bundled_fonts_are_used(pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    alternatives = {
        str(item.get("/Alt"))
        for item in (reader.get_object(number) for number in range(1, len(reader.xref[0]) + 1))
        if isinstance(item, DictionaryObject) and "/Alt" in item
    }
    assert any(text.startswith("Lineage of the affected artifacts: ") for text in alternatives)
    resources: list[Any] = [page["/Resources"] for page in reader.pages]
    fonts = {
        str(font.get_object()["/BaseFont"]).split("+")[-1]
        for resource in resources
        for font in resource["/Font"].values()
    }
    assert fonts
    assert all(name.startswith(("LibertinusSerif", "DejaVuSansMono")) for name in fonts)


def hostile_document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(report_document()))
    document["report"]["organisation"] = HOSTILE
    document["request"]["regime_name"] = HOSTILE
    document["request"]["clock"]["events"][0]["note"] = HOSTILE
    document["notes"] = [{"artifact": HOSTILE, "note": HOSTILE * 40}]
    document["affected_artifacts"][2]["name"] = HOSTILE
    document["affected_artifacts"][2]["path"][-1] = HOSTILE
    for claim in document["claims"]:
        claim["sentence"] = f"{claim['sentence']} {HOSTILE}"
    document["destructions"] = [
        {
            "artifact": "x" * 300,
            "what": "the artifact",
            "location": "file:///" + "y" * 500,
            "files": 1,
            "bytes": 10**15,
            "digest": "",
            "absent": False,
        }
    ]
    return document


def test_nothing_that_was_entered_is_read_as_markup() -> None:
    document = hostile_document()
    pdf = pages_of(document)
    assert lint_pdf(pdf, document) == []
    text = text_of(pdf)
    for said in ('#eval("1")', "$x^2$", "<b>&amp;</b>", "`r`", "[U+202E]", "[U+0000]", "[U+4E2D]"):
        assert squeezed(said) in text


def test_long_words_stay_on_the_page() -> None:
    reader = PdfReader(BytesIO(pages_of(hostile_document())))
    for page in reader.pages:
        width = float(page.mediabox.width)

        def check(text: str, *where: list[float], edge: float = width) -> None:
            matrix, text_matrix = where[:2]
            if text.strip():
                assert 0 <= text_matrix[4] * matrix[0] + matrix[4] <= edge - 40, text

        page.extract_text(visitor_text=check)


@settings(max_examples=20)
@given(st.text(max_size=60))
def test_any_text_can_be_printed(entered: str) -> None:
    document = {**report_document(), "residual_risk": [entered]}
    assert lint_pdf(pages_of(document), document) == []


def test_every_character_that_is_shown_has_a_glyph() -> None:
    shown = [chr(code) for first, last in SHOWN for code in range(first, last + 1)]
    document = {**report_document(), "residual_risk": ["".join(shown)]}
    assert "".join(shown) != ""
    pages_of(document)


def test_pages_that_say_more_or_less_are_found(document: dict[str, Any], pdf: bytes) -> None:
    better = {**document, "headline": "Everything was removed."}
    problems = lint_pdf(pdf, better)
    assert "It lacks the headline." in problems
    assert "The attached report.json is another document." in problems
    bold = {**document, "plan": {**document["plan"], "author": "all data was erased"}}
    adds, _, reads = lint_pdf(pages_of(bold), document)
    assert adds == 'It adds "waserased", which no claim carries.'
    assert "draftedbyalldatawaserased" in reads


@pytest.mark.parametrize(
    ("field", "better"), [("verb", "influence removed"), ("guarantee_class", "exact")]
)
def test_pages_with_a_claim_under_another_verb_or_class_are_found(
    document: dict[str, Any], field: str, better: str
) -> None:
    altered = json.loads(json.dumps(document))
    [claim] = [claim for claim in altered["claims"] if claim["verb"] == "suppressed"]
    claim[field] = better
    problems = lint_pdf(report_pdf(altered, canonical_json(document)), document)
    lacks = f"It lacks the claim on {claim['artifact']} with its verb and guarantee class."
    assert lacks in problems
    assert problems[-1].startswith("It reads ")


def test_pages_of_the_same_words_in_another_file_are_found(
    document: dict[str, Any], pdf: bytes
) -> None:
    assert lint_pdf(pdf + b"% drawn over", document) == [
        "It reads as the report but is not the file that this version makes of it."
    ]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"no pdf at all", b"%PDF-1.7\nxref\n0 1\n"])
def test_what_is_no_pdf_is_said_to_be_none(document: dict[str, Any], data: bytes) -> None:
    assert lint_pdf(data, document) == ["It cannot be read as a PDF."]


def test_words_are_broken_without_changing_what_they_say() -> None:
    digest = "sha256:" + "a" * 64
    assert squeezed(breakable(digest)) == digest
    assert breakable("short words stay") == "short words stay"
    assert prepared({"svg": digest, "rows": [[digest, 1, None]]}) == {
        "svg": digest,
        "rows": [[breakable(digest), 1, None]],
    }
    assert printable(" a\n\tb ") == "a b"


def test_a_picture_escapes_names() -> None:
    paths = [["<script>", 'a"b&c']]
    figure = lineage_figure([{"name": 'a"b&c', "kind": "model", "path": path} for path in paths])
    assert figure is not None
    assert "<script>" not in figure.svg
    assert "&lt;script&gt;" in figure.svg
    assert lineage_figure([{"name": "a", "kind": "model", "path": ["a"]}]) is None


def test_the_web_process_does_not_load_the_compiler() -> None:
    code = (
        "import os, sys; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings');"
        "import django; django.setup(); import config.urls; assert 'typst' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = ['.', 'requests']; {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
