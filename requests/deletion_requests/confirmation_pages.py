"""The page on which a data subject enters the one-time code that was mailed to them."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from deletion_requests.confirmation import ConfirmationView, confirmation_view
from deletion_requests.dead_links import dead_link_page
from deletion_requests.errors import UnknownLinkError, WrongTransitionError
from deletion_requests.services import CodeAnswer, confirm_identity

#: Actor of what a data subject does behind their link.
DATA_SUBJECT = "data subject"


class CodeForm(forms.Form):
    """The code, as people copy it."""

    code = forms.CharField(
        label="One-time code",
        help_text="It stands in the message that brought you here.",
        max_length=20,
        error_messages={
            "required": "Enter the code from the message.",
            "max_length": "Enter the code from the message.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        """Leave out the spaces that some programs put between digits."""
        return "".join(str(self.cleaned_data["code"]).split())


@never_cache
@require_http_methods(["GET", "POST"])
def confirm_page(request: HttpRequest, token: str) -> HttpResponse:
    """Take the code; only the button spends an attempt, not a program that opens mailed links."""
    try:
        view = confirmation_view(token)
    except UnknownLinkError as unknown:
        return dead_link_page(request, unknown)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and view.waiting and form.is_valid():
        refused = _refused(view, form.cleaned_data["code"])
        if not refused:
            return redirect("request-confirm", token)
        form.add_error("code", refused)
    status = 422 if form.errors and view.waiting else 200
    context = {"view": view, "form": form}
    return render(request, "deletion_requests/confirm.html", context, status=status)


def _refused(view: ConfirmationView, code: str) -> str:
    """Hand the code in; gives why another is needed, or nothing where none is any more."""
    try:
        answer = confirm_identity(request_id=view.request_id, code=code, actor=DATA_SUBJECT)
    except WrongTransitionError:
        return ""  # somebody entered it, or the request ended, while this page stood open
    return "" if answer.confirmed or answer.expired else _sentence(answer)


def _sentence(answer: CodeAnswer) -> str:
    one = answer.attempts_left == 1
    left = "One attempt is" if one else f"{answer.attempts_left} attempts are"
    return f"This is not the code that we sent. {left} left."
