"""Where a reader of a long answer stands: a word to hand back with the same question."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.utils.crypto import salted_hmac

from governance.errors import InvalidInput
from governance.subjects import SubjectDigest
from lineage.selectors.starts import Asked

#: Keeps signatures of cursors apart from all others of this installation.
SALT = "lineage.cursor"


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A place in the answer to one question at one moment."""

    #: Keyed digest of the question; it tells nobody whose records were asked for.
    question: str
    #: The moment of which the answer holds, in ISO 8601.
    as_of: str
    #: What the answer was: :attr:`lineage.selectors.answers.DatedAnswer.fingerprint`.
    fingerprint: str
    #: Whether the answer was complete when its first page was read.
    complete: bool
    #: How many rows were read before.
    position: int


def question_digest(asked: Asked, as_of: datetime | None) -> str:
    """Digest a question under the key of this installation."""
    about = (
        [asked.value.hex(), asked.key_version]
        if isinstance(asked, SubjectDigest)
        else list(asdict(asked).values())
    )
    words = [type(asked).__name__, about, as_of.timestamp() if as_of else None]
    return salted_hmac(SALT, json.dumps(words), algorithm="sha256").hexdigest()


def written(cursor: Cursor) -> str:
    """Write a cursor so that nobody else can."""
    return Signer(salt=SALT).sign_object(asdict(cursor))


def read(text: str, *, question: str) -> Cursor:
    """Read a cursor that was handed back.

    Args:
        text: What :func:`written` gave.
        question: Digest of the question that it came with.

    Raises:
        InvalidInput: It is none of ours, or belongs to another question.
    """
    try:
        cursor = Cursor(**Signer(salt=SALT).unsign_object(text))
    except (BadSignature, TypeError) as error:
        detail = "This is no cursor of this server. Start again without one."
        raise InvalidInput.at("/cursor", detail) from error
    if cursor.question != question:
        detail = "This cursor belongs to another question. Hand it back with the question it is of."
        raise InvalidInput.at("/cursor", detail)
    return cursor
