"""Finds the Chromium that the page tests drive, installs it as root, or says what is missing.

Run by `make test` before the suite: `python tests/browser_setup.py`.
"""

import os
import shutil
import subprocess
import sys

#: Names under which a Chromium is found on PATH, the best one first.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends", "chromium")


def find_chromium() -> str | None:
    """The path of a Chromium: VESTIGE_CHROMIUM, or one on PATH."""
    chosen = os.environ.get("VESTIGE_CHROMIUM", "")
    candidates = (chosen,) if chosen else NAMES
    return next((path for name in candidates if (path := shutil.which(name))), None)


def main() -> int:
    """Exit 0 with a Chromium in place, else 1 with one sentence."""
    if find_chromium():
        return 0
    if os.environ.get("VESTIGE_CHROMIUM"):
        sys.stderr.write("VESTIGE_CHROMIUM names no program that can be run.\n")
        return 1
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install()
        if find_chromium():
            return 0
    sys.stderr.write(
        "The page tests need Chromium: an administrator installs it with "
        "`apt-get install chromium`, or VESTIGE_CHROMIUM names one.\n"
    )
    return 1


def install() -> None:
    """Install Chromium with the system's packages; a failure shows as a missing program."""
    sys.stderr.write("Installing Chromium for the page tests\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("apt-get", "update"), INSTALL):
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    sys.exit(main())
