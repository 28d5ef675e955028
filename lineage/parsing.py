"""Parts of the bodies that the lineage API accepts; anything else is refused by name."""

from typing import Any

from rest_framework import serializers

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
