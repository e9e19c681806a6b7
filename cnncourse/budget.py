"""How much work a run does: the one switch that a lesson has.

`CNNCOURSE_BUDGET=full` is what a reader gets, `quick` is what tests and `make lessons` use.
"""

import os
from typing import TypeVar

VARIABLE = "CNNCOURSE_BUDGET"
NAMES = ("full", "quick")

T = TypeVar("T")


def name() -> str:
    """Return the budget of this run, "full" (the default) or "quick".

    Raises ValueError when the environment variable CNNCOURSE_BUDGET holds anything else.
    """
    value = os.environ.get(VARIABLE, "") or "full"
    if value not in NAMES:
        raise ValueError(
            f"{VARIABLE} is {value!r}; expected one of {', '.join(NAMES)}. "
            f"Set it to one of them, or unset it for the full budget."
        )
    return value


def choose(*, full: T, quick: T) -> T:
    """Return `full` or `quick`, whichever the budget of this run asks for.

    A lesson asks for its epochs and its number of images:

    >>> EPOCHS = choose(full=10, quick=5)
    """
    return full if name() == "full" else quick
