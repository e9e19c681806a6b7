"""Readers run cells again and sections again: each cell twice, and from each heading to the end.

Real cells in one kernel a lesson, blanks as empty as a student's and once solved. Each training
of the quick budget runs whole the first time. Where a cell repeats it, it runs for one step, which
raises whatever the whole would, and then gives the network the weights, the history and the
callbacks the epochs of the first time: what more training makes of a network is not tried here.
Trainings within a check are real each time. `make test-more` runs the cells of one lesson twice,
then its sections, the last first; `make test-order` starts at every heading of all and goes on to
the end.
"""

import inspect
import re

from tools import lessons

import nbclient
import nbformat
import pytest

CHEAP = [("08_mnist_exercise", "alone")]
DEAR = [
    (name, "to the end")
    for name in [*(path.stem for path in lessons.paths()), "solutions/08_mnist_exercise"]
]


def remember_trainings(get_ipython):
    """In a kernel: let `keras.Model.fit` train once for each place in a cell."""
    import functools
    import inspect

    import cnncourse  # noqa: F401 - before TensorFlow, which it quiets

    import keras

    class Epochs(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seen = []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append((epoch, dict(logs), self.model.get_weights()))

    train = keras.Model.fit
    place, kept = [], {}

    @functools.wraps(train)
    def fit(*args, **options):
        if "exercises.check" in place[0]:  # small trainings, which the check counts
            return train(*args, **options)
        given = inspect.signature(train).bind(*args, **options)
        network, callbacks = args[0], list(given.arguments.pop("callbacks", None) or ())
        place.append("fit")
        if tuple(place) not in kept:
            epochs = Epochs()
            given.arguments["callbacks"] = [*callbacks, epochs]
            history = train(*given.args, **given.kwargs)
            kept[tuple(place)] = epochs.seen
            return history
        given.arguments["epochs"] = given.arguments.get("initial_epoch", 0) + 1
        given.arguments["steps_per_epoch"] = given.arguments["validation_steps"] = 1
        train(*given.args, **given.kwargs)
        again = keras.callbacks.CallbackList(callbacks, add_history=True, model=network)
        again.on_train_begin()
        for epoch, logs, weights in kept[tuple(place)]:
            again.on_epoch_begin(epoch)
            network.set_weights(weights)
            again.on_epoch_end(epoch, dict(logs))
        again.on_train_end()
        return network.history

    def begin(info):
        place[:] = [info.raw_cell]

    keras.Model.fit = fit
    get_ipython().events.register("pre_run_cell", begin)


def remembering():
    """The source of a cell that has its kernel remember trainings from then on."""
    return f"{inspect.getsource(remember_trainings)}\nremember_trainings(get_ipython)"


def sections(cells):
    """{index of a cell: the heading that it is the first code cell below}."""
    found, heading = {}, None
    for index, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            heading = (re.findall(r"(?m)^#{1,6} .*$", cell.source) or [heading])[-1]
        elif heading:
            found[index], heading = heading, None
    return found


def failures(notebook, again="to the end"):
    """Run each cell twice, then sections again; return [what ran, its cell, the error].

    again: "to the end" runs on from each heading in turn; "alone" runs each section by itself, the
    last one first, so that whatever comes after it in the lesson has run before it.
    """
    client = nbclient.NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(lessons.NOTEBOOKS)}},
    )
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    passes = {"each cell twice": [i for i in code for _ in range(2)]}
    starts = sections(notebook.cells)
    if again == "alone":
        ends = [*list(starts)[1:], len(notebook.cells)]
        for (first, heading), end in reversed(list(zip(starts.items(), ends, strict=True))):
            passes[f"{heading!r} alone"] = [i for i in code if first <= i < end]
    else:
        for first, heading in starts.items():
            passes[f"from {heading!r} on"] = [i for i in code if i >= first]
    notebook.cells.append(nbformat.v4.new_code_cell(remembering()))
    found = []
    with client.setup_kernel():
        client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1)
        for what, cells in passes.items():
            for index in cells:
                cell = notebook.cells[index]
                try:
                    client.execute_cell(cell, index)
                except nbclient.exceptions.CellExecutionError as error:
                    told = " ".join(f"{error.ename}: {error.evalue}".split())[:200]
                    found.append((what, cell.source.partition("\n")[0], told))
    return found


@pytest.mark.parametrize(
    ("name", "again"),
    [
        *(pytest.param(*each, marks=pytest.mark.more) for each in CHEAP),
        *(pytest.param(*each, marks=pytest.mark.long) for each in DEAR),
    ],
)
def test_cells_run_twice_and_sections_run_again(name, again, monkeypatch):
    monkeypatch.setenv("CNNCOURSE_BUDGET", "quick")
    monkeypatch.delenv("CNNCOURSE_STORE", raising=False)
    notebook = nbformat.read(lessons.NOTEBOOKS / f"{name}.ipynb", as_version=4)
    found = failures(notebook, again)
    assert not found, "\n".join(map(str, found))


SMALL = """\
# One
--
import keras
import numpy as np
x, y, made, kept = np.ones((40, 2)), np.ones(40), [], []
--
made.append(1)
assert len(made) == 1
--
## Two
--
losses = []
network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
network.compile("sgd", "mse")
watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: losses.append(logs["loss"]))
history = network.fit(x, y, 8, 3, verbose=0, callbacks=[watch]).history
assert history["loss"] == losses and len(losses) == 3
kept.append(network.get_weights()[0])
assert (kept[0] == kept[-1]).all()
--
## Three
--
x = x[:, :1]
"""


@pytest.mark.more
@pytest.mark.parametrize(
    ("again", "what"), [("to the end", "from '## Two' on"), ("alone", "'## Two' alone")]
)
def test_what_breaks_is_found_and_a_training_that_is_repeated_ends_as_it_did(again, what):
    notebook = nbformat.v4.new_notebook()
    for source in SMALL.split("\n--\n"):
        make = nbformat.v4.new_markdown_cell if source[0] == "#" else nbformat.v4.new_code_cell
        notebook.cells.append(make(source))
    (twice, cell, error), *later = failures(notebook, again)
    assert (twice, cell) == ("each cell twice", "made.append(1)")
    assert error.startswith("AssertionError")
    ((section, training, shape),) = later
    assert (section, training) == (what, "losses = []")
    assert re.search("ValueError: .* expected axis -1 .* to have value 2", shape)
