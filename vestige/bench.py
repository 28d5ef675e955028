"""What every bench has in common: its figures, how they are printed, and its exit status.

A bench is a module ``bench/NAME.py`` with a function ``run(*, quick: bool, …) -> BenchResult``
and, where it takes options of its own, a tuple ``OPTIONS`` of click options for them.
``docs/benchmarks.md`` lists the names of all figures.
"""

import ast
import importlib
import json
import math
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Literal

import click

BENCHES = Path(__file__).resolve().parent.parent / "bench"
#: Characters of a line where the output is no terminal.
WIDTH = 120
#: Exit statuses.
HOLDS, FALLS_SHORT, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure and the bound that was promised for it."""

    #: Fixed when it first lands; listed in ``docs/benchmarks.md``.
    name: str
    #: None where nothing could be measured, which never holds a bound.
    value: float | None
    unit: str
    better: Literal["higher", "lower"]
    #: What the figure must reach; None where it is only told.
    bound: float | None = None
    #: Spread over the runs, in ``unit``; None where there is only one value.
    low: float | None = None
    high: float | None = None
    #: How many measurements stand behind the value.
    runs: int = 1

    @property
    def holds(self) -> bool:
        """Whether the value keeps the bound; a figure without a bound always does."""
        if self.bound is None:
            return True
        if self.value is None or not math.isfinite(self.value):
            return False
        return self.value >= self.bound if self.better == "higher" else self.value <= self.bound


@dataclass(frozen=True, kw_only=True)
class BenchResult:
    """What one bench measured."""

    bench: str
    #: Every seed that drew something; the same seeds give the same draws.
    seeds: tuple[int, ...]
    figures: tuple[Figure, ...]

    @property
    def exit_status(self) -> int:
        """0 when every figure holds, else 1."""
        return HOLDS if all(figure.holds for figure in self.figures) else FALLS_SHORT

    def document(self) -> dict[str, Any]:
        """The result as ``--json`` prints it."""
        return {
            "bench": self.bench,
            "machine": machine(),
            "seeds": list(self.seeds),
            "figures": [_figure_document(figure) for figure in self.figures],
        }


def machine() -> str:
    """The machine in a few words: a figure means little without it."""
    processors = os.cpu_count() or 0
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        memory = f", {pages * size / 1024**3:.0f} GiB memory"
    except (ValueError, OSError):
        memory = ""
    system, python = platform.system(), platform.python_version()
    return f"{platform.machine()}, {processors} processors{memory}, {system}, Python {python}"


def bench_names() -> list[str]:
    """The benches of this checkout; an installed wheel brings none."""
    return sorted(path.stem for path in BENCHES.glob("*.py") if path.stem != "__init__")


def summary_of(name: str) -> str:
    """The first line of a bench's docstring, read without running any of its code."""
    tree = ast.parse((BENCHES / f"{name}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def print_table(result: BenchResult) -> None:
    """Print a result for people."""
    from rich.box import SIMPLE  # noqa: PLC0415 - beside its one use
    from rich.console import Console  # noqa: PLC0415 - the same
    from rich.table import Table  # noqa: PLC0415 - the same

    table = Table(title=f"{result.bench} on {machine()}", title_justify="left", box=SIMPLE)
    table.add_column("figure", no_wrap=True)
    for heading in ("value", "spread", "unit", "bound", "holds", "runs"):
        table.add_column(heading, justify="left" if heading == "unit" else "right")
    for figure in result.figures:
        sign = "≥" if figure.better == "higher" else "≤"
        table.add_row(
            figure.name,
            _number(figure.value),
            f"{_number(figure.low)} to {_number(figure.high)}" if figure.low is not None else "",
            figure.unit,
            "" if figure.bound is None else f"{sign} {_number(figure.bound)}",
            "" if figure.bound is None else ("yes" if figure.holds else "NO"),
            str(figure.runs),
        )
    # A file or a pipe has no width that lines would have to fit.
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def run_bench(
    run: Callable[..., BenchResult], *, as_json: bool, quick: bool, options: Mapping[str, Any]
) -> int:
    """Run a bench and print its result on standard output.

    Returns:
        Exit status: 0 every figure holds, 1 one falls short, 2 it could not run, 130 interrupted.
    """
    # Not at the top: the package loads Celery, which the verifier does without.
    from config.embedded.errors import ServiceError  # noqa: PLC0415 - see above

    # A supervisor's stop is to clean up as Ctrl-C does.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        result = run(quick=quick, **options)
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    except ServiceError as error:
        click.echo(str(error), err=True)
        return COULD_NOT_RUN
    except Exception:  # noqa: BLE001 - whatever ends a bench early means that it could not run
        traceback.print_exc()
        return COULD_NOT_RUN
    finally:
        signal.signal(signal.SIGTERM, before)
    if as_json:
        click.echo(json.dumps(result.document(), ensure_ascii=False))
    else:
        print_table(result)
    return result.exit_status


class Benches(click.Group):
    """The benches as commands; a bench's own code is loaded only when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the benches."""
        return bench_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Make the command of one bench, None where there is none of that name."""
        if cmd_name not in bench_names():
            return None
        return _command(cmd_name, importlib.import_module(f"bench.{cmd_name}"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the benches in the help without loading them."""
        if names := bench_names():
            with formatter.section("Benches"):
                formatter.write_dl([(name, summary_of(name)) for name in names])


def _command(name: str, module: ModuleType) -> click.Command:
    own: Sequence[click.Option] = getattr(module, "OPTIONS", ())

    def callback(*, as_json: bool, quick: bool, **options: Any) -> None:  # noqa: ANN401 - the bench's own
        sys.exit(run_bench(module.run, as_json=as_json, quick=quick, options=options))

    common = (
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object."),
        click.Option(["--quick"], is_flag=True, help="A small version that the suite runs."),
    )
    return click.Command(name, params=[*common, *own], callback=callback, help=module.__doc__)


def _figure_document(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        # JSON knows no NaN and no infinity.
        "value": figure.value if math.isfinite(figure.value or 0.0) else None,
        "unit": figure.unit,
        "better": figure.better,
        "bound": figure.bound,
        "holds": figure.holds,
        "low": figure.low,
        "high": figure.high,
        "runs": figure.runs,
    }


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.4g}"


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
