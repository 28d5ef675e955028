"""Progress on the terminal: one line a stage, one bar a step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

Show = Callable[[dict[str, Any]], None]


class StepBars:
    """Shows what is under way, and how long it has been."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show a stage while it lasts; yields a function that says what it is doing now."""
        with self._progress(BarColumn(bar_width=24)) as progress:
            task = progress.add_task(title, total=None)

            def say(words: str) -> None:
                progress.update(task, description=f"{title}: {words}")

            yield say
            progress.update(task, description=title, total=1, completed=1)

    @contextmanager
    def steps(self) -> Iterator[Show]:
        """Show each step of a plan; yields a function that takes the request as it stands."""
        with self._progress(BarColumn(bar_width=24)) as progress:
            bars: dict[int, TaskID] = {}
            whole = progress.add_task("The plan", total=1.0)

            def show(request: dict[str, Any]) -> None:
                plan = request["plan"]
                for step in plan["steps"]:
                    ordinal = step["ordinal"]
                    title = f"  {step['method']} · {step['artifact']['name']}"
                    if ordinal not in bars:
                        bars[ordinal] = progress.add_task(title, total=1.0)
                    done = 1.0 if step["state"] == "done" else step["progress"]
                    progress.update(bars[ordinal], completed=done)
                finished = 1.0 if request["state"] == "closed" else plan["progress"]
                progress.update(whole, completed=finished, description=f"Plan: {request['state']}")

            yield show

    def _progress(self, bar: BarColumn) -> Progress:
        return Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description}"),
            bar,
            TimeElapsedColumn(),
            console=self._console,
        )
