"""Makes the environment in ``.venv`` from the lock; run by make with the newcomer's own Python.

Standard library only. It bootstraps uv with pip, because uv installs the lock several times
faster, and falls back on pip where uv is not to be had.
"""

import ast
import contextlib
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
ENVIRONMENT = BASE / ".venv"
LOCK = BASE / "requirements.lock"
PROJECT = BASE / "pyproject.toml"
STAMP = ENVIRONMENT / "vestige-stamp"
SUPPORTED = ((3, 11), (3, 12))
#: Not in the lock: from the index torch draws gigabytes of CUDA, so a folder of wheels that the
#: user's pip configuration names may offer a build for the processor alone.
TORCH = "torch==2.13.0"
#: torch, and what only its CUDA builds draw.
LEFT_OUT = (
    *("torch", "triton", "cuda-bindings", "cuda-pathfinder", "cuda-toolkit", "nvidia-cublas"),
    *("nvidia-cuda-cupti", "nvidia-cuda-nvrtc", "nvidia-cuda-runtime", "nvidia-cudnn-cu13"),
    *("nvidia-cufft", "nvidia-cufile", "nvidia-curand", "nvidia-cusolver", "nvidia-cusparse"),
    *("nvidia-cusparselt-cu13", "nvidia-nccl-cu13", "nvidia-nvjitlink", "nvidia-nvshmem-cu13"),
    "nvidia-nvtx",
)
#: Settings of pip that decide where packages come from, as uv calls them.
UV_OPTIONS = {
    "index-url": "--index-url",
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}
UV_VARIABLES = {"cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY", "default-timeout": "UV_HTTP_TIMEOUT"}


class SetupError(Exception):
    """One sentence on what failed and what to do."""


def main() -> int:
    """Set the environment up unless it stands already; with ``lock``, make the lock anew."""
    try:
        check_python()
        if sys.argv[1:] == ["lock"]:
            lock()
            return 0
        wanted = fingerprint()
        if STAMP.exists() and STAMP.read_text() == wanted:
            return 0
        install()
        STAMP.write_text(wanted)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped; run it again to go on.")
        return 130
    return 0


def check_python() -> None:
    """Fail unless this Python can run Vestige."""
    if sys.version_info[:2] not in SUPPORTED:
        found = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"Vestige needs Python 3.11 or 3.12 and this is {found}: "
            "install one of them and name it, for example `make demo PYTHON=python3.11`."
        )


def fingerprint() -> str:
    """What the environment depends on; the environment is made again when it changes."""
    parts = [LOCK.read_bytes(), PROJECT.read_bytes(), sys.version.encode(), os.fsencode(BASE)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def lock() -> None:
    """Resolve ``pyproject.toml`` anew into the lock, naming no place of this machine in it."""
    python = make_environment()
    uv, *_ = find_installer(python)
    hidden = [part for name in LEFT_OUT for part in ("--no-emit-package", name)]
    os.environ["UV_CUSTOM_COMPILE_COMMAND"] = "make lock"
    os.chdir(BASE)  # so that the lock names its sources by relative paths
    run(
        [
            *(uv, "pip", "compile", PROJECT.name, "--output-file", LOCK.name, "--quiet"),
            *("--all-extras", "--universal", "--python-version", "3.11", "--generate-hashes"),
            *uv_options([str(python), "-m", "pip"]),
            *hidden,
        ],
        "Resolving the lock",
    )


def install() -> None:
    """Make the environment and put everything into it, Vestige itself last."""
    python = make_environment()
    installer = find_installer(python)
    steps = (
        ("Installing the packages of the lock", ["--require-hashes", "--no-deps", "-r", str(LOCK)]),
        (f"Installing {TORCH}", [TORCH]),
        ("Installing Vestige", ["--no-deps", "--no-build-isolation", "-e", str(BASE)]),
    )
    for number, (words, arguments) in enumerate(steps, start=1):
        say(f"[{number}/{len(steps)}] {words}")
        run([*installer, *arguments], words)


def make_environment() -> Path:
    """Make ``.venv`` with pip in it, replacing one of another Python; returns its Python."""
    python = ENVIRONMENT / "bin" / "python"
    same = answer(python, "import sys; print(sys.version)") == sys.version
    if same and answer(python, "import pip; print('yes')"):
        return python
    say(f"Making the environment in {ENVIRONMENT}")
    try:
        venv.create(ENVIRONMENT, clear=not same, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        release = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"The environment {ENVIRONMENT} cannot be made ({error}): check that the disk has "
            f"room and that Python's venv is there (Debian: apt-get install python{release}-venv)."
        ) from error
    return python


def answer(python: Path, question: str) -> str:
    """What a Python prints; empty when it is not there or fails."""
    with contextlib.suppress(OSError):
        asked = subprocess.run(
            [python, "-c", question], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip()
    return ""


def find_installer(python: Path) -> list[str]:
    """The install command of uv where it can be had, else of pip, which needs no options."""
    pip = [str(python), "-m", "pip"]
    uv = python.with_name("uv")
    if not uv.exists():
        say("Fetching the installer")
        subprocess.run([*pip, "install", "--quiet", "uv"], check=False, stderr=subprocess.DEVNULL)
    if uv.exists():
        return [str(uv), "pip", "install", "--python", str(python), *uv_options(pip)]
    say("uv is not to be had here; installing with pip, which takes some minutes more")
    return [*pip, "install"]


def uv_options(pip: list[str]) -> list[str]:
    """The user's pip configuration in uv's words, for uv reads none of it."""
    settings = pip_settings(pip)
    # As pip does it: the best version of all indexes, not of the first that knows the name.
    options = ["--index-strategy", "unsafe-best-match"]
    for name, option in UV_OPTIONS.items():
        for value in settings.get(name, "").split():
            options += [option, value]
    if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        options.append("--no-index")
    for name, variable in UV_VARIABLES.items():
        if chosen := settings.get(name):
            os.environ.setdefault(variable, chosen)
    return options


def pip_settings(pip: list[str]) -> dict[str, str]:
    """What ``pip config list`` shows, the environment's values winning over the files'."""
    listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    ranks = ("global", "install", ":env:")
    found: dict[str, tuple[int, str]] = {}
    for line in listed.stdout.splitlines():
        key, _, quoted = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in ranks and ranks.index(section) >= found.get(name, (-1, ""))[0]:
            # Values are Python literals; several values stand on several lines of one.
            found[name] = (ranks.index(section), str(ast.literal_eval(quoted)))
    return {name: value for name, (_, value) in found.items()}


def run(command: list[str], words: str) -> None:
    """Run an installer with its own progress shown."""
    finished = subprocess.run(command, check=False)
    if finished.returncode != 0:
        raise SetupError(
            f"{words} failed, see above: check the disk's room and that the package index can be "
            "reached (pip's own configuration is used), then run it again."
        )


def say(words: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
