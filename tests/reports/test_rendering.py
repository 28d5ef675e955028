"""The document decides every byte of its renderings, whoever reads it."""

import hashlib
import json
from importlib.metadata import version
from typing import Any

from reports.document import SCHEMA
from reports.lint import visible_text
from reports.rendering import TEMPLATES, as_signed, canonical_json, report_html
from tests.factories import report_document

#: What lays a report out, by schema. When this fails, a template or the compiler was changed:
#: exports of the schema that were signed before would read as broken, so give the schema another
#: number in ``reports.document`` unless none was ever released, and state its digest here.
LAID_OUT_BY = {
    "vestige-report/2": "6f93421bef5648316717d42f435a4c605b270550dafc10c6751831835a2ca039",
}


def test_a_whole_number_reads_the_same_before_and_after_it_was_signed() -> None:
    document: dict[str, Any] = report_document()
    row = {"artifact": "income-net", "evidence": "membership_inference", "measure": "auc"}
    document["measurements"] = [{**row, "before": 1.0, "after": 0.5, "reference": None}]
    signed = as_signed(document)
    assert report_html(signed) == report_html(json.loads(canonical_json(signed)))
    assert as_signed(signed) == signed == document
    assert report_html(signed) != report_html(document)


def test_another_layout_is_another_schema() -> None:
    files = sorted(
        path
        for path in (TEMPLATES / "reports").rglob("*")
        if path.is_file() and path.name not in {"page.html", "altered.html"}
    )
    laid_out_by = hashlib.sha256(version("typst").encode())
    for path in files:
        laid_out_by.update(path.read_bytes())
    assert LAID_OUT_BY[SCHEMA] == laid_out_by.hexdigest()


def test_gaps_on_the_paths_stand_before_those_elsewhere() -> None:
    document = report_document()
    gap = {"artifact": "a", "severity": "high", "hides": "It hides.", "remedy": "Do so."}
    document["gaps"] = [{**gap, "on_path": True}, {**gap, "artifact": "b", "on_path": False}]
    text = visible_text(report_html(document))
    near, far = text.index("On the paths from the records"), text.index("Elsewhere, where nothing")
    assert near < text.index("a (high severity). It hides. Do so.") < far
    assert far < text.index("b (high severity). It hides. Do so.")
    assert "None were found." not in text
