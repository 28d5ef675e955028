"""``GET /api/v1/lineage/gaps`` and ``vestige gaps --as-of``."""

import base64
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIClient

from governance.services import issue_api_key
from lineage.graph import ArtifactKind
from lineage.models import Activity, Artifact, ArtifactState, Moment
from vestige.cli import main

pytestmark = pytest.mark.django_db
#: Every write is a moment of its own.
in_time = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/lineage/gaps"


def reader(*scopes: str) -> APIClient:
    _, key = issue_api_key(name="operations", scopes=scopes)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def client() -> APIClient:
    return reader("lineage:read")


def unread(name: str) -> Artifact:
    return Artifact.objects.create(kind=ArtifactKind.DATASET_VERSION, identity=name, name=name)


def bureau() -> Artifact:
    return Artifact.objects.create(kind=ArtifactKind.RECIPIENT, identity="bureau", name="bureau")


def asked(client: APIClient, **parameters: str | int) -> Any:  # noqa: ANN401 - JSON
    answer = client.get(PATH, parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()


def names(document: Any) -> list[str]:  # noqa: ANN401 - JSON
    return [gap["artifact"] for gap in document["gaps"]]


def test_a_gap_says_what_it_is_about_what_it_hides_and_how_to_close_it(client: APIClient) -> None:
    dataset = unread("customers")
    document = asked(client)
    (gap,) = document.pop("gaps")
    assert document == {"as_of": None, "total": 1, "next": None}
    assert gap["rule"] == "dataset_without_subject_index"
    assert (gap["artifact"], gap["artifact_id"]) == ("customers", dataset.pk)
    assert gap["severity"] == "high"
    assert "Whose records customers holds is unknown" in gap["hides"]
    assert "vestige_recordIndex" in gap["remedy"]


def test_only_a_reading_key_gets_an_answer() -> None:
    assert APIClient().get(PATH).status_code == 401
    assert reader("lineage:write").get(PATH).status_code == 403


def test_gaps_are_filtered_by_severity_and_by_rule(client: APIClient) -> None:
    unread("customers")
    bureau()
    high = ["dataset_without_subject_index", "recipient_without_source"]

    def rules(**parameters: str) -> list[str]:
        return [gap["rule"] for gap in asked(client, **parameters)["gaps"]]

    assert rules(severity="high") == high
    assert rules(severity="low") == ["recipient_without_contact"]
    assert rules(rule=high[1]) == high[1:]
    assert rules(rule=high[1], severity="low") == []


def test_pages_give_every_gap_once_even_where_several_are_alike(client: APIClient) -> None:
    for name in "cab":
        unread(name)
    unread("a2")
    Artifact.objects.filter(name="a2").update(name="a")
    for number in range(3):
        Activity.objects.create(kind="mlflow_run", external_id=f"r{number}", name="nightly")
    seen, cursor = [], None
    while True:
        page = asked(client, page_size=2, **({"cursor": cursor} if cursor else {}))
        assert page["total"] == 7
        seen += names(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["a", "a", "b", "c", "nightly", "nightly", "nightly"]


def test_what_closes_between_two_pages_shifts_no_other_gap(client: APIClient) -> None:
    datasets = {name: unread(name) for name in "abcd"}
    first = asked(client, page_size=2)
    assert names(first) == ["a", "b"]
    for name in "ab":
        Artifact.objects.filter(pk=datasets[name].pk).update(indexed_at=timezone.now())
    assert names(asked(client, page_size=2, cursor=first["next"])) == ["c", "d"]


@in_time
def test_gaps_are_answered_as_they_were_on_record(client: APIClient) -> None:
    dataset = unread("customers")
    then = Moment.objects.latest("at").at.isoformat()
    Artifact.objects.filter(pk=dataset.pk).update(indexed_at=timezone.now())
    bureau()
    document = asked(client, as_of=then)
    assert (names(document), document["as_of"]) == (["customers"], then)
    assert set(names(asked(client))) == {"bureau"}


@in_time
def test_whether_something_was_shown_lately_is_asked_of_now_only(client: APIClient) -> None:
    dataset = unread("customers")
    Artifact.objects.filter(pk=dataset.pk).update(
        indexed_at=timezone.now(), seen_at=timezone.now() - timedelta(days=3650)
    )
    then = Moment.objects.latest("at").at.isoformat()
    assert [gap["rule"] for gap in asked(client)["gaps"]] == ["artifact_unseen"]
    assert names(asked(client, as_of=then)) == []
    Artifact.objects.filter(pk=dataset.pk).update(state=ArtifactState.SUPERSEDED)
    assert names(asked(client)) == []


NESTED = base64.urlsafe_b64encode(b"[" * 2500).decode()


@pytest.mark.parametrize(
    ("parameters", "field", "words"),
    [
        ({"severity": "medium"}, "severity", "medium"),
        ({"rule": "no_such_rule"}, "rule", "no_such_rule"),
        ({"as_of": "yesterday"}, "as_of", "2026-11-25T18:00:00+01:00"),
        ({"as_of": "2026-11-25T18:00:00"}, "as_of", "time zone"),
        ({"as_of": "2999-01-01T00:00:00Z"}, "as_of", "future"),
        ({"as_of": ""}, "as_of", "blank"),
        ({"page_size": "0"}, "page_size", "greater than or equal to 1"),
        ({"page_size": "1001"}, "page_size", "less than or equal to 1000"),
        ({"page_size": "many"}, "page_size", "integer"),
        ({"cursor": "x"}, "cursor", "Start again without one"),
        ({"cursor": "WzFd"}, "cursor", "Start again without one"),
        ({"cursor": "ünd"}, "cursor", "Start again without one"),
        ({"cursor": NESTED}, "cursor", "Start again without one"),
        ({"colour": "red"}, "colour", "unknown"),
        ({"rule": ["run_without_end", "copies_unreadable"]}, "rule", "once"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(
    client: APIClient, parameters: dict[str, str], field: str, words: str
) -> None:
    unread("customers")
    answer = client.get(PATH, parameters)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == f"/{field}"
    assert words in error["detail"]


def test_nothing_is_written_through_it(client: APIClient) -> None:
    answer: Response = client.post(PATH, {})
    assert answer.status_code == 405


def run(*words: str) -> Any:  # noqa: ANN401 - JSON
    out = StringIO()
    call_command("gaps", "--json", *words, stdout=out)
    return json.loads(out.getvalue())


@in_time
def test_the_command_answers_as_of_a_moment_too() -> None:
    dataset = unread("customers")
    then = Moment.objects.latest("at").at.isoformat()
    Artifact.objects.filter(pk=dataset.pk).update(indexed_at=timezone.now())
    assert run() == []
    assert [gap["artifact"] for gap in run("--as-of", then)] == ["customers"]
    assert run("--as-of", then, "--severity", "low") == []


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-25T18:00:00", "1999-01-01T00:00:00Z"])
def test_the_command_refuses_what_is_no_moment_of_the_history(moment: str) -> None:
    unread("customers")
    with pytest.raises(CommandError, match="as_of"):
        run("--as-of", moment)


def test_vestige_takes_a_moment() -> None:
    assert "--as-of" in CliRunner().invoke(main, ["gaps", "--help"]).output


def lines_of(answer: Response) -> list[Any]:
    assert answer["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in b"".join(answer).splitlines()]


def test_all_gaps_come_in_one_stream(client: APIClient) -> None:
    for number in range(3):
        unread(f"customers-{number}")
    bureau()
    wanted = {"rule": "dataset_without_subject_index", "severity": "high"}
    pages = asked(client, **wanted)

    *lines, end = lines_of(client.get(PATH, wanted, headers={"accept": "application/x-ndjson"}))

    assert [line["gap"] for line in lines] == pages["gaps"]
    assert end == {"end": {"as_of": None, "total": 3}}


def test_a_stream_of_gaps_has_no_pages(client: APIClient) -> None:
    answer = client.get(PATH, {"page_size": 5}, headers={"accept": "application/x-ndjson"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/page_size"
