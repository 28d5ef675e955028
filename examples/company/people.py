"""Who the customers are: made-up names for the rows of Adult, the same at every run."""

from unlearning.sharding import derive_seed


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "ada alan amina anouk arjun astrid bao beatriz carlos chiara chidi dalia dmitri elif emeka "
    "esther farid freya gita hana hugo ines ivan jamal jonas kaito karin lena leila liam lucia "
    "malik mara mateo mei mina nadia niko nora olga omar paula pavel priya quinn rania ravi rosa "
    "samir sara sofia tariq tessa tomas uma vera viktor wanda xenia yara yusuf zara zoe"
)
_LAST = _words(
    "abebe almeida andersen becker bianchi castro chen costa dubois eriksen fischer fontaine "
    "garcia gupta haddad hansen ibrahim ito jansen kaya keller kim kovac kumar larsen lopez "
    "lovelace mbeki meyer moreau murphy nakamura ndiaye nilsson novak okafor okeke oliveira ozturk "
    "park patel petrov popescu quispe reyes rossi ruiz santos sato schmidt silva singh sokolov "
    "suzuki tanaka torres turing vargas virtanen weber wong yamada yilmaz zhang"
)


def customer_number(row: int) -> str:
    """Return the customer number of a row of Adult."""
    return f"C-{row:06d}"


def email(row: int) -> str:
    """Return the customer's e-mail address, e.g. ``ada.lovelace.000123@example.org``."""
    draw = derive_seed(0, "name", row)
    first = _FIRST[draw % len(_FIRST)]
    last = _LAST[draw // len(_FIRST) % len(_LAST)]
    return f"{first}.{last}.{row:06d}@example.org"
