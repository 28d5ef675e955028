"""`vestige demo`: an example company, one real deletion request, one signed report."""

import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console

from config.embedded.checks import check_port
from config.embedded.errors import ServiceError
from config.embedded.stack import Stack
from reports.statement import REPORT
from vestige.demo.access import Access, access_for, manage, unread_datasets
from vestige.demo.company import PRODUCTS, Company, Customer
from vestige.demo.journey import Intake, JourneyError, approve, mailed_code, repeat_jobs
from vestige.demo.open_request import OpenRequest, OpenRequestFile
from vestige.demo.partner import Partner
from vestige.demo.progress import StepBars
from vestige.verify import Verdict, verify_export

PRODUCT_PORT = 8900
#: States in which a request has ended without a report: there is nothing to go on with.
ENDED_OTHERWISE = frozenset({"denied", "withdrawn", "expired"})
#: Seconds that each part of the journey may take before the demo gives up on it.
PLAN_SECONDS, WORK_SECONDS, MAIL_SECONDS, INDEX_SECONDS = 120, 900, 60, 300


def run(*, as_json: bool, serve: bool, port: int, rows: int | None) -> int:
    """Carry one deletion request from intake to a verified export.

    Args:
        as_json: print one JSON object on standard output and nothing else there.
        serve: leave the web interface running until Ctrl-C.
        port: loopback port of the web interface.
        rows: how many rows of the example data are used; None for all. Data that an earlier run
            prepared stays as it is.

    Returns:
        Exit status: 0 when the export was verified, 1 otherwise.
    """
    console = Console(stderr=True, highlight=False)
    started = time.monotonic()
    try:
        with ExitStack() as running:
            demo = Demo(console)
            demo.set_up(port=port, rows=rows, running=running)
            request = demo.journey()
            export, key = demo.export(request)
            verdict = verify_export(export, key)
            demo.settle(verdict)
            seconds = time.monotonic() - started
            if as_json:
                print(json.dumps(demo.result(request, export, key, verdict, seconds)))  # noqa: T201 - the result
            demo.summary(request, export, key, verdict, seconds)
            if serve:
                demo.serve(request)
    except JourneyError as error:
        console.print(f"[red]{error}[/red]")
        return 1
    return verdict.exit_status and 1


class Demo:
    """The running installation, the example company in it, and one request on its way."""

    _stack: Stack
    _access: Access
    _company: Company
    _intake: Intake
    _open: OpenRequestFile

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = StepBars(console)

    def set_up(self, *, port: int, rows: int | None, running: ExitStack) -> None:
        """Start the installation and the example company; what an earlier run made is reused.

        Args:
            port: loopback port of the web interface.
            rows: how many rows of the example data are used; None for all.
            running: ends with the demo, and everything started here with it.
        """
        product_port = int(os.environ.get("VESTIGE_PRODUCT_PORT") or PRODUCT_PORT)
        with self._bars.stage("Starting the services") as say:
            for name, offset in PRODUCTS.items():
                check_port(product_port + offset, what=name, remedy="VESTIGE_PRODUCT_PORT")
            self._stack = running.enter_context(Stack(port=port, progress=say))
        home = self._stack.state / "demo"
        home.mkdir(parents=True, exist_ok=True)
        self._access = access_for(home / "access.json", partial(manage, self._stack.environment))
        self._intake = Intake(url=self._stack.url, key=self._access.intake_key)
        self._open = OpenRequestFile(home / "open-request.json")
        control_token = (self._stack.state / "keys" / "control-token").read_text().strip()
        self._company = Company(
            home=home,
            environment={
                **self._stack.environment,
                "VESTIGE_API_KEY": self._access.capture_key,
                "VESTIGE_CONTROL_TOKEN": control_token,
            },
        )
        self._console.print("[bold]Setting up the example company[/bold]")
        self._company.set_up(rows=rows)
        self._deploy(product_port, running)
        self._capture()

    def journey(self) -> dict[str, Any]:
        """File a request, confirm it, approve its plan, and follow it to its close.

        A request that an earlier start left open comes first, wherever it stands: each part asks
        how it stands and does what is due.
        """
        customer, request = self._filed()
        if request["state"] == "needs_human":
            self._repeat_jobs(request)
        planned = self._confirmed(customer, request)
        self._tell_trace(planned)
        with self._bars.stage("Two officers approve the plan"):
            self._approve(planned)
        return self._follow(request["id"], request["reference"])

    def export(self, request: dict[str, Any]) -> tuple[Path, Path]:
        """Download the export as a regulator receives it, and the key by another way."""
        folder = self._stack.state / "demo" / "regulator"
        packed = self._intake.export(request["id"])
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            archive.extractall(folder)
        key = self._stack.state / "demo" / "vestige-public-key.pem"
        key.write_text(manage(self._stack.environment, "public_key"), encoding="utf-8")
        return folder / request["reference"], key

    def settle(self, verdict: Verdict) -> None:
        """Leave the request behind once its export was verified; until then it stays open."""
        if verdict.exit_status == 0:
            self._open.forget()

    def result(
        self, request: dict[str, Any], export: Path, key: Path, verdict: Verdict, seconds: float
    ) -> dict[str, Any]:
        """What ``--json`` prints."""
        report = json.loads((export / REPORT).read_text(encoding="utf-8"))
        return {
            "request": request["reference"],
            "affected_artifacts": [
                {name: item[name] for name in ("kind", "name", "influence")}
                for item in report["affected_artifacts"]
            ],
            "complete": report["complete"],
            "gaps": report["gaps"],
            "plan_steps": report["plan_steps"],
            "claims": [
                {name: claim[name] for name in ("artifact", "verb", "guarantee_class")}
                for claim in report["claims"]
            ],
            "headline": report["headline"],
            "export": str(export),
            "key": str(key),
            "seconds": round(seconds, 1),
            "verified": verdict.exit_status == 0,
        }

    def summary(
        self, request: dict[str, Any], export: Path, key: Path, verdict: Verdict, seconds: float
    ) -> None:
        """Say what came of it, for people."""
        report = json.loads((export / REPORT).read_text(encoding="utf-8"))
        say = self._say
        say(f"\n[bold]{request['reference']}[/bold] closed after {seconds:.0f} seconds.")
        say(f"[bold]{report['headline']}[/bold]\n")
        for claim in report["claims"]:
            say(f"  · {claim['sentence']}")
        say(f"\nExport: {export}\nKey:    {key}")
        say(f"Offline check: [bold]{verdict.status.value}[/bold]")
        for problem in verdict.problems:
            say(f"  [red]{problem}[/red]")
        say(f"Check it yourself: .venv/bin/vestige verify {export} --key {key}")

    def serve(self, request: dict[str, Any]) -> None:
        """Leave everything running and say where."""
        say, url = self._say, self._stack.url
        say(f"\nThe report:  {url}/requests/{request['id']}/report")
        say(f"The queue:   {url}/requests/")
        say(f"MLflow:      {self._stack.mlflow_url}")
        say("Log-ins of the demo:")
        for officer in self._access.officers:
            say(f"  {officer.username:<8} {officer.password:<18} ({officer.role})")
        say("Ctrl-C stops everything.")
        self._stack.wait()

    def _deploy(self, port: int, running: ExitStack) -> None:
        """Declare both products and start them; they stop when the demo does."""
        self._console.print("[bold]Deploying the products[/bold]")
        for name, offset in PRODUCTS.items():
            self._company.deploy(name, port=port + offset)
            product = self._company.product(name, port=port + offset, state=self._stack.state)
            running.callback(product.stop)
            with self._bars.stage(f"Waiting for {name} to answer"):
                product.start()

    def _capture(self) -> None:
        """Capture lineage from MLflow, and wait until every record has been read."""
        with self._bars.stage("Capturing lineage from MLflow and reading the records") as say:
            manage(self._stack.environment, "capture_mlflow")
            give_up = time.monotonic() + INDEX_SECONDS
            while unread := unread_datasets(self._stack.environment):
                if time.monotonic() > give_up:
                    raise ServiceError(f"The records of {unread[0]} were not read.")
                say(f"{len(unread)} dataset versions are being read")

    def _filed(self) -> tuple[Customer, dict[str, Any]]:
        """The request that an earlier start left open, or a new one."""
        if left := self._open.read():
            request = self._posted(left)
            if request["state"] not in ENDED_OTHERWISE:
                self._say(f"Going on with {request['reference']}, which is {request['state']}")
                return left.customer, request
        new = OpenRequest(key=str(uuid4()), customer=self._company.next_customer())
        self._open.keep(new)  # before the post: a kill right after it loses nothing
        return new.customer, self._posted(new)

    def _posted(self, opened: OpenRequest) -> dict[str, Any]:
        """Post a request, for the first time or again, and read how it stands."""
        with self._bars.stage(f"Filing an erasure request for {opened.customer.email}"):
            receipt = self._intake.file_request(
                subject_email=opened.customer.email, idempotency_key=opened.key
            )
            return self._intake.read(receipt["id"])

    def _repeat_jobs(self, request: dict[str, Any]) -> None:
        """Send on a request whose jobs met a crash too often; nothing else is decided here."""
        engineer = next(o for o in self._access.officers if o.role == "ml_engineer")
        try:
            repeat_jobs(url=self._stack.url, engineer=engineer, request_id=request["id"])
        except JourneyError as error:
            raise JourneyError(
                f"{request['reference']} needs a person: {request['attention']} Decide on its page "
                "under `vestige up`, or remove everything with `make clean`."
            ) from error

    def _confirmed(self, customer: Customer, request: dict[str, Any]) -> dict[str, Any]:
        """Confirm the identity unless that was done, and wait for the plan."""
        request_id, reference = request["id"], request["reference"]
        with self._bars.stage(f"Confirming the identity of {customer.email}") as say:
            say(f"{reference}: waiting for the mail with the one-time code")
            # The state first: a mail whose worker died before saying so is sent again.
            stands = self._last(request_id, until="identity_pending", seconds=MAIL_SECONDS)
            if stands["state"] == "identity_pending":
                code = mailed_code(
                    self._stack.state / "mail",
                    address=customer.email,
                    reference=reference,
                    seconds=MAIL_SECONDS,
                )
                self._intake.confirm_identity(request_id=request_id, code=code)
            say(f"{reference}: tracing and planning")
            return self._last(request_id, until="planned", seconds=PLAN_SECONDS)

    def _approve(self, request: dict[str, Any]) -> None:
        """Let the officers approve who have not, where the plan waits for them."""
        if request["state"] != "planned":
            return
        given = {approval["officer"] for approval in request["plan"]["approvals"]}
        for officer in self._access.officers[:2]:
            if officer.username not in given:
                approve(
                    url=self._stack.url,
                    officer=officer,
                    request_id=request["id"],
                    plan_digest=request["plan"]["digest"],
                )

    def _follow(self, request_id: str, reference: str) -> dict[str, Any]:
        """Watch the steps to the close, while the recipient of a copy reads its mail."""
        partner = Partner(mail_dir=self._stack.state / "mail", erase=self._company.partner_deletes)
        erased = 0
        with self._bars.steps() as show:

            def look(request: dict[str, Any]) -> None:
                nonlocal erased
                show(request)
                self._approve(request)  # a plan that the world outran is drafted anew
                erased += partner.read_mail(reference)

            closed = self._last(request_id, until="closed", seconds=WORK_SECONDS, show=look)
        self._say(f"  The recipient erased {erased} rows from its copy and acknowledged.")
        return closed

    def _last(
        self,
        request_id: str,
        *,
        until: str,
        seconds: float,
        show: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> dict[str, Any]:
        request: dict[str, Any] = {}
        for request in self._intake.follow(request_id, until=until, seconds=seconds):
            show(request)
        return request

    def _tell_trace(self, request: dict[str, Any]) -> None:
        trace = request["trace"]
        found = "complete" if trace["complete"] else "NOT complete: " + " ".join(trace["reasons"])
        self._say(f"  {len(trace['affected'])} affected artifacts; the trace is {found}")
        for item in trace["affected"]:
            carries = ", ".join(item["influence"])
            self._say(f"    {item['kind']:<16} {item['name']} ({carries})")
        for step in request["plan"]["steps"]:
            self._say(
                f"    step {step['ordinal']}: {step['method']} on {step['artifact']['name']} "
                f"[dim]({step['guarantee_class']}, about {step['cost_seconds'] or 0:.0f} s)[/dim]"
            )

    def _say(self, words: str) -> None:
        """Print without breaking lines: paths and names stay whole."""
        self._console.print(words, soft_wrap=True)
