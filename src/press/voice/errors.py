"""The one kind of error a person sees: where it is, what is wrong, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


class PressError(Exception):
    """A mistake in the blog's files or on the machine, told without a traceback."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(f"{place}: {problem}; {remedy}")
        self.place = place
        self.problem = problem
        self.remedy = remedy


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


@contextmanager
def noted(errors: list[PressError], place: str) -> Iterator[None]:
    """Whatever goes wrong with one post becomes an error of its own; the others go on."""
    try:
        yield
    except PressError as error:
        errors.append(error)
    except Problems as problems:
        errors += problems.errors
    except Exception as error:
        errors.append(unexpected(error, place))


def unexpected(error: Exception, place: str) -> PressError:
    """A fault of press or of the system, as an error of whatever it was at work on."""
    if isinstance(error, OSError):
        where = str(error.filename or place)
        remedy = "mend that and run ./press again (results are as they were)"
        told = PressError(where, (error.strerror or str(error)).lower(), remedy)
    else:
        problem = f"press itself failed here ({type(error).__name__}: {error})"
        remedy = "report it with what ./press --debug says; results are as they were"
        told = PressError(place, problem, remedy)
    told.__cause__ = error
    return told
