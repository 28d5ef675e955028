"""The page about gaps names every rule, with the severity that it has."""

import re
from pathlib import Path

from lineage.gaps import SEVERITY

PAGE = Path(__file__).parents[2] / "docs" / "close-gaps.md"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_the_table_of_the_page_is_the_table_of_the_rules() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert [(rule, severity) for rule, severity, _, _ in rows] == list(SEVERITY.items())
