"""What an officer enters when a request arrives by letter, telephone or e-mail."""

import uuid

from django import forms

from deletion_requests.deadlines import rules
from lineage.models import DuplicateDecision


def rule_choices() -> list[tuple[str, str]]:
    """Every regime with a request type that removes data, as ``regime:type`` and its name."""
    return [
        (f"{rule.regime}:{rule.request_type}", rule.name)
        for rule in rules()
        if rule.request_type in {"erasure", "deletion"}
    ]


class DenialForm(forms.Form):
    """Why a request is denied."""

    reason = forms.CharField(
        max_length=500,
        error_messages={
            "required": "Enter the reason for denying the request.",
            "max_length": "Give the reason in at most 500 characters.",
        },
    )


class RequestForm(forms.Form):
    """Two questions: who is the data subject, and which law applies."""

    email = forms.EmailField(
        label="E-mail address of the data subject",
        help_text="A one-time code goes to this address. It is sealed and never shown again.",
        max_length=254,
        error_messages={
            "required": "Enter the e-mail address of the data subject.",
            "invalid": "Enter an e-mail address in the form name@example.com.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    law = forms.ChoiceField(
        label="Which law applies?",
        help_text="It sets the clock: how long there is to answer, and what may pause it.",
        choices=rule_choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Select which law applies.",
            "invalid_choice": "Select one of the listed laws.",
        },
    )

    #: Names this copy of the form, so that sending it twice enters one request.
    copy = forms.UUIDField(
        initial=uuid.uuid4,
        widget=forms.HiddenInput,
        error_messages={
            "required": "Load this page again: the form did not come from it.",
            "invalid": "Load this page again: the form did not come from it.",
        },
    )

    def regime_and_type(self) -> tuple[str, str]:
        """The regime and the request type of a valid form."""
        regime, _, request_type = str(self.cleaned_data["law"]).partition(":")
        return regime, request_type


class DuplicateForm(forms.Form):
    """Whose row a duplicate is: two buttons of one row."""

    record = forms.CharField(max_length=200, strip=False)
    decision = forms.ChoiceField(choices=DuplicateDecision.Decision.choices)
