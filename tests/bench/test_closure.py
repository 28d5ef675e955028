"""`vestige bench closure --quick`: rivals of other making must reach what the engine reaches."""

from bench.closure import run
from bench.kit.timing import Duel


def test_all_rivals_agree_and_nothing_fresh_is_missed() -> None:
    found = {figure.name: figure for figure in run(quick=True).figures}
    assert found["answers_unlike_recursive_query"].value == 0
    assert found["answers_unlike_networkx"].value == 0
    assert found["fresh_links_missed"].value == 0
    for size in ("closure_nodes", "large_answer_nodes", "snapshot_of_allowed_memory"):
        assert found[size].holds, size
    assert found["closure_against_recursive_query"].bound == 40
    assert found["union_against_recursive_query"].bound == 75
    assert found["closure_against_networkx"].bound == 25
    assert found["large_answer_against_gather_floor"].bound == 3.5
    assert found["counts_cpu_seconds"].bound == 1
    assert found["overlay_cost"].bound == 1.3


def test_a_duel_tells_the_median_of_its_pairs() -> None:
    duel = Duel(ours=(1.0, 2.0, 4.0), theirs=(4.0, 4.0, 4.0))
    faster = duel.times_faster("f", bound=2)
    assert (faster.value, faster.low, faster.high, faster.holds) == (2.0, 1.0, 4.0, True)
    slower = duel.times_slower("s", bound=0.4)
    assert (slower.value, slower.low, slower.high, slower.holds) == (0.5, 0.25, 1.0, False)
