"""``python -m bench.kit.people``: people in given segments, and a key to ask about them, as JSON.

Reads a JSON list of segment ids on standard input; the n-th person is in the n-th segment.
"""

import json
import sys
from typing import Any

import django


def make_people(segments: list[int]) -> dict[str, Any]:
    """Put one person into each segment; returns their addresses and an API key."""
    from django.db import transaction  # noqa: PLC0415 - only once Django is set up

    from governance.services import issue_api_key  # noqa: PLC0415 - the same
    from governance.subjects import subject_digest  # noqa: PLC0415 - the same
    from lineage.services.postings import incoming_postings  # noqa: PLC0415 - the same

    people = [f"person-{number}@example.org" for number in range(len(segments))]
    with transaction.atomic(), incoming_postings() as postings:
        for email, segment in zip(people, segments, strict=True):
            postings.add_subject(subject_digest(email), segment, f"C-{segment}")
    return {"people": people, "key": issue_api_key(name="bench", scopes=["lineage:read"])[1]}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(make_people(json.load(sys.stdin))))
