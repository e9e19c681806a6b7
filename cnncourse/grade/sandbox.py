"""Run submissions in a sandbox: bubblewrap around a parent that forks a child for each.

The outside takes bytes of one pipe, in the order in which they must come, up to a size and a
time, and believes nothing else.
"""

import contextlib
import os
import pathlib
import pickle
import select
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time

from . import confine
from .inside import HEADER
from .values import MOST

START = 300  # seconds for the parent to import
FIRST = 60  # seconds for a child to begin
WHOLE = 300  # seconds for a submission
_COURSE = "/course"
_TMP = pathlib.Path("/outside/tmp")  # what of /tmp is needed: an environment that lies there
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
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


class SandboxError(RuntimeError):
    """The sandbox does not work here; the message says why and what to do."""


def problem() -> str | None:
    """Say why answers cannot be isolated on this machine, or None."""
    if sys.platform != "linux":
        return f"isolation is made of Linux's namespaces, and this is {sys.platform}"
    if not confine.supported():
        return "isolation knows the system calls of x86-64 and 64-bit Arm, and this is neither"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian, Ubuntu: apt-get install bubblewrap)"
    done = subprocess.run(
        [*_command([]), "/bin/true"], capture_output=True, text=True, env={}, timeout=60
    )
    if done.returncode:
        said = " ".join(done.stderr.split())[:200]
        return (
            f"bubblewrap may not make a sandbox here ({said}). In a container allow user "
            "namespaces to it; on Ubuntu see the setting "
            "kernel.apparmor_restrict_unprivileged_userns"
        )
    return None


def _binds() -> list[pathlib.Path]:
    """The folders of this machine that a sandbox sees, to read alone."""
    folders = {pathlib.Path(p) for p in (sys.prefix, sys.base_prefix, "/usr")}
    folders |= {pathlib.Path(os.path.realpath(sys.executable)).parents[1]}
    packages = [p for p in sys.path if pathlib.Path(p).name in ("site-packages", "dist-packages")]
    folders |= {
        pathlib.Path(p)
        for p in (*packages, sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    }
    folders = sorted(
        folder for folder in folders if folder.is_dir() and folder != pathlib.Path("/")
    )
    return [f for f in folders if not any(o != f and f.is_relative_to(o) for o in folders)]


def _inside(folder: pathlib.Path) -> pathlib.Path:
    """Where a folder of this machine stands in the sandbox, whose /tmp is one of its own."""
    return _TMP / folder.relative_to("/tmp") if folder.is_relative_to("/tmp") else folder


def exposed(path: pathlib.Path) -> bool:
    """Whether a file or folder would be seen in the sandbox."""
    path = pathlib.Path(os.path.realpath(path))
    course = pathlib.Path(__file__).resolve().parents[1]
    return any(path.is_relative_to(os.path.realpath(f)) for f in (*_binds(), course))


def _command(extra: list[str]) -> list[str]:
    """The command that starts a sandbox, without the program in it."""
    command = ["bwrap", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.getuid() == 0:  # limits of processes hold for others than root: inside it becomes nobody
        names = ("ipc", "pid", "net", "uts", "cgroup-try")
        command += [f"--unshare-{name}" for name in names]
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-all"]
    command += ["--clearenv"]
    for name, value in _ENVIRONMENT.items():
        command += ["--setenv", name, value]
    for folder in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(folder):
            command += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            command += ["--ro-bind", folder, folder]
    folders = {folder: _inside(folder) for folder in _binds()}
    loader = [pathlib.Path("/etc", name) for name in ("ld.so.cache", "alternatives")]
    above = {parent for path in (*folders.values(), *loader) for parent in path.parents}
    for folder in sorted(above - {pathlib.Path("/")}):
        command += ["--perms", "0755", "--dir", str(folder)]
    for folder, inside in folders.items():
        command += ["--ro-bind", str(folder), str(inside)]
    for path in loader:
        command += ["--ro-bind-try", str(path), str(path)]
    command += ["--proc", "/proc", "--dev", "/dev", *extra]
    command += ["--size", str(confine.FILES), "--perms", "1777", "--tmpfs", "/tmp"]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


class Program:
    """A program of this package in a sandbox: started when it is needed, and ended whole.

    isolated: False for a plain process, which sees and may all that this one does.
    """

    called, kind = "", socket.SOCK_STREAM  # in errors; of the sockets between here and there

    def __init__(self, isolated: bool):
        self.isolated = isolated
        self._process = self._channel = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self) -> None:
        """End it, and whatever is left in its sandbox."""
        if self._process is not None:
            self._channel.close()
            self._process.kill()
            self._process.wait()
        self._process = self._channel = None

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, self.kind)
        with tempfile.TemporaryFile() as said:
            arguments = self._arguments(str(theirs.fileno()))
            self._process = _started(arguments, theirs, said, self.isolated)
            try:
                self._greet()
            except OSError:
                self.close()
                raise SandboxError(
                    f"the {self.called} does not start: {_last_line(said)}"
                ) from None

    def _arguments(self, descriptor: str) -> list[str]:
        """The module's name and what it is given; descriptor: of its end of the sockets."""
        raise NotImplementedError

    def _greet(self) -> None:
        """Wait until it is ready; OSError where it is not."""
        raise NotImplementedError


class Sandbox(Program):
    """A parent process in a sandbox, which serves one submission after the other.

    modules: what it imports before the first.
    """

    called, kind = "sandbox", socket.SOCK_SEQPACKET

    def __init__(self, modules: list[str], isolated: bool = True):
        super().__init__(isolated)
        self.modules = list(modules)
        self.mode = "shared" if isolated else "open"
        self._served = False  # whether a child has ever begun

    def _arguments(self, descriptor):
        return ["inside", descriptor, self.mode, *self.modules]

    def _greet(self):
        self._channel.settimeout(START)
        if self._channel.recv(64) != b"ready":
            raise OSError("it is not ready")
        self._channel.settimeout(None)

    def run(
        self, job: dict, numbers: list[int], seconds: dict[int, float]
    ) -> dict[int, bytes | str]:
        """Run a job's exercises and return for each what came out, or how its process ended.

        job: what `inside._work` reads. numbers: of its exercises, in order. seconds: for each, how
        long it may take on the clock. An exercise that ends its process costs itself alone.
        """
        found, waiting, until = {}, list(numbers), time.monotonic() + WHOLE
        failures = 0
        while waiting:
            if time.monotonic() > until:
                found |= dict.fromkeys(waiting, "the time for a whole submission is used up")
                break
            part = job | {"places": {n: job["places"][n] for n in waiting}}
            done, ended = self._once(part, waiting, seconds, until)
            found |= done
            waiting = waiting[len(done) :]
            if ended is None:
                continue
            began, how = ended
            if began:
                found[waiting.pop(0)] = how
            elif self.mode == "shared" and not self._served:
                self.mode = "alone"  # this system gives a sandbox no namespaces inside of it
                self.close()
            else:
                failures += 1
                if failures > 2:
                    raise SandboxError(f"no process begins in the sandbox: {how}")
        return found

    def _once(self, job, waiting, seconds, until):
        """Run a job once; return what came out, and where it broke off: (whether begun, how)."""
        self._start()
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
        reading, writing = os.pipe()
        try:
            file.write(pickle.dumps(job))
            file.seek(0)
            most = max(until - time.monotonic(), 1)
            socket.send_fds(self._channel, [f"{most:.1f}".encode()], [file.fileno(), writing])
            os.close(writing)
            writing = None
            found, broken = {}, None
            for number in waiting:
                broken = self._part(reading, number, FIRST, empty=True)
                if not isinstance(broken, bytes):
                    broken = (False, broken)
                    break
                self._served = True
                broken = self._part(reading, number, seconds[number])
                if not isinstance(broken, bytes):
                    broken = (True, broken)
                    break
                found[number], broken = broken, None
            self._end_child()
            return found, broken
        except OSError as error:  # the parent has ended
            self.close()
            return {}, (False, str(error))
        finally:
            file.close()
            os.close(reading)
            if writing is not None:
                os.close(writing)
            if self.mode == "alone":
                self.close()

    def _part(self, reading, number, seconds, empty=False):
        """Return one part as it must come next, as bytes; else how it did not, as text."""
        until = time.monotonic() + seconds
        head = self._exactly(reading, HEADER, until)
        if not isinstance(head, bytes):
            return head
        found, size = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
        if found != number or size > MOST or empty != (size == 0):
            return "its process handed out what was not asked for"
        return self._exactly(reading, size, until)

    def _exactly(self, reading, size, until):
        content = bytearray()
        while len(content) < size:
            left = until - time.monotonic()
            ready, _, _ = select.select([reading], [], [], max(left, 0))
            if not ready:
                return "it was ended at its time limit"
            more = os.read(reading, min(size - len(content), 2**20))
            if not more:
                return "it ended its process"
            content += more
        return bytes(content)

    def _end_child(self):
        """Have the child ended, whatever it still does, and wait until it is."""
        with contextlib.suppress(OSError):
            self._channel.send(b"stop")
        self._channel.settimeout(30)
        try:
            answer = self._channel.recv(64)
        except OSError:
            answer = b""
        if not answer:
            self.close()


def _started(arguments: list[str], theirs: socket.socket, said, isolated: bool):
    """Start a program of this package in a sandbox; return its process.

    arguments: the module's name and what it is given. theirs: its end of a pair of sockets, which
    is closed here. said: the file that its errors go to.
    """
    module = ["-m", f"cnncourse.grade.{arguments[0]}", *arguments[1:]]
    course = str(pathlib.Path(__file__).resolve().parents[1])
    if isolated:
        bind = ["--perms", "0755", "--dir", _COURSE, "--ro-bind", course]
        bind += [f"{_COURSE}/cnncourse", "--setenv", "PYTHONPATH", _COURSE]
        program = [*_command(bind), str(_inside(pathlib.Path(sys.executable))), *module]
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    else:
        program = [sys.executable, *module]
        environment = _ENVIRONMENT | {"PYTHONPATH": str(pathlib.Path(course).parent)}
        environment |= {name: tempfile.gettempdir() for name in ("HOME", "TMPDIR", "MPLCONFIGDIR")}
    process = subprocess.Popen(
        program,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
        env=environment,
        pass_fds=[theirs.fileno()],
        start_new_session=True,
    )
    theirs.close()
    return process


def _last_line(said) -> str:
    """The last line of what a program that did not start has said."""
    said.seek(0)
    last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
    return last[:300] or "it says nothing"
