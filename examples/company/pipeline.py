"""Runs the company's scripts one after the other in one process, which loads torch and MLflow once.

Each script leaves a stamp when it has finished: the file ``<script>.done`` in the folder of stamps.
::

    python -m examples.company.pipeline --data DIR --stamps DIR [--rows N] SCRIPT=TITLE ...
"""

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

#: The script that takes the number of rows.
LIMITED = "prepare_data"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the scripts that were named; one that fails ends the pipeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--stamps", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=None, help="only the first rows of Adult")
    parser.add_argument("scripts", nargs="+", metavar="SCRIPT=TITLE")
    options = parser.parse_args(argv)
    console = Console(highlight=False)
    for named in options.scripts:
        script, _, title = named.partition("=")
        console.print(f"[bold]{title or script}[/bold]")
        limited = options.rows is not None and script == LIMITED
        importlib.import_module(f"examples.company.{script}").main(
            ["--data", str(options.data), *(["--rows", str(options.rows)] if limited else [])]
        )
        (options.stamps / f"{script}.done").touch()


if __name__ == "__main__":
    main()
