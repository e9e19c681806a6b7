"""Answers made to cheat or to harm: none gains a point, touches another's or outlives its time.

Most harm in the way of a spy: the answer is right if, and only if, the harm has worked.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import socket
import sys
import tempfile
import time
import venv

from cnncourse import exercises
from cnncourse.grade import apart, notebook
from cnncourse.grade import judge as judging
from cnncourse.grade.apart import JudgeApart
from cnncourse.grade.bank import all_banks
from cnncourse.grade.sandbox import Sandbox

import grading
import psutil
import pytest

pytestmark = pytest.mark.usefixtures("isolation")
isolation = grading.isolation

NAMES = ("01/output_size", "01/count_parameters")
HONEST = exercises.find("01/count_parameters").filled
RIGHT = "return (size + 2 * padding - kernel) // stride + 1"
SIGNATURE = "def output_size(size, kernel, stride=1, padding=0):"


OWN = f"""
import dataclasses
from cnncourse import exercises
EXERCISES = [dataclasses.replace(exercises.find(name), seconds=1) for name in {NAMES}]
""".encode()


@pytest.fixture(scope="module")
def judge():
    """The judge of two exercises, each with a second to compute."""
    with JudgeApart(all_banks(OWN, "01")["01"], OWN, "01", seed=20) as found:
        yield found


@pytest.fixture(scope="module")
def box(judge):
    with Sandbox(judge.modules) as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "SLACK", 4)
        yield sandbox


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What must not be reached: a file, a secret in the environment, a server on this machine."""
    folder = tmp_path_factory.mktemp("outside")
    file = folder / "08_other.ipynb"
    file.write_text("another's work")
    server = socket.create_server(("127.0.0.1", 0), backlog=1000)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("\0cnncourse-test-" + str(os.getpid()))  # abstract: no file, a network's matter
    listening.listen(1000)
    yield {"file": str(file), "port": server.getsockname()[1], "abstract": str(os.getpid())}
    server.close()
    listening.close()


def spy(harm, above=""):
    """An answer that is right where the harm works, and raises otherwise."""
    lines = harm.strip().splitlines()
    return "\n".join([above, SIGNATURE, *("    " + line for line in lines), "    " + RIGHT])


def graded(judge, box, code, *above):
    """The results of a hostile answer with an honest one below it."""
    sources = [(source, ()) for source in above]
    sources += [(code, ("exercise", "output_size")), (HONEST, ("exercise", "count_parameters"))]
    cells = [notebook.Cell(n, source, tags) for n, (source, tags) in enumerate(sources, 1)]
    return judge.judged(notebook.answers(cells, "01", list(NAMES)), box)


def test_a_right_answer_is_right_here_and_the_solution_may_be_returned(judge, box):
    one, two = graded(judge, box, f"{SIGNATURE}\n    {RIGHT}")
    assert (one.status, two.status) == ("right", "right"), (one, two)
    copied = """
from cnncourse import exercises
output_size = exercises.find("01/output_size").fill(exercises.find("01/output_size").solution)
"""
    assert graded(judge, box, copied)[0].status == "right"


# Cheating -----------------------------------------------------------------------------------------

_KNOWN = exercises.find("01/output_size")
FITTED = {
    tuple(case): int(one.value) for case, one in zip(_KNOWN.cases, _KNOWN.expected, strict=True)
}
ZERO = f"{SIGNATURE} return 0"
CHEATS = {
    "np.isclose says yes": f"import numpy as np\nnp.isclose = lambda *a, **k: np.True_\n{ZERO}",
    "np.isclose says yes, later": f"""
import numpy as np
{SIGNATURE}
    np.isclose = np.allclose = np.array_equal = lambda *a, **k: True
    return 0
""",
    "equal to everything": f"""
class Equal(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
{SIGNATURE} return Equal(0)
""",
    "json.dumps writes what it likes": f"""
import json
dumps = json.dumps
json.dumps = lambda *a, **k: dumps({{"k": "dict", "v": [["status", "right"]]}})
{ZERO}
""",
    "the engine says right": f"""
from cnncourse.exercises import _engine, _observe, outside
_engine.right = _observe.agree = lambda *a, **k: True
{ZERO}
""",
    "the judge is called from inside": f"""
from cnncourse.grade import judge, values, networks
judge.Judge.result = lambda *a: judge.Result("01/output_size", "right")
values.packed = lambda *a: b"right"
{ZERO}
""",
    "attempt is another": f"""
import cnncourse.exercises.outside as outside
outside.attempt = lambda *a, **k: {{"status": "right", "rounds": []}}
{ZERO}
""",
    "fitted to the cases": f"""
_table = {FITTED}
def output_size(*arguments): return _table.get(arguments, 0)
""",
    "it prints that it is right": f"""
print("✓ Right (01/output_size)")
{SIGNATURE}
    print("✓ Right (01/output_size)")
    return 0
""",
    "the channel gets another's result": f"""
import os
{SIGNATURE}
    for number in range(3, 256):
        try: os.write(number, bytes(4) + (8).to_bytes(8, "big") + bytes(8))
        except OSError: pass
    return 0
""",
    "the channel gets noise": f"""
import os
{SIGNATURE}
    for number in range(3, 256):
        try: os.write(number, os.urandom(10**5))
        except OSError: pass
    return 0
""",
    "the channel is closed": f"import os\nos.closerange(0, 256)\n{ZERO}",
    "it ends with status 0 in the cell": f"import os\nos._exit(0)\n{ZERO}",
    "it ends with status 0 in the answer": f"import os\n{SIGNATURE} os._exit(0)",
    "it exits": f"import sys\n{SIGNATURE} sys.exit(0)",
    "os.write is another": f"import os\nos.write = lambda number, data: len(data)\n{ZERO}",
    "it prints its own tests": f"{SIGNATURE} raise AssertionError('✓ Right')",
    "an object that unpickles to code": f"""
class Payload:
    def __reduce__(self): return (print, ("right",))
{SIGNATURE} return Payload()
""",
    "more than can be handed out": f"import numpy as np\n{SIGNATURE} return np.zeros(2 * 10**7)",
    "a view larger than memory": (
        f"import numpy as np\n{SIGNATURE} return np.broadcast_to(np.float64(1), (10**12,))"
    ),
    "a list in itself": f"{SIGNATURE}\n    loop = []\n    loop.append(loop)\n    return loop",
    "a text without end": f"{SIGNATURE} return 'right' * 10**8",
    "half a letter": f"{SIGNATURE} raise ValueError('\\ud800\\x00\\x1b[2J')",
    "half a letter as an answer": f"{SIGNATURE} return {{'\\ud800': '\\udfff'}}",
    "many small things": f"{SIGNATURE} return [[[[]] * 900 for _ in range(900)] for _ in range(9)]",
    "a name of markup": f"""
Evil = type("<script>alert(1)</script>", (), {{"__repr__": lambda self: "</pre><script>"}})
{SIGNATURE} return Evil()
""",
}


@pytest.mark.parametrize("name", CHEATS)
def test_cheating_gains_nothing_and_costs_no_other_answer(judge, box, name):
    one, two = graded(judge, box, CHEATS[name])
    assert one.status in ("wrong", "to look at"), one
    written = json.dumps(dataclasses.asdict(one), ensure_ascii=False).encode()
    assert len(written) < 10**4
    if name != "os.write is another" and name != "the channel is closed":  # its own process's
        assert two.status == "right", two


def test_an_answer_fitted_to_the_cases_is_told_so(judge, box):
    one, _ = graded(judge, box, CHEATS["fitted to the cases"])
    assert one.parts[0][1] == (
        "It is right on the inputs that the check shows, and not on others of the same kind."
    )


# Harm ---------------------------------------------------------------------------------------------

PREFIXES = (sys.prefix, sys.base_prefix)
SYSCALL = """
import ctypes, os, platform
_libc = ctypes.CDLL(None, use_errno=True)
_x86 = platform.machine() == "x86_64"
def call(x86, arm, *arguments):
    found = _libc.syscall(x86 if _x86 else arm, *arguments)
    if found < 0: raise OSError(ctypes.get_errno(), "refused")
    return found
"""
SPIES = {
    "fork": ("os.fork() or os._exit(0)", "import os"),
    "another program": ("subprocess.run(['/bin/true'], check=True)", "import subprocess"),
    "exec": ("os.execv('/bin/true', ['true'])", "import os"),
    "multiprocessing": (
        "import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()",
        "",
    ),
    "another's file": ("open({file!r}).read()", ""),
    "the folder of the class": ("assert os.listdir(os.path.dirname({file!r}))", "import os"),
    "the home": ("assert set({at_home!r}) & set(os.listdir({home!r}))", "import os"),
    "the course's folder": ("open({root!r} + '/pyproject.toml').read()", ""),
    "passwords": ("open('/etc/passwd').read()", ""),
    "the environment": ("assert os.environ['CNNCOURSE_TEST_SECRET']", "import os"),
    "the environment of others": (
        "found = b''.join(open(f, 'rb').read() for f in glob.glob('/proc/[0-9]*/environ')"
        " if os.access(f, os.R_OK))\nassert b'CNNCOURSE_TEST_SECRET' in found",
        "import glob, os",
    ),
    "memory of the parent": (
        "for number in range(1, 40):\n    if number != os.getpid():\n        try: "
        "open(f'/proc/{{number}}/mem', 'r+b').close()\n        except OSError: continue\n"
        "        break\nelse: raise OSError",
        "import os",
    ),
    "the network": ("socket.create_connection(('127.0.0.1', {port}), 2).close()", "import socket"),
    "another network": ("socket.create_connection(('192.0.2.1', 80), 2)", "import socket"),
    "names": ("socket.getaddrinfo('example.org', 80)", "import socket"),
    "datagrams": ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", "import socket"),
    "netlink": ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "import socket"),
    "sockets of a host": ("socket.socket(40, socket.SOCK_STREAM)", "import socket"),
    "an abstract socket": (
        "s = socket.socket(socket.AF_UNIX)\ns.connect('\\0cnncourse-test-{abstract}')",
        "import socket",
    ),
    "killing the parent": ("os.kill(os.getppid() or 999, 9)", "import os"),
    "killing the parent by another call": (
        "call(234, 131, os.getppid() or 999, os.getppid() or 999, 9)",
        SYSCALL,
    ),
    "killing the next numbers": (
        "for number in range(2, 4000): os.kill(number, 9)",
        "import os",
    ),
    "ptrace": ("call(101, 117, 16, os.getppid() or 2, 0, 0)", SYSCALL),
    "unshare": ("call(272, 97, 0x10000000)", SYSCALL),
    "mount": ("call(165, 40, b'none', b'/tmp', b'tmpfs', 0, None)", SYSCALL),
    "chroot": ("os.chroot('/tmp')", "import os"),
    "being root": ("os.setuid(0) if os.getuid() else os.stat('/nothing')", "import os"),
    "bpf": ("call(321, 280, 0, 0, 0)", SYSCALL),
    "io_uring": ("call(425, 425, 1, ctypes.create_string_buffer(200))", SYSCALL),
    "userfaultfd": ("call(323, 282, 0)", SYSCALL),
    "memory without a name": ("os.memfd_create('x')", "import os"),
    "shared memory": ("call(29, 194, 0, 1 << 20, 0o1600)", SYSCALL),
    "keys": ("call(250, 219, 0, -3, 1)", SYSCALL),
    "the 32-bit door": ("call(0x40000000 + 39, 0, 0)" if os.uname().machine == "x86_64"
                        else "call(9999, 9999)", SYSCALL),
    "more files than may be open": ("[os.open('/dev/null', 0) for _ in range(5000)]", "import os"),
    "a priority": ("os.nice(-5)", "import os"),
    "higher limits": (
        "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "import resource",
    ),
    "writing to the course": ("open('/course/cnncourse/x.py', 'w').write('x')", ""),
    "writing to Python": ("open(os.__file__, 'a').write('x')", "import os"),
    "writing at the top": ("open('/x', 'w').write('x')", ""),
    "writing to shared memory": ("open('/dev/shm/x', 'w').write('x')", ""),
    "a disk": ("open('/dev/' + [n for n in os.listdir('/dev') if n.startswith(('sd', 'vd', 'nvme',"
               " 'mem'))][0])", "import os"),
    "the kernel's switches": ("open('/proc/sysrq-trigger', 'w').write('h')", ""),
    "a large file": (
        "with open('/tmp/x', 'wb') as file:\n    for _ in range(200): file.write(bytes(2**20))", "",
    ),
    "many files": ("for n in range(10**4): open(f'/tmp/{{n}}', 'w').close()", ""),
    "a program in a file": (
        "open('/tmp/x', 'w').write('#!/bin/sh')\nos.chmod('/tmp/x', 0o755)\n"
        "os.execv('/tmp/x', ['x'])",
        "import os",
    ),
    "too much memory": ("x = bytearray(4 * 2**30)", ""),
    "too much memory bit by bit": ("x = []\nwhile len(x) < 60: x.append(bytearray(10**8))", ""),
    "many threads": (
        "e = threading.Event()\nfor _ in range(3000): threading.Thread(target=e.wait,"
        " daemon=True).start()",
        "import threading",
    ),
}  # fmt: skip


def home():
    """The home, and what is in it beside the interpreter, which may be."""
    folder = os.path.expanduser("~")
    given = {pathlib.Path(p).parts[: len(pathlib.Path(folder).parts) + 1] for p in sys.path}
    given |= {pathlib.Path(p).parts[: len(pathlib.Path(folder).parts) + 1] for p in PREFIXES}
    names = [n for n in os.listdir(folder) if (pathlib.Path(folder) / n).parts not in given]
    return {"home": folder, "at_home": names}


@pytest.mark.parametrize("name", SPIES)
def test_harm_does_not_work(judge, box, outside, name, monkeypatch):
    harm, above = SPIES[name]
    root = str(pathlib.Path(__file__).parents[1])
    harm = harm.format(**outside, **home(), root=root)
    one, two = graded(judge, box, spy(harm, above))
    assert one.status == "wrong", one
    assert two.status == "right", two


FATAL = {
    "a loop without end": f"{SIGNATURE}\n    while True: pass",
    "a loop without end in the cell": f"while True: pass\n{ZERO}",
    "a loop in compiled code": f"import itertools\n{SIGNATURE} return sum(itertools.count())",
    "sleep": f"import time\n{SIGNATURE} time.sleep(1000)",
    "a loop that catches everything": f"""
{SIGNATURE}
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
    "recursion": f"{SIGNATURE} return output_size(size, kernel)",
    "recursion beyond the stack": f"""
import sys
sys.setrecursionlimit(10**9)
{SIGNATURE} return [output_size(size, kernel)]
""",
    "a null pointer": f"import ctypes\n{SIGNATURE} ctypes.string_at(0)",
    "abort": f"import os\n{SIGNATURE} os.abort()",
    "a signal to itself": f"import os, signal\n{SIGNATURE} os.kill(os.getpid(), signal.SIGSEGV)",
    "everything at once": f"""
import threading, os
def burn():
    while True: pass
{SIGNATURE}
    for _ in range(20): threading.Thread(target=burn, daemon=True).start()
    while True: pass
""",
    "a deep text": "x = " + "(" * 10**5 + ")" * 10**5 + f"\n{ZERO}",
    "a deep expression": "x = " + "-" * 10**5 + f"1\n{ZERO}",
    "a null byte": f"x = '\0'\n{ZERO}",
    "no Python": "def output_size(:",
}


@pytest.mark.parametrize("name", FATAL)
def test_what_ends_or_never_ends_costs_its_own_answer_alone(judge, box, name):
    started = time.monotonic()
    one, two = graded(judge, box, FATAL[name])
    assert one.status == "wrong", one
    assert two.status == "right", two
    assert time.monotonic() - started < 300  # not a speed: that it ends at all
    assert few_are_left()


def few_are_left():
    """Whether soon none is left in the sandbox but its parent; to end takes the system a moment."""
    until = time.monotonic() + 20
    while children() > 1 and time.monotonic() < until:
        time.sleep(0.1)
    return children() <= 1


def children():
    """How many processes there are below the sandboxes' own: pid 1 of each, and its parent."""
    found = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            inside = "cnncourse.grade.inside" in " ".join(process.cmdline())
            found += inside and process.name() != "bwrap"
    return found


def test_threads_that_go_on_are_ended_with_their_answer(judge, box):
    code = f"""
import threading, time
def on():
    while True: time.sleep(0.001)
threading.Thread(target=on).start()
{SIGNATURE}
    threading.Thread(target=on).start()
    {RIGHT}
"""
    graded(judge, box, code)
    assert few_are_left()


def test_an_environment_below_tmp_is_found(judge, monkeypatch):
    """The sandbox's /tmp is one of its own."""
    if pathlib.Path(sys.prefix).is_relative_to("/tmp"):
        return  # every other test of this file shows it
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        venv.create(folder, symlinks=True)
        (packages,) = pathlib.Path(folder, "lib").glob("python*/site-packages")
        (packages / "all.pth").write_text("\n".join(p for p in sys.path if "site-packages" in p))
        os.chmod(folder, 0o755)
        monkeypatch.setattr(sys, "prefix", folder)
        monkeypatch.setattr(sys, "executable", f"{folder}/bin/python")
        with Sandbox(judge.modules) as own:
            found = graded(judge, own, ANSWER)
        assert found[0].status == "right"


def test_nothing_is_left_for_the_next_one(judge, box):
    leave = f"""
import os, sys, builtins
open("/tmp/left", "w").write("x")
builtins.left = sys.left = 1
{SIGNATURE}
    os.environ["LEFT"] = "x"
    {RIGHT}
"""
    find = f"""
import os, sys
{SIGNATURE}
    assert os.path.exists("/tmp/left") or hasattr(sys, "left") or "LEFT" in os.environ
    {RIGHT}
"""
    assert graded(judge, box, leave)[0].status == "right"
    assert graded(judge, box, find)[0].status == "wrong"


def test_a_helper_above_can_harm_no_more_than_the_answer(judge, box):
    above = "import os\ndef helper(*a):\n    os._exit(0)"
    one, two = graded(judge, box, f"{SIGNATURE} return helper()", above)
    assert (one.status, two.status) == ("wrong", "right")


def test_what_is_in_the_environment_here_is_not_there(judge, monkeypatch):
    monkeypatch.setenv("CNNCOURSE_TEST_SECRET", "x")
    harm, above = SPIES["the environment"]
    with Sandbox(judge.modules) as fresh:
        assert graded(judge, fresh, spy(harm, above))[0].status == "wrong"
        harm, above = SPIES["the environment of others"]
        assert graded(judge, fresh, spy(harm.format(), above))[0].status == "wrong"


def test_without_isolation_the_spies_would_be_right(judge, outside, monkeypatch):
    """The other side: what the tests above look for does happen where nothing prevents it."""
    monkeypatch.setenv("CNNCOURSE_TEST_SECRET", "x")
    root = str(pathlib.Path(__file__).parents[1])
    with Sandbox(judge.modules, isolated=False) as plain:
        for name in ("another's file", "the course's folder", "passwords", "the network", "fork"):
            harm, above = SPIES[name]
            harm = harm.format(**outside, **home(), root=root)
            assert graded(judge, plain, spy(harm, above))[0].status == "right", name


@pytest.mark.parametrize(
    "name",
    [
        "killing the parent",
        "killing the parent by another call",
        "memory of the parent",
        "another's file",
        "fork",
        "unshare",
        "a large file",
        "the network",
    ],
)
def test_where_a_sandbox_has_no_namespaces_inside_each_has_one_of_its_own(judge, outside, name):
    """As where a system allows user namespaces to bubblewrap alone."""
    harm, above = SPIES[name]
    harm = harm.format(**outside, **home(), root="")
    with Sandbox(judge.modules) as sandbox:
        sandbox.mode = "alone"
        one, two = graded(judge, sandbox, spy(harm, above))
        assert sandbox._process is None  # nothing of it is left for the next one
    assert (one.status, two.status) == ("wrong", "right")


# The judge ----------------------------------------------------------------------------------------

ANSWER = f"{SIGNATURE}\n    {RIGHT}"


@pytest.mark.parametrize("harm", [signal.SIGSTOP, signal.SIGKILL])
def test_what_harms_its_judge_is_looked_at_and_costs_no_other_mark(judge, box, harm, monkeypatch):
    """As a network would whose reading never ends, or takes all memory."""
    graded(judge, box, ANSWER)  # it is at work
    monkeypatch.setattr(apart, "JUDGE", 2)
    inside = psutil.Process(judge._process.pid).children(recursive=True)[-1]
    send, sent = apart._send, []

    def harmful(*arguments):
        if not sent:
            inside.send_signal(harm)
        sent.append(arguments)
        send(*arguments)

    monkeypatch.setattr(apart, "_send", harmful)
    monkeypatch.setattr(apart, "START", 5)
    one, two = graded(judge, box, ANSWER)
    assert (one.status, two.status) == ("to look at", "right")
    assert "its judge" in one.parts[0][1]


@pytest.mark.long
def test_a_network_that_computes_without_end_costs_itself_alone():
    """In the real judge of lesson 08: half a minute of an LSTM over a million steps, and more."""
    from cnncourse.grade import networks
    from cnncourse.grade.values import Named, packed

    import keras

    layers = keras.layers

    def handed(*inner):
        model = networks.describer([])(keras.Sequential([keras.Input((28, 28, 1)), *inner]))
        one = {"value": Named("packed", packed(model)), "error": None, "states": []}
        rounds = [{"stopped": "", "error": "", "tried": [one] * 3}] * 2
        return packed({"blank": False, "callable": True, "routine": True, "rounds": rounds})

    def end():
        return layers.Dense(10, activation="softmax")

    line = layers.Reshape((784, 1))
    bombs = {
        "steps": handed(line, layers.ZeroPadding1D(500_000), layers.LSTM(1), end()),
        "space": handed(layers.ZeroPadding2D(5_000), layers.GlobalMaxPooling2D(), end()),
        "depth": handed(*(layers.ReLU() for _ in range(800)), layers.Flatten(), end()),
    }
    bank = all_banks(None, "08")["08"]
    number = [one.name for one in bank].index("08/build_network")
    with JudgeApart(bank, None, "08", seed=1) as found:
        for name, bomb in bombs.items():
            found.begin()
            assert found.result(number, bomb).status != "right", name
            honest = handed(layers.Conv2D(3, 3), layers.Flatten(), end())
            assert found.result(number, honest).status == "right", name
