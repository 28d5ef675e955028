"""``manage.py index_rotate``."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from lineage.selectors.index_status import under_versions
from lineage.services import rotate_key
from lineage.services.rotation import RotationProgress


class Command(BaseCommand):
    """Move the record index to the current version of the key."""

    help = "Read rows anew whose people are held under older versions of the key."

    def handle(self, *_: object, **__: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Read, and say what is left; the exit status is 1 where something is."""

        def say(progress: RotationProgress) -> None:
            self.stderr.write(f"{progress.done} of {progress.due} segments")

        rotation = rotate_key(progress=say)
        self.stdout.write(f"{rotation.rows:,} rows of {rotation.segments:,} segments read anew.")
        for trouble in rotation.troubles:
            self.stdout.write(f"Not read: {trouble}")
        if rotation.troubles:
            self.stdout.write("What cannot be read here moves when vestige index load reads it.")
        left = [
            version
            for version in under_versions()
            if version.key_version != settings.SUBJECT_PEPPER_VERSION
        ]
        for version in left:
            self.stdout.write(
                f"Left under version {version.key_version}: {version.memberships:,} memberships of "
                f"{version.subjects:,} people, of {version.only_past:,} of whom all rows were taken"
                " out. Keep this key."
            )
        if not left:
            self.stdout.write("Nothing is left under older versions of the key.")
        sys.exit(1 if left or rotation.troubles else 0)
