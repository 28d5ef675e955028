"""Lineage gaps: what the graph does not know, and whether that may hide an affected artifact.

An unknown is answered as "unknown impact", never as "no impact". The rules stand in one room a
family, the table of them in :mod:`lineage.gaps.finding`.
"""

from lineage.gaps.finding import GAP_RULES, RULE_NAMES, SEVERITY, find_gaps
from lineage.gaps.found import SEVERITIES, FoundGap, Rule
from lineage.gaps.knowledge import Details, Knowledge, LaterUse, UnendedRun

__all__ = [
    "GAP_RULES",
    "RULE_NAMES",
    "SEVERITIES",
    "SEVERITY",
    "Details",
    "FoundGap",
    "Knowledge",
    "LaterUse",
    "Rule",
    "UnendedRun",
    "find_gaps",
]
