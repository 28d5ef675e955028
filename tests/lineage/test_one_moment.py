"""Whoever looks at the graph sees one moment of it, and waits for nobody who writes."""

import threading
from collections.abc import Callable

import pytest
from django.db import InternalError, connection, transaction
from django.test import Client
from django.urls import reverse

from governance.models import Role
from lineage.graph import ArtifactKind
from lineage.locks import lock_graph
from lineage.models import Artifact
from lineage.selectors.knowledge import one_moment
from tests.factories import ArtifactFactory, OfficerFactory
from tests.lineage.whole_graph import read_snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def beside(act: Callable[[], object]) -> threading.Thread:
    """Do something at the same time, over a connection of its own."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    return thread


def test_pages_of_the_lineage_open_while_the_graph_is_being_written() -> None:
    artifact: Artifact = ArtifactFactory.create(kind=ArtifactKind.MODEL)
    client = Client()
    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))
    answers: list[int] = []

    def look() -> None:
        pages = (reverse("artifact", args=[artifact.pk]), reverse("gaps"))
        answers.extend(client.get(page).status_code for page in pages)

    with transaction.atomic():
        lock_graph()
        waiting = beside(look)
        assert not waiting.is_alive(), "a page waits for the lock of the graph's writers"
    assert answers == [200, 200]


def test_what_is_written_between_two_reads_is_not_seen() -> None:
    ArtifactFactory.create()
    with one_moment():
        before = Artifact.objects.count()
        beside(ArtifactFactory.create)
        assert len(read_snapshot().nodes) == before
    assert Artifact.objects.count() == before + 1


def test_inside_a_transaction_the_writers_wait() -> None:
    wrote = threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                lock_graph()
                wrote.set()
        finally:
            connection.close()

    with transaction.atomic():
        with one_moment():
            read_snapshot()
        late = threading.Thread(target=write)
        late.start()
        assert not wrote.wait(timeout=0.5)
    late.join(timeout=30)
    assert wrote.is_set()


def test_nothing_is_written_on_the_way() -> None:
    with pytest.raises(InternalError, match="read-only"), one_moment():
        ArtifactFactory.create()
