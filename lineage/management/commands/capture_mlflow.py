"""``manage.py capture_mlflow [--tracking-uri URI]``."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from lineage.services import capture_mlflow


class Command(BaseCommand):
    """Capture MLflow once."""

    help = "Bring the lineage graph up to date with an MLflow tracking server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--tracking-uri", help="default: the configured server")

    def handle(self, *_: object, tracking_uri: str | None = None, **__: object) -> None:
        """Capture and say what was seen."""
        summary = capture_mlflow(tracking_uri=tracking_uri)
        self.stdout.write(
            f"{summary.runs} runs, {summary.models} models, {summary.products} products, "
            f"{summary.derivations} derivations"
        )
