"""A trace over HTTP: page by page, in one stream, and between two moments."""

import csv
import io
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.signing import b64_decode
from django.db import connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Posting
from lineage.streams import harmless
from tests.lineage import company
from tests.lineage.starts import (
    ANN,
    document,
    edge,
    last_moment,
    make,
    names,
    reader,
    shop,
    trained_again,
    without_anybody,
)

pytestmark = pytest.mark.django_db(transaction=True)

TRACE = "/api/v1/lineage/trace"
ANNS = {"subject": {"email": ANN}}
NDJSON, CSV = "application/x-ndjson", "text/csv"
#: What a page lists beside its rows, and the name of a line of a stream with one of them.
LISTED = {
    "records": "record",
    "reasons": "reason",
    "frontier": "frontier",
    "blocked": "blocked",
    "cycles": "cycle",
}


@pytest.fixture
def client() -> APIClient:
    return reader()


def ask(client: APIClient, body: dict[str, Any], path: str = "") -> Any:  # noqa: ANN401 - JSON
    response = client.post(TRACE + path, body, format="json")
    assert response.status_code == 200, response.content
    return response.json()


def pages(client: APIClient, body: dict[str, Any], size: int) -> list[Any]:
    found = [ask(client, {**body, "page_size": size})]
    while cursor := found[-1]["next"]:
        found.append(ask(client, {**body, "page_size": size, "cursor": cursor}))
    return found


def lines(client: APIClient, body: dict[str, Any], path: str = "") -> list[Any]:
    response = client.post(TRACE + path, body, format="json", headers={"accept": NDJSON})
    assert (response.status_code, response["Content-Type"]) == (200, NDJSON)
    return [json.loads(line) for line in response.getvalue().splitlines()]


def refusal(client: APIClient, body: object, path: str = "", accept: str = "*/*") -> Any:  # noqa: ANN401 - JSON
    response = client.post(TRACE + path, body, format="json", headers={"accept": accept})
    assert response["Content-Type"] == "application/problem+json"
    assert response.status_code == response.json()["status"]
    return response.json()


def test_pages_the_stream_and_the_command_give_the_same_answer(
    client: APIClient, tmp_path: Path
) -> None:
    company.build(tmp_path)
    unclear = Artifact.objects.get(name="adult-v1@1")
    unclear.attributes["unreadable_copies"] = True
    unclear.save()
    edge(unclear, without_anybody(), Relation.CACHED_IN)
    by_command = document("--email", company.ANN)
    body = {"subject": {"email": company.ANN}}
    found = pages(client, body, size=4)
    *items, end = lines(client, body)
    rows = [item["affected"] for item in items if "affected" in item]

    affected = by_command.pop("affected")
    assert by_command.pop("gaps")  # they have a call of their own
    assert len(found) == -(-len(affected) // 4)
    assert [row for page in found for row in page["affected"]] == affected == rows
    counts = end["end"]["counts"]
    assert counts["affected"] == len(affected)
    assert counts["by_kind"]["model"] == sum(row["kind"] == "model" for row in affected)
    weights = sum("weights" in row["influence"] for row in affected)
    assert counts["by_influence"]["weights"] == weights
    sure = [row["certainty"] for row in affected]
    assert counts["by_certainty"] == {name: sure.count(name) for name in ("certain", "possible")}
    assert min(counts["by_certainty"].values()) > 0
    # What is asked of now holds of the last moment, and says so.
    summary = by_command | {"as_of": last_moment(), "counts": counts}
    assert summary["frontier"]
    (blocked,) = summary["blocked"]
    assert names([blocked["upstream"], blocked["downstream"]]) == ["adult-v1@1", "without anybody"]
    assert (blocked["relation"], blocked["evidence"]) == ("cached_in", "record_index")
    assert end["end"] == {key: summary[key] for key in summary if key not in LISTED}
    for key, name in LISTED.items():
        assert [item[name] for item in items if name in item] == summary[key]
    first, *others = [{k: v for k, v in p.items() if k not in {"affected", "next"}} for p in found]
    assert first == summary
    heading = {key: summary[key] for key in ("as_of", "snapshot_hash", "complete", "counts")}
    assert all(page == heading for page in others)


@pytest.mark.parametrize(
    ("start", "command"),
    [
        (ANNS, ("--email", ANN)),
        ({"record": "A-1"}, ("--record", "A-1")),
        ({"artifact": "test:base"}, ("--artifact", "base")),
    ],
)
def test_each_start_is_asked_as_the_command_asks_it(
    client: APIClient, start: dict[str, Any], command: tuple[str, ...]
) -> None:
    shop()
    found, expected = ask(client, start), document(*command)
    assert found["affected"] == expected["affected"]
    assert found["records"] == expected["records"]
    assert (found["complete"], found["reasons"]) == (False, expected["reasons"])


def test_an_artifact_may_be_named_by_the_number_that_answers_give(client: APIClient) -> None:
    there = shop()
    by_number = ask(client, {"artifact": there.base.pk})
    assert by_number == ask(client, {"artifact": str(there.base.pk)})
    assert names(by_number["affected"]) == ["base", "tuned", "product"]


def test_nobody_is_found_where_nothing_was_ever_recorded(client: APIClient) -> None:
    found = ask(client, ANNS)
    assert (found["affected"], found["next"], found["as_of"]) == ([], None, None)
    (end,) = lines(client, ANNS)
    assert end["end"]["counts"] == {
        "affected": 0,
        "by_kind": {},
        "by_influence": dict.fromkeys(("content", "weights", "selection", "exposure"), 0),
        "by_certainty": {"certain": 0, "possible": 0},
    }


def test_every_page_is_of_the_moment_of_the_first_one(client: APIClient) -> None:
    there = shop()
    whole = ask(client, ANNS)
    first = ask(client, {**ANNS, "page_size": 2})
    trained_again(there)
    edge(there.tuned, make("late", ArtifactKind.FINE_TUNE), Relation.FINE_TUNED_FROM)
    Artifact.objects.filter(pk=there.product.pk).update(name="renamed")

    second = ask(client, {**ANNS, "page_size": 100, "cursor": first["next"]})
    assert first["affected"] + second["affected"] == whole["affected"]
    assert second["next"] is None
    heading = ("as_of", "snapshot_hash", "complete", "counts")
    assert all(second[key] == first[key] == whole[key] for key in heading)
    assert "late" in names(ask(client, ANNS)["affected"])
    assert ask(client, {**ANNS, "as_of": whole["as_of"]}) == whole


def test_what_is_written_while_a_trace_is_asked_is_not_mixed_into_it(client: APIClient) -> None:
    there = shop()
    then = last_moment()
    found: list[Any] = []

    def look() -> None:
        try:
            found.append(ask(client, ANNS))
        finally:
            connection.close()

    with transaction.atomic():
        edge(there.tuned, make("late", ArtifactKind.FINE_TUNE), Relation.FINE_TUNED_FROM)
        looking = threading.Thread(target=look)
        looking.start()
        while looking.is_alive() and not somebody_waits():
            time.sleep(0.02)
    looking.join(timeout=30)
    (before,) = found
    assert (before["as_of"], "late" in names(before["affected"])) == (then, False)
    after = ask(client, ANNS)
    assert (after["as_of"], "late" in names(after["affected"])) == (last_moment(), True)


def somebody_waits() -> bool:
    """Whether another connection waits for the lock of the graph's writers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone() is not None


def test_a_page_of_an_answer_that_is_not_known_any_more_is_refused(client: APIClient) -> None:
    there = shop()
    first = ask(client, {**ANNS, "page_size": 2})
    # The record index keeps no history: what it forgets is forgotten of earlier moments too.
    Posting.objects.filter(record_ids__contains=["A-1"]).update(
        segments=[there.second.pk], record_ids=["A-2"]
    )
    problem = refusal(client, {**ANNS, "cursor": first["next"]})
    assert (problem["status"], problem["type"]) == (409, "urn:vestige:problem:answer-changed")
    assert "start again" in problem["detail"]


def test_a_cursor_is_good_for_its_own_question_only(client: APIClient) -> None:
    shop()
    first = ask(client, {**ANNS, "page_size": 2})
    cursor = first["next"]
    others: tuple[dict[str, Any], ...] = (
        {"subject": {"email": "bob@example.org"}},
        {"record": "A-1"},
        {"artifact": "rows"},
        {**ANNS, "as_of": first["as_of"]},
    )
    for body in others:
        problem = refusal(client, {**body, "cursor": cursor})
        assert problem["status"] == 422
        assert problem["errors"][0]["pointer"] == "/cursor"
        assert "another question" in problem["detail"]
    changed = cursor[:5] + ("a" if cursor[5] != "a" else "b") + cursor[6:]
    for forged in (changed, cursor[:-1], "x", "a:b:c"):
        assert "no cursor of this server" in refusal(client, {**ANNS, "cursor": forged})["detail"]


def test_a_cursor_tells_nobody_who_was_asked_for(client: APIClient) -> None:
    shop()
    cursor = ask(client, {**ANNS, "page_size": 2})["next"]
    inside = json.loads(b64_decode(cursor.split(":")[0].encode()))
    assert set(inside) == {"question", "as_of", "fingerprint", "complete", "position"}
    assert ANN not in json.dumps(inside)
    asked_again = ask(client, {"subject": {"email": ANN.upper()}, "cursor": cursor})
    assert asked_again["affected"]


def test_csv_holds_every_row_and_no_formula(client: APIClient) -> None:
    there = shop()
    Artifact.objects.filter(pk=there.base.pk).update(name='=HYPERLINK("http://x","y"), "q"')
    response = client.post(TRACE, ANNS, format="json", headers={"accept": CSV})
    assert response["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode(), newline="")))
    whole = ask(client, ANNS)
    assert response["Vestige-Count"] == str(len(rows)) == str(whole["counts"]["affected"])
    assert response["Vestige-Complete"] == "false"
    assert response["Vestige-Snapshot-Hash"] == whole["snapshot_hash"]
    assert response["Vestige-As-Of"] == whole["as_of"]
    assert [int(row["artifact_id"]) for row in rows] == [
        row["artifact_id"] for row in whole["affected"]
    ]
    base = next(row for row in rows if row["artifact_id"] == str(there.base.pk))
    assert base["name"] == '\'=HYPERLINK("http://x","y"), "q"'
    assert base["path_ids"] == f"{there.first.pk} {there.rows.pk} {there.base.pk}"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r", "\n=1", "  =1", "\uff1d1"])
def test_what_a_spreadsheet_would_run_is_quoted(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_a_trace_is_asked_as_of_a_moment(client: APIClient) -> None:
    there = shop()
    then = last_moment()
    trained_again(there)
    assert "base" not in names(ask(client, ANNS)["affected"])
    for body in (ANNS, {"record": "A-1"}, {"artifact": "base"}):
        asked = {**body, "as_of": then}
        found = pages(client, asked, size=2)
        rows = [row for page in found for row in page["affected"]]
        assert "base" in names(rows)
        streamed = [line["affected"] for line in lines(client, asked) if "affected" in line]
        assert streamed == rows


def test_a_difference_is_told_as_the_command_tells_it(client: APIClient) -> None:
    there = shop()
    then = last_moment()
    trained_again(there)
    later = last_moment()
    for body, words in ((ANNS, ("--email", ANN)), ({"artifact": "base"}, ("--artifact", "base"))):
        now = ask(client, {**body, "before": then}, "/difference")
        assert names(now["no_longer_affected"]) == ["base"]
        assert now == document(*words, "--as-of", then, "--diff", "now")
        ended = ask(client, {**body, "before": then, "after": later}, "/difference")
        assert ended["after"]["as_of"] is not None
        assert ended["graph"] == now["graph"]


def test_bad_input_is_refused_by_field(client: APIClient) -> None:
    shop()
    then = last_moment()
    refused: list[tuple[str, object, int, str]] = [
        ("", {}, 422, ""),
        ("", {**ANNS, "record": "A-1"}, 422, ""),
        ("", {"subject": {"email": "ann"}}, 422, "/subject/email"),
        ("", {"record": 5}, 422, "/record"),
        ("", {"record": ""}, 422, "/record"),
        ("", {"artifact": True}, 422, "/artifact"),
        ("", {"artifact": ["base"]}, 422, "/artifact"),
        ("", {"artifact": ""}, 422, "/artifact"),
        ("", {"artifact": "a\0b"}, 422, "/artifact"),
        ("", {**ANNS, "page_size": 0}, 422, "/page_size"),
        ("", {**ANNS, "page_size": 1001}, 422, "/page_size"),
        ("", {**ANNS, "as_of": "yesterday"}, 422, "/as_of"),
        ("", {**ANNS, "as_of": "2001-01-01T00:00:00Z"}, 422, "/as_of"),
        ("", {**ANNS, "size": 3}, 422, "/size"),
        ("/difference", ANNS, 422, "/before"),
        ("/difference", {**ANNS, "before": "2026-11-25T18:00:00"}, 422, "/before"),
        ("/difference", {**ANNS, "before": then, "after": then}, 422, "/after"),
        ("/difference", {**ANNS, "before": then, "after": "2999-01-01T00:00:00Z"}, 422, "/after"),
        ("/paths", ANNS, 422, "/to"),
        ("/paths", {**ANNS, "to": 1, "limit": 0}, 422, "/limit"),
        ("/paths", {**ANNS, "to": 1, "limit": 10**30}, 422, "/limit"),
    ]
    for path, body, status, pointer in refused:
        problem = refusal(client, body, path)
        assert (problem["status"], [e["pointer"] for e in problem["errors"]]) == (status, [pointer])
    for path, missing in (("", {"record": "X-1"}), ("", {"artifact": "nothing"})):
        assert refusal(client, missing, path)["status"] == 404
        # Whoever asks for a stream is refused as clearly.
        assert refusal(client, missing, path, accept=CSV)["status"] == 404
    assert refusal(client, {**ANNS, "to": 10**30}, "/paths")["status"] == 404
    for field, value in (("cursor", "x"), ("page_size", 5)):
        problem = refusal(client, {**ANNS, field: value}, accept=NDJSON)
        assert [e["pointer"] for e in problem["errors"]] == [f"/{field}"]
    assert refusal(client, ANNS, accept="application/pdf")["status"] == 406


def test_an_ambiguous_name_is_refused_with_the_candidates(client: APIClient) -> None:
    first, second = make("m1"), make("m2")
    Artifact.objects.update(name="scorer")
    problem = refusal(client, {"artifact": "scorer"})
    assert [e["pointer"] for e in problem["errors"]] == ["/artifact"]
    assert f"{first.pk} (model, current), {second.pk} (model, current)" in problem["detail"]


@pytest.mark.parametrize("path", ["", "/difference", "/paths"])
def test_only_a_key_that_may_read_the_lineage_gets_an_answer(path: str) -> None:
    assert refusal(reader("lineage:write"), ANNS, path)["status"] == 403
    anonymous = Client().post(TRACE + path, ANNS, content_type="application/json")
    assert anonymous.status_code == 401


def test_every_path_is_listed_as_far_as_asked_for(client: APIClient) -> None:
    there = shop()
    body = {**ANNS, "to": there.tuned.pk}
    whole = ask(client, body, "/paths")
    chains = [
        [there.first, there.rows, there.base, there.tuned],
        [there.first, there.rows, there.tuned],
        [there.second, there.rows, there.base, there.tuned],
        [there.second, there.rows, there.tuned],
    ]
    expected = [[artifact.pk for artifact in chain] for chain in chains]
    assert [[node["id"] for node in path["path"]] for path in whole["paths"]] == expected
    relations = [[], ["part_of"], ["trained_on"], ["fine_tuned_from"]]
    assert [node["relations"] for node in whole["paths"][0]["path"]] == relations
    assert (whole["more"], whole["to"]["name"]) == (False, "tuned")
    assert {path["certainty"] for path in whole["paths"]} == {"certain"}

    some = ask(client, {**body, "limit": 3}, "/paths")
    assert (some["paths"], some["more"]) == (whole["paths"][:3], True)
    assert ask(client, {**body, "limit": 4}, "/paths")["more"] is False
    *streamed, end = lines(client, body, "/paths")
    assert streamed == whole["paths"]
    assert (end["end"]["count"], end["end"]["more"]) == (4, False)
    *streamed, end = lines(client, {**body, "limit": 2000}, "/paths")
    assert (len(streamed), end["end"]["snapshot_hash"]) == (4, ask(client, ANNS)["snapshot_hash"])
    *streamed, end = lines(client, {**body, "limit": 1}, "/paths")
    assert (streamed, end["end"]["count"]) == (whole["paths"][:1], 1)
    assert end["end"]["more"] is True


def test_paths_are_told_as_of_a_moment_and_to_what_was_reached_only(client: APIClient) -> None:
    there = shop()
    then = last_moment()
    late = make("late", ArtifactKind.FINE_TUNE)
    edge(there.tuned, late, Relation.UNLEARNED_FROM)
    body = {"artifact": there.base.pk, "to": late.pk}
    (path,) = ask(client, body, "/paths")["paths"]
    assert names(path["path"]) == ["base", "tuned", "late"]
    assert path["certainty"] == "possible"
    assert refusal(client, {**body, "as_of": then}, "/paths")["status"] == 404
    assert refusal(client, {"artifact": late.pk, "to": there.base.pk}, "/paths")["status"] == 404
    itself = ask(client, {"artifact": late.pk, "to": late.pk}, "/paths")["paths"]
    assert [names(path["path"]) for path in itself] == [["late"]]
    problem = refusal(client, {**body, "limit": 1001}, "/paths")
    assert "application/x-ndjson" in problem["detail"]
