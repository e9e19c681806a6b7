"""Mistakes with many faces: known by what is true of an answer on all cases."""

from cnncourse.exercises import Mistake, _when
from cnncourse.exercises._engine import judge
from cnncourse.exercises._models import facts_like
from cnncourse.exercises._observe import Trial

import numpy as np
import pytest
from small_exercises import judged, make, make_value


def with_when(when, **parts):
    mistake = Mistake(
        code="def output_size(size, kernel): return size + 1", message="Of this kind.", when=when
    )
    return make(mistakes=(mistake,), **parts)


def is_known(code, when, **parts):
    verdict = judged(code, with_when(when, **parts))
    assert verdict.status == "wrong"
    return verdict.mistake is not None and "Of this kind." in str(verdict)


def test_the_message_is_given_where_it_is_true_and_to_no_other_answer():
    too_many = _when.each(lambda expected, received: received > expected)
    assert is_known("output_size = lambda size, kernel: size * kernel", too_many)
    assert not is_known("output_size = lambda size, kernel: size - kernel", too_many)
    assert not is_known("output_size = lambda size, kernel: 10", too_many), "once too few"
    assert not is_known("output_size = lambda size, kernel: 'many'", too_many)
    assert not is_known("output_size = lambda size, kernel: 1 / 0", too_many)
    assert not is_known("output_size = lambda size, kernel: np.inf - np.inf", too_many)


def test_an_answer_that_is_a_value_is_one_trial():
    seen = []
    mistake = Mistake(code="output_size = 1", message="One.", when=seen.extend)
    judge(make_value(solution="output_size = 3", mistakes=(mistake,)), 5)
    (trial,) = seen
    assert (trial.expected, trial.received, trial.right) == (3, 5, False)


def test_a_trial_is_what_an_answer_did_on_a_case():
    seen = []

    def when(trials):
        seen.extend(trials)
        return False

    code = "def output_size(a, b):\n    if a == 5: return 3\n    raise ValueError('no')"
    assert not is_known(code, when)
    one, other = seen
    assert one.given == {"size": 5, "kernel": 3}
    assert (one.expected, one.received, one.right, one.error) == (3, 3, True, None)
    assert (other.expected, other.received, other.right) == (24, None, False)
    assert other.error == "ValueError: no"


@pytest.mark.parametrize("error", [TypeError, ValueError])
def test_values_that_a_condition_cannot_compare_are_not_of_its_kind(error):
    def when(_trials):
        raise error

    assert not is_known("output_size = lambda a, b: 'text'", when)


def test_an_answer_that_changes_its_argument_is_told_that_alone():
    exercise = with_when(
        lambda trials: True,
        solution="def output_size(grid): return grid[0]",
        cases=((np.array([1, 2]),),),
    )
    changing = "def output_size(grid):\n    grid[0] = 7\n    return 7"
    assert "Of this kind." not in str(judged(changing, exercise))
    assert "This changes `grid`" in str(judged(changing, exercise))
    assert judge(exercise, lambda grid: 7).mistake


def trials(*pairs, **more):
    return [
        Trial({"n": number}, np.asarray(one), np.asarray(other), bool(np.all(one == other)), **more)
        for number, (one, other) in enumerate(pairs)
    ]


GREATER = _when.each(lambda expected, received: received > expected)


@pytest.mark.parametrize(
    ("when", "true", "false"),
    [
        (_when.right_if(lambda given: given["n"] == 0), [(1, 1), (1, 2)], [(1, 2), (1, 1)]),
        (_when.right_if(lambda given: given["n"] == 0), [(1, 1), (1, 2)], [(1, 1), (1, 1)]),
        (_when.right_if(lambda given: given["n"] == 5), [*[(1, 1)] * 6, (1, 2)], [(1, 2)]),
        (_when.all_of(GREATER, _when.SAME_SHAPE), [(1, 2)], [(1, 0)]),
        (_when.all_of(_when.SAME_SHAPE, GREATER), [(1, 2)], [(1, 0)]),
        (GREATER, [(1, 2), (1, 3)], [(1, 2), (1, 1)]),
        (_when.some(lambda one, other: other > one), [(1, 2), (1, 1)], [(1, 1), (1, 1)]),
        (_when.SAME_SHAPE, [([1, 2], [3, 4])], [([1, 2], [1])]),
        (_when.SAME_SHAPE, [([1, 2], [3, 4])], [([1, 2], [[1, 2]])]),
        (_when.SAME_SHAPE, [([1, 2], [3, 4])], [([1, 2], [[1, 2], [3, 4]])]),
        (_when.SAME_SHAPE, [([1, 2], [3, 4])], [([[1, 2], [3, 4]], [1, 2])]),
        (_when.TOO_LARGE, [([1, 2], [1, 2, 3])], [([1, 2], [1])]),
        (_when.TOO_SMALL, [([1, 2], [1])], [([1, 2], [1, 2, 3])]),
    ],
)
def test_the_common_conditions(when, true, false):
    assert when(trials(*true))
    assert not when(trials(*false))


def test_numbers_are_close_in_shape_and_value():
    assert _when.close(np.array([1.0]), np.array([1.0 + 1e-7]))
    assert not _when.close(np.array([1.0]), np.array([1.01]))
    assert not _when.close(np.array([1.0]), np.array([[1.0]]))


def test_conditions_of_numbers_need_numbers():
    lost = [Trial({}, np.array(1), None, False, "ValueError: no")]
    assert not _when.each(lambda one, other: True)(lost)
    assert not _when.some(lambda one, other: True)([*lost, *trials((1, 1))])
    text = [Trial({}, np.array(1), "many", False)]
    assert not _when.each(lambda one, other: True)(text)
    assert not _when.some(lambda one, other: True)([*text, *trials((1, 1))])


def test_a_comparison_of_single_numbers_is_not_true_of_a_list_of_one():
    equal = [Trial({}, np.array(3), np.array([3]), False)]
    assert not _when.each(lambda one, other: one == other)(equal)
    assert not _when.some(lambda one, other: one == other)(equal)
    assert _when.some(lambda one, other: other.ndim > 0)(equal)


def test_what_is_raised_is_known_by_how_it_begins():
    raised = trials((1, 1), (1, 2), error="ValueError: no places left")
    assert _when.raises("IndexError", "ValueError: no")(raised)
    assert not _when.raises("IndexError", "no places")(raised)
    assert not _when.raises("ValueError")(trials((1, 1)))


def test_a_fact_differs_in_some_case():
    same = Trial({}, {"a": np.array(1), "b": "x"}, {"a": np.array(1), "b": "y"}, False)
    assert _when.differs("b")([same])
    assert not _when.differs("a")([same])
    assert not _when.differs("a")([Trial({}, {"a": "x"}, None, False)])
    for number, differs in ((1.0 + 1e-7, False), (1.0, False), (1.01, True), (0.99, True)):
        near = Trial({}, {"a": np.array(1.0)}, {"a": np.array(number)}, False)
        assert _when.differs("a")([near]) == differs


def test_a_mistake_with_many_faces_is_known_by_what_it_is_true_of():
    exercise = make(
        cases=((5, 1), (28, 5)),
        mistakes=(
            Mistake(
                code="def output_size(size, kernel): return size",
                when=_when.right_if(lambda given: given["kernel"] == 1),
                message="Right for kernels of 1.",
            ),
            Mistake(
                code="def output_size(size, kernel): return size + 1",
                when=_when.each(lambda expected, received: received > expected),
                message="Too many.",
            ),
        ),
    )
    told = {
        "size // kernel": "Right for kernels of 1.",
        "size * kernel + 1": "Too many.",
        "size - kernel": None,
        "[size, kernel]": None,
        "size - kernel + 1 if kernel > 1 else 1 / 0": None,
    }
    for returned, message in told.items():
        verdict = judged(f"def output_size(size, kernel): return {returned}", exercise)
        assert (verdict.mistake and verdict.mistake.message) == message, returned


def test_what_a_network_trains_is_judged_and_images_of_another_shape_are_no_error():
    import keras
    from keras import layers

    facts = facts_like(
        "import keras\n"
        "def build():\n"
        "    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, 'softmax')])",
        (2,),
    )

    def told(*network, shape=(2,)):
        return facts(keras.Sequential([keras.Input(shape), *network]))

    right = told(layers.Dense(3, "softmax"))
    assert right["parameters that are trained"] == right["parameters"] == 9
    assert right["penalties on the weights"] == 0
    held = told(layers.Dense(3, "softmax", trainable=False))
    assert (held["parameters"], held["parameters that are trained"]) == (9, 0)
    assert told(layers.Dense(3, "softmax", bias_regularizer="l2"))["penalties on the weights"] == 1
    other = told(layers.Reshape((2,)), layers.Dense(3, "softmax"), shape=(1, 2))
    assert other["shape of the input"] == "(None, 1, 2)"


def test_a_network_of_every_style_is_judged_by_what_it_computes():
    facts = facts_like(
        "import keras\n"
        "def build():\n"
        "    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, 'softmax')])",
        (2,),
    )
    style = "import keras\nfrom keras import layers\n"
    own = (
        "class Own(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.dense = layers.Dense(3)\n"
        "    def call(self, x): return {}(self.dense(x))\n"
        "def output_size(size, kernel):\n    model = Own()\n    {}\n    return model"
    )
    exercise = make(
        facts=facts,
        solution=style + own.format("keras.ops.softmax", "model.build((None, 2))"),
        cases=((5, 3),),
        mistakes=(),
        seconds=60,
    )
    assert judged(exercise.solution, exercise).right
    twice = own.format("(lambda x: keras.ops.softmax(keras.ops.softmax(x)))", "model.build((1, 2))")
    assert "activations" in str(judged(style + twice, exercise))
    unbuilt = judged(style + own.format("keras.ops.softmax", "pass"), exercise)
    assert "`model.build((None, 2))`" in str(unbuilt)
