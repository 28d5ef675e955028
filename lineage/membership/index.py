"""The one interface of everything that says in which segments somebody's records lie."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from lineage.membership.grouping import Numbers


class MembershipIndex(Protocol):
    """Answers for one data subject at a time."""

    def look_up(self, digest: bytes) -> Numbers:
        """Find the segments of a data subject.

        Args:
            digest: 16 bytes, under any version of the key.

        Returns:
            int32[n], rising: the segments that hold a record of theirs, and those that held one
            until it was redacted. Empty where nothing is known of them.
        """


@dataclass(frozen=True, kw_only=True)
class FreshIndex:
    """A built index that leaves to another one whatever has changed since it was built."""

    built: MembershipIndex
    #: The digests of everybody whose memberships have changed since.
    changed: Collection[bytes]
    #: What is always up to date, and slower.
    rows: MembershipIndex

    def look_up(self, digest: bytes) -> Numbers:
        """Find the segments of a data subject; see :class:`MembershipIndex`."""
        return (self.rows if digest in self.changed else self.built).look_up(digest)
