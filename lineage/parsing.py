"""Parts of the bodies that the lineage API accepts; anything else is refused by name."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from governance.parsing import StrictSerializer


class NameField(serializers.CharField):
    """A string; DRF alone would take a number for one inside a list."""

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 - DRF fixes the signature
        """Take strings only.

        Raises:
            serializers.ValidationError: It is anything else.
        """
        if not isinstance(data, str):
            raise serializers.ValidationError("This must be a string.")
        return super().to_internal_value(data)


class SubjectBody(StrictSerializer):
    """Who somebody is."""

    email = serializers.EmailField(max_length=254)


def parsed(body: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Read a request's body.

    Raises:
        serializers.ValidationError: It breaks a rule; each message names its field.
    """
    serializer = body(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
