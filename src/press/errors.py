"""The one kind of error a person sees: where it is, what is wrong, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


class PressError(Exception):
    """A mistake in the blog's files or on the machine, told without a traceback."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(f"{place}: {problem}; {remedy}")
        self.place = place
        self.problem = problem


class Problems(Exception):
    """Several errors that were found before anything else could be done."""

    def __init__(self, errors: list[PressError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


@contextmanager
def collected() -> Iterator[list[PressError]]:
    """Give a list to gather errors in; raise them together at the end, if there are any."""
    errors: list[PressError] = []
    yield errors
    if errors:
        raise Problems(errors)
