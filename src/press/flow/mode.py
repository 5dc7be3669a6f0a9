"""What a command is about: it decides what is run, on which data, and what is kept of it."""

from enum import Enum

TIME_LIMIT = 1800
"""Seconds that one cell may take."""


class Mode(Enum):
    BUILD = "run what changed, from a snapshot where there is one"
    WHOLE = "run from nothing what changed, or was made with a snapshot"
    REFRESH = "run what is current too, from nothing"
    CHECK = "run nothing, and refuse what is not current"
    REHEARSAL = "run on the stand-in data, where nothing is published"
    PROOF = "run elsewhere from nothing, and write nothing"

    @property
    def keeps(self) -> bool:
        """Whether snapshots are left for later runs."""
        return self in (Mode.BUILD, Mode.WHOLE, Mode.REFRESH)

    @property
    def resumes(self) -> bool:
        """Whether a run goes on from a snapshot."""
        return self is Mode.BUILD
