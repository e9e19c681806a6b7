"""What an answer finds in the sandbox: told by an answer that looks around and hands out facts."""

import contextlib
import json
import os
import pathlib
import pickle
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types

from cnncourse.exercises import outside
from cnncourse.grade import confine, sandbox, values
from cnncourse.grade.sandbox import Program, Sandbox, SandboxError

import grading
import psutil
import pytest
from grading import OF_ITSELF, gave, message
from small_exercises import make, make_value

isolation = grading.isolation

LOOK = (
    OF_ITSELF
    + """
import ctypes, glob, json, os, sys
libc = ctypes.CDLL(None)
def opened():
    found = {}
    for number in range(300):
        try: found[number] = os.fstat(number).st_mode >> 12
        except OSError: pass
    return found
def writable():
    return [part[1] for part in map(str.split, open("/proc/self/mounts"))
            if "rw" in part[3].split(",")]
tmp = os.statvfs("/tmp")
facts = {
    "pid": [os.getpid(), os.getppid()],
    "user": [os.getresuid(), os.getresgid(), os.getgroups()],
    "processes": sorted(filter(str.isdigit, os.listdir("/proc"))),
    "looked into": [f for f in glob.glob("/proc/[0-9]*/environ")
                    if f.split("/")[2] not in ("1", os.readlink("/proc/self"))
                    and os.access(f, os.R_OK)],
    "here": os.getcwd(),
    "tmp": [tmp.f_blocks * tmp.f_frsize, tmp.f_files, tmp.f_flag & 14, os.stat("/tmp").st_mode],
    "in tmp": os.listdir("/tmp"),
    "status": status(),
    "limits": limits(),
    "taken": [int(n) * resource.getpagesize() for n in open("/proc/self/statm").read().split()],
    "dumpable": libc.prctl(3, 0, 0, 0, 0),
    "opened": opened(),
    "null": [os.path.samestat(os.fstat(n), os.stat(os.devnull)) for n in range(3)],
    "streams": [type(s).__name__ for s in (sys.stdin, sys.stdout, sys.stderr)],
    "typed": sys.stdin.read(),
    "environment": dict(os.environ),
    "spaces": {n: os.readlink(f"/proc/self/ns/{n}") for n in ("user", "mnt", "pid", "net", "ipc")},
    "top": sorted(os.listdir("/")),
    "etc": sorted(os.listdir("/etc")),
    "writable": writable(),
    "modules": [n for n in ("numpy", "keras", "colorsys") if n in sys.modules],
    "path": sys.path,
    "prefix": sys.prefix,
}
output_size = json.dumps(facts)
"""
)
FIND = outside.task(make_value())
SUM = outside.task(make())


def job(*sources, task=SUM):
    """A job in which each source is the answer to an exercise of its own."""
    numbers = range(len(sources))
    return {
        "sources": list(sources),
        "numbers": [n + 1 for n in numbers],
        "places": {n: [n] for n in numbers},
        "tasks": dict.fromkeys(numbers, task),
    }, list(numbers), dict.fromkeys(numbers, 60)  # fmt: skip


def returned(content):
    """What an answer has handed out: its value, or what it gave back case by case."""
    assert isinstance(content, bytes), content
    handed = values.unpacked(content)
    assert "error" not in handed, handed
    return gave(handed)


def facts_of(box):
    (found,) = returned(box.run(*job(LOOK, task=FIND))[0])
    return json.loads(found)


@pytest.fixture(scope="module")
def facts(isolation):
    """What an answer finds in each of the three ways to run one."""
    found = {}
    for mode in ("shared", "alone", "open"):
        with Sandbox(["numpy", "colorsys"], isolated=mode != "open") as box:
            box.mode = mode
            box._start()
            around = spaces_around()
            found[mode] = facts_of(box) | {"around": around}
            if box.mode != mode:
                grading.missing("a system that gives a sandbox namespaces inside of it")
    return found


def spaces_around():
    """The namespaces of the processes below this one, as far as they may be seen here."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        for name in ("mnt", "pid", "net", "ipc", "user"):
            with contextlib.suppress(OSError):
                found.add(os.readlink(f"/proc/{process.pid}/ns/{name}"))
    return found


confined = pytest.mark.parametrize("mode", ["shared", "alone"])


def test_an_answer_is_alone_in_its_namespaces(facts):
    one, other, plain = (facts[mode] for mode in ("shared", "alone", "open"))
    assert one["pid"] == [1, 0]
    seen = set(one["processes"]) - {"1"}  # where /proc may not be mounted anew, those around it
    assert seen <= set(map(str, range(2, 5)))
    assert not one["looked into"]
    here = {name: os.readlink(f"/proc/self/ns/{name}") for name in one["spaces"]}
    assert plain["spaces"] == here
    for name in ("mnt", "pid", "net", "ipc"):
        assert one["spaces"][name] != here[name] != other["spaces"][name], name
    assert not set(one["spaces"].values()) & one["around"], "and not in those of its parent"


@confined
def test_an_answer_is_nobody_and_may_nothing(facts, mode):
    found = facts[mode]
    nobody = 65534 if os.getuid() == 0 else os.getuid()
    assert found["user"][:2] == [[nobody] * 3, [nobody if os.getuid() == 0 else os.getgid()] * 3]
    assert set(found["user"][2]) <= {65534}
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", *(["CapBnd"] * (mode == "shared"))):
        assert int(found["status"][name][0], 16) == 0, name
    assert found["status"]["NoNewPrivs"] == ["1"]
    assert found["status"]["Seccomp"] == ["2"]
    assert found["dumpable"] == (mode == "shared"), "who is not alone is hidden"
    assert facts["open"]["status"]["Seccomp"] == facts["open"]["status"]["NoNewPrivs"] == ["0"]


@confined
def test_an_answer_has_limits_that_it_cannot_raise(facts, mode):
    found = facts[mode]
    assert all(low == high for low, high in found["limits"].values())
    limits = {name: low for name, (low, _) in found["limits"].items()}
    gibibyte, mebibyte = 2**30, 2**20
    taken, data = found["taken"][0], found["taken"][5]
    assert limits.pop("AS") == pytest.approx(taken + 3 * gibibyte, abs=192 * mebibyte)
    assert limits.pop("DATA") == pytest.approx(data + 1.5 * gibibyte, abs=192 * mebibyte)
    processes = limits.pop("NPROC")
    assert 128 <= processes < 300 or processes > 8192
    assert limits.pop("CPU") in [4 * seconds + 5 for seconds in (299, 300)]
    assert limits == {
        "FSIZE": 64 * mebibyte, "NOFILE": 256, "CORE": 0, "MEMLOCK": 0, "MSGQUEUE": 0,
    }  # fmt: skip


@confined
def test_an_answer_has_a_small_folder_of_its_own_and_writes_nowhere_else(facts, mode):
    found = facts[mode]
    size, files, flags, kind = found["tmp"]
    assert size == 2**26
    if mode == "shared":
        assert (found["here"], found["in tmp"]) == ("/tmp", [])
        assert files == 2000
        assert flags == os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC
        assert kind & 0o7777 == 0o700
        assert set(found["writable"]) <= {"/tmp", "/proc", "/proc/1"} | set(
            facts["alone"]["writable"]
        )
    places = [p for p in found["writable"] if not p.startswith("/proc")]
    assert set(places) <= {"/tmp", "/dev/pts", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full",
                           "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console"}  # fmt: skip


@confined
def test_an_answer_sees_python_the_course_and_little_else(facts, mode):
    found = facts[mode]
    assert set(found["top"]) >= {"course", "dev", "proc", "tmp", "usr", "etc", "bin", "lib"}
    above = {path.parts[1] for path in map(pathlib.Path, found["path"]) if len(path.parts) > 1}
    above |= {pathlib.Path(found["prefix"]).parts[1]}
    assert set(found["top"]) <= above | {
        "course", "dev", "proc", "tmp", "usr", "etc", "bin", "sbin", "lib", "lib32", "lib64",
        "outside", *(path.parts[1] for path in sandbox._binds()),
    }  # fmt: skip
    known = {"ld.so.cache", "alternatives"}
    assert set(found["etc"]) == {name for name in known if os.path.exists(f"/etc/{name}")}
    assert found["modules"] == ["numpy", "colorsys"]
    assert "/course" in found["path"]
    assert found["environment"].pop("PWD", "/") == "/"
    found = {k: v for k, v in found["environment"].items() if not k.startswith(("TF_CPP", "TF_EN"))}
    assert found == {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": "/course",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": "/tmp",
        "KERAS_HOME": "/tmp",
        "CNNCOURSE_SOURCES": "drawn",
        "CNNCOURSE_PROGRESS": "",
    }


@pytest.mark.parametrize("mode", ["shared", "alone", "open"])
def test_an_answer_has_nothing_open_but_what_it_writes_to(facts, mode):
    found = facts[mode]
    fifo, device = 1, 2
    kinds = [kind for number, kind in found["opened"].items()]
    assert kinds[:3] == [device] * 3
    assert kinds.count(fifo) == 1
    assert len(kinds) == 4
    assert found["null"] == [True] * 3
    assert found["streams"][0] == "StringIO"
    assert found["typed"] == ""


def test_without_isolation_it_is_a_plain_process(facts):
    found = facts["open"]
    assert found["user"][0] == list(os.getresuid())
    assert found["environment"]["PYTHONPATH"] == str(pathlib.Path(__file__).parents[1])
    for name in ("HOME", "TMPDIR", "MPLCONFIGDIR"):
        assert found["environment"][name] == tempfile.gettempdir()
    assert found["limits"]["CORE"] == list(resource.getrlimit(resource.RLIMIT_CORE))
    assert "home" in found["top"]


# Jobs


def add(change=""):
    return f"def output_size(size, kernel):\n    {change or 'pass'}\n    return size - kernel + 1"


@pytest.fixture(scope="module")
def box(isolation):
    with Sandbox(["numpy"]) as found:
        yield found


def test_each_answer_is_handed_out_whatever_the_others_do(box):
    ends = "import os\nos._exit(0)"
    found = box.run(
        *job(add(), add("import os; os._exit(3)"), ends, add("size += 1"), "output_size = 1 / 0")
    )
    assert list(found) == list(range(5))
    assert returned(found[0]) == [3, 24]
    assert found[1] == found[2] == "it ended its process"
    assert returned(found[3]) == [4, 25]
    assert values.unpacked(found[4])["error"] == "ZeroDivisionError: division by zero"


def test_an_answer_has_its_time_alone(box):
    given, numbers, seconds = job(add("import ctypes; ctypes.CDLL(None).sleep(60)"), add())
    found = box.run(given, numbers, seconds | {0: 0.3})
    assert found[0] == "it was ended at its time limit"
    assert returned(found[1]) == [3, 24]


def test_a_parent_that_ends_is_started_again(box):
    box.run(*job(add()))
    first = box._process.pid
    os.kill(first, signal.SIGKILL)
    box._process.wait()
    assert returned(box.run(*job(add()))[0]) == [3, 24]
    assert box._process.pid != first
    assert returned(box.run(*job(add()))[0]) == [3, 24]


def test_nothing_is_left_of_a_sandbox_that_is_closed():
    with Sandbox(["numpy"], isolated=False) as plain:
        plain.run(*job(add()))
        number = plain._process.pid
    assert plain._process is plain._channel is None
    assert not psutil.pid_exists(number)
    plain.close()
    assert returned(plain.run(*job(add()))[0]) == [3, 24]
    plain.close()


@pytest.mark.parametrize("isolated", [True, False])
def test_a_sandbox_that_does_not_start_says_why(isolation, isolated):
    with pytest.raises(SandboxError) as caught:
        Sandbox(["no_such_module"], isolated).run(*job(add()))
    assert str(caught.value) == (
        "the sandbox does not start: ModuleNotFoundError: No module named 'no_such_module'"
    )


class Inside:
    """In the place of a sandbox's process: a thread that writes what it is told to, job by job."""

    def __init__(self, box, monkeypatch, *jobs):
        self.box, self.jobs, self.got, self.closed = box, list(jobs), [], 0
        self.stopped, self.seconds = 0, []
        monkeypatch.setattr(box, "_start", self.start)
        monkeypatch.setattr(box, "close", self.close)

    def start(self):
        if self.box._channel is None:
            self.box._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            threading.Thread(target=self.serve, args=(theirs,), daemon=True).start()

    def serve(self, theirs):
        with theirs, contextlib.suppress(OSError):
            while True:
                message, files, _, _ = socket.recv_fds(theirs, 64, 2)
                if not message:
                    return
                file, out = files
                self.seconds.append(message)
                with os.fdopen(file, "rb") as stream:
                    self.got.append(pickle.load(stream))
                parts, left_open = self.jobs.pop(0)
                for part in parts:
                    os.write(out, part)
                if not left_open:
                    os.close(out)
                if theirs.recv(64) == b"stop":
                    self.stopped += 1
                    theirs.send(b"ended 0")
                if left_open:
                    os.close(out)

    def close(self):
        if self.box._channel is not None:
            self.closed += 1
            self.box._channel.close()
            self.box._channel = None


def whole(*numbers):
    return [one for n in numbers for one in (message(n), message(n, b"of %d" % n))], False


THREE = {"places": {1: [0], 5: [1], 9: [2]}, "else": "x"}
SECONDS = {1: 60, 5: 60, 9: 60}


def handed(monkeypatch, *jobs, seconds=SECONDS, mode="shared"):
    """What a run gives of three exercises, where jobs go as they are told to; and the process."""
    box = Sandbox([], isolated=True)
    box.mode = mode
    process = Inside(box, monkeypatch, *jobs)
    try:
        return box.run(THREE, [1, 5, 9], seconds), process
    finally:
        process.close()


def test_what_comes_in_order_is_taken(monkeypatch):
    found, process = handed(monkeypatch, whole(1, 5, 9))
    assert found == {1: b"of 1", 5: b"of 5", 9: b"of 9"}
    assert process.got == [THREE]
    assert (process.stopped, process.closed) == (1, 1)
    assert process.seconds == [f"{sandbox.WHOLE:.1f}".encode()]


BEGUN = whole(1)[0]
ASKED = "its process handed out what was not asked for"
ENDED = "it ended its process"


@pytest.mark.parametrize(
    ("parts", "how"),
    [
        ([message(5)], ENDED),
        ([message(5), message(5, b"abc")[:-1]], ENDED),
        ([message(5), message(1, b"of 1")], ASKED),
        ([message(5), message(9, b"of 9")], ASKED),
        ([message(5), message(5)], ASKED),
        ([message(5), message(5, b"x")[:4] + (values.MOST + 1).to_bytes(8, "big")], ASKED),
    ],
)
def test_what_is_not_as_it_must_be_costs_the_answer_whose_turn_it_is(monkeypatch, parts, how):
    found, process = handed(monkeypatch, (BEGUN + parts, False), whole(9))
    assert found == {1: b"of 1", 5: how, 9: b"of 9"}
    assert [list(one["places"]) for one in process.got] == [[1, 5, 9], [9]]
    assert all(one["else"] == "x" for one in process.got)


def test_what_has_not_begun_is_tried_again(monkeypatch):
    found, process = handed(monkeypatch, ([*BEGUN, message(5)[:5]], False), whole(5, 9))
    assert found == {1: b"of 1", 5: b"of 5", 9: b"of 9"}
    assert [list(one["places"]) for one in process.got] == [[1, 5, 9], [5, 9]]


def test_a_part_may_be_as_large_as_is_allowed(monkeypatch):
    monkeypatch.setattr(sandbox, "MOST", 4)
    found, _ = handed(monkeypatch, whole(1, 5, 9))
    assert found[9] == b"of 9"


@pytest.mark.parametrize("first", [[message(9)], [message(5, b"x")]])
def test_a_beginning_that_is_none_is_tried_again_twice_and_no_more(monkeypatch, first):
    wrong = BEGUN + first, False
    found, process = handed(monkeypatch, wrong, (first, False), whole(5, 9))
    assert found == {1: b"of 1", 5: b"of 5", 9: b"of 9"}
    with pytest.raises(SandboxError, match=f"^no process begins in the sandbox: {ASKED}$"):
        handed(monkeypatch, wrong, (first, False), (first, False))
    assert len(process.got) == 3


def test_time_is_up_for_one_and_for_all(monkeypatch):
    late = [*BEGUN, message(5)], True
    found, process = handed(monkeypatch, late, whole(9), seconds=SECONDS | {5: 0.2})
    assert found == {1: b"of 1", 5: "it was ended at its time limit", 9: b"of 9"}
    assert process.stopped == 2
    monkeypatch.setattr(sandbox, "FIRST", 1.5)
    found, process = handed(monkeypatch, (BEGUN, True), whole(5, 9))
    assert found == {1: b"of 1", 5: b"of 5", 9: b"of 9"}
    monkeypatch.setattr(sandbox, "WHOLE", 0.3)
    found, process = handed(monkeypatch, late, seconds=SECONDS | {5: 0.4})
    told = "the time for a whole submission is used up"
    assert found == {1: b"of 1", 5: "it was ended at its time limit", 9: told}
    assert process.seconds == [b"1.0"], "at least a second"


def test_a_child_that_cannot_be_ended_ends_its_sandbox(monkeypatch):
    box = Sandbox([])
    closed = []
    monkeypatch.setattr(box, "close", lambda: closed.append(1))
    box._channel, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    there.send(b"ended 0")
    box._end_child()
    assert (there.recv(64), closed) == (b"stop", [])
    assert box._channel.gettimeout() == 30
    there.close()
    box._end_child()
    assert closed == [1]
    box._channel.close()


def test_where_none_begins_in_namespaces_each_has_a_sandbox_of_its_own(monkeypatch):
    found, process = handed(monkeypatch, ([], False), (BEGUN, False), whole(5), whole(9))
    assert found == {1: b"of 1", 5: b"of 5", 9: b"of 9"}
    assert process.box.mode == "alone"
    found, process = handed(monkeypatch, whole(1, 5, 9), mode="alone")
    assert process.closed == 1, "after each"
    with pytest.raises(SandboxError, match=ENDED):
        handed(monkeypatch, *[([], False)] * 4)
    assert Sandbox([], isolated=False).mode == "open"


def test_a_parent_that_hears_nothing_is_one_that_has_ended(monkeypatch):
    box = Sandbox([])
    process = Inside(box, monkeypatch, whole(1, 5, 9))
    box._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    box._served = True
    before = len(os.listdir("/proc/self/fd"))
    assert box.run(THREE, [1, 5, 9], SECONDS) == {1: b"of 1", 5: b"of 5", 9: b"of 9"}
    process.close()
    assert len(os.listdir("/proc/self/fd")) <= before


# This machine


def test_why_answers_cannot_be_isolated(monkeypatch):
    asked = []

    def run(command, **options):
        asked.append((command, options))
        return subprocess.CompletedProcess(command, 1, "", "bwrap:  No\npermissions " + "x" * 300)

    monkeypatch.setattr(sandbox.subprocess, "run", run)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: f"/usr/bin/{name}")
    said = sandbox.problem()
    assert said.startswith("bubblewrap may not make a sandbox here (bwrap: No permissions xxx")
    assert said.endswith(
        "x). In a container allow user namespaces to it; on Ubuntu see the setting "
        "kernel.apparmor_restrict_unprivileged_userns"
    )
    assert len(said) == 200 + len(said.replace(said[said.index("(") + 1 : said.index(")")], ""))
    ((command, options),) = asked
    assert (command[0], command[-1], options["env"]) == ("bwrap", "/bin/true", {})
    monkeypatch.setattr(
        sandbox.subprocess, "run", lambda *a, **k: types.SimpleNamespace(returncode=0)
    )
    assert sandbox.problem() is None
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None if name == "bwrap" else name)
    assert sandbox.problem() == (
        "bubblewrap is not installed (Debian, Ubuntu: apt-get install bubblewrap)"
    )
    monkeypatch.setattr(confine.platform, "machine", lambda: "riscv64")
    assert sandbox.problem() == (
        "isolation knows the system calls of x86-64 and 64-bit Arm, and this is neither"
    )
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    assert sandbox.problem() == "isolation is made of Linux's namespaces, and this is darwin"


def test_a_sandbox_sees_the_interpreter_and_its_packages(tmp_path, monkeypatch):
    for name in ("env/lib/site-packages", "base/bin", "more/dist-packages", "other", "exe/bin"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "exe/bin/python").touch()
    (tmp_path / "env/python").symlink_to(tmp_path / "exe/bin/python")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "base"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "env/python"))
    monkeypatch.setattr(sandbox.sysconfig, "get_path", lambda name: str(tmp_path / name))
    (tmp_path / "purelib").mkdir()
    names = ("env/lib/site-packages", "more/dist-packages", "other", "none/site-packages")
    monkeypatch.setattr(sys, "path", ["", *(str(tmp_path / name) for name in names)])
    expected = ["base", "env", "exe", "more/dist-packages", "purelib"]
    assert sandbox._binds() == sorted([pathlib.Path("/usr"), *(tmp_path / n for n in expected)])
    for name, seen in (("env/x", True), ("env", True), ("other", False), ("environment", False)):
        assert sandbox.exposed(tmp_path / name) is seen, name
    (tmp_path / "other" / "link").symlink_to(tmp_path / "base")
    assert sandbox.exposed(tmp_path / "other" / "link" / "x")
    assert sandbox.exposed(pathlib.Path(sandbox.__file__))
    monkeypatch.setattr(sys, "base_prefix", "/")
    assert pathlib.Path("/") not in sandbox._binds()


def test_what_lies_in_tmp_stands_elsewhere_in_a_sandbox():
    assert sandbox._inside(pathlib.Path("/tmp/env/bin")) == pathlib.Path("/outside/tmp/env/bin")
    assert sandbox._inside(pathlib.Path("/home/env")) == pathlib.Path("/home/env")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"", "it says nothing"),
        (b"one\ntwo\n\n", "two"),
        (b"\xff" * 400, "\ufffd" * 300),
        (b"one", "one"),
    ],
)
def test_the_last_line_of_what_did_not_start_is_told(said, told):
    with tempfile.TemporaryFile() as file:
        file.write(said)
        assert sandbox._last_line(file) == told


def test_a_program_is_one_of_the_course():
    for method in ("_greet", "_arguments"):
        with pytest.raises(NotImplementedError):
            getattr(Program(True), method)(*(["3"] if method == "_arguments" else []))
