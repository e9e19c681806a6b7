"""A small addition of each kind that CONTRIBUTING.md has a table for, for its test."""

import numpy as np

NAMES = {"NN": "97", "topic": "means", "NAME": "squares"}
TITLE = "What is the mean of a few squares?"
MINUTES = 15

_HEAD = f"""\
---
jupytext:
  formats: ipynb,md:myst
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
---

# {TITLE}

- **Time**: {MINUTES} minutes.
- **Questions**: What is a mean?
- **Objectives**: After this lesson you can take a mean.
- **Builds on**: lesson 01.
- **Data**: none.

"""
_CODE = "```{{code-cell}} ipython3\n{}\n```\n\n"
_START = _CODE.format(
    "import time\n\nfrom cnncourse import exercises, results\n\n"
    'book = results.Book("97_means")\nbook.add("mean_of_squares", (1 + 4 + 9) / 3)'
)
_HINTS = (
    "Below the verdict, hints open by a click; "
    '`exercises.hint("97/double")` gives the first, '
    '`exercises.solution("97/double")` the answer.\n\n'
)
_END = (
    _CODE.format('book.close(key="mean_of_squares", cpu_seconds=time.process_time())')
    + "## Key points\n\n- A mean is a sum.\n\n"
)


def _blank(name):
    return (
        f"### Exercise: {name}\n\n"
        + _CODE.format(f":tags: [exercise, {name}]\n\ndef {name}(x):\n    return ...")
        + _CODE.format(f'exercises.check("97/{name}", {name})')
    )


def _question(number, right):
    told = "because this is an explanation of more than ten words in option"
    options = "".join(
        f"<details><summary>Answer {i}</summary>\n\n"
        f"**{'Right' if i == right else 'No'}:** {told} {i} of {number}.\n\n</details>\n\n"
        for i in range(3)
    )
    return f"**{number}.** What is it?\n\n{options}"


_QUIZ = "## Check yourself\n\n" + "".join(_question(n, n % 2) for n in (1, 2, 3))

LESSON = _HEAD + _START + _HINTS + "".join(map(_blank, ("double", "halve", "negate")))
LESSON += _END + _QUIZ + "## Where to go next\n\nTo lesson 02.\n"


def _exercise(name, solution, mistakes):
    code = [f"def {name}(x): return {mistake}" for mistake in mistakes]
    wrong = "".join(
        f"            Mistake(code={text!r}, message='Lesson 97, {name}: that is {mistake}.'),\n"
        for text, mistake in zip(code, mistakes, strict=True)
    )
    return f"""\
    Exercise(
        name="97/{name}",
        task="Write `{name}(x)`.",
        hints=("Try 3.", "One operator."),
        solution="def {name}(x): return {solution}",
        mistakes=(
{wrong}        ),
        cases=((3.0,), (5.0,)),
        shows="Arithmetic.",
    ),
"""


BANK = (
    "from cnncourse.exercises._exercise import Exercise, Mistake\n\nEXERCISES = (\n"
    + _exercise("double", "2 * x", ("x * x", "x + 2"))
    + _exercise("halve", "x / 2", ("2 / x", "x // 2"))
    + _exercise("negate", "-x", ("1 / x", "abs(x)"))
    + ")\n"
)
GUIDE = f"""\
### Lesson 97: {TITLE}

- **Where they get stuck.** Nowhere.
- **What divides the room.** Nothing.
- **Numbers that differ.** None.

"""
ARRAYS = {
    f"{kind}_{split}": array
    for split, count in (("train", 20), ("test", 10))
    for kind, array in (
        ("x", np.arange(count * 64, dtype=np.uint8).reshape(count, 8, 8)),
        ("y", (np.arange(count) % 2).astype(np.uint8)),
    )
}
ENTRY = """\
        ImageSet(
            name="squares",
            title="Squares",
            image_shape=(8, 8),
            train=20,
            test=10,
            classes={{"": ("small", "large")}},
            sources={{}},
            digest="{digest}",
            origin="the test of CONTRIBUTING.md",
            licence="MIT",
        ),
"""
FIGURE_PY = '''\
"""The figure "squares": a row of squares."""

import matplotlib.pyplot as plt


def prepare(*, count=30):
    """Return the sides 1 to `count`."""
    return {"sides": list(range(1, count + 1))}


def draw(data):
    figure, axis = plt.subplots()
    axis.bar(data["sides"], [side * side for side in data["sides"]])
    return figure


def words(data):
    return f"The areas of {len(data['sides'])} squares, as bars."
'''
FIGURE_JS = """\
// Figure "squares": the areas of squares.

import { frame, make } from "./_shared.js";

function render({ model, el }) {
  const { sides } = model.get("data");
  frame(el, "cf-squares", "areas of squares");
  el.append(...sides.map((side) => make("p", { class: "cf-area" }, `area ${side * side}`)));
}

export default { render };
"""
FIGURE_CSS = ".cf-squares .cf-area {\n  margin: 0;\n}\n"
FIGURE_TEST = '''\
"""The figure "squares"."""

from cnncourse import figures


def test_its_areas_are_squares(figure_page):
    page = figure_page(figures.show("squares", count=30).html())
    assert page.locator(".cf-area").all_inner_texts() == [f"area {n * n}" for n in range(1, 31)]
'''
PLACE = '    "squares": ("Areas of squares", "97", "Look at them."),\n'
STUDY = '''\
"""Lesson 97: guesses, seed by seed.

Run: python -m tools.study 97_squares
"""

from cnncourse import data
from tools import study

import numpy as np


def guess(seed):
    return {"test_accuracy": np.random.default_rng(seed).uniform(0.4, 0.6)}


def main():
    squares = data.load("squares")
    row = study.Row(train=guess, data=squares, images=len(squares.x_train), epochs=1)
    study.run("97_squares", {"guesses": row}, key="guesses, test_accuracy")


if __name__ == "__main__":
    main()
'''
BENCHMARK = '''\
"""How long a mean takes, and a sum."""

import time

from benchmarks import Row, Side, images

KEY = "all squares, mean, cpu"
ROUNDS = 2


def cost(of):
    x, _ = images("squares", 20)
    start = time.process_time()
    of(x)
    return {"cpu": time.process_time() - start}


SIDES = {"mean": Side(measure=lambda seed: cost(lambda x: x.mean()))}
SIDES["sum"] = Side(measure=lambda seed: cost(lambda x: x.sum()))
ROWS = {"all squares": Row(sides=SIDES, data="squares", images=20)}
'''


def with_exercise(text):
    """The lesson with a fourth blank."""
    return text.replace(_END, _blank("squares") + _END)


def with_exercise_in_bank(text):
    return text.removesuffix(")\n") + _exercise("squares", "x * x", ("2 * x", "x + x + x")) + ")\n"


def with_figure(text):
    shown = "from cnncourse import figures\n\nfigures.show('squares', count=30)"
    return text.replace("## Key points", _CODE.format(shown) + "## Key points")
