"""Answers of which a part is still blank, and what an answer does to its arguments."""

from cnncourse.exercises import Mistake
from cnncourse.exercises._engine import judge

import numpy as np
import pytest
from small_exercises import judged, make, make_value

# Some of several


SEVERAL = {
    "answer": "[first, second, third]",
    "solution": "first, second, third = 1, 2, 3",
    "facts": lambda found: dict(zip("abc", (number / 1 for number in found), strict=True)),
    "mistakes": (
        Mistake(code="first, second, third = 1, 9, 3", message="Nine.", by=("b",)),
        Mistake(code="first, second, third = 7, 8, 9", message="All."),
    ),
}


def test_what_is_filled_is_judged_and_what_is_missing_named():
    exercise = make_value(**SEVERAL)
    right_so_far = judge(exercise, [..., 2, ...])
    assert right_so_far.status == "not attempted"
    assert ("", "What is filled is right.") in right_so_far.parts
    assert "Still blank: first, third" in str(right_so_far)
    wrong = judge(exercise, [..., 9, 3])
    assert wrong.status == "wrong"
    assert wrong.mistake.message == "Nine."
    assert "Still blank: first" in str(wrong)
    unknown = judge(exercise, [5, ..., 3])
    assert unknown.status == "wrong"
    assert unknown.mistake is None
    assert "What differs: a" in str(unknown)
    assert "Still blank" not in str(judge(exercise, [5, 2, 3]))
    unjudged = judge(exercise, ["x", ..., 3])
    assert "cannot be judged" in str(unjudged)
    assert "Still blank: second" in str(unjudged)


@pytest.mark.parametrize(
    "blank", [[..., ..., ...], [1, ...], {"a": ..., "b": 2}, [[1, ...], ..., ...]]
)
def test_where_nothing_is_whole_nothing_is_judged(blank):
    verdict = judge(make_value(**SEVERAL), blank)
    assert verdict.status == "not attempted"
    assert "Still blank" not in str(verdict)
    assert "What is filled" not in str(verdict)


def test_entries_without_names_of_their_own_are_counted_or_called_by_their_keys():
    by_key = make_value(solution="output_size = {'height': 1, 'width': 2}")
    assert "Still blank: width" in str(judge(by_key, {"height": 1, "width": ...}))
    assert judge(by_key, {"height": 2, "width": ...}).status == "wrong"
    counted = make_value(solution="output_size = [(1, 2), (3, 4)]")
    assert "Still blank: entry 2" in str(judge(counted, [(1, 2), (..., 4)]))
    assert judge(counted, ((1, 9), ...)).status == "wrong"
    assert judge(counted, ((1, 2), (3, 4))).right


def test_of_an_entry_that_is_filled_in_part_that_part_is_judged():
    exercise = make_value(solution="output_size = [(1, 2), (3, [4, 5])]")
    right_so_far = judge(exercise, [(1, 2), (..., [4, ...])])
    assert right_so_far.status == "not attempted"
    assert "Still blank: entry 2" in str(right_so_far)
    for wrong in ((..., [9, ...]), (9, ...), (..., 4), (..., [4, 5], 6), [...]):
        assert "What is filled is right" not in str(judge(exercise, [(1, 2), wrong]))
    assert judge(exercise, [(1, 2), (9, ...)]).status == "wrong"
    for solution in ("[3, 4]", "[(1, 2, 3), 4]"):  # a number there, or more of them
        exercise = make_value(solution=f"output_size = {solution}", mistakes=())
        assert judge(exercise, [(1, ...), 4]).status == "wrong"


# Arguments


ZEROED = "def output_size(grid, names):\n    grid[0] = 0\n    return grid.sum()"


def of_a_grid(**changes):
    parts = {
        "solution": "def output_size(grid, names): return grid[1:].sum()",
        "cases": ((np.array([4, 5, 6]), ["a"]), {"names": ["b"], "grid": np.array([1.0, np.nan])}),
    }
    return make(**(parts | changes))


def test_an_answer_that_changes_its_argument_is_wrong_and_told_which():
    verdict = judged(ZEROED, of_a_grid())
    assert verdict.status == "wrong"
    assert "This changes `grid`, which must stay as it was" in str(verdict)
    assert "output_size(np.array([4, 5, 6]" in str(verdict)
    assert "Expected" not in str(verdict), "the value is right"
    both = "def output_size(grid, names):\n    grid[0] = names[0] = 0\n    return 0"
    assert "This changes `grid` and `names`," in str(judged(both, of_a_grid()))
    assert "Expected: 11" in str(judged(both, of_a_grid()))
    assert judged(ZEROED, of_a_grid(changes=("grid",))).right
    assert not judged(both, of_a_grid(changes=("grid",)))
    assert judged(of_a_grid().solution, of_a_grid()).right


@pytest.mark.parametrize(
    "change",
    [
        "grid.sort()",
        "grid.shape = (1, -1); grid = grid[0]",
        "names.append(1)",
        "names[0] = names[0] + ' '",
        "names.clear()",
        "names[0] = 1",
    ],
)
def test_each_change_of_an_argument_is_seen(change):
    exercise = of_a_grid(cases=((np.array([1, 6, 5]), ["a"]),))
    code = f"def output_size(grid, names):\n    total = 11\n    {change}\n    return total"
    assert "This changes" in str(judged(code, exercise))


def test_a_mistake_is_known_whether_it_changes_its_argument_or_not():
    exercise = of_a_grid(
        mistakes=(
            Mistake(code="def output_size(grid, names): return grid.sum()", message="All."),
            Mistake(code=ZEROED, message="Into the argument."),
        )
    )
    plain = judged("def output_size(grid, names): return grid.sum()", exercise)
    changing = judged(
        "def output_size(grid, names):\n    total = grid.sum()\n    grid *= 2\n    return total",
        exercise,
    )
    assert plain.mistake.message == changing.mistake.message == "All."
    assert "This changes" not in str(plain)
    assert "This changes `grid`" in str(changing)
    own = judged(ZEROED, exercise)
    assert own.mistake.message == "Into the argument."
    assert "This changes" not in str(own), "its message says so"


def test_a_solution_that_changes_its_argument_is_an_error_for_its_author():
    with pytest.raises(ValueError, match="its own solution gives"):
        judge(of_a_grid(solution=ZEROED), 3)
    with pytest.raises(ValueError, match="changes must be a list"):
        make(changes="grid")


def test_a_network_that_an_answer_trains_is_a_changed_argument():
    import keras

    class Network:
        def __deepcopy__(self, memo):
            return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

        __repr__ = object.__repr__

    exercise = make(
        solution="def output_size(network): return 1", cases=((Network(),),), mistakes=()
    )
    train = "network.set_weights([np.ones((1, 1)), np.ones(1)])"
    trained = f"def output_size(network):\n    {train}\n    return 1"
    assert judge(exercise, lambda network: network.count_params() - 1).right
    assert "This changes `network`" in str(judged(trained, exercise))


def test_cases_are_drawn_as_a_seed_says():
    exercise = make(draw=lambda rng: (int(rng.integers(5, 99)), 3))
    assert exercise.drawn(1, 9) == exercise.drawn(1, 9)
    assert exercise.drawn(1, 9) != exercise.drawn(2, 9)
    assert len(set(exercise.drawn(1, 9))) > 1
    with pytest.raises(ValueError, match=r"99/output_size has no draw\(rng\)"):
        make().drawn(1, 9)
