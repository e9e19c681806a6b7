"""Small exercises for the tests of the engine, values that are hard to judge, what costs much."""

from cnncourse.exercises import Exercise, Mistake
from cnncourse.exercises._engine import judge

import numpy as np
import pytest

# They build or train networks: several seconds for all that is tried of one.
DEAR = {
    "06/conv2d",
    "06/train_step",
    "08/build_network",
    "08/compile_network",
    "08/fashion",
    "08/feature_maps",
    "08/test_accuracy",
    "08/train",
    "09/batch_norm",
    "09/residual_block",
    "10/adversarial_step",
    "10/fake_map",
    "11/inverted_bottleneck",
    "11/unfreeze",
}


def in_its_time(exercise):
    """A case of what tries much of an exercise: in `make test-more` where that costs much."""
    marks = [pytest.mark.more] if exercise.name in DEAR else []
    return pytest.param(exercise, id=exercise.name, marks=marks)


def make(**changes):
    """A small exercise: a function of two numbers."""
    parts = {
        "name": "99/output_size",
        "task": "Write output_size(size, kernel).",
        "hints": ("First.", "Second."),
        "solution": "def output_size(size, kernel):\n    return size - kernel + 1",
        "shows": "What it shows.",
        "cases": ((5, 3), (28, 5)),
        "mistakes": (
            Mistake(
                code="def output_size(size, kernel): return size - kernel",
                message="One too few.",
            ),
            Mistake(code="def output_size(size, kernel): return size / 0", message="By nought."),
        ),
    }
    return Exercise(**(parts | changes))


def make_value(**changes):
    """A small exercise: an array."""
    parts = {
        "solution": "output_size = np.array([[1.0, 2.5], [3.0, 4.0]])",
        "cases": (),
        "mistakes": (
            Mistake(code="output_size = np.ones((2, 2))", message="All one."),
            Mistake(code="output_size = np.array([1.0, 2.5, 3.0, 4.0])", message="Flat."),
        ),
    }
    return make(**(parts | changes))


def judged(code, exercise=None):
    exercise = exercise or make()
    return judge(exercise, exercise.fill(code))


class ArrayLike:
    """As a tensor does, gives an array where NumPy asks for one, and is nothing else."""

    def __init__(self, value):
        self.value = np.asarray(value)

    def __array__(self, dtype=None, copy=None):
        return self.value.astype(dtype or self.value.dtype)


class Hostile:
    """Raises whatever is asked of it."""

    def fails(self, *_args, **_kwargs):
        raise RuntimeError("hostile")

    __eq__ = __repr__ = __str__ = __len__ = __array__ = __getitem__ = __bool__ = __iter__ = fails
    __float__ = __hash__ = __deepcopy__ = fails


class EndlessArray:
    def __array__(self, dtype=None, copy=None):
        while True:
            pass
