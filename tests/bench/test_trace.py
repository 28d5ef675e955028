"""`vestige bench trace`: what it writes is what an installation would hold, and is traced whole."""

from collections.abc import Mapping

import networkx as nx
import numpy as np
import pytest
from django.db import connection
from rest_framework.test import APIClient

from bench.kit.big_company import Dataset, load_graph
from bench.kit.graphs import BigGraph, draw_graph
from bench.kit.people import make_people
from bench.kit.rivals import networkx_graph
from bench.trace import late
from lineage.closure.links import NEVER
from lineage.models import DerivationRevision

pytestmark = pytest.mark.django_db


@pytest.fixture
def graph() -> BigGraph:
    return draw_graph(2_000, seed=1)


@pytest.fixture
def datasets(graph: BigGraph) -> Mapping[int, Dataset]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # begins the test's transaction, so that nothing is committed
    return load_graph(connection.connection, graph)


def test_a_person_is_traced_through_a_whole_line_of_work(
    graph: BigGraph, datasets: Mapping[int, Dataset]
) -> None:
    source = int(graph.sources[0])
    made = make_people([datasets[source].segment])
    program = APIClient(headers={"Authorization": f"Bearer {made['key']}"})

    answer = program.post(
        "/api/v1/lineage/trace", {"subject": {"email": made["people"][0]}}, format="json"
    )

    came = nx.descendants(networkx_graph(graph.nodes, graph.links.at(graph.moment)), source)
    counts = answer.json()["counts"]
    assert counts["by_kind"] == {"segment": 1, "dataset_version": 1, "fine_tune": len(came)}
    assert len(answer.json()["affected"]) == 100


def test_the_history_is_written_too(graph: BigGraph, datasets: Mapping[int, Dataset]) -> None:
    kept = graph.links.until == NEVER
    pairs = np.stack([graph.links.upstream[kept], graph.links.downstream[kept]])
    least = np.unique(pairs, axis=1).shape[1] + len(datasets)
    assert DerivationRevision.objects.count() >= least


def test_a_late_answer_shows() -> None:
    figure = late("answer", [1.0] * 90 + [99.0] * 10, bound=50.0)
    assert (figure.value, figure.low, figure.high, figure.holds) == (99.0, 1.0, 99.0, False)
