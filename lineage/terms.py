"""The terms on which an artifact may be kept and used: legal basis, purposes, retention term.

They arrive in three ways: an officer states them, the facet ``vestige_terms`` of a dataset tells
them, or the tags ``vestige.legal_basis``, ``vestige.purposes`` and ``vestige.retention_until`` of
a run or a logged model do. Field by field an officer's word counts before a facet, a facet before
a tag. What nobody told is None: not recorded, and so not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

#: Facet of a dataset: ``{"legalBasis": "consent", "purposes": ["training"],
#: "retentionUntil": "2027-05-31"}``.
FACET = "vestige_terms"
#: Attribute of an artifact with what its facet told.
TOLD = "terms"
#: Attribute with what an officer stated.
STATED = "stated_terms"
LONGEST_PURPOSE = 100


class UnusableTermsError(Exception):
    """A term cannot be understood; ``field`` names it and the message says what it must be."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}.")
        self.field = field
        self.rule = rule


class LegalBasis(StrEnum):
    """The six legal bases of GDPR Art. 6(1), points (a) to (f)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is recorded; None where nothing is."""

    legal_basis: LegalBasis | None = None
    #: What the data may be used for, e.g. ``training``.
    purposes: tuple[str, ...] | None = None
    #: Last day (UTC) on which it may be kept.
    retention_until: date | None = None


def legal_basis_in(value: object) -> LegalBasis:
    """Read a legal basis.

    Raises:
        UnusableTermsError: It is none of the six.
    """
    found = next((basis for basis in LegalBasis if basis.value == value), None)
    if found is None:
        raise UnusableTermsError("legalBasis", f"must be one of {', '.join(LegalBasis)}")
    return found


def purpose_in(value: object) -> str:
    """Read one purpose; case and outer blanks do not count.

    >>> purpose_in(" Fraud detection ")
    'fraud detection'

    Raises:
        UnusableTermsError: It is no text, empty or too long.
    """
    text = value.strip().casefold() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_PURPOSE or "," in text:
        raise UnusableTermsError(
            "purposes", f"must be words of 1 to {LONGEST_PURPOSE} characters without a comma"
        )
    return text


def purposes_in(value: object) -> tuple[str, ...]:
    """Read a list of purposes, sorted and without repetition.

    Raises:
        UnusableTermsError: It is no list, is empty, or a member is no purpose.
    """
    if not isinstance(value, list | tuple) or not value:
        raise UnusableTermsError("purposes", "must be a list of at least one purpose")
    return tuple(sorted({purpose_in(member) for member in value}))


def day_in(value: object) -> date:
    """Read a day, ``YYYY-MM-DD``.

    Raises:
        UnusableTermsError: It is none.
    """
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise UnusableTermsError("retentionUntil", "must be a day like 2027-05-31") from None


def read_facet(facet: Mapping[str, object]) -> tuple[Terms, tuple[UnusableTermsError, ...]]:
    """Read the facet; a part that cannot be understood is left out and reported."""
    found: dict[str, object] = {}
    problems = []
    for name, field, read in (
        ("legalBasis", "legal_basis", legal_basis_in),
        ("purposes", "purposes", purposes_in),
        ("retentionUntil", "retention_until", day_in),
    ):
        if name in facet:
            try:
                found[field] = read(facet[name])
            except UnusableTermsError as error:
                problems.append(error)
    return Terms(**found), tuple(problems)  # type: ignore[arg-type]


def as_facet(terms: Terms) -> dict[str, object]:
    """Write terms as the facet has them; what is not recorded is left out.

    >>> as_facet(Terms(retention_until=date(2027, 5, 31)))
    {'retentionUntil': '2027-05-31'}
    """
    until = terms.retention_until
    told = {
        "legalBasis": terms.legal_basis.value if terms.legal_basis else None,
        "purposes": list(terms.purposes) if terms.purposes else None,
        "retentionUntil": until.isoformat() if until else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def terms_of(attributes: Mapping[str, object]) -> Terms:
    """Put together what is recorded of an artifact, the surest source first.

    >>> terms_of({"stated_terms": {"legalBasis": "contract"}, "vestige.purposes": "training, fraud",
    ...     "terms": {"legalBasis": "consent", "retentionUntil": "2027-05-31"}})
    Terms(legal_basis=<LegalBasis.CONTRACT: 'contract'>, purposes=('fraud', 'training'), \
retention_until=datetime.date(2027, 5, 31))
    """
    sources = [attributes.get(STATED), attributes.get(TOLD), _from_tags(attributes)]
    read = [read_facet(source)[0] for source in sources if isinstance(source, Mapping)]
    return Terms(
        legal_basis=next((t.legal_basis for t in read if t.legal_basis), None),
        purposes=next((t.purposes for t in read if t.purposes), None),
        retention_until=next((t.retention_until for t in read if t.retention_until), None),
    )


def _from_tags(attributes: Mapping[str, object]) -> dict[str, object]:
    purposes = attributes.get("vestige.purposes")
    told = {
        "legalBasis": attributes.get("vestige.legal_basis"),
        "purposes": purposes.split(",") if isinstance(purposes, str) else None,
        "retentionUntil": attributes.get("vestige.retention_until"),
    }
    return {name: value for name, value in told.items() if value is not None}
