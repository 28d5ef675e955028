"""What a reader asked for in the address of a list."""

from django.http import HttpRequest


def asked_for(request: HttpRequest, name: str) -> str:
    """Read one filter of a list as text; empty where it is not given.

    NUL characters are dropped: PostgreSQL takes none in text, and no row could match one.

    Args:
        request: The reader's.
        name: Name of the filter in the address.
    """
    return request.GET.get(name, "").replace("\0", "").strip()
