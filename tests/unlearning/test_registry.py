"""Which version is in production: what the tracking server does not say is not taken for no."""

from types import SimpleNamespace

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, RESOURCE_DOES_NOT_EXIST

from unlearning import registry

# MLflow warns about its own parts; nothing of ours is behind these.
pytestmark = pytest.mark.filterwarnings("ignore:::mlflow")


def serve(
    patch: pytest.MonkeyPatch, aliases: dict[str, str] | None = None, error: int | None = None
) -> None:
    """Stand in for a tracking server with one registered model, or with an error."""

    def get_registered_model(_name: str) -> SimpleNamespace:
        if error is not None:
            raise MlflowException("it did not work", error_code=error)
        return SimpleNamespace(aliases=aliases)

    client = SimpleNamespace(get_registered_model=get_registered_model)
    patch.setattr(registry, "connect", lambda: client)


@pytest.mark.parametrize(
    ("aliases", "version"), [({"production": "3"}, "3"), ({"pilot": "2"}, ""), (None, "")]
)
def test_the_alias_says_which_version_is_in_production(
    monkeypatch: pytest.MonkeyPatch, aliases: dict[str, str] | None, version: str
) -> None:
    serve(monkeypatch, aliases)

    assert registry.production_version("income") == version


def test_a_model_that_is_not_registered_is_not_in_production(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve(monkeypatch, error=RESOURCE_DOES_NOT_EXIST)

    assert registry.production_version("income") == ""


def test_a_server_that_fails_does_not_say_that_nothing_is_in_production(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve(monkeypatch, error=INTERNAL_ERROR)

    with pytest.raises(MlflowException, match="did not work"):
        registry.production_version("income")
