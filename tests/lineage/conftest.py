"""What several modules stand on."""

import pytest

from lineage.closure import Snapshot
from lineage.closure.image import GraphImage
from lineage.closure.impact import answer_trace
from lineage.closure.standing import StandingGraph
from tests.lineage.graphs import edge, node


@pytest.fixture(scope="session")
def compiled() -> None:
    """Load the compiled engine before the first property, whose deadline is for one example."""
    snapshot = Snapshot(nodes=(node(0), node(1, state="superseded")), edges=(edge(0, 1),))
    graph = StandingGraph.of(GraphImage.of(snapshot))
    answer_trace(graph=graph, sources=[0], records=(), found_gaps=())
