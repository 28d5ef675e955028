"""``python -m vestige`` is the console script."""

from vestige.cli import main

if __name__ == "__main__":
    main(prog_name="vestige")
