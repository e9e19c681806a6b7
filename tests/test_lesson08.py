"""Lesson 08 with its blanks empty, half filled, filled: each cell says what it waits for."""

import ast
import dataclasses
import pathlib
import re
import textwrap

from cnncourse import exercises, results
from cnncourse.exercises import _fashion

import jupytext
import keras
import nbclient
import nbformat
import numpy as np
import pytest
from test_order import remembering

ROOT = pathlib.Path(__file__).parents[1]
LESSON = ROOT / "notebooks" / "08_mnist_exercise.md"
CELLS = [cell for cell in jupytext.read(LESSON).cells if cell.cell_type == "code"]
NAMES = exercises.names("08")
FIRST_PICTURES = ("twelve = [", "A part of the first training image")  # need no answer: drawn once
RIGHT = "exercises right (of 10)"
OF_SOLVED = 4  # pictures that the course's own solutions make, whatever is filled
STARTS_ANEW = "%reset -f\nfrom cnncourse import exercises\nexercises._last_status.clear()"


def blank_of(cell):
    """The name of the exercise whose blank the cell is, or None."""
    tags = cell.metadata.get("tags", [])
    return next((f"08/{tag}" for tag in tags if f"08/{tag}" in NAMES), None)


def solved(*names):
    return {f"08/{name}": exercises.find(f"08/{name}").solution for name in names}


def mistaken(name, words):
    """The known mistake of an exercise whose message has these words."""
    exercise = exercises.find(f"08/{name}")
    (mistake,) = [mistake for mistake in exercise.mistakes if words in mistake.message]
    return {exercise.name: mistake.code}


PASSES = {
    "empty": {},
    "wrong network": {
        **solved("prepare", "one_hot", "feature_maps", "train", "worst_digit"),
        **mistaken("build_network", "no probabilities"),
    },
}
MORE_PASSES = {
    "no images": {
        **solved("build_network", "first_filters", "feature_maps", "compile_network", "train"),
        **solved("test_accuracy", "worst_digit"),
        **mistaken("one_hot", "came back as they were"),
    },
    "filled otherwise": {name: exercises.find(name).right[-1] for name in NAMES},
}


class Pass:
    """What one run from top to bottom said, cell by cell."""

    def __init__(self, cells):
        self.outputs = [cell.outputs for cell in cells]
        self.texts = ["".join(map(self.text, outputs)) for outputs in self.outputs]
        self.all = "\n".join(self.texts)
        self.pictures = sum(
            "image/png" in output.get("data", {}) for outputs in self.outputs for output in outputs
        )

    @staticmethod
    def text(output):
        return output.get("text") or output.get("data", {}).get("text/plain", "")

    def after(self, source):
        """What the first cell with this in its source said."""
        return next(t for c, t in zip(CELLS, self.texts, strict=True) if source in c.source)

    @property
    def record(self):
        return self.outputs[-1][-1]["data"][results.MIME]

    @property
    def numbers(self):
        return {number["name"]: number["value"] for number in self.record["numbers"]}


def run_passes(fillings):
    """The lesson run once for each of these, in one kernel that forgets everything between.

    All but how the course's own solutions are trained, which is the same each time.
    """
    cells = []
    for filled in fillings.values():
        sources = [textwrap.dedent(filled.get(blank_of(c), c.source)).strip() for c in CELLS]
        if cells:
            sources = ["" if any(p in s for p in FIRST_PICTURES) else s for s in sources]
        cells += [nbformat.v4.new_code_cell(source) for source in [STARTS_ANEW, *sources]]
    first = nbformat.v4.new_code_cell(remembering())
    notebook = nbformat.v4.new_notebook(cells=[first, *cells])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCOURSE_SOURCES", "drawn")
        patch.setenv("CNNCOURSE_BUDGET", "quick")
        patch.delenv(results.STORE_VARIABLE, raising=False)
        nbclient.NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(LESSON.parent)}},
        ).execute()
    step = len(CELLS) + 1
    cells = notebook.cells[1:]
    return {
        name: Pass(cells[number * step + 1 : (number + 1) * step])
        for number, name in enumerate(fillings)
    }


@pytest.fixture(scope="module")
def passes():
    return run_passes(PASSES)


@pytest.fixture(scope="module")
def more_passes():
    return run_passes(MORE_PASSES)


def test_empty_it_says_what_is_to_do_and_shows_what_needs_no_answer(passes):
    empty = passes["empty"]
    assert empty.all.count("Not attempted yet") == 10
    assert "Still to do: 08/prepare, 08/one_hot, 08/build_network" in empty.all
    assert "0 of 10 exercises are right." in empty.all
    assert empty.numbers.keys() == {RIGHT, "solutions_test_accuracy"}
    assert empty.numbers[RIGHT] == 0
    assert empty.pictures == 5 + OF_SOLVED
    assert "Epoch" not in empty.all
    assert "your network:" not in empty.all
    assert "not right yet" not in empty.all.casefold()


def test_a_wrong_answer_is_named_by_every_cell_that_needs_it(passes):
    half = passes["wrong network"]
    assert "no probabilities" in half.after('exercises.check("08/build_network"')
    assert "training (4000, 28, 28, 1) 0.0 to 1.0" in half.all
    for cell, _, needs in parts():
        if "08/build_network" in needs and "exercises.done(" in cell.source:
            told = half.after(cell.source)
            assert "Still to do: 08/build_network (not right yet: its check says why)" in told
    assert "Model:" not in half.all
    assert "Epoch" not in half.all
    assert "5 of 10 exercises are right." in half.all
    assert half.numbers[RIGHT] == 5


@pytest.mark.more
def test_the_network_can_be_looked_into_without_images_and_labels(more_passes):
    half = more_passes["no images"]
    assert "the first filters: (3, 3, 1, 32)" in half.all
    assert half.pictures == 6 + OF_SOLVED
    assert "its feature maps" not in half.all
    training = half.after("history = train(")
    assert "Still to do: 08/prepare (not attempted yet)" in training
    assert "Still to do: 08/one_hot (not right yet: its check says why)" in training
    assert "Epoch" not in half.all
    assert half.numbers[RIGHT] == 7


@pytest.mark.more
def test_filled_with_other_right_answers_it_trains_and_shows_everything(more_passes):
    filled = more_passes["filled otherwise"]
    assert filled.all.count("✓ Right") == 10
    assert "Still to do" not in filled.all
    assert "Epoch 3/3" in filled.all
    assert filled.pictures == 10 + OF_SOLVED
    assert "10 of 10 exercises are right." in filled.all
    assert filled.numbers[RIGHT] == 10
    assert 0.3 < filled.numbers["test_accuracy"] <= 1


@pytest.mark.parametrize("made", ["passes", pytest.param("more_passes", marks=pytest.mark.more)])
def test_stand_ins_are_named(made, request):
    for done in request.getfixturevalue(made).values():
        assert "STAND-IN" in done.after("book.close(")
        (caption,) = done.record["captions"]
        assert caption.startswith("STAND-IN")


# Any combination: what a cell uses, it waits for.


def parts():
    """Of each statement of the lesson's complete cells: its cell, what runs, what it waits for."""
    constants = {}

    def waited_for(test):
        named = {node.value for node in ast.walk(test) if isinstance(node, ast.Constant)}
        used = [constants.get(node.id, set()) for node in ast.walk(test) if hasattr(node, "id")]
        return (named & set(NAMES)).union(*used)

    for cell in CELLS:
        if blank_of(cell) or "exercises.check(" in cell.source:
            continue
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, ast.Assign) and "08/" in ast.unparse(statement.value):
                constants[statement.targets[0].id] = waited_for(statement.value)
            elif isinstance(statement, ast.If):
                yield cell, statement.body, waited_for(statement.test)
            elif not isinstance(statement, ast.FunctionDef):
                yield cell, [statement], set()


def test_a_cell_that_uses_an_answer_waits_for_all_that_it_comes_from():
    comes_from = {exercises.find(name).answer: {name} for name in NAMES}
    guarded = 0
    for cell, statements, needs in parts():
        names = [n for s in statements for n in ast.walk(s) if isinstance(n, ast.Name)]
        made_here = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        for name in {name.id for name in names} - made_here:
            missing = comes_from.get(name, set()) - needs
            assert not missing, f"{name} needs {missing}:\n{cell.source}"
        if needs:
            guarded += 1
            comes_from |= dict.fromkeys(made_here, needs)
        else:
            for name in made_here:
                comes_from.pop(name, None)
    assert guarded >= 10


# The course's own solutions


def test_the_solutions_reach_098_and_the_stored_runs_are_of_the_bank_s_network():
    stored = results.load("08_solved")
    (accuracy,) = [n for n in stored.numbers if n["name"] == "solutions, test_accuracy"]
    assert accuracy["epochs"] == 10
    assert accuracy["seeds"] == [1, 2, 3, 4, 5]
    assert min(accuracy["values"]) >= 0.98
    exercise = exercises.find("08/build_network")
    network = exercise.fill(exercise.solution)()
    assert network.count_params() == stored["solutions, parameters"]


def test_the_page_shows_what_the_solutions_show_folded_and_it_is_the_first_stored_run():
    notebook = nbformat.read(LESSON.with_suffix(".ipynb"), as_version=4)
    (cell,) = [cell for cell in notebook.cells if cell.source.strip() == "show_solved()"]
    assert "hide-output" in cell.metadata["tags"]
    assert cell.metadata["jupyter"]["outputs_hidden"]
    pictures = [o for o in cell.outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == OF_SOLVED
    first = next(
        n["values"][0]
        for n in results.load("08_solved").numbers
        if n["name"] == "solutions, test_accuracy"
    )
    assert abs(results.load(LESSON.stem)["solutions_test_accuracy"] - first) < 0.003


def test_every_blank_stands_in_the_lesson_and_no_answer_does():
    assert [blank_of(cell) for cell in CELLS if blank_of(cell)] == sorted(
        NAMES, key=[blank_of(cell) for cell in CELLS].index
    )
    text = LESSON.read_text()
    for name in NAMES:
        body = exercises.find(name).filled.splitlines()[1:]
        answer = re.sub(r"\s+", "", "".join(body))
        assert answer not in re.sub(r"\s+", "", text), name


# The open task: networks that were trained, and others


@pytest.fixture(scope="module")
def clothes():
    """1,500 training images as the lesson's `prepare` makes them, and their labels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCOURSE_SOURCES", "folder,drawn")
        found = _fashion.images()
    return _fashion.as_input(found.x_train[:1500]), found.y_train[:1500]


def small(start=(28, 28, 1), outputs=10, units=16):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(start),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(outputs, activation="softmax"),
        ]
    )


def fitted(network, x, y, seed=1):
    keras.utils.set_random_seed(seed)
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(x, y, epochs=5, verbose=0)
    return network


@pytest.fixture
def asked(monkeypatch, nothing_is_sent):
    """What the test images have been asked, from nothing on."""
    found = {}
    monkeypatch.setattr(_fashion, "_asked", found)
    return found


def test_a_trained_network_is_measured_once_on_the_test_images_and_counted(clothes, asked):
    set_ = _fashion.images()
    for times in (1, 2):
        network = fitted(small(units=16 * times), *clothes)
        for _ in range(2):  # the same network once more is no new question
            verdict = exercises.check("08/fashion", network)
            assert verdict.right
            assert len(asked) == times
            accuracy = network.evaluate(_fashion.as_input(set_.x_test), set_.y_test, verbose=0)[1]
            assert f"10,000 test images it gets {accuracy:.4f} right" in str(verdict)
            assert f"with {network.count_params():,} parameters" in str(verdict)
    assert "the number is no test any more" in str(verdict)
    assert f"best of these got {max(asked.values()):.4f}" in str(verdict)


def test_it_stands_beside_the_stored_networks_in_the_order_of_their_accuracy(
    real, asked, monkeypatch
):
    fashion = real("fashion_mnist")
    monkeypatch.setattr(_fashion, "images", lambda: fashion)
    network = fitted(small(), _fashion.as_input(fashion.x_train[:1500]), fashion.y_train[:1500])
    table = str(exercises.check("08/fashion", network)).partition("Beside others:")[2]
    rows = [re.split(r"  +", line.strip()) for line in table.strip().splitlines()[1:]]
    accuracies = [float(row[-1].split()[0]) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    (own,) = [row for row in rows if row[0] == "your network"]
    assert own[1:] == ["12,730", f"{next(iter(asked.values())):.4f}"]
    assert {row[0] for row in rows} == {"your network", _fashion.REPORTED[0], *_fashion.STORED}


def test_the_networks_beside_it_are_on_record_and_within_its_limit():
    found = {called: (count, mean) for called, count, mean in _fashion.stored()}
    assert found.keys() == _fashion.STORED.keys()
    for called, (record, row) in _fashion.STORED.items():
        count, mean = found[called]
        assert int(count.replace(",", "")) <= _fashion.MOST_PARAMETERS
        assert float(mean.split()[0]) == round(results.load(record)[f"{row}, test_accuracy"], 4)


def test_a_stand_in_is_named_and_compared_with_nothing(clothes, asked, monkeypatch):
    stand_in = dataclasses.replace(_fashion.images(), source="drawn")
    monkeypatch.setattr(_fashion, "images", lambda: stand_in)
    verdict = exercises.check("08/fashion", fitted(small(), *clothes))
    assert verdict.right
    assert "STAND-IN" in str(verdict)
    assert "Beside others" not in str(verdict)


WRONG = {
    "untrained": (lambda x, y: small(), "no more of clothes than one that guesses"),
    "labels in another order": (
        lambda x, y: fitted(small(), x, np.roll(y, 700)),
        "labels in another order",
    ),
    "pixels not scaled": (
        lambda x, y: fitted(small(units=64), 255 * x, y),
        "the division was left out",
    ),
    "eleven outputs": (lambda x, y: fitted(small(outputs=11), x, y), "not ten numbers in a row"),
    "too large": (lambda x, y: fitted(small(units=128), x, y), "too many parameters"),
    "in colour": (lambda x, y: small((28, 28, 3)), r"built for inputs of shape \(28, 28, 3\)"),
    "no images": (lambda x, y: small((784,)), r"built for inputs of shape \(784,\)"),
    "a history": (lambda x, y: fitted(small(), x, y).history, "what `fit` returns"),
    "a function": (lambda x, y: small, "got a function"),
    "a list": (lambda x, y: [small()], "an object of type list"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_said_and_the_test_images_are_not_asked(kind, clothes, asked):
    make, told = WRONG[kind]
    verdict = exercises.check("08/fashion", make(*clothes))
    assert verdict.status == "wrong"
    assert re.search(told, str(verdict)), verdict
    assert not asked


def test_networks_without_training_guess(clothes, nothing_is_sent):
    for seed in range(20):
        keras.utils.set_random_seed(seed)
        facts = _fashion.fashion_facts(small(units=4 + seed))
        assert not facts["is better than a guess"]


@pytest.mark.long
def test_the_solution_reaches_091_in_the_full_budget(real, asked):
    real("fashion_mnist")
    exercise = exercises.find("08/fashion")
    epochs = re.search(r"FASHION_EPOCHS = budget.choose\(full=(\d+)", LESSON.read_text())[1]
    whole = dataclasses.replace(
        exercise,
        setup=f"{exercise.setup}\nfashion, FASHION_EPOCHS = _fashion.images(), {epochs}",
    )
    assert exercises.check("08/fashion", whole.fill(exercise.solution)).right
    assert max(asked.values()) >= 0.91
