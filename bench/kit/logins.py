"""``python -m bench.kit.logins``: two officers and two API keys, made in one process, as JSON.

The commands for administrators make one account each and start Django each time; a bench that
counts seconds asks for all at once.
"""

import json
import secrets
import sys

import django

OFFICERS = {"olivia": "privacy_officer", "amir": "approver"}
CLIENTS = {
    "capture_key": ["lineage:write"],
    "intake_key": ["requests:write", "requests:read", "reports:read"],
}


def make_logins() -> dict[str, object]:
    """Register the officers and issue the keys; the answer fits ``vestige.demo.access.Access``."""
    from governance.services import (  # noqa: PLC0415 - only once Django is set up
        issue_api_key,
        register_officer,
    )

    officers = []
    for username, role in OFFICERS.items():
        password = secrets.token_urlsafe(12)
        email = f"{username}@example.com"
        register_officer(username=username, password=password, roles=[role], email=email)
        officers.append({"username": username, "password": password, "role": role})
    keys = {name: issue_api_key(name=name, scopes=scopes)[1] for name, scopes in CLIENTS.items()}
    return {"officers": officers, **keys}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(make_logins()))
