"""Strict reading of JSON bodies: nothing unknown, nothing twice, nothing of another type."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from governance.errors import TooLarge

#: JSON type that a field takes, and how to call it in a sentence. First match counts.
JSON_TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], type, str], ...] = (
    (serializers.CharField, str, "a string"),
    (serializers.BooleanField, bool, "true or false"),
    (serializers.IntegerField, int, "a whole number"),
)


class StrictJSONParser(JSONParser):
    """JSON of limited size without repeated names; anything else is a clear 400 or 413."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002 - DRF fixes the signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - the same
    ) -> Any:  # noqa: ANN401 - JSON is any value
        """Read one JSON value.

        Raises:
            ParseError: The body is not JSON, or repeats a name.
            TooLarge: The body exceeds ``settings.MAX_BODY_BYTES``.
        """
        body = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(body) > settings.MAX_BODY_BYTES:
            raise TooLarge
        try:
            return json.loads(
                body, object_pairs_hook=_unique_names, parse_constant=_refuse_constant
            )
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}") from error


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return names


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses unknown fields and JSON values of another type."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 - DRF fixes the signature
        """Validate the input, naming every unknown field and every wrong type.

        Raises:
            serializers.ValidationError: With one message a field.
        """
        if isinstance(data, Mapping):
            problems = self._unknown(data) | self._wrong_types(data)
            if problems:
                raise serializers.ValidationError(problems)
        return super().to_internal_value(data)

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        message = ErrorDetail("This field is unknown.", code="unknown")
        return {name: [message] for name in data if name not in self.fields}

    def _wrong_types(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        problems = {}
        for name, field in self.fields.items():
            value = data.get(name)
            words = _expected(field, value) if value is not None else ""
            if words:
                problems[name] = [ErrorDetail(f"This must be {words}.", code="type")]
        return problems


class AddressSerializer(StrictSerializer):
    """The same for the parameters of an address, where everything is a string."""

    def _wrong_types(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:  # noqa: ARG002
        return {}


def _expected(field: serializers.Field[Any, Any, Any, Any], value: object) -> str:
    """What the field wants where ``value`` is of another JSON type, else nothing."""
    for kind, wanted, words in JSON_TYPES:
        if isinstance(field, kind):
            fits = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
            return "" if fits else words
    return ""


def parsed(body: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Read a request's body.

    Raises:
        serializers.ValidationError: It breaks a rule; each message names its field.
    """
    serializer = body(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def parsed_address(parameters: type[AddressSerializer], request: Request) -> dict[str, Any]:
    """Read the parameters of a request's address.

    Raises:
        serializers.ValidationError: One is unknown, given twice, or breaks a rule; each message
            names it.
    """
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        message = "This may be given once only."
        raise serializers.ValidationError({name: [message] for name in twice})
    serializer = parameters(data=request.query_params.dict())
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
