"""Every rule over all columns, then words for the few suspects."""

from collections.abc import Iterator, Mapping

import numpy as np

from lineage.gaps import artifacts, datasets, models, products
from lineage.gaps.found import HIGH, FoundGap, Rule, Suspect
from lineage.gaps.knowledge import Knowledge
from lineage.gaps.runs import RUN_WITHOUT_END, runs_without_end

#: One line a family of rules.
GAP_RULES: tuple[Rule, ...] = (
    *models.RULES,
    *datasets.RULES,
    *products.RULES,
    *artifacts.RULES,
)
#: Severity of each rule by its key, as its gaps carry them.
SEVERITY: Mapping[str, str] = {
    **{rule.name: rule.severity for rule in GAP_RULES},
    RUN_WITHOUT_END: HIGH,
}
#: The key of each rule.
RULE_NAMES: tuple[str, ...] = tuple(SEVERITY)


def find_gaps(known: Knowledge) -> tuple[FoundGap, ...]:
    """Apply every rule; sorted, so that equal knowledge gives equal answers."""
    found = [*_of_artifacts(known), *runs_without_end(known)]
    return tuple(sorted(found, key=_order))


def _order(found: FoundGap) -> tuple[str, str, int]:
    return found.gap.rule, found.gap.artifact, found.about or 0


def _of_artifacts(known: Knowledge) -> Iterator[FoundGap]:
    suspected = [(rule, np.flatnonzero(rule.suspects(known)).tolist()) for rule in GAP_RULES]
    places = sorted({place for _, found in suspected for place in found})
    ids = known.ids[places].tolist() if places else []
    names = known.names(ids) if ids else ()
    suspects = {
        place: Suspect(id=node, name=name, place=place)
        for place, node, name in zip(places, ids, names, strict=True)
    }
    for rule, found in suspected:
        for place in found:
            yield rule.gap(known, suspects[place])
