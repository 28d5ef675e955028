"""Numbers in sentences that people read."""


def counted(count: int, noun: str) -> str:
    """Say how many, with the noun in the right number.

    >>> counted(1, "row"), counted(36058, "row")
    ('1 row', '36,058 rows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
