"""What is taken from a process: numbers by the kernel's own headers, limits by a process's own."""

import ctypes
import errno
import json
import os
import pathlib
import platform
import re
import resource
import signal
import struct
import subprocess
import sys

from cnncourse.grade import confine

import pytest
from conftest import missing
from grading import OF_ITSELF

INCLUDE = pathlib.Path("/usr/include")
ALLOWED, KILLED = 0x7FFF0000, 0x80000000  # SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS
MACHINES = {
    "x86_64": ("x86_64-linux-gnu/asm/unistd_64.h", 62),
    "aarch64": ("asm-generic/unistd.h", 183),
}  # each with its ELF number
LITTLE_64 = 0x80000000 | 0x40000000  # beside it the kernel's audit says: 64 bits, little end first


def header(name):
    """The numbers that a header of the kernel defines, by name."""
    file = INCLUDE / name
    if not file.exists():
        missing(f"the kernel's headers ({file}): apt-get install linux-libc-dev")
    found = {}
    pattern = r"^#\s*define\s+(\w+)\s+\(?(0x[0-9a-fA-F]+|1\s*<<\s*\d+|\d+)\)?\s"
    for key, text in re.findall(pattern, file.read_text(), re.M):
        first, _, shift = text.partition("<<")
        found.setdefault(key, int(first, 0) << int(shift or 0))
    return found


def numbers(machine):
    """The system calls of a machine: {name: number}."""
    found = header(MACHINES[machine][0])
    return {key[5:]: number for key, number in found.items() if key.startswith("__NR_")}


def test_the_kernel_calls_what_is_asked_of_it_by_these_numbers():
    control, spaces, mounts = (header(f"linux/{n}.h") for n in ("prctl", "sched", "mount"))
    assert {name: spaces[f"CLONE_{name}"] for name in confine._NEW} == confine._NEW
    assert set(confine._NEW) == {"NEWNS", "NEWUSER", "NEWPID", "NEWNET", "NEWIPC"}
    assert spaces["CLONE_THREAD"] == confine._THREAD
    for name in ("PRIVATE", "BIND", "NOSUID", "NODEV", "NOEXEC"):
        assert getattr(confine, f"_{name}") == mounts[f"MS_{name}"], name
    assert mounts["MS_REC"] == confine._RECURSIVE
    for name, called in (
        ("_SET_DUMPABLE", "SET_DUMPABLE"),
        ("_SET_DEATH_SIGNAL", "SET_PDEATHSIG"),
        ("_NO_NEW_PRIVILEGES", "SET_NO_NEW_PRIVS"),
        ("_SET_SECCOMP", "SET_SECCOMP"),
        ("_DROP_BOUND", "CAPBSET_DROP"),
    ):
        assert getattr(confine, name) == control[f"PR_{called}"], name
    assert (confine._EPERM, confine._ENOSYS) == (errno.EPERM, errno.ENOSYS)


# The filter


def verdict(program, number, first=0, machine="x86_64", architecture=None):
    """What a program of the kernel's packet filter says of a system call, instruction by one."""
    architecture = architecture or LITTLE_64 | MACHINES[machine][1]
    data = struct.pack("=IIQ6Q", number, architecture, 0, first, *[0] * 5)
    place, loaded = 0, None
    while True:
        code, yes, no, value = struct.unpack("HBBI", program[place])
        place += 1
        if code == 0x06:  # return
            return value
        if code == 0x20:  # load four bytes
            (loaded,) = struct.unpack_from("=I", data, value)
            continue
        met = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
        place += yes if met else no


def refused(error):
    return 0x00050000 | error  # SECCOMP_RET_ERRNO


@pytest.fixture(params=list(MACHINES))
def machine(request, monkeypatch):
    """A machine, its program and its system calls."""
    monkeypatch.setattr(confine.platform, "machine", lambda: request.param)
    return request.param, confine._filter(), numbers(request.param)


# Of the calls that Docker's default profile blocks for everyone or without a privilege, those that
# a current kernel has: docs.docker.com/engine/security/seccomp.
DOCKERS = """
acct add_key bpf delete_module finit_module init_module kcmp kexec_load keyctl mount
name_to_handle_at open_by_handle_at perf_event_open personality pivot_root process_vm_readv
process_vm_writev ptrace quotactl reboot request_key setns swapoff swapon syslog umount2 unshare
userfaultfd io_uring_setup io_uring_enter io_uring_register
"""
OF_ITS_OWN = {"clone", "clone3", "kill", "tgkill", "socket"}


def test_each_system_call_is_allowed_or_refused_as_its_name_says(machine):
    name, program, known = machine
    column = list(MACHINES).index(name)
    for call, both in confine._FORBIDDEN.items():
        assert both[column] == known.get(call), call
    for call, number in known.items():
        if call not in OF_ITS_OWN:
            expected = refused(errno.EPERM) if call in confine._FORBIDDEN else ALLOWED
            assert verdict(program, number, machine=name) == expected, call
    assert set(DOCKERS.split()) <= set(confine._FORBIDDEN)
    assert not {"read", "write", "mmap", "futex", "exit_group"} & set(confine._FORBIDDEN)


def test_a_thread_may_begin_and_no_process(machine):
    name, program, known = machine
    thread, process = 0x10000, 0x100
    for flags, expected in (
        (thread, ALLOWED),
        (thread | process, ALLOWED),
        (process, refused(errno.EPERM)),
        (0, refused(errno.EPERM)),
    ):
        assert verdict(program, known["clone"], flags, name) == expected
    assert verdict(program, known["clone3"], machine=name) == refused(errno.ENOSYS)


def test_a_signal_goes_to_the_process_itself_alone(machine):
    name, program, known = machine
    for call in ("kill", "tgkill"):
        assert verdict(program, known[call], os.getpid(), name) == ALLOWED
        for other in (0, 1, os.getpid() + 1, os.getppid(), 2**32 - 1):
            assert verdict(program, known[call], other, name) == refused(errno.EPERM)


def test_a_socket_is_one_of_this_machine(machine):
    name, program, known = machine
    for family in range(46):
        expected = ALLOWED if family == 1 else refused(errno.EPERM)
        assert verdict(program, known["socket"], family, name) == expected


def test_another_machine_s_calls_end_the_process(machine):
    name, program, known = machine
    for architecture in (0x40000003, 0xC000003E, 0xC00000B7, 0x40000028):
        found = verdict(program, known["read"], 0, name, architecture)
        own = LITTLE_64 | MACHINES[name][1]
        assert found == (ALLOWED if architecture == own else KILLED)
    if name == "x86_64":
        for number in (0x40000000, 0x40000000 | known["read"], 2**32 - 1):
            assert verdict(program, number) == KILLED
        assert verdict(program, 0x3FFFFFFF) == ALLOWED


def test_which_machines_are_known(monkeypatch):
    for name, known in (("x86_64", True), ("aarch64", True), ("riscv64", False), ("i686", False)):
        monkeypatch.setattr(confine.platform, "machine", lambda name=name: name)
        assert confine.supported() is known


# Limits

BIND = (
    OF_ITSELF
    + """
import ctypes, json, os, socket, threading
from cnncourse.grade import confine
libc = ctypes.CDLL(None, use_errno=True)
before = {"taken": confine._taken(), "processes": confine._processes()}
confine.bind(77)
death = ctypes.c_int()
libc.prctl(2, ctypes.byref(death), 0, 0, 0)
def error_of(action):
    try: action()
    except OSError as error: return error.errno
    except RuntimeError: return "no thread"
print(json.dumps(before | {
    "limits": limits(),
    "death signal": death.value,
    "status": status(),
    "errors": {
        "fork": error_of(os.fork),
        "exec": error_of(lambda: os.execv("/bin/true", ["true"])),
        "kill": error_of(lambda: os.kill(os.getppid(), 0)),
        "itself": error_of(lambda: os.kill(os.getpid(), 0)),
        "network": error_of(socket.socket),
        "local": error_of(lambda: socket.socket(socket.AF_UNIX)),
        "thread": error_of(threading.Thread(target=print, kwargs={"end": ""}).start),
        "read": error_of(lambda: os.read(os.open("/dev/zero", 0), 1)),
    },
}))
"""
)


def told(program):
    """What a process of its own says, as JSON."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def bound():
    if sys.platform != "linux":
        pytest.skip("isolation is made of what Linux alone has")
    return told(BIND)


def test_a_bound_process_has_its_limits_for_good(bound):
    assert all(low == high for low, high in bound["limits"].values())
    limits = {name: low for name, (low, _) in bound["limits"].items()}
    size, data = bound["taken"]
    page = resource.getpagesize()
    assert limits.pop("AS") == pytest.approx(size + 3 * 2**30, abs=64 * page)
    assert limits.pop("DATA") == pytest.approx(data + 3 * 2**29, abs=64 * page)
    more = 128 if tuple(map(int, platform.release().split(".")[:2])) >= (5, 14) else 8192
    assert limits.pop("NPROC") == pytest.approx(bound["processes"] + more, abs=100)
    assert limits == {
        "FSIZE": 2**26, "NOFILE": 256, "CORE": 0, "MEMLOCK": 0, "MSGQUEUE": 0, "CPU": 77,
    }  # fmt: skip


def test_a_bound_process_may_nothing_that_it_does_not_need(bound):
    status = bound["status"]
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", *(["CapBnd"] * (os.getuid() == 0))):
        assert int(status[name][0], 16) == 0, name
    assert (status["NoNewPrivs"], status["Seccomp"]) == (["1"], ["2"])
    assert bound["death signal"] == signal.SIGKILL
    allowed = dict.fromkeys(["itself", "local", "thread", "read"])
    forbidden = dict.fromkeys(["fork", "exec", "kill", "network"], errno.EPERM)
    assert bound["errors"] == allowed | forbidden


def test_a_process_that_is_hidden_may_not_be_looked_into():
    program = """
import ctypes, json
from cnncourse.grade import confine
libc = ctypes.CDLL(None)
before = libc.prctl(3, 0, 0, 0, 0)
confine.hidden()
print(json.dumps([before, libc.prctl(3, 0, 0, 0, 0)]))
"""
    assert told(program) == [1, 0]


def test_what_is_taken_is_what_the_kernel_says():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    kib = {k: int(v.split()[0]) for k, _, v in (line.partition(":") for line in lines) if "Vm" in k}
    size, data = confine._taken()
    assert size == pytest.approx(kib["VmSize"] * 1024, rel=0.02)
    assert data == pytest.approx((kib["VmData"] + kib["VmStk"]) * 1024, rel=0.02)


def test_processes_and_threads_of_this_user_are_counted(monkeypatch):
    known = {"1": (0, 1), "20": (7, 3), "21": (7, 1), "22": (8, 50), "30": None}

    def listdir(path):
        if path == "/proc":
            return [*known, "self", "meminfo", "3x"]
        return ["x"] * known[path.split("/")[2]][1]

    def stat(path):
        found = known[path.split("/")[2]]
        if found is None:
            raise FileNotFoundError(path)
        return os.stat_result((0, 0, 0, 0, found[0], 0, 0, 0, 0, 0))

    with monkeypatch.context() as patch:
        patch.setattr(confine.os, "getuid", lambda: 7)
        patch.setattr(confine.os, "listdir", listdir)
        patch.setattr(confine.os, "stat", stat)
        assert confine._processes() == 4
        known["31"] = (7, 2)
        assert confine._processes() == 6


@pytest.mark.parametrize(
    ("release", "more"),
    [("5.14.0", 128), ("5.13.19-rc1", 8192), ("6.1-generic", 128), ("4.18.0-305.el8", 8192),
     ("5.4.0-1", 8192), ("5.15-x", 128), ("10.2.1", 128)],
)  # fmt: skip
def test_before_linux_5_14_all_of_a_user_s_threads_count(monkeypatch, release, more):
    monkeypatch.setattr(confine.platform, "release", lambda: release)
    assert confine._more() == more


# What cannot be seen from inside


@pytest.mark.parametrize(
    ("user", "users", "becomes"), [(0, 4294967295, True), (0, 2, True), (0, 1, False),
                                   (1000, 4294967295, False)],
)  # fmt: skip
def test_who_is_root_of_many_becomes_nobody(monkeypatch, user, users, becomes):
    steps = []
    monkeypatch.setattr(confine.os, "getuid", lambda: user)
    monkeypatch.setattr(confine, "_read", lambda path: f"   0  0  {users}\n" * (path == MAP))
    for name in ("setgroups", "setresgid", "setresuid"):
        monkeypatch.setattr(confine.os, name, lambda *a, name=name: steps.append((name, *a)))
    confine.become_nobody()
    nobody = [65534] * 3
    expected = [("setgroups", []), ("setresgid", *nobody), ("setresuid", *nobody)]
    assert steps == (expected if becomes else [])


MAP = "/proc/self/uid_map"


@pytest.mark.parametrize("may", [True, False])
def test_files_of_its_own_are_mounted_in_this_order(monkeypatch, may):
    steps = []

    def mount(libc, source, target, kind, flags, options=None):
        steps.append((source, target, kind, flags, options))
        return 0 if may or kind != "proc" else -1

    monkeypatch.setattr(confine, "_mount", mount)
    monkeypatch.setattr(confine.os, "chdir", lambda path: steps.append(path))
    monkeypatch.setattr(confine.os, "readlink", lambda path: "5" if path == "/proc/self" else "")
    confine.apart()
    private, careful = 1 << 18 | 1 << 14, 2 | 4 | 8
    expected = [
        ("none", "/", None, private, None),
        ("tmpfs", "/tmp", "tmpfs", careful, "size=67108864,nr_inodes=2000,mode=700"),
        ("proc", "/proc", "proc", careful, None),
    ]
    if not may:
        expected.append(("/proc/5", "/proc/1", None, 1 << 12, None))
    assert steps == [*expected, "/tmp"]


@pytest.mark.parametrize("refusing", ["private mounts", "a folder in memory", "/proc"])
def test_where_the_kernel_refuses_a_part_it_is_named(monkeypatch, refusing):
    parts = {"private mounts": ("/",), "a folder in memory": ("/tmp",),
             "/proc": ("/proc", "/proc/1")}  # fmt: skip

    def mount(libc, source, target, *arguments):
        ctypes.set_errno(errno.EACCES)
        return -1 if target in parts[refusing] else 0

    monkeypatch.setattr(confine, "_mount", mount)
    monkeypatch.setattr(confine.os, "chdir", lambda path: pytest.fail("it has gone on"))
    with pytest.raises(confine.ConfineError) as caught:
        confine.apart()
    assert caught.value.errno == errno.EACCES
    assert caught.value.strerror == f"{refusing}: Permission denied"


def test_a_mount_is_asked_for_in_bytes():
    asked = []

    class Libc:
        def mount(self, *arguments):
            asked.append(arguments)
            return 7

    assert confine._mount(Libc(), "a", "/b", None, 3) == 7
    assert confine._mount(Libc(), "a", "/b", "c", 3, "d") == 7
    assert asked == [(b"a", b"/b", None, 3, None), (b"a", b"/b", b"c", 3, b"d")]


class Prctl:
    """A libc that refuses one of the things asked of it."""

    def __init__(self, refusing):
        self.refusing, self.asked = refusing, []

    def __getattr__(self, name):
        def call(first, *rest):
            what = name if name != "prctl" else first
            self.asked.append(what)
            ctypes.set_errno(errno.EINVAL)
            return -1 if what == self.refusing else 0

        return call


@pytest.mark.parametrize(
    ("refusing", "told"),
    [
        (1, "prctl"),
        (38, "prctl"),
        (22, "forbidding system calls"),
        ("capset", "giving up privileges"),
    ],
)
def test_a_process_that_cannot_be_bound_is_not_run(monkeypatch, refusing, told):
    libc, limits = Prctl(refusing), {}
    monkeypatch.setattr(confine, "_libc", lambda: libc)
    monkeypatch.setattr(
        confine.resource, "setrlimit", lambda what, most: limits.update({what: most})
    )
    with pytest.raises(confine.ConfineError, match=f"{told}: Invalid argument"):
        confine.bind(5)
    assert libc.asked[-1] == refusing
    assert libc.asked.count(24) in (0, 64)
    libc = Prctl(24)
    limits.clear()
    confine.bind(5)
    assert libc.asked == [1, 24, "capset", 38, 22], "that many privileges there are not"
    assert len(limits) == 9


@pytest.mark.parametrize(("refusing", "told"), [(4, "prctl"), ("unshare", "new namespaces")])
def test_a_process_that_cannot_leave_says_so(monkeypatch, refusing, told):
    monkeypatch.setattr(confine, "_libc", lambda: Prctl(refusing))
    with pytest.raises(confine.ConfineError, match=f"{told}: Invalid argument"):
        confine.leave()
    if refusing == 4:
        with pytest.raises(confine.ConfineError, match="prctl: Invalid argument"):
            confine.hidden()
    confine._expect("what the kernel grants", 0)
