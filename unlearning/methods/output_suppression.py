"""Output suppression: the rule by which a product refuses to answer about a data subject.

The product learns no customer number it did not know: the rule holds HMAC-SHA-256 digests under a
random salt. The caller sends it. What it does not guarantee stands in the method table.
"""

import hashlib
import hmac
import secrets
import time

from unlearning.digests import json_digest
from unlearning.jobfiles import Report, StepInput, StepOutput
from unlearning.verification.wording import counted


def suppression_digest(record_id: str, *, salt: str) -> str:
    """Return the digest under which a product recognises a suppressed record."""
    return hmac.new(bytes.fromhex(salt), record_id.encode(), hashlib.sha256).hexdigest()


def apply(job: StepInput, report: Report) -> StepOutput:
    """Make the rule."""
    started = time.perf_counter()
    salt = secrets.token_hex(16)
    digests = sorted(suppression_digest(name, salt=salt) for name in job.record_ids)
    rule = {"salt": salt, "digests": digests}
    report(1.0, f"rule for {counted(len(digests), 'record')} made")
    return StepOutput(
        seconds=time.perf_counter() - started,
        manifest={"suppressed": len(digests)},
        details={"rule": rule, "rule_digest": json_digest(rule)},
    )
