"""Columns of kinds that Django does not bring."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _Bytes = models.BinaryField[bytes | memoryview, bytes | memoryview]
else:  # Django's fields take no types when they run
    _Bytes = models.BinaryField


class DigestField(_Bytes):
    """A digest of 128 bits, kept as ``uuid``: the one type of PostgreSQL for 16 bytes and no more.

    Beside ``bytea`` it saves the byte for a length, which in an index entry costs eight.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002 - Django's signature
        """The column's type."""
        return "uuid"

    def from_db_value(
        self,
        value: UUID | None,
        expression: object,  # noqa: ARG002 - Django's signature
        connection: object,  # noqa: ARG002 - the same
    ) -> bytes | None:
        """Give the 16 bytes back."""
        return None if value is None else value.bytes

    def get_db_prep_value(
        self,
        value: Any,  # noqa: ANN401 - Django's signature
        connection: BaseDatabaseWrapper,  # noqa: ARG002 - the same
        prepared: bool = False,  # noqa: ARG002, FBT002 - the same
    ) -> UUID | None:
        """Take 16 bytes.

        Raises:
            ValueError: They are more or fewer.
        """
        return None if value is None else UUID(bytes=bytes(value))
