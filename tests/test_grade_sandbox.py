"""What an answer finds in the sandbox: told by an answer that looks around and hands out facts."""

import contextlib
import ctypes
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
import time

from cnncourse.exercises import outside
from cnncourse.grade import confine, sandbox, values
from cnncourse.grade.sandbox import Program, Sandbox, SandboxError

import grading
import psutil
import pytest
from small_exercises import make, make_value

isolation = grading.isolation

LOOK = """
import ctypes, glob, json, os, resource, sys
libc = ctypes.CDLL(None)
def status(number="self"):
    lines = open(f"/proc/{number}/status").read().splitlines()
    return {line.partition(":")[0]: line.partition(":")[2].split() for line in lines}
def limits():
    names = "AS DATA FSIZE NOFILE CORE MEMLOCK MSGQUEUE CPU NPROC".split()
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names}
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
    "status": {name: status()[name] for name in
               ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")},
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
    "etc": sorted(os.listdir("/etc")) if os.access("/etc", os.R_OK) else [],
    "writable": writable(),
    "modules": [n for n in ("numpy", "keras", "colorsys") if n in sys.modules],
    "path": sys.path,
    "prefix": sys.prefix,
}
output_size = json.dumps(facts)
"""
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


def value(content):
    """What an answer that is a value has handed out."""
    assert isinstance(content, bytes), content
    handed = values.unpacked(content)
    assert "error" not in handed, handed
    return values.unpacked(handed["rounds"][0]["tried"][0]["value"].parts)


def facts_of(box):
    return json.loads(value(box.run(*job(LOOK, task=FIND))[0]))


@pytest.fixture(scope="module")
def facts(request):
    """What an answer finds in each of the three ways to run one."""
    why = sandbox.problem()
    if why:
        grading.missing(f"isolation: {why}")
    found = {}
    for mode in ("shared", "alone", "open"):
        with Sandbox(["numpy", "colorsys"], isolated=mode != "open") as box:
            box.mode = mode
            found[mode] = facts_of(box)
            assert box.mode == mode
            found[mode]["around"] = spaces_around() if mode == "shared" else []
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
    assert limits.pop("CPU") == 4 * int(sandbox.WHOLE - 1) + 5
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
    assert set(found["etc"]) <= {"ld.so.cache", "alternatives"}
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
