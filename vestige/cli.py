"""The console script. Each command loads what it needs when it runs.

Exit statuses: 0 done; 1 the work failed, or an export is broken; 2 wrong usage; 3 an export is
intact but its signer is not trusted; 4 a service could not run; 130 interrupted.
"""

import contextlib
import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from vestige.bench import Benches, bench_names, summary_of

if TYPE_CHECKING:
    from vestige.verify import Verdict

SERVICE_FAILED = 4
INTERRUPTED = 130
VERDICT_COLOURS = {0: "green", 3: "yellow"}
PORT = click.IntRange(1, 65535)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vestige")
def main() -> None:
    """Follow personal data through machine learning, and remove it on request."""


@main.command()
@click.option("--port", type=PORT, help="Port of the web interface [VESTIGE_PORT, 8000].")
def up(port: int | None) -> None:
    """Run the services, the workers and the web interface until Ctrl-C."""
    from config.embedded.stack import Stack

    def serve() -> int:
        with Stack(port=port, progress=_say) as stack:
            _say(f"Vestige is at {stack.url}/ and MLflow at {stack.mlflow_url}; Ctrl-C stops both.")
            stack.wait()
        return 0

    sys.exit(_guarded(serve))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--serve/--no-serve", default=True, help="Leave the web interface running at the end."
)
@click.option("--port", type=PORT, help="Port of the web interface [VESTIGE_PORT, 8000].")
@click.option(
    "--rows",
    type=click.IntRange(min=5_000),
    help="Train on the first rows of the data only, to see the result sooner [all 45,222].",
)
def demo(*, as_json: bool, serve: bool, port: int | None, rows: int | None) -> None:
    """Train the example company's models and carry one deletion request to its report."""
    from config.embedded.paths import web_port
    from vestige.demo import run

    sys.exit(
        _guarded(lambda: run(as_json=as_json, serve=serve, port=port or web_port(), rows=rows))
    )


@main.command()
@click.argument("export", type=click.Path(path_type=Path))
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The signer's public key, from outside the export; a key packed inside proves nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as one JSON object.")
def verify(export: Path, key: Path | None, *, as_json: bool) -> None:
    """Check an EXPORT (folder or zip) offline: hashes, signature, ledger proofs, claims.

    Exit status 0: verified. 1: broken, and the broken part is named. 2: it cannot be read.
    3: intact, but the signer is not trusted, because no key was given.
    """
    from vestige.verify import verify_export

    verdict = verify_export(export, key)
    _print_verdict(verdict, as_json=as_json)
    sys.exit(verdict.exit_status)


@main.command()
@click.option("--email", help="The data subject's e-mail address.")
@click.option("--record", help="The id of one record.")
@click.option("--artifact", help="The id, identity or name of one artifact.")
@click.option("--as-of", help="Answer from what was on record then: ISO 8601 with an offset.")
@click.option("--diff", help="Show what changed from --as-of to this moment, or to now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def trace(*, as_json: bool, **given: str | None) -> None:
    """Show where one person's records or one record went, or what came of one artifact."""
    if sum(given[start] is not None for start in ("email", "record", "artifact")) != 1:
        raise click.UsageError("Say what to trace: one of --email, --record and --artifact.")
    if given["diff"] is not None and given["as_of"] is None:
        raise click.UsageError("--diff compares with an earlier moment: name it with --as-of.")
    words = [
        f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value is not None
    ]
    _manage("trace", *words, *(["--json"] if as_json else []))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the gaps as JSON.")
@click.option("--severity", type=click.Choice(["high", "low"]), help="Only of this severity.")
@click.option("--rule", help="Only what this rule found.")
@click.option("--as-of", help="Answer from what was on record then: ISO 8601 with an offset.")
def gaps(*, as_json: bool, severity: str | None, rule: str | None, as_of: str | None) -> None:
    """Show where lineage is incomplete."""
    asked = {"--severity": severity, "--rule": rule, "--as-of": as_of}
    given = [f"{name}={value}" for name, value in asked.items() if value is not None]
    _manage("gaps", *(["--json"] if as_json else []), *given)


@main.command("graph-image")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def graph_image(*, as_json: bool) -> None:
    """Lay the whole graph out anew for fast traces; workers do this by themselves now and then."""
    _manage("graph_image", *(["--json"] if as_json else []))


@main.command()
@click.option("--email", help="The data subject's e-mail address.")
@click.option("--record", multiple=True, help="A record id; may be repeated.")
@click.option("--run", help="Only the runs of this name or id.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def exposure(email: str | None, record: tuple[str, ...], run: str | None, *, as_json: bool) -> None:
    """Show in which training step records were first used, and the checkpoints from before."""
    if bool(email) == bool(record):
        raise click.UsageError("Say whose records: either --email or --record.")
    given = [f"--email={email}"] if email else [f"--record={name}" for name in record]
    chosen = [f"--run={run}"] if run else []
    _manage("exposure", *given, *chosen, *(["--json"] if as_json else []))


@main.command("allowed-to-train")
@click.argument("dataset", nargs=-1, required=True)
@click.option("--purpose", help="What the training is for [training].")
@click.option("--records", is_flag=True, help="Name the records concerned.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def allowed_to_train(
    dataset: tuple[str, ...], purpose: str | None, *, records: bool, as_json: bool
) -> None:
    """Ask whether a training may read each DATASET (name, identity or location) now.

    Exit status 0: it may. 1: it may not, or something needed is not recorded; each reason is named.
    """
    given = [f"--purpose={purpose}"] if purpose is not None else []
    given += ["--records"] if records else []
    _manage("allowed_to_train", *given, *(["--json"] if as_json else []), "--", *dataset)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def retention(*, as_json: bool) -> None:
    """List what is past its retention term, for destruction, and what has no term."""
    _manage("retention", *(["--json"] if as_json else []))


@main.command()
@click.argument("artifact")
@click.option("--basis", help="Legal basis, one of GDPR Art. 6(1).")
@click.option("--purpose", multiple=True, help="What it may be used for; may be repeated.")
@click.option("--until", help="Last day on which it may be kept, YYYY-MM-DD.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def terms(
    artifact: str, basis: str | None, purpose: tuple[str, ...], until: str | None, *, as_json: bool
) -> None:
    """Show, or state, legal basis, purposes and retention term of an ARTIFACT (id, name, identity).

    What is stated counts before what was captured.
    """
    given = [f"--basis={basis}"] if basis else []
    given += [f"--purpose={name}" for name in purpose]
    given += [f"--until={until}"] if until else []
    _manage("terms", *given, *(["--json"] if as_json else []), "--", artifact)


@main.command()
@click.argument("choice", type=click.Choice(["consent", "opt_out"]))
@click.option("--email", required=True, help="The data subject's e-mail address.")
@click.option("--purpose", help="What it is about [every purpose].")
@click.option("--at", help="When they chose, ISO 8601 with a zone [now].")
def choice(choice: str, email: str, purpose: str | None, at: str | None) -> None:
    """Record a data subject's consent or opt-out."""
    given = [f"--purpose={purpose}"] if purpose else []
    given += [f"--at={at}"] if at else []
    _manage("choice", choice, f"--email={email}", *given)


@main.group()
def index() -> None:
    """Look after the record index: which segments hold whose records."""


@index.command("load")
@click.argument("source")
@click.option("--dataset", required=True, help="NAME or NAME@VERSION.")
@click.option("--record-id", required=True, help="Column that names the record.")
@click.option("--subject", multiple=True, required=True, help="Column that says whose it is.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "parquet", "csv", "jsonl", "sql", "mlflow", "huggingface"]),
    default="auto",
    help="Of the rows [told from the files].",
)
@click.option("--query", help="Which rows of a database: one SELECT.")
@click.option("--tracking-uri", help="Of MLflow [the configured server].")
@click.option(
    "--on-bad-row",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    help="Load nothing, or all but the bad rows [stop].",
)
@click.option("--unnamed-rows", is_flag=True, help="Take rows that name nobody, too.")
@click.option("--near-duplicates", is_flag=True, help="Look for nearly equal texts, too.")
@click.option("--dry-run", is_flag=True, help="Read everything and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def index_load(source: str, **options: object) -> None:
    """Load the rows of SOURCE: a file or folder, mlflow:RUN[/NAME], postgresql://, sqlite:///.

    Exit status 0: loaded, less the bad rows if so asked. 1: cut off; the message says why.
    """
    options["format"], options["json"] = options.pop("form"), options.pop("as_json")
    given: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            given.append(flag)
        elif isinstance(value, tuple):
            given += [f"{flag}={one}" for one in value]
        elif value:
            given.append(f"{flag}={value}")
    _manage("index_load", *given, "--", source)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(*, as_json: bool) -> None:
    """Show its size, the versions of the key that it lies under, and its file index."""
    _manage("index_status", *(["--json"] if as_json else []))


@index.command()
def rotate() -> None:
    """Read rows anew under the current version of the key; may be cut off and run again.

    Exit status 0: nothing is left under older versions. 1: something is, and why is said.
    """
    _manage("index_rotate")


@index.command()
@click.option("--drop", is_flag=True, help="Do without a file index again.")
def build(*, drop: bool) -> None:
    """Build a file index of all memberships, for look-ups in microseconds."""
    _manage("index_build", *(["--drop"] if drop else []))


@main.group()
def duplicates() -> None:
    """Look at rows that say the same as somebody's records."""


@duplicates.command("list")
@click.option("--email", required=True, help="An identifier of the data subject.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def duplicates_list(email: str, *, as_json: bool) -> None:
    """List the rows that resemble a data subject's records and are not on record as theirs."""
    _manage("duplicates", "list", f"--email={email}", *(["--json"] if as_json else []))


@duplicates.command("decide")
@click.option("--email", required=True, help="An identifier of the data subject.")
@click.option("--record", required=True, help="Record id of the row.")
@click.argument("decision", type=click.Choice(["same_person", "other_person"]))
def duplicates_decide(email: str, record: str, decision: str) -> None:
    """Say whose row it is: of the same person it joins their records, else it stays."""
    given = [f"--email={email}", f"--record={record}", f"--decision={decision}"]
    _manage("duplicates", "decide", *given)


@main.group()
def ledger() -> None:
    """Look after the ledger of this installation."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A signed checkpoint kept outside; the ledger must still begin with what it commits to.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The public key that signed the checkpoint [this installation's own].",
)
def fsck(*, as_json: bool, checkpoint: Path | None, key: Path | None) -> None:
    """Compute the ledger's root anew from its entries, and say whether anything was changed.

    Exit status 0: it holds. 1: it does not, and the entry is named.
    """
    if key is not None and checkpoint is None:
        raise click.UsageError("--key says who signed a --checkpoint; none was given.")
    outside = {"--checkpoint": checkpoint, "--key": key}
    given = [f"{name}={path}" for name, path in outside.items() if path is not None]
    _manage("ledger_fsck", *(["--json"] if as_json else []), *given)


@main.group(cls=Benches, invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """Measure this installation's promises; without a name, list the benches.

    Exit status 0: every figure holds. 1: one falls short. 2: the bench could not run.
    """
    if context.invoked_subcommand is None:
        for name in bench_names():
            click.echo(f"{name:<16} {summary_of(name)}")


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(*, yes: bool) -> None:
    """Remove everything this installation keeps: rows, keys, models, exports."""
    from config.embedded.removal import kept_folders, remove_installation

    folders = kept_folders()
    if not folders:
        _say("There is nothing to remove.")
        return
    _say("To be removed for good:")
    for folder in folders:
        _say(f"  {folder}")
    if not yes:
        click.confirm("Remove them?", abort=True, err=True)

    def remove() -> int:
        remove_installation()
        _say("Removed.")
        return 0

    sys.exit(_guarded(remove))


def _manage(*arguments: str) -> None:
    """Become one of Django's own commands: this process loads no app."""
    from config.embedded.paths import BASE_DIR

    os.execv(sys.executable, [sys.executable, str(BASE_DIR / "manage.py"), *arguments])  # noqa: S606 - no shell wanted


def _print_verdict(verdict: "Verdict", *, as_json: bool) -> None:
    """Print what the check of an export found."""
    if as_json:
        found = {
            "status": verdict.status.value,
            "problems": list(verdict.problems),
            "signer": verdict.signer,
            "headline": verdict.headline,
        }
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    colour = VERDICT_COLOURS.get(verdict.exit_status, "red")
    plain = None if "NO_COLOR" not in os.environ else False
    click.secho(verdict.status.value.capitalize(), fg=colour, bold=True, color=plain)
    for line in (verdict.headline, *verdict.problems):
        if line:
            click.echo(f"  {line}")
    if verdict.signer:
        click.echo(f"  Signer's key: {verdict.signer}")


def _guarded(work: Callable[[], int]) -> int:
    """Do the work; turn a failing service into one sentence, an interrupt into a quiet end."""
    from config.embedded.errors import ServiceError

    # A supervisor's stop is to clean up as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return work()
    except ServiceError as error:
        _say(str(error))
        return SERVICE_FAILED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _say("The disk is full: free some space and start again.")
        return SERVICE_FAILED
    except KeyboardInterrupt:
        _say("Stopped.")
        return INTERRUPTED


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(words: str) -> None:
    """Tell the person at the terminal; standard output is kept for results."""
    with contextlib.suppress(BrokenPipeError):
        click.echo(words, err=True)
