"""``manage.py terms ARTIFACT [--basis B] [--purpose P …] [--until DAY] [--json]``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from lineage.models import Artifact
from lineage.services import state_terms
from lineage.terms import (
    LegalBasis,
    Terms,
    UnusableTermsError,
    as_facet,
    day_in,
    purposes_in,
    terms_of,
)

#: Whoever may run commands on this machine, as the ledger names them.
ACTOR = "administrator"


class Command(BaseCommand):
    """Show or state the terms of one artifact."""

    help = "Show or state the legal basis, the purposes and the retention term of an artifact."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("artifact", help="its id, name or identity")
        parser.add_argument("--basis", choices=list(LegalBasis), help="GDPR Art. 6(1)")
        parser.add_argument("--purpose", action="append", help="may be repeated")
        parser.add_argument("--until", help="last day on which it may be kept, YYYY-MM-DD")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """State what was given, then print what holds."""
        artifact = _artifact(options["artifact"])
        try:
            wanted = Terms(
                legal_basis=LegalBasis(options["basis"]) if options["basis"] else None,
                purposes=purposes_in(options["purpose"]) if options["purpose"] else None,
                retention_until=day_in(options["until"]) if options["until"] else None,
            )
        except UnusableTermsError as error:
            raise CommandError(f"{error.field} {error.rule}.") from error
        holding = terms_of(artifact.attributes)
        if wanted != Terms():
            holding = state_terms(artifact_id=artifact.pk, terms=wanted, actor=ACTOR)
        if options["json"]:
            answer = {"artifact_id": artifact.pk, "name": artifact.name, **as_facet(holding)}
            self.stdout.write(json.dumps(answer, indent=2))
            return
        purposes = ", ".join(holding.purposes) if holding.purposes else "not recorded"
        self.stdout.write(artifact.name)
        self.stdout.write(f"  legal basis: {holding.legal_basis or 'not recorded'}")
        self.stdout.write(f"  purposes: {purposes}")
        self.stdout.write(f"  may be kept until: {holding.retention_until or 'not recorded'}")


def _artifact(named: str) -> Artifact:
    """Find the one artifact that is meant.

    Raises:
        CommandError: There is none, or there are several.
    """
    same = Q(name=named) | Q(identity=named)
    if named.isascii() and named.isdigit():
        same |= Q(pk=int(named))
    found = list(Artifact.objects.filter(same)[:2])
    if len(found) == 1:
        return found[0]
    problem = "Several artifacts are" if found else "No artifact is"
    raise CommandError(f"{problem} named {named}; give the id or the identity of one.")
