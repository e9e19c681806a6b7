"""Answers that do not end, take too much, change the kernel, print or ask for a check."""

import _thread
import contextlib
import functools
import hashlib
import importlib
import io
import logging
import os
import pathlib
import random
import subprocess
import sys
import threading
import time
import warnings
import weakref

from cnncourse import exercises
from cnncourse.exercises import _limit
from cnncourse.exercises._engine import judge

import numpy as np
import pytest
from conftest import assert_no_answer_is_running
from small_exercises import EndlessArray, judged, make

pytestmark = pytest.mark.usefixtures("nothing_is_sent", "nothing_left_running")


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True:\n        try: kernel += 1\n        except: pass",
        """caught = 0
    while True:
        try:
            while True: time.sleep(0.001)
        except BaseException:
            caught += 1
            if caught == 3: raise""",
        "while True: print('flood')",
        "while True: time.sleep(0.001)",
        "return EndlessArray()",
        "return sum(endless())",
    ],
)
def test_an_endless_answer_is_stopped(body, capsys):
    def endless():
        while True:
            yield 1

    exercise = make(seconds=0.1)
    answer = exercise.fill(f"import time\ndef output_size(size, kernel):\n    {body}")
    answer.__globals__.update(EndlessArray=EndlessArray, endless=endless)
    verdict = judge(exercise, answer)
    assert "time limit" in str(verdict)
    assert "could not be stopped" not in str(verdict)
    assert "output_size(5, 3)" in str(verdict)
    assert capsys.readouterr() == ("", "")
    assert_no_answer_is_running()


def test_compiled_code_that_cannot_be_stopped_is_told(monkeypatch):
    monkeypatch.setattr(_limit, "GRACE", 0.05)

    def answer(size, kernel):  # seconds of work in which Python gets no turn in this thread
        return len(hashlib.pbkdf2_hmac("sha256", b"", b"", 3_000_000))

    verdict = judge(make(seconds=0.2), answer)
    assert "as happens inside compiled code: restart the kernel" in str(verdict)


def test_a_reader_who_interrupts_the_cell_stops_the_answer():
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        judged("def output_size(size, kernel):\n    while True: pass", make(seconds=30))
    assert_no_answer_is_running()


def test_the_state_of_the_kernel_is_left_alone(capsys):
    case = np.arange(4.0)
    exercise = make(
        solution="def output_size(x): return x.sum()",
        cases=((case,), (case,)),
        mistakes=(),
        changes=("x",),
    )

    def answer(x):
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        total = x.sum()
        x[:] = 7
        print("out")
        print("error", file=sys.stderr)
        np.ones(1) / 0
        return total

    states = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    assert judge(exercise, answer).right
    assert random.getstate() == states[0]
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert case.tolist() == [0, 1, 2, 3]
    assert capsys.readouterr() == ("", "")


def test_a_check_leaves_the_next_random_weights_as_they_were():
    import keras

    def next_weights():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)]).get_weights()[0]

    exercise = exercises.find("08/build_network")
    keras.utils.set_random_seed(1)
    untouched = next_weights()
    keras.utils.set_random_seed(1)
    assert judge(exercise, exercise.fill(exercise.solution)).right
    assert (next_weights() == untouched).all()


def test_importing_costs_no_tensorflow():
    code = (
        "import sys; from cnncourse import exercises; exercises.find('02/scale');"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# A check inside of the answer


def nested(exercise, when="", after="return size - kernel + 1"):
    """An answer with its own check indented into it."""
    answer = exercise.fill(
        f"def output_size(size, kernel):\n    {when}check(output_size)\n    {after}"
    )
    answer.__globals__["check"] = lambda other: judge(exercise, other)
    return answer


@pytest.mark.parametrize("after", ["return size - kernel + 1", "...", "while True: pass"])
def test_a_check_inside_of_its_answer_is_refused_in_words(after, capsys):
    streams = sys.stdout, sys.stderr
    exercise = make(seconds=0.2)
    verdict = judge(exercise, nested(exercise, after=after))
    assert verdict.status == "wrong"
    assert "called from inside of an answer" in str(verdict)
    assert "left margin" in str(verdict)
    assert (sys.stdout, sys.stderr) == streams
    print("seen")
    assert capsys.readouterr() == ("seen\n", "")
    assert judge(exercise, exercise.fill(exercise.solution)).right


def test_a_run_inside_of_a_run_is_refused():
    run = _limit.limited(lambda: _limit.limited(int, 1), 1)
    assert isinstance(run.error, _limit.InsideAnswerError)


def test_for_a_run_that_sleeps_nobody_waits_as_for_one_that_works(monkeypatch):
    monkeypatch.setattr(_limit, "GRACE", 5)
    run = _limit.limited(lambda: time.sleep(2), 20, idle=0.1)
    assert (run.stopped, run.stuck) == ("waiting", True)


def test_a_run_is_a_daemon_and_may_wait_as_long_as_is_said():
    """What cannot be stopped does not keep a kernel from ending."""
    daemons = []

    def wait():
        daemons.append(threading.current_thread().daemon)
        time.sleep(2)

    assert _limit.limited(wait, 20).ended
    assert _limit.limited(wait, 20, idle=0.2).stopped == "waiting"
    assert daemons == [True, True]


def test_a_check_in_a_thread_that_an_answer_starts_is_refused():
    exercise, refused = make(), []

    def answer(size, kernel):
        def ask():
            try:
                judge(exercise, answer)
            except _limit.InsideAnswerError as error:
                refused.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        return size - kernel + 1

    assert judge(exercise, answer).right
    assert len(refused) == len(exercise.cases)


def test_a_stream_that_an_answer_puts_back_late_takes_nothing_away(monkeypatch, capsys):
    monkeypatch.setattr(_limit, "GRACE", 0.05)
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    stream, go_on, ended = sys.stdout, threading.Event(), threading.Event()

    def answer(size, kernel):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                go_on.wait(60)
        finally:
            print("from the answer")
            ended.set()

    assert not judge(make(seconds=0.05), answer)
    assert sys.stdout is stream
    go_on.set()
    assert ended.wait(60)
    assert sys.stdout is not stream, "the answer has put back what it found"
    print("from the notebook")
    sys.stdout = stream
    assert capsys.readouterr().out == "from the notebook\n"


# What an answer changes around it


def surroundings():
    """What a check leaves as it was, to compare before and after."""
    import keras
    import matplotlib.pyplot as plt

    return {
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "depth": sys.getrecursionlimit(),
        "numpy": [np.isclose, np.linalg.norm, np.mean],
        "builtins": [len, sum],
        "keras": [keras.config.floatx(), keras.config.epsilon(), keras.Sequential],
        "figures": plt.get_fignums(),
        "settings": dict(plt.rcParams),
        "logs": logging.root.manager.disable,
        "warnings": list(warnings.filters),
    }


@pytest.mark.parametrize(
    "line",
    [
        "import os; os.chdir('/')",
        "import os; os.environ['CNNCOURSE_X'] = '1'; os.environ.pop('PATH', 0)",
        "import sys; sys.path.insert(0, 'x'); sys.setrecursionlimit(4321)",
        "np.isclose = lambda *a: True; np.linalg.norm = None",
        "del np.mean",
        "import builtins; builtins.sum = builtins.len = lambda x: 0",
        "import keras; keras.config.set_floatx('float16'); keras.config.set_epsilon(1)",
        "import keras; keras.Sequential = None",
        "import matplotlib.pyplot as plt; plt.figure(); plt.rcParams['font.size'] = 40",
        "import warnings; warnings.simplefilter('error')",
        "import logging; logging.disable(0)",
        "import sys; sys.stdout = sys.stderr = None",
    ],
)
def test_what_an_answer_changes_around_it_is_put_back(line, capsys):
    import matplotlib.pyplot as plt

    plt.figure()
    before = surroundings()
    code = f"def output_size(size, kernel):\n    {line}\n    return size - kernel + 1"
    assert judged(code).right, "the line runs"
    assert surroundings() == before
    print("seen")
    assert capsys.readouterr().out == "seen\n"
    plt.close()


OF_LIBRARIES = (
    "builtins.chr",
    "math.floor",
    "random.shuffle",
    "time.ctime",
    "numpy.mean",
    "numpy.linalg.norm",
    "numpy.random.rand",
    "keras.Sequential",
    "keras.layers.Dense",
    "keras.ops.add",
    "keras.utils.to_categorical",
)


@pytest.mark.parametrize("function", OF_LIBRARIES)
def test_a_function_of_a_library_that_an_answer_replaces_is_put_back(function):
    module, _, name = function.rpartition(".")
    library = importlib.import_module(module)
    before = getattr(library, name)
    code = (
        f"def output_size(a, b):\n    import {module}\n    {function} = None\n    return a - b + 1"
    )
    assert judged(code).right
    assert getattr(library, name) is before


ELSEWHERE = """
import os, sys, tempfile
gone = tempfile.mkdtemp()
os.chdir(gone)
os.rmdir(gone)
from cnncourse import exercises
exercise = exercises.find("01/output_size")
answer = exercise.fill(exercise.solution)
print(exercises.check(exercise.name, answer).status)
def moves(size, kernel, stride=1, padding=0):
    os.chdir("/")
    return answer(size, kernel, stride, padding)
print(exercises.check(exercise.name, moves).status)
print("keras" in sys.modules)
"""


def test_an_answer_is_judged_without_keras_and_in_a_folder_that_is_gone():
    root = str(pathlib.Path(__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": root, "CNNCOURSE_PROGRESS": ""}
    command = [sys.executable, "-c", ELSEWHERE]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("right\nright\nFalse\n", "")


@pytest.mark.parametrize("module", ["__main__", "answer"])
def test_names_of_the_notebook_that_an_answer_makes_changes_or_deletes_are_put_back(module):
    exercise = make()
    answer = exercise.fill(
        "kept, gone = [1], [2]\n"
        "def output_size(size, kernel):\n"
        "    global kept, gone, new\n"
        "    kept = new = size\n"
        "    if 'gone' in globals(): del gone\n"
        "    return size - kernel + 1"
    )
    names = answer.__globals__
    names["__name__"] = module
    before = dict(names)
    assert judge(exercise, answer).right
    assert judge(exercise, functools.partial(answer)).right
    assert {name: id(value) for name, value in names.items()} == {
        name: id(value) for name, value in before.items()
    }


def test_names_of_a_module_are_its_own(monkeypatch):
    def answer(size, kernel):
        global made_by_an_answer
        made_by_an_answer = size
        return size - kernel + 1

    assert judge(make(), answer).right
    assert globals().pop("made_by_an_answer") == 28


def test_a_thread_that_an_answer_starts_is_ended(monkeypatch):
    # Python's own hook passes over a SystemExit; pytest's would be stopped while it reports it.
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    ended = threading.Event()

    def work():
        try:
            while True:
                time.sleep(0.001)
        finally:
            ended.set()

    def answer(size, kernel):
        threading.Thread(target=work).start()
        return size - kernel + 1

    assert judge(make(cases=((5, 3),)), answer).right
    assert ended.wait(60)


def test_an_answer_that_patches_numpy_gains_nothing():
    code = "def output_size(a, b):\n    np.isclose = np.abs = lambda *a, **k: np.array(True)\n"
    assert judged(code + "    return 7").status == "wrong"


def test_where_numpy_is_patched_nothing_is_judged(monkeypatch):
    for name in ("isclose", "abs"):
        monkeypatch.setattr(np, name, lambda *a, **k: np.array(True))
    verdict = judged("output_size = lambda size, kernel: 7")
    assert verdict.status == "wrong"
    assert "`np.abs`, `np.isclose`, and nothing" in str(verdict)
    assert "restart the kernel" in str(verdict)
    monkeypatch.undo()
    assert judged("output_size = lambda size, kernel: size - kernel + 1").right


# Waiting and memory


def test_an_answer_that_waits_is_told_so_and_not_that_it_computes(monkeypatch):
    monkeypatch.setattr(_limit, "IDLE", 0.1)
    monkeypatch.setattr(_limit, "GRACE", 0.05)
    go_on = threading.Event()
    verdict = judge(make(seconds=60), lambda size, kernel: go_on.wait(60))
    go_on.set()
    assert "time limit: it waited" in str(verdict)
    assert "compiled code" not in str(verdict)
    assert "could not be stopped, while it waits: restart the kernel" in str(verdict)


def test_an_answer_that_gets_no_turn_on_a_busy_machine_is_not_called_idle(monkeypatch):
    now = 100.0
    monkeypatch.setattr(_limit.time, "monotonic", lambda: now)
    monkeypatch.setattr(_limit.time, "process_time", lambda: 1.0)
    watch = _limit.Watch(seconds=20, idle=3)
    for _ in range(5):
        now += 10  # the look comes late, as the answer's turn does
        assert watch.reached() == ""
    told = set()
    for _ in range(300):
        now += 0.02
        told.add(watch.reached())
    assert told == {"", "waiting"}


def test_an_answer_that_takes_too_much_memory_is_stopped(monkeypatch):
    assert _limit.MEMORY == 2**30, "as the message says"
    monkeypatch.setattr(_limit, "MEMORY", 2**26)
    code = (
        "def output_size(size, kernel):\n"
        "    taken = []\n"
        "    while len(taken) < 10_000: taken.append(np.ones(10**5))"
    )
    verdict = judged(code, make(seconds=60))
    assert "limit of memory, 1 GiB" in str(verdict)
    little = judged("def output_size(size, kernel):\n    while True: pass", make(seconds=0.3))
    assert "time limit" in str(little), "what the kernel has taken before does not count"
    assert "output_size(5, 3)" in str(verdict)


def test_large_results_are_not_kept():
    alive, most = weakref.WeakSet(), []

    class Large(np.ndarray):
        __hash__ = object.__hash__

    def answer(size, kernel):
        most.append(len(alive))
        large = np.zeros(10**6 + 1).view(Large)
        alive.add(large)
        return large

    verdict = judge(make(cases=((5, 3),) * 6), answer)
    assert "1,000,001 numbers" in str(verdict)
    assert len(most) == 6
    assert max(most) == 0
