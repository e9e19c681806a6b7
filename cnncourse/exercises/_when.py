"""What gives away a mistake that can be written in many ways: for `Mistake(when=...)`.

Each function makes a condition on the `Trial`s of an answer, one a case, such as: right wherever
the stride is 1, one too many everywhere, fewer rows or columns than there should be.
"""

from cnncourse.exercises._values import difference

import numpy as np


def all_of(*conditions):
    """Every one of several conditions holds."""
    return lambda trials: all(condition(trials) for condition in conditions)


def right_if(where):
    """Right in every case of which `where(arguments)` is true, wrong in some other."""

    def when(trials):
        inside = [trial.right for trial in trials if where(trial.given)]
        outside = [trial.right for trial in trials if not where(trial.given)]
        return bool(inside) and all(inside) and not all(outside)

    return when


def each(compare):
    """`compare(expected, received)` is true in every case; none raises or gives no numbers."""

    def when(trials):
        return all(
            isinstance(trial.received, np.ndarray)
            and bool(compare(trial.expected, trial.received))
            for trial in trials
        )  # fmt: skip

    return when


def some(compare):
    """`compare(expected, received)` is true in some case; none raises or gives no numbers."""

    def when(trials):
        numbers = all(isinstance(trial.received, np.ndarray) for trial in trials)
        return numbers and any(compare(trial.expected, trial.received) for trial in trials)

    return when


def close(one, other):
    """Two arrays agree in shape and, but for rounding, in values."""
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-4, atol=1e-6)


def axes(compare):
    """As `each`, of the shapes alone: arrays of as many axes, `compare(expected, received)`."""
    return each(
        lambda expected, received: (
            expected.ndim == received.ndim
            and compare(np.array(expected.shape), np.array(received.shape))
        )
    )


SAME_SHAPE = axes(lambda expected, received: (expected == received).all())
TOO_LARGE = axes(lambda expected, received: (received >= expected).all())
TOO_SMALL = axes(lambda expected, received: (received <= expected).all())


def raises(*beginnings):
    """Some case raises an exception whose name and text begin with one of these texts."""
    return lambda trials: any((trial.error or "").startswith(beginnings) for trial in trials)


def differs(fact):
    """A fact (of an exercise with `facts`) is not the solution's in some case."""

    def when(trials):
        return any(
            difference(trial.expected[fact], trial.received.get(fact), 1e-5) is not None
            for trial in trials
            if isinstance(trial.received, dict)
        )

    return when
