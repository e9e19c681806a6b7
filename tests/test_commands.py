"""What each command of `python -m cnncourse` hands on and prints; what it calls is played here."""

import dataclasses
import json
import pathlib
import signal
import sys
import types

from cnncourse import __main__ as command
from cnncourse import __version__, classifier, data, doctor, exercises, lab, photos, results, run
from cnncourse.grade import evening, sandbox

import pytest


@pytest.fixture
def spec():
    return types.SimpleNamespace(
        title="Digits", train=60_000, test=10_000, validation=250, megabytes=11.4,
        licence="CC0", origin="by hand", digest="sha256:12",
    )  # fmt: skip


# The command line


def test_what_a_command_takes_and_what_it_is_without_it():
    def told(*arguments):
        found = vars(command._parsed(list(arguments)))
        assert found.pop("command") == arguments[0]
        return found

    assert told("doctor") == {}
    assert told("data") == {"action": None}
    assert told("data", "list") == {"action": "list"}
    there = pathlib.Path("there")
    assert told("data", "fill", "there") == {"action": "fill", "folder": there, "names": []}
    assert told("data", "fill", "there", "mnist", "cifar10")["names"] == ["mnist", "cifar10"]
    assert told("data", "verify", "a", "b")["paths"] == [pathlib.Path("a"), pathlib.Path("b")]
    assert told("lab") == {"options": []}
    assert told("lab", "--port=9", "--no-browser") == {"options": ["--port=9", "--no-browser"]}
    usual = {"lessons": [], "out": pathlib.Path("build/notebooks"), "store": False}
    assert told("run") == usual
    assert told("run", "04", "8", "--out", "there", "--store") == {
        "lessons": ["04", "8"], "out": there, "store": True,
    }  # fmt: skip
    assert told("predict", "m.keras", "a", "b") == {
        "model": pathlib.Path("m.keras"), "photographs": ["a", "b"], "json": False,
    }  # fmt: skip
    assert told("predict", "m.keras", "a", "--json")["json"] is True
    nothing = dict.fromkeys(["lesson", "points", "bank", "names", "seed", "cluster"])
    usual = {"files": there, "jobs": 1, "out": pathlib.Path("graded"), "without_isolation": False}
    assert told("grade", "there") == usual | nothing
    given = {"lesson": "01", "points": there, "bank": there, "names": "x", "seed": 3, "jobs": 2,
             "cluster": "tls://h:1", "out": there}  # fmt: skip
    options = [f"--{name}={value}" for name, value in given.items()]
    assert told("grade", "there", *options, "--without-isolation") == {
        "files": there, "without_isolation": True, **given,
    }  # fmt: skip
    assert told("progress") == {"lesson": None}
    assert told("progress", "05") == {"lesson": "05"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--fast", "-x"], "error: unrecognized arguments: --fast -x"),
        ([], "error: the following arguments are required: command"),
        (["data", "fill"], "error: the following arguments are required: folder"),
        (["data", "verify"], "error: the following arguments are required: paths"),
        (["predict", "m.keras"], "error: the following arguments are required: PHOTO"),
        (["grade"], "error: the following arguments are required: FILES"),
        (["fly"], "invalid choice: 'fly'"),
    ],
)
def test_a_command_line_that_is_wrong_says_what_is(arguments, told, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: python -m cnncourse")
    assert told in said


HELP = {
    (): ["doctor, data, lab, run, predict, grade, progress", "versions, cores, memory, data",
         "list sets and weights, fill a folder, verify one", "run lessons and print a table",
         "open JupyterLab on copies of the lessons; its own options may follow",
         "say what is on photographs, with a model that lesson 07 has saved",
         "grade the notebooks of a class, without trust in their code",
         "which exercises were right, and when first"],
    ("data",): ["every set with its size, licence and source here (default)",
                "write the real sets into a classroom folder",
                "check classroom files, or a folder of them"],
    ("data", "fill"): [f"some of mnist, fashion_mnist, cifar10, cifar100, {data.photo_names()[0]}, "
                       "efficientnet_lite0 (default: all)"],
    ("lab",): ["A copy that was worked in is never changed.", "--no-browser or --port=9000."],
    ("run",): ["numbers or names (default: all)", "(full budget, real data)"],
    ("predict",): ["a .keras file of classifier.save", "a file or a folder", "PHOTO",
                   "one JSON document instead of lines", "exit status: 0 every file predicted",
                   "one line a photograph. A folder stands for every file in it"],
    ("grade",): ["two digits (default: found for each notebook by its tags)", "tls://HOST:8786",
                 "a file of lines: 01/conv2d, 2", "exercises of your own, as a Python file",
                 "with (?P<student>...), perhaps (?P<id>...)", "(default: kept in OUT)",
                 "processes (default: 1; 2 GiB each)", "a Dask scheduler, in the place of --jobs",
                 "run their code with all that you may do yourself",
                 "Write a table of marks, a page for each student and one on the class."],
    ("progress",): ["two digits (default: all)"],
}  # fmt: skip


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_says_what_there_is(arguments, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")  # no word is broken at its hyphen
    with pytest.raises(SystemExit) as caught:
        command.main([*arguments, "--help"])
    assert caught.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    for part in HELP[arguments]:
        assert part in said


def test_it_knows_its_version(capsys):
    with pytest.raises(SystemExit):
        command.main(["--version"])
    assert capsys.readouterr().out == f"cnncourse {__version__}\n"


# Each command


def test_a_command_ends_as_what_it_calls_does(monkeypatch):
    asked = []

    def played(module, name, status):
        def call(*arguments, **options):
            asked.append((name, arguments, options))
            return status

        monkeypatch.setattr(module, name, call)

    played(doctor, "report", 1)
    played(lab, "start", 0)
    played(run, "run", 3)
    played(evening, "grade", 1)
    assert command.main(["doctor"]) == 1
    assert command.main(["lab", "--port=9"]) == 0
    assert command.main(["run", "04", "--store", "--out", "there"]) == 1
    assert command.main(["grade", "there"]) == 1
    played(run, "run", 0)
    assert command.main(["run"]) == 0
    there = {"out": pathlib.Path("there"), "store": True}
    usual = {"out": pathlib.Path("build/notebooks"), "store": False}
    assert asked[:3] == [
        ("report", (), {}),
        ("start", (["--port=9"],), {}),
        ("run", (["04"],), there),
    ]
    assert asked[3][1][0].files == pathlib.Path("there")
    assert asked[4] == ("run", ([],), usual)


def test_fill_prints_a_line_each_and_fails_for_what_is_not_there(monkeypatch, capsys):
    done = {"mnist": "written, from here", "cats_vs_dogs": "already there, whole"}
    asked = []
    monkeypatch.setattr(data, "fill", lambda *given: asked.append(given) or done, raising=False)
    assert command.main(["data", "fill", "there"]) == 0
    assert capsys.readouterr().out == (
        "mnist          written, from here\ncats_vs_dogs   already there, whole\n"
    )
    done["mnist"] = "not found here: folder: no"
    assert command.main(["data", "fill", "there", "mnist"]) == 1
    there = pathlib.Path("there")
    assert asked == [(there, []), (there, ["mnist"])]


def test_data_prints_what_is_known_of_each_set(monkeypatch, capsys, spec):
    where = {
        "digits": ("folder", "the classroom folder", []),
        "pets": ("drawn", "drawn by the course", []),
        "net": ("drawn", "drawn by the course", []),
    }
    other = dataclasses.make_dataclass("Spec", vars(spec))(**vars(spec) | {"title": "Filtered"})
    monkeypatch.setattr(data, "names", lambda: ("digits",))
    monkeypatch.setattr(data, "photo_names", lambda: ("pets",))
    monkeypatch.setattr(data, "weight_names", lambda: ("net",))
    monkeypatch.setattr(data, "IMAGE_SETS", {"digits": spec})
    monkeypatch.setattr(data, "photo_sets", lambda name: (spec, other))
    monkeypatch.setattr(data, "WEIGHTS", {"net": spec})
    monkeypatch.setattr(data, "locate", where.get)
    rights = ["               licence: CC0", "               origin: by hand"]
    expected = [
        "digits         60,000 + 10,000 images, 11 MB",
        "               here: the classroom folder",
        *rights,
        "pets           60,000 + 250 photographs, 11 MB: Digits",
        *rights,
        "pets           60,000 + 250 photographs, 11 MB: Filtered",
        *rights,
        "               here: a stand-in would be drawn",
        "net            weights of Digits, 11 MB",
        "               here: no",
        *rights,
    ]
    for arguments in (["data"], ["data", "list"]):
        assert command.main(arguments) == 0
        assert capsys.readouterr().out.splitlines() == expected

    def damaged(name):
        raise data.DataError(f"{name}.npz is cut")

    monkeypatch.setattr(data, "locate", damaged)
    command.main(["data"])
    said = capsys.readouterr().out
    assert said.count("here: damaged: ") == 3
    assert "               here: damaged: pets.npz is cut\n" in said


def test_verify_prints_a_line_each_and_goes_on(monkeypatch, capsys, spec):
    folders = {"one": ["a", "bad", "b"], "none": []}

    def files(path):
        if path.name not in folders:
            raise data.DataError(f"{path}: cannot be read")
        return folders[path.name]

    def verify(file):
        if file == "bad":
            raise data.DataError("bad: is cut")
        return spec

    monkeypatch.setattr(data, "classroom_files", files, raising=False)
    monkeypatch.setattr(data, "verify", verify, raising=False)
    whole = "{}: Digits, whole, sha256:12\n"
    assert command.main(["data", "verify", "one", "closed"]) == 1
    assert capsys.readouterr().out == (
        "closed: cannot be read\n" + whole.format("a") + "bad: is cut\n" + whole.format("b")
    )
    folders["one"].remove("bad")
    assert command.main(["data", "verify", "one", "none"]) == 0
    assert capsys.readouterr().out == whole.format("a") + whole.format("b")
    assert command.main(["data", "verify", "closed"]) == 1
    capsys.readouterr()
    assert command.main(["data", "verify", "none", "none"]) == 2
    assert (
        capsys.readouterr().err == "cnncourse data: none, none: expected .npz files; found none.\n"
    )


@dataclasses.dataclass
class Prediction:
    path: str
    label: str | None = None
    probability: float | None = None
    error: str | None = None


@pytest.fixture
def predictor(monkeypatch):
    """A model that calls every photograph a cat, but one that is "bad"."""
    told = types.SimpleNamespace(asked=None, model=None)

    def each(files):
        told.asked = list(files)
        for file in told.asked:
            bad = "bad" in str(file)
            yield Prediction(file, error="it is cut") if bad else Prediction(file, "cat", 0.8126)

    def load(path, *, lazily):
        told.model = path, lazily
        return types.SimpleNamespace(class_names=["cat", "horse"], each=each)

    def files(given):
        if given == "none":
            raise photos.PhotoError("none: there is no such file")
        if given == "closed":
            raise PermissionError(13, "closed")
        return [f"{given}/1.jpg", f"{given}/bad.jpg"] if given == "folder" else [given]

    monkeypatch.setattr(classifier, "load", load)
    monkeypatch.setattr(photos, "files", files)
    return told


def test_predict_prints_a_line_each_and_names_what_is_none(predictor, capsys):
    assert command.main(["predict", "m.keras", "a.jpg", "folder", "closed", "none"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "cat    0.813  a.jpg",
        "cat    0.813  folder/1.jpg",
        "cat    0.813  closed",
        "cat    0.813  none",
    ]
    assert said.err == "cnncourse predict: folder/bad.jpg: it is cut\n"
    assert predictor.asked == ["a.jpg", "folder/1.jpg", "folder/bad.jpg", "closed", "none"]
    assert predictor.model == (pathlib.Path("m.keras"), True)
    assert command.main(["predict", "m.keras", "a.jpg"]) == 0
    capsys.readouterr()
    assert command.main(["predict", "m.keras", "none"]) == 2
    assert capsys.readouterr().err == "cnncourse predict: none: there is no such file\n"


def test_predict_gives_one_json_document(predictor, capsys):
    assert command.main(["predict", "m.keras", "folder", "--json"]) == 1
    said = capsys.readouterr()
    first = {"path": "folder/1.jpg", "label": "cat", "probability": 0.8126, "error": None}
    bad = {"path": "folder/bad.jpg", "label": None, "probability": None, "error": "it is cut"}
    found = {"model": "m.keras", "class_names": ["cat", "horse"], "photographs": [first, bad]}
    assert said.out == json.dumps(found, indent=1) + "\n"
    assert said.err == "cnncourse predict: folder/bad.jpg: it is cut\n"
    assert command.main(["predict", "m.keras", "a.jpg", "--json"]) == 0


@pytest.mark.parametrize(("file", "told"), [("kept.json", "kept.json"), (None, "no file")])
def test_progress_says_where_it_is_kept(monkeypatch, capsys, file, told):
    asked = []
    monkeypatch.setattr(exercises, "progress", lambda lesson: asked.append(lesson) or "2 of 3")
    monkeypatch.setattr(exercises, "progress_file", lambda: file)
    assert command.main(["progress", "05"]) == 0
    assert capsys.readouterr().out == f"2 of 3\n\nkept in: {told}\n"
    assert asked == ["05"]


# How it ends


@pytest.mark.parametrize(
    "kind",
    [classifier.ClassifierError, data.DataError, photos.PhotoError, results.ResultError,
     sandbox.SandboxError, OSError, ValueError],
)  # fmt: skip
def test_what_says_what_to_do_is_told_in_one_line(monkeypatch, capsys, kind):
    def fails(chosen):
        raise kind("do this")

    monkeypatch.setitem(command._COMMANDS, "lab", fails)
    assert command.main(["lab"]) == 2
    assert capsys.readouterr().err == "cnncourse lab: do this\n"


@pytest.mark.parametrize(("name", "told"), [("run", "; kernels are ended"), ("doctor", "")])
def test_an_interrupt_is_one_line(monkeypatch, capsys, name, told):
    def interrupted(*number):
        def raises(chosen):
            raise KeyboardInterrupt(*number)

        return raises

    for number in (signal.SIGINT, signal.SIGTERM):
        monkeypatch.setitem(command._COMMANDS, name, interrupted(number))
        assert command.main([name]) == 128 + number
        assert capsys.readouterr().err == f"\ninterrupted{told}\n"
    monkeypatch.setitem(command._COMMANDS, name, interrupted())
    assert command.main([name]) == 128 + signal.SIGINT
    capsys.readouterr()
    monkeypatch.setattr(command, "_parsed", interrupted(signal.SIGINT))
    assert command.main([name]) == 130
    assert "kernels are ended" in capsys.readouterr().err, "it may have been `run`"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
def test_nohup_is_left_as_it_is(monkeypatch):
    def handlers(chosen):
        found.append(signal.getsignal(signal.SIGHUP))
        return 0

    found = []
    monkeypatch.setitem(command._COMMANDS, "doctor", handlers)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert command.main(["doctor"]) == 0
        assert found == [signal.SIG_IGN]
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        assert command.main(["doctor"]) == 0
        assert callable(found[1])
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_streams_that_cannot_be_set_are_left(monkeypatch):
    monkeypatch.setitem(command._COMMANDS, "doctor", lambda chosen: 0)
    monkeypatch.setattr(sys, "stderr", types.SimpleNamespace())
    assert command.main(["doctor"]) == 0
