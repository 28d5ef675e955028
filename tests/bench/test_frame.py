"""The frame of every bench: what a figure holds, what is printed, and the exit status."""

import json
from pathlib import Path
from typing import Literal

import jsonschema
import pytest
from click.testing import CliRunner

from bench.crash import figures_of
from config.embedded.errors import ServiceError
from config.embedded.paths import BASE_DIR
from vestige.bench import BenchResult, Figure, bench_names, run_bench, summary_of
from vestige.cli import main

NUMBER_OR_NOTHING = {"type": ["number", "null"]}
SHAPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["bench", "machine", "seeds", "figures"],
    "properties": {
        "bench": {"type": "string"},
        "machine": {"type": "string", "minLength": 10},
        "seeds": {"type": "array", "items": {"type": "integer"}},
        "figures": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": [
                    *("name", "value", "unit", "better", "bound", "holds", "low", "high", "runs")
                ],
                "properties": {
                    "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
                    "value": NUMBER_OR_NOTHING,
                    "unit": {"type": "string", "minLength": 1},
                    "better": {"enum": ["higher", "lower"]},
                    "bound": NUMBER_OR_NOTHING,
                    "holds": {"type": "boolean"},
                    "low": NUMBER_OR_NOTHING,
                    "high": NUMBER_OR_NOTHING,
                    "runs": {"type": "integer"},
                },
            },
        },
    },
}


def figure(*, value: float | None, bound: float | None = 10, higher: bool = True) -> Figure:
    better: Literal["higher", "lower"] = "higher" if higher else "lower"
    return Figure(name="speed", value=value, unit="per second", better=better, bound=bound)


def result(*figures: Figure) -> BenchResult:
    return BenchResult(bench="speed", seeds=(1, 2), figures=figures)


@pytest.mark.parametrize(
    ("value", "higher", "holds"),
    [
        (10, True, True),
        (9.99, True, False),
        (10, False, True),
        (10.01, False, False),
        (None, True, False),
        (float("nan"), False, False),
        (float("inf"), True, False),
    ],
)
def test_a_figure_holds_when_it_reaches_its_bound(
    value: float | None, higher: bool, holds: bool
) -> None:
    assert figure(value=value, higher=higher).holds is holds


def test_a_figure_without_a_bound_is_only_told() -> None:
    assert figure(value=None, bound=None).holds


def test_json_has_the_shape_that_was_agreed(capsys: pytest.CaptureFixture[str]) -> None:
    measured = result(figure(value=12), figure(value=None, bound=None))
    status = run_bench(lambda *, quick: measured, as_json=True, quick=True, options={})  # noqa: ARG005 - the frame passes it
    printed = json.loads(capsys.readouterr().out)
    jsonschema.validate(printed, SHAPE)
    assert status == 0
    assert printed["seeds"] == [1, 2]
    assert printed["figures"][0]["holds"] is True


def test_one_figure_that_falls_short_is_status_1_and_is_marked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measured = result(figure(value=12), figure(value=3))
    status = run_bench(lambda *, quick: measured, as_json=False, quick=False, options={})  # noqa: ARG005 - the frame passes it
    assert status == 1
    assert "NO" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ServiceError("PostgreSQL cannot run here."), 2, "PostgreSQL cannot run here."),
        (ZeroDivisionError("a defect"), 2, "ZeroDivisionError: a defect"),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_a_bench_that_cannot_run_prints_no_result(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*, quick: bool, rows: int) -> BenchResult:
        assert (quick, rows) == (True, 7)
        raise error

    assert run_bench(run, as_json=True, quick=True, options={"rows": 7}) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err


def test_every_bench_is_listed_and_explains_itself() -> None:
    listing = CliRunner().invoke(main, ["bench"])
    assert listing.exit_code == 0
    assert "crash" in bench_names()
    for name in bench_names():
        assert summary_of(name) in listing.output
        answer = CliRunner().invoke(main, ["bench", name, "--help"])
        assert answer.exit_code == 0
        assert {"--json", "--quick"} <= set(answer.output.replace(",", " ").split())


def test_a_bench_that_is_not_there_is_wrong_usage() -> None:
    answer = CliRunner().invoke(main, ["bench", "nothing"])
    assert answer.exit_code == 2
    assert "nothing" in answer.output


def test_the_documentation_lists_every_figure() -> None:
    listed = (BASE_DIR / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for measured in figures_of([], runs=3):
        assert f"`{measured.name}`" in listed


def test_a_key_without_a_checkpoint_is_wrong_usage(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.touch()
    answer = CliRunner().invoke(main, ["ledger", "fsck", "--key", str(key)])
    assert answer.exit_code == 2
    assert "--checkpoint" in answer.output
