"""The program in the sandbox, here outside of one: what it runs of a notebook and hands out."""

import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading

from cnncourse.exercises import outside
from cnncourse.grade import inside, sandbox, values
from cnncourse.grade.code import Reader

import pytest
from grading import gave, message
from small_exercises import make, make_value

FUNCTION = "def output_size(size, kernel):\n    return size - kernel + 1"


def answered(*sources, places=None, exercise=None, seconds=5.0):
    """What is handed out for an answer: the last of some cells, whose numbers are 10, 20, ..."""
    exercise = exercise or make(seconds=seconds)
    places = [len(sources) - 1] if places is None else places
    numbers = [10 * n for n in range(1, len(sources) + 1)]
    content = inside._answered(Reader(sources), outside.task(exercise), places, numbers)
    return values.unpacked(content)


# One answer


def test_an_answer_is_run_with_what_it_uses_of_the_cells_above():
    handed = answered("1 / 0\nONE = 1", "raise SystemExit", FUNCTION.replace("1", "ONE"))
    assert gave(handed) == [3, 24]
    assert (handed["notes"], handed["callable"]) == ([], True)
    alone = outside.attempt(outside.task(make()), make().fill(FUNCTION), lambda value, given: value)
    assert handed.keys() == alone.keys() | {"notes"}
    (one, _), (other, _) = (found["rounds"][0]["tried"] for found in (handed, alone))
    assert one.keys() == other.keys()
    assert one["value"].kind == "packed"


def test_a_helper_that_fails_is_noted_and_what_it_has_made_is_used():
    handed = answered("ONE = 1\nTWO = ONE / 0", FUNCTION.replace("1", "ONE + 0 * len([TWO])"))
    assert handed["notes"] == ["Cell 10, which it uses, raises ZeroDivisionError."]
    assert [one["error"] for one in handed["rounds"][0]["tried"]] == [
        "NameError: name 'TWO' is not defined"
    ] * 2


def test_a_cell_above_that_is_no_python_is_noted():
    handed = answered("ONE = (", FUNCTION.replace("1", "ONE"))
    assert handed["notes"] == ["A cell above is no Python, and nothing else defines `ONE`."]


def test_all_cells_of_an_answer_are_run_one_after_the_other():
    handed = answered(FUNCTION, "ONE = 5", FUNCTION.replace("1", "ONE"), places=[0, 2])
    assert gave(handed) == [7, 28]
    handed = answered("output_size = 1 / 0", FUNCTION, places=[0, 1])
    assert (handed["error"], handed["line"]) == (
        "ZeroDivisionError: division by zero",
        "line 1: output_size = 1 / 0",
    )


def test_it_runs_below_the_setup_and_not_as_a_program():
    exercise = make(setup="import math\nSHIFT = 2")
    code = f"import math\n{FUNCTION} + SHIFT + math.floor(0.5) + (__name__ == 'answer')"
    assert gave(answered(code, exercise=exercise)) == [6, 27]


def test_what_asks_ipython_gets_nothing_and_goes_on():
    code = "%matplotlib inline\nfound = get_ipython().run_cell('x', y=1)\n" + FUNCTION
    assert gave(answered(code + " + len(found)")) == [3, 24]
    assert inside._Nothing().anything(1, two=2) == []


@pytest.mark.parametrize(
    ("code", "error", "line"),
    [
        ("def output_size(:", "SyntaxError: invalid syntax", "line 1: def output_size(:"),
        ("x = '\0'", "SyntaxError: source code string cannot contain null bytes", None),
        ("output_size = -(", "SyntaxError: '(' was never closed", "line 1: output_size = -("),
        ("x = 1", "NameError: name 'output_size' is not defined", None),
        (
            "def f():\n    return 1 / 0\nvalue = 3\noutput_size = f()",
            "ZeroDivisionError: division by zero",
            "line 2: return 1 / 0",
        ),
        ("import math\noutput_size = math.sqrt(-1)", "ValueError: math domain error",
         "line 2: output_size = math.sqrt(-1)"),
        ("raise_it = [].pop()\noutput_size = raise_it", "IndexError: pop from empty list",
         "line 1: raise_it = [].pop()"),
    ],
)  # fmt: skip
def test_a_cell_that_makes_no_answer_says_what_it_raises(code, error, line):
    handed = answered("value = 2", code)
    assert handed["error"] == error
    assert handed.get("line") == line
    assert handed.get("notes", []) == []
    if "SyntaxError" not in error:
        assert handed["empty"] is (code == "x = 1")


def test_a_long_error_is_cut_and_the_last_line_of_the_student_s_is_told():
    handed = answered("raise_it = {}['x' * 10**4]\noutput_size = raise_it")
    assert len(handed["error"]) == 500
    assert handed["error"] == "KeyError: '" + "x" * 489
    with pytest.raises(TypeError) as caught:
        len(3)
    assert inside._line(caught.value) is None, "no line of a cell is in it"


def test_the_line_that_an_answer_raises_in_is_its_own():
    handed = answered("x = 1", "\n\ndef output_size(size, kernel):\n    return size / 0")
    assert {one["line"] for one in handed["rounds"][0]["tried"]} == {"line 2: return size / 0"}


@pytest.mark.parametrize("kind", [RecursionError, MemoryError, ValueError])
def test_a_cell_that_cannot_be_read_says_so(monkeypatch, kind):
    def fails(*arguments):
        raise kind("of it")

    monkeypatch.setattr(Reader, "needed", fails)
    assert answered(FUNCTION) == {"error": f"{kind.__name__}: this cell cannot be read"}


def test_a_cell_has_its_time_or_the_exercise_s_where_that_is_more(monkeypatch):
    code = "import time\nwhile True: output_size = 1"
    monkeypatch.setattr(inside, "CELLS", 0.3)
    handed = answered("x = y", code, seconds=0.1)
    assert handed == {"error": "stopped at its limit of computing", "notes": []}
    given, run_quietly = [], outside.run_quietly

    def quietly(function, seconds):
        given.append(seconds)
        return run_quietly(function, seconds)

    monkeypatch.setattr(outside, "run_quietly", quietly)
    answered(FUNCTION, seconds=0.1)
    answered(FUNCTION, seconds=7.0)
    assert given == [0.3, 7.0]


def test_an_answer_that_is_a_value_takes_its_whole_cell():
    code = "output_size = np.ones((2, 2))\nnp.random.seed(1)\noutput_size[0, 0] = 5"
    (found,) = gave(answered(code, exercise=make_value()))
    assert found.tolist() == [[5, 1], [1, 1]]


def test_a_network_comes_out_by_its_description():
    import keras

    exercise = make_value(setup="import keras", solution="output_size = keras.layers.ReLU()")
    handed = answered("output_size = keras.layers.ReLU()", exercise=exercise)
    (found,) = gave(handed)
    assert isinstance(found, values.Named), found
    assert keras.layers.ReLU.__name__ in repr(found)


# Jobs


@pytest.mark.parametrize("size", [0, 3, 300_000])
def test_a_part_is_its_number_its_length_and_itself(size):
    reading, writing = os.pipe()
    content = os.urandom(size)
    thread = threading.Thread(target=inside._hand_out, args=(writing, 513, content))
    thread.start()
    expected = message(513, content)
    assert len(expected) == size + inside.HEADER
    with os.fdopen(reading, "rb") as file:
        assert file.read(len(expected)) == expected
        thread.join()
        os.close(writing)
        assert file.read() == b""


def parts(content):
    found = []
    while content:
        size = int.from_bytes(content[4:12], "big")
        found.append((int.from_bytes(content[:4], "big"), content[12 : 12 + size]))
        content = content[12 + size :]
    return found


def a_job(*sources, exercise=None):
    task = outside.task(exercise or make())
    return {
        "sources": list(sources),
        "numbers": list(range(1, len(sources) + 1)),
        "places": {n + 5: [n] for n in range(len(sources))},
        "tasks": {n + 5: task for n in range(len(sources))},
    }


def test_a_job_s_answers_come_out_in_order_each_after_an_empty_part(monkeypatch):
    told, original = [], inside._answered

    def answered(reader, task, places, numbers):
        told.append((places, numbers))
        if places == [1]:
            raise MemoryError
        return original(reader, task, places, numbers)

    monkeypatch.setattr(inside, "_answered", answered)
    reading, writing = os.pipe()
    inside._work(a_job(FUNCTION, FUNCTION, FUNCTION), writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        found = parts(file.read())
    assert [(number, bool(content)) for number, content in found] == [
        (n, full) for n in (5, 6, 7) for full in (False, True)
    ]
    assert gave(values.unpacked(found[1][1])) == gave(values.unpacked(found[5][1])) == [3, 24]
    assert values.unpacked(found[3][1]) == {"error": "MemoryError: what it hands out is too large"}
    assert told == [([n], [1, 2, 3]) for n in range(3)]


# The parent


@pytest.fixture
def parent():
    """A parent that is not confined: its process, and this end of its sockets."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with tempfile.TemporaryFile() as said:
        arguments = ["inside", str(there.fileno()), "open", "json"]
        process = sandbox._started(arguments, there, said, isolated=False)
    here.settimeout(60)
    try:
        assert here.recv(64) == b"ready"
        yield process, here
        here.close()
        assert process.wait(30) == 0, "it ends where nobody asks any more"
    finally:
        process.kill()
        process.wait()


def ask(channel, tmp_path, job, seconds):
    """Send a job; return the end of the pipe from which its parts are read."""
    (tmp_path / "job").write_bytes(pickle.dumps(job))
    reading, writing = os.pipe()
    with open(tmp_path / "job", "rb") as file:
        socket.send_fds(channel, [seconds], [file.fileno(), writing])
    os.close(writing)
    return os.fdopen(reading, "rb")


def test_a_parent_serves_job_after_job(parent, tmp_path):
    process, channel = parent
    opened = len(os.listdir(f"/proc/{process.pid}/fd"))
    for _ in range(3):
        with ask(channel, tmp_path, a_job(FUNCTION), b"30.0") as out:
            found = parts(out.read())
        assert channel.recv(64) == b"ended 0"
        assert [number for number, _ in found] == [5, 5]
        assert gave(values.unpacked(found[1][1])) == [3, 24]
    assert len(os.listdir(f"/proc/{process.pid}/fd")) == opened
    with open("/dev/null", "rb") as file:
        socket.send_fds(channel, [b"1.0"], [file.fileno()])  # no job: it is not answered
    with ask(channel, tmp_path, a_job("import os\nos._exit(3)\n" + FUNCTION), b"30.0") as out:
        assert parts(out.read())[0] == (5, b"")
    assert channel.recv(64) == b"ended 0"


SLEEPS = "import ctypes\noutput_size = ctypes.CDLL(None).sleep(600)"


@pytest.mark.parametrize(("seconds", "told"), [(b"3.0", b"out of time"), (b"60", b"stopped")])
def test_a_job_is_ended_by_the_clock_or_by_a_message(parent, tmp_path, seconds, told):
    _, channel = parent
    with ask(channel, tmp_path, a_job(SLEEPS), seconds) as out:
        assert out.read(inside.HEADER) == message(5)
        if told == b"stopped":
            channel.send(b"stop")
        assert channel.recv(64) == told
        assert out.read() == b"", "nobody writes any more"
    with ask(channel, tmp_path, a_job(FUNCTION), b"30") as out:
        assert len(parts(out.read())) == 2
    assert channel.recv(64) == b"ended 0"


def test_a_child_that_a_signal_ends_says_so(parent, tmp_path):
    _, channel = parent
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\noutput_size = 1"
    with ask(channel, tmp_path, a_job(code, exercise=make_value()), b"30") as out:
        out.read()
    assert channel.recv(64) == b"ended 11"


SOUND = """
import mmap, threading
from cnncourse.grade import inside
{}
inside._expect_fork_is_sound()
print("sound")
"""


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "sound\n"),
        (
            "threading.Thread(target=threading.Event().wait, daemon=True).start()",
            "no process to fork: 2 threads, 0 shared maps\n",
        ),
        ("shared = mmap.mmap(-1, 4096)", "no process to fork: 1 threads, 1 shared maps\n"),
    ],
)
def test_a_process_with_threads_or_shared_memory_is_not_forked(code, told):
    done = subprocess.run(
        [sys.executable, "-c", SOUND.format(code)], capture_output=True, text=True
    )
    assert done.stdout + done.stderr == told
    assert done.returncode == (told != "sound\n")
