"""The engine of the exercises on small ones of its own: what is judged, and what a reader sees."""

import functools
import re
import types

from cnncourse import exercises
from cnncourse.exercises import Mistake, Wrong, _engine, _exercise, _limit, _show
from cnncourse.exercises._engine import judge, names_around
from cnncourse.exercises._observe import unnumbered

import numpy as np
import pytest
from small_exercises import ArrayLike, judged, make, make_value

pytestmark = pytest.mark.usefixtures("nothing_is_sent", "nothing_left_running")

# Right, not attempted, wrong


def test_a_right_answer_says_what_it_shows():
    verdict = judged("output_size = lambda size, kernel: size + 1 - kernel")
    assert verdict.right
    assert verdict
    assert "What it shows." in str(verdict)


@pytest.mark.parametrize(
    "blank",
    [
        "output_size = ...",
        "output_size = NotImplemented",
        "output_size = lambda size, kernel: ...",
        "def output_size(size, kernel):\n    ...",
        'def output_size(size, kernel):\n    """Over two\n    lines."""\n    pass',
        "def output_size(size, kernel):\n    raise NotImplementedError('later')",
        "def output_size(size, kernel):\n    return None",
        "def output_size(size, kernel):\n    return size - ... + 1",
        "def output_size(size, kernel):\n    result = np.zeros(())\n    ...\n    return result",
        "def output_size(size, kernel):\n    steps = ...\n    return np.zeros(steps)",
        "half = lambda: ...\ndef output_size(size, kernel):\n    return half() + 1",
        "half = lambda: ...\ndef output_size(size, kernel):\n    return [1, {'a': half()}]",
    ],
)
def test_a_blank_is_not_attempted(blank):
    verdict = judged(blank)
    assert verdict.status == "not attempted"
    assert "Write output_size(size, kernel)." in str(verdict)
    assert not verdict


@pytest.mark.parametrize(
    "blank",
    [
        "output_size = ...",
        *(
            f"def output_size(size, kernel):\n    {body}"
            for body in ("...", "return ...", '"""Later."""', "pass", "raise NotImplementedError")
        ),
    ],
)
def test_nobody_waits_for_the_solution_of_what_is_untouched(monkeypatch, blank):
    exercise = make()
    monkeypatch.setattr(
        type(exercise), "expected", property(lambda self: pytest.fail("the solution ran"))
    )
    verdict = judge(exercise, exercise.fill(blank))
    assert verdict.status == "not attempted"
    assert "Write output_size(size, kernel)." in str(verdict)


def test_the_lines_that_are_still_blank_are_named():
    verdict = judged("def output_size(size, kernel):\n    a = ...\n    b = ...\n    return a")
    assert "lines 2, 3" in str(verdict)


def test_dots_in_an_index_are_no_blank():
    code = "def output_size(size, kernel):\n    return np.array([size - kernel + {}])[..., 0]"
    assert judged(code.format(1)).right
    assert judged(code.format(2)).status == "wrong"


@pytest.mark.parametrize("blank", ["...", "[..., ...]", "[[1.0, ...], [3.0, 4.0]]", "{'a': ...}"])
def test_a_blank_value_is_not_attempted(blank):
    assert judged(f"output_size = {blank}", make_value()).status == "not attempted"


def test_a_known_mistake_gets_its_message_and_the_first_case_that_differs():
    verdict = judged("def output_size(a, b):\n    c = a\n    return c - b")
    assert verdict.status == "wrong"
    assert verdict.mistake.message == "One too few."
    parts = dict(verdict.parts[1:])
    assert parts["On the input"] == "output_size(5, 3)"
    assert parts["Expected"] == "3"
    assert parts["Received"] == "2"


def test_a_mistake_that_raises_is_known_by_what_it_raises():
    assert judged("def output_size(a, b): return b / 0").mistake.message == "By nought."
    assert judged("def output_size(a, b): raise ZeroDivisionError").mistake is None


def test_an_unknown_mistake_is_told_with_its_input_and_no_known_message():
    verdict = judged("def output_size(a, b): return 3")
    assert verdict.mistake is None
    assert "output_size(28, 5)" in str(verdict)
    assert "Expected: 24" in str(verdict)
    assert "Received: 3" in str(verdict)
    assert 'exercises.hint("99/output_size")' in str(verdict)


def test_shape_and_type_of_an_array_are_told():
    exercise = make(
        solution="def output_size(size, kernel): return np.arange(size * kernel).reshape(size, -1)"
    )
    flat = judged("def output_size(size, kernel): return np.arange(size * kernel)", exercise)
    assert "shape (15,), int64" in str(flat)
    assert "shape (5, 3), int64" in str(flat)
    one_off = judged(
        "def output_size(size, kernel):\n    a = np.arange(size * kernel).reshape(size, -1)\n"
        "    a[1, 2] = 9\n    return a.astype('float32')",
        exercise,
    )
    assert "1 of 15 entries, first [1, 2]" in str(one_off)
    assert "float32" in str(one_off)


def test_the_right_value_of_a_value_is_not_given_away():
    verdict = judged("output_size = np.zeros((2, 2))", make_value())
    assert "2.5" not in str(verdict)
    assert "4 of 4 entries, first [0, 0]" in str(verdict)


def test_a_readers_exception_is_told_with_its_line():
    code = "def output_size(size, kernel):\n    wide = size\n    return wide + undefined_name"
    verdict = judged(code)
    assert "NameError: name 'undefined_name' is not defined" in str(verdict)
    assert "line 3: return wide + undefined_name" in str(verdict)


@pytest.mark.parametrize("error", ["SystemExit(1)", "KeyboardInterrupt()", "MemoryError()"])
def test_no_exception_of_an_answer_gets_out(error):
    assert error.split("(")[0] in str(judged(f"def output_size(a, b): raise {error}"))


def test_a_missing_return_is_told():
    verdict = judged("def output_size(a, b):\n    c = a - b + 1")
    assert verdict.status == "wrong"
    assert "function without return" in str(verdict)


def test_a_result_in_place_of_the_function_and_the_other_way_round():
    assert "wants the function itself" in str(judged("output_size = 3"))
    assert "wants its result" in str(judged("def output_size(): return 1", make_value()))


@pytest.mark.parametrize(
    "form",
    [list, tuple, float, np.float32, np.float64, np.int16, np.array, ArrayLike],
)
def test_a_right_answer_may_come_in_another_form(form):
    if form in (list, tuple):
        exercise, value = make_value(), form(form(row) for row in [[1, 2.5], [3, 4]])
    else:
        exercise, value = make_value(solution="output_size = 3"), form(3)
    assert judge(exercise, value).right


def test_a_tensor_is_read_as_its_array():
    import tensorflow as tf

    assert judge(make_value(), tf.constant([[1.0, 2.5], [3.0, 4.0]])).right
    assert judge(make(), lambda size, kernel: tf.Variable(size - kernel + 1)).right


def test_tolerance_is_for_rounding_alone():
    exact = np.array([[1.0, 2.5], [3.0, 4.0]])
    assert judge(make_value(), (exact / 3 * 3 + 1e-7).astype("float32")).right
    assert not judge(make_value(), exact + 0.001)
    assert judge(make_value(tolerance=0.01), exact + 0.001).right
    assert not judge(make_value(solution="output_size = 74_514"), 74_514.4)
    assert not judge(make_value(solution="output_size = 74_514"), 74_515)
    small = make_value(solution="output_size = [1e-6, 2e-6]")
    assert not judge(small, [1e-6, 3e-6])
    assert not judge(make_value(solution="output_size = [1.0, np.inf]"), [2.0, np.inf])
    assert not judge(make_value(), exact * np.nan)


def test_text_is_compared_by_its_words():
    exercise = make_value(solution="output_size = 'good fit'")
    assert judge(exercise, " Good  FIT").right
    assert not judge(exercise, "goodfit")
    assert not judge(exercise, 3)


def test_facts_judge_what_values_cannot():
    def facts(answer):
        if not isinstance(answer, list):
            raise Wrong("A list is wanted.")
        return {"sum": sum(answer), "length": len(answer), "kind": "list"}

    exercise = make_value(
        solution="output_size = [1, 2, 3]",
        facts=facts,
        mistakes=(
            Mistake(code="output_size = [6]", message="Too short.", by=("length",)),
            Mistake(code="output_size = [1, 2, 4]", message="Too large."),
        ),
    )
    assert judge(exercise, [3, 2, 1]).right
    short = judge(exercise, [9])
    assert short.mistake.message == "Too short."
    assert "What differs: length\nExpected: 3\nReceived: 1" in str(short)
    assert judge(exercise, [0, 0, 7]).mistake.message == "Too large."
    assert "What differs: sum" in str(judge(exercise, [0, 0, 8]))
    assert ("", "A list is wanted.") in judge(exercise, (1, 2, 3)).parts
    assert "cannot be judged" in str(judge(exercise, ["a"]))


def test_an_error_is_told_with_the_line_of_the_cell_that_it_went_through():
    def answer(size, kernel):
        return np.ones(size) @ np.ones(kernel)

    parts = dict(judge(make(), answer).parts)
    line = answer.__code__.co_firstlineno + 1
    assert parts["In your cell"] == f"line {line}: return np.ones(size) @ np.ones(kernel)"
    parts = dict(judge(make(), functools.partial(answer)).parts)
    assert "ValueError" in parts["It raised"]
    assert "In your cell" not in parts, "what it calls may be anybody's"


def test_errors_are_the_same_whatever_numbers_keras_gives_its_layers():
    assert unnumbered("dense_3 of model_12, 4_5 and x_1y") == "dense of model, 4_5 and x_1y"


def test_facts_are_asked_of_an_answer_that_is_there_and_not_vast():
    asked = []

    def facts(value):
        asked.append(value)
        return {"sum": np.sum(value)}

    exercise = make(facts=facts, mistakes=())
    assert judge(exercise, lambda size, kernel: size - kernel + 1).right
    asked.clear()
    assert "None, as from a function without return" in str(judge(exercise, lambda a, b: None))
    assert judge(exercise, lambda a, b: ...).status == "not attempted"
    told = str(judge(exercise, lambda a, b: np.broadcast_to(1.0, (1_001, 1_000))))
    assert "This has 1,001,000 numbers, far more than are asked for." in told
    assert asked == []


@pytest.mark.parametrize(
    ("solution", "answer", "where"),
    [
        ("[[1.0, 2.5], [3.0, 4.0]]", [[1, 2.5], [3, 5]], "1 of 4 entries, first [1, 1]"),
        ("['a', 'b']", ["a", "c"], "entry [1]"),
        ("3", 4, None),
        ("'good fit'", "overfitting", None),
        ("{'a': None}", {"a": 1}, None),
    ],
)
def test_where_a_value_differs_is_said_of_one_with_parts(solution, answer, where):
    exercise = make_value(solution=f"output_size = {solution}", mistakes=())
    assert dict(judge(exercise, answer).parts).get("Where it differs") == where


def test_numbers_that_differ_by_their_type_are_shown_as_they_are():
    exercise = make_value(solution="output_size = [0.2, 0.4]", reveal=True)
    told = str(judge(exercise, np.array([0.2, 0.4], np.float16)))
    assert "[0.2 0.4]" in told
    assert "[0.19995 0.3999 ]" in told


def test_a_bank_that_is_wrong_itself_is_an_error_for_its_author():
    with pytest.raises(ValueError, match="its own solution gives"):
        judge(make(solution="def output_size(a, b): return undefined_name"), 3)
    with pytest.raises(ValueError, match="exercise name"):
        make(name="output_size")
    with pytest.raises(ValueError, match="its own solution gives"):
        make(solution="def output_size(a, b): return [a, ...]").expected  # noqa: B018
    for listed in ("hints", "mistakes", "right", "cases", "changes"):
        with pytest.raises(ValueError, match=f"{listed} must be a list"):
            make(**{listed: "One."})
    with pytest.raises(TypeError, match="positional"):
        Mistake("output_size = 1", "One.")


@pytest.mark.parametrize(
    ("stopped", "why"), [("", ":"), ("memory", ", stopped at its limit of memory:")]
)
def test_code_of_a_bank_that_does_not_run_is_told_with_its_cause(monkeypatch, stopped, why):
    error = None if stopped else OSError("no")
    run = _limit.Run(stopped=stopped, error=error)
    monkeypatch.setattr(_exercise, "limited", lambda function, **limits: run)
    with pytest.raises(RuntimeError) as caught:
        make().expected  # noqa: B018
    told = f"99/output_size: the bank's own code does not run{why}\ndef output_size(size, kernel):"
    assert str(caught.value).startswith(told)
    assert caught.value.__cause__ is error


def test_a_solution_of_the_bank_may_wait(monkeypatch):
    monkeypatch.setattr(_limit, "IDLE", 0.1)
    waits = "import time\ndef output_size(size, kernel):\n    time.sleep(0.3)\n    return 3"
    assert [outcome.value.item() for outcome in make(solution=waits).expected] == [3, 3]


def test_setup_may_be_indented_and_a_solution_have_helpers():
    exercise = make(
        setup="    import math\n    more = 1",
        solution="""
            def before(x): return x + more

            def past(y): return y

            def output_size(size, kernel=3, *rest): return before(math.floor(size - kernel))
        """,
        cases=((5, 3), (9,), (9, 3, 2)),
    )
    assert exercise.parameters == ["size", "kernel"]
    assert [outcome.value.item() for outcome in exercise.expected] == [3, 7, 7]
    assert [exercise.arguments(case) for case in exercise.cases] == [
        {"size": 5, "kernel": 3},
        {"size": 9},
        {"size": 9, "kernel": 3, "argument 3": 2},
    ]


# What a reader sees


def test_html_says_in_words_what_the_colour_says_and_leaves_the_page_its_colours():
    for code, word in (
        ("output_size = lambda a, b: a - b + 1", "Right"),
        ("output_size = ...", "Not attempted yet"),
        ("output_size = lambda a, b: '<script>'", "Not right yet"),
    ):
        verdict = judged(code)
        page = verdict._repr_html_()
        assert word in page
        assert re.search("border-left:0.3em solid #[0-9a-f]{6};", page)
        assert all(_show.sentence(text) in page for label, text in verdict.parts if not label)
        assert "<script>" not in page
        styles = " ".join(re.findall(r"style='([^']*)'", page))
        assert not re.findall(r"(?<!-)\bcolor:(?!inherit)|background:(?!transparent)", styles)


def test_hints_fold_out_one_by_one_in_a_wrong_verdict_and_a_blank():
    for code in ("output_size = ...", "output_size = lambda a, b: 1"):
        verdict = judged(code, make(hints=("Try <b>.", "Then `size`.")))
        page = verdict._repr_html_()
        first, second = page.index("Hint 1 of 2"), page.index("Hint 2 of 2")
        assert first < page.index("Try &lt;b&gt;.") < second < page.index("<code>size</code>")
        assert page.count("<details") == page.count("</details>") == 2
        assert "</details>" not in page[:second], "the second stands inside of the first"
        shown = (
            "<code>exercises.solution(&quot;99/output_size&quot;)</code></p></details></details>"
        )
        assert page.count(shown) == 1, "innermost"
        assert 'A hint: `exercises.hint("99/output_size")`' in str(verdict)
        assert "Try" not in str(verdict)
    page = judged("output_size = lambda a, b: a - b + 1")._repr_html_()
    assert "<details" not in page
    assert "solution" not in page


def test_hints_come_one_by_one_and_then_say_so(monkeypatch):
    monkeypatch.setattr(exercises, "_hints_given", {})
    total = len(exercises.find("02/scale").hints)
    verdicts = [exercises.hint("02/scale") for _ in range(total + 2)]
    assert {verdict.status for verdict in verdicts} == {"note"}
    given = [str(verdict) for verdict in verdicts]
    for number, (text, note) in enumerate(
        zip(exercises.find("02/scale").hints, given, strict=False), start=1
    ):
        assert f"Hint {number} of {total}" in note
        assert text in note
    assert given[-1] == given[-2]
    assert 'exercises.solution("02/scale")' in given[-1]
    assert exercises.solution("02/scale").status == "note"


def test_values_are_shown_as_a_reader_would_write_them():
    answer = _show.show([{"a": 1, "b": "x"}, {"a": 2.5}, [True, None]])
    assert answer == "[{a: 1, b: 'x'}, {a: 2.5}, [True, None]]"
    assert "got [1]" in str(judged("output_size = [1]"))
    assert _show.show(["a"] * 20) == "['a'" + ", 'a'" * 19 + "]"
    assert _show.show(["a"] * 21) == "['a'" + ", 'a'" * 19 + ", ...]"
    for long in (["x" * 100] * 20, type("X" * 1_000, (), {})):
        assert len(_show.show(long)) < 600
        assert _show.show(long).endswith(" ...")


def test_a_call_is_shown_with_its_large_arrays_below():
    small, large = np.arange(12), np.arange(13)
    assert _show.show_call("f", (small, 2)) == f"f(np.array({list(range(12))}, dtype='int64'), 2)"
    assert _show.show_call("f", {"a": 2, "b": large}) == (
        f"f(a=2, b=<array (13,)>)\nwith b: shape (13,), int64\n{large}"
    )
    first, second = _show.show_call("f", (large, large)).split("\nwith argument ")[1:]
    assert first[0] + second[0] == "12"


def test_solution_shows_the_code():
    shown = exercises.solution("02/scale")
    assert "def scale(images):" in str(shown)
    assert "def scale(images):" in shown._repr_html_()


def test_done_says_what_is_still_to_do(monkeypatch, capsys):
    monkeypatch.setattr(exercises, "_last_status", {})
    scale, other = exercises.names("02")[:2]
    assert not exercises.done(scale, other)
    assert capsys.readouterr().out == (
        f"Still to do: {scale}, {other} (not checked yet: run the cell with its check)\n"
    )
    exercise = exercises.find(scale)
    exercises.check(scale, exercise.fill(exercise.solution))
    exercises.check(other, ...)
    assert exercises.done(scale)
    assert capsys.readouterr().out == ""
    assert not exercises.done(scale, other)
    assert capsys.readouterr().out == f"Still to do: {other} (not attempted yet)\n"
    exercises.check(scale, exercise.fill(exercise.mistakes[0].code))
    assert not exercises.done(scale)
    assert "not right yet: its check says why" in capsys.readouterr().out
    assert exercises.done()
    with pytest.raises(ValueError, match="Did you mean"):
        exercises.done(scale + "s")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("02/scales", "Did you mean '02/scale'"),
        ("02/zzz", "02/scale"),
        ("77/scale", "02"),
        ("scale", "01/output_size"),
        (None, "None"),
    ],
)
def test_an_unknown_name_is_an_error_that_lists_the_known(name, told):
    for ask in (lambda: exercises.check(name, 1), lambda: exercises.hint(name)):
        with pytest.raises(ValueError, match=re.escape(told)):
            ask()


def test_a_right_answer_is_told_what_its_exercise_reports_of_it_and_a_wrong_one_nothing():
    told = []

    def report(answer):
        told.append(answer)
        return [("Its sum", str(np.sum(answer)))]

    exercise = make_value(report=report)
    assert "Its sum: 10.5" in str(judged(exercise.solution, exercise))
    assert len(told) == 1, "the bank's own answers are not reported on"
    assert "Its sum" not in str(judged(exercise.mistakes[0].code, exercise))
    assert len(told) == 1


def test_a_report_that_cannot_be_made_says_so_and_the_answer_stays_right(capsys):
    def report(answer):
        print("here it comes")
        raise ZeroDivisionError("by nought")

    verdict = judged(make_value().solution, make_value(report=report))
    assert verdict.right
    assert "could not be measured" in str(verdict)
    assert "by nought" in str(verdict)
    assert capsys.readouterr() == ("", "")


def test_blanks_are_told_by_their_lines_of_the_cell():
    if make:  # an answer may stand further to the right than the first column

        def output_size(size, kernel):
            first = ...
            second = kernel[..., 0]
            return first + second + ...

        def one(size, kernel):
            kernel = ...
            return size - kernel

    begin = output_size.__code__.co_firstlineno
    told = str(judge(make(), output_size))
    assert f"Still blank in the cell: lines {begin + 1}, {begin + 3}" in told
    told = str(judge(make(), one))
    assert f"Still blank in the cell: line {one.__code__.co_firstlineno + 1}" in told


def test_entries_that_are_still_blank_are_named_one_by_one():
    answer = "output_size = {'rows': 3, 'columns': ..., 'maps': ...}"
    exercise = make_value(solution="output_size = {'rows': 3, 'columns': 4, 'maps': 5}")
    verdict = judged(answer, exercise)
    assert verdict.status == "not attempted"
    assert ("Still blank", "columns, maps") in verdict.parts


def test_a_blank_in_a_list_of_another_length_is_a_blank():
    exercise = make_value(solution="output_size = [[1.0, 2.5], [3.0, 4.0]]")
    for inner in ("[...]", "[..., 1.0, 1.0]"):
        verdict = judged(f"output_size = [{inner}, [3.0, 4.0]]", exercise)
        assert verdict.status == "wrong"
        assert verdict.parts[1:] == [
            ("Where it differs", "numbers are expected"),
            ("Still blank", "entry 1"),
        ]
    verdict = judged("output_size = [[..., 2.5], [3.0, 4.0]]", exercise)
    assert (verdict.status, verdict.parts[1]) == ("not attempted", ("Still blank", "entry 1"))


@pytest.mark.parametrize(("name", "kept"), [("__main__", 1), ("answer", 1), ("numpy", 0)])
def test_names_are_kept_of_a_notebook_and_not_of_a_module(name, kept):
    around = {"__name__": name}
    answer = types.FunctionType((lambda: 3).__code__, around)
    for each in (answer, functools.partial(functools.partial(answer))):
        assert names_around(each) == [around] * kept
    assert names_around(print) == names_around(3) == []


def test_what_a_mistake_computes_of_odd_numbers_warns_nobody(recwarn):
    mistakes = (
        Mistake(
            code="def output_size(size, kernel): return size / 1",
            message="Divided.",
            when=lambda trials: all(np.float64(one.received) / np.float64(0) > 1 for one in trials),
        ),
        *make().mistakes,
    )
    verdict = judged("def output_size(size, kernel): return size / 1", make(mistakes=mistakes))
    assert verdict.mistake is mistakes[0]
    assert not recwarn.list


def test_what_a_cell_has_replaced_is_named():
    names = ["sum", "mean", "max", "min", "std", "var"]
    told = _engine.told_of_replaced(names)
    assert told.startswith(
        "A cell has put something else in the place of `np.sum`, `np.mean`, `np.max`, `np.min`, "
        "`np.std`, and nothing can be compared without it."
    )
