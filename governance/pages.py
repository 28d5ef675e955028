"""Signing in and out, and the pages shown when something is wrong."""

from collections.abc import Callable
from http import HTTPStatus

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.forms import CharField, PasswordInput, TextInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from governance.problems import is_api


class SignInForm(AuthenticationForm):
    """User name and password; the answer to a wrong pair names neither."""

    username = CharField(
        label="User name",
        max_length=150,
        error_messages={"required": "Enter your user name."},
        widget=TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = CharField(
        label="Password",
        strip=False,
        error_messages={"required": "Enter your password."},
        widget=PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": "The user name and password do not match an active account.",
        "inactive": "The user name and password do not match an active account.",
    }


class SignIn(LoginView):
    """The sign-in page; django-axes locks it after repeated failures."""

    template_name = "governance/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """Ends the session; by POST only."""


def explain_wrong_method(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give the blank answer to a method that an address does not take the words of a page."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or is_api(request):
            return response
        page = render(request, "405.html", status=response.status_code)
        page["Allow"] = response["Allow"]
        return page

    return answer
