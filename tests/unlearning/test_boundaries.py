"""What no deletion request may touch, and what is data all the same."""

from pathlib import Path

import pytest

from unlearning.boundaries import Boundaries, is_whole_folder_of_many

HOME = Path("/srv/vestige")


@pytest.mark.parametrize("place", ["/srv/vestige", "/srv", "/srv/vestige/keys", "/srv/vestige/x/y"])
def test_nothing_in_or_around_the_installation_is_touched(place: str) -> None:
    bounds = Boundaries(private=(HOME,))

    assert bounds.why_out(Path(place)) == "this installation lies there too"


@pytest.mark.parametrize("place", ["/", "/etc", "/etc/company", "/usr/share/x", "/var", "/var/log"])
def test_folders_of_the_operating_system_are_not_touched(place: str) -> None:
    assert "operating system" in Boundaries(private=()).why_out(Path(place))


@pytest.mark.parametrize("place", ["/srv/vestige-data/v1", "/data/cache", "/home/ann/cache"])
def test_data_elsewhere_is_in_bounds(place: str) -> None:
    assert Boundaries(private=(HOME,)).why_out(Path(place)) == ""


def test_a_link_or_dots_on_the_way_do_not_lead_out_of_bounds(tmp_path: Path) -> None:
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    (tmp_path / "data").symlink_to(tmp_path / "home")
    bounds = Boundaries(private=(tmp_path / "home",))

    assert bounds.why_out(tmp_path / "data" / "keys")
    assert bounds.why_out(tmp_path / "elsewhere" / ".." / "home" / "keys")


def test_data_inside_a_private_folder_is_in_bounds_and_nothing_beside_it() -> None:
    bounds = Boundaries(
        private=(HOME, HOME / "keys"), data=(HOME / "demo" / "data", HOME / "keys", Path("/srv"))
    )

    assert bounds.why_out(HOME / "demo" / "data" / "caches") == ""
    for beside in ("demo", "demo/access.json", "keys/signing-key.pem", "keys", "jobs"):
        assert bounds.why_out(HOME / beside)


def test_data_of_the_operators_own_choice_may_lie_in_a_system_folder() -> None:
    bounds = Boundaries(private=(), data=(Path("/var/lib/company"),))

    assert bounds.why_out(Path("/var/lib/company/v1")) == ""
    assert bounds.why_out(Path("/var/lib/other"))


def test_where_roots_are_named_nothing_outside_them_is_touched() -> None:
    bounds = Boundaries(private=(), data=(Path("/data"),), data_only=True)

    assert bounds.why_out(Path("/data/cache")) == ""
    assert "VESTIGE_DATA_ROOTS" in bounds.why_out(Path("/data2/cache"))


@pytest.mark.parametrize(
    ("place", "whole"),
    [("/", True), ("/data", True), ("/home/ann", True), ("/home/ann/cache", False)],
)
def test_whole_folders_are_told_from_an_artifacts_own(place: str, *, whole: bool) -> None:
    assert is_whole_folder_of_many(Path(place)) is whole
    assert is_whole_folder_of_many(Path.home())
