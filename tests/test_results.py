"""Only full runs on whole, real data are kept, whole, with where they came from."""

import dataclasses
import hashlib
import json
import math
import os
import pathlib
import platform
import subprocess
import sys

from cnncourse import results

import nbformat
import numpy as np
import pytest


@dataclasses.dataclass
class Images:
    name: str = "mnist"
    whole: bool = True
    caption: str = "MNIST, from here"

    @property
    def provenance(self):
        return {"name": self.name, "source": "folder", "digest": "sha256:1", "whole": self.whole}


@pytest.fixture
def lesson(course, monkeypatch):
    """A course with one lesson, in the full budget, storing."""
    monkeypatch.setenv("CNNCOURSE_BUDGET", "full")
    monkeypatch.setenv("CNNCOURSE_STORE", "1")
    (course / "notebooks" / "01_x.md").write_text("# Title\n\n```{code-cell}\n1 + 1\n```\n")
    return course


def filled(**images):
    book = results.Book("01_x")
    book.add("test_accuracy", np.float32(0.875), data=Images(**images), seeds=[1], epochs=2)
    book.add("spread", [0.5, 0.75], seeds=[1, 2])
    return book


def test_a_full_run_on_real_data_is_kept(lesson):
    filled().close(key="test_accuracy", facts={"where": "Zürich"})
    written = (lesson / "results" / "01_x.json").read_text("utf-8")
    assert written.startswith('{\n "name": "01_x",\n "key": "test_accuracy",\n')
    assert '"where": "Zürich"\n}\n' in written, "for readers: one thing a line, in its own letters"
    record = json.loads(written)
    accuracy, spread = record["numbers"]
    assert accuracy == {
        "name": "test_accuracy",
        "value": 0.875,
        "seeds": [1],
        "epochs": 2,
        "data": "mnist",
    }
    assert (spread["value"], spread["values"]) == (0.625, [0.5, 0.75])
    assert record["data"]["mnist"]["digest"] == "sha256:1"
    assert record["code"] == results.code_digest(lesson / "notebooks" / "01_x.md")
    assert {"budget", "cpu_seconds", "versions", "date"} <= set(record)
    assert results.load("01_x")["test_accuracy"] == 0.875
    assert results.load("01_x")["spread"] == 0.625
    with pytest.raises(dataclasses.FrozenInstanceError):
        results.load("01_x").record = {}
    assert [p.name for p in (lesson / "results").iterdir()] == ["01_x.json"]


def test_nothing_is_kept_without_being_asked(lesson, monkeypatch):
    monkeypatch.delenv("CNNCOURSE_STORE")
    monkeypatch.setitem(sys.modules, "jupytext", None)  # its import takes seconds: not to be paid
    summary = filled().close(key="test_accuracy")
    assert not (lesson / "results" / "01_x.json").exists()
    header, accuracy, *_ = repr(summary).splitlines()
    assert header.split() == ["number", "this", "run"]
    assert accuracy.split() == ["test_accuracy", "0.875"]
    assert repr(summary).endswith("\nMNIST, from here")


@pytest.mark.parametrize(
    ("budget", "whole", "complaint"),
    [("quick", True, "only full runs"), ("full", False, "mnist is not the whole, real set")],
)
def test_quick_and_stand_in_numbers_are_refused(lesson, monkeypatch, budget, whole, complaint):
    monkeypatch.setenv("CNNCOURSE_BUDGET", budget)
    with pytest.raises(results.ResultError, match=complaint):
        filled(whole=whole).close(key="test_accuracy")
    assert list((lesson / "results").iterdir()) == []


def test_a_result_names_its_code(lesson):
    (lesson / "notebooks" / "01_x.md").unlink()
    with pytest.raises(results.ResultError, match=r"neither notebooks/01_x\.md nor studies"):
        filled().close(key="test_accuracy")


def test_quick_numbers_say_what_they_are(lesson, monkeypatch):
    filled().close(key="test_accuracy")
    monkeypatch.setenv("CNNCOURSE_BUDGET", "quick")
    monkeypatch.delenv("CNNCOURSE_STORE")
    shown = filled(whole=False).close(key="test_accuracy")
    for text in (repr(shown), shown._repr_mimebundle_()["text/html"]):
        assert "these are no results" in text
        assert "on record" in text
        assert text.index("these are no results") < text.index("quick budget, ")


def test_wrong_numbers_are_refused(monkeypatch):
    book = results.Book("01_x")
    for value in (math.nan, math.inf, [0.5, math.nan], []):
        with pytest.raises(ValueError, match=r"accuracy is .*; a result is finite"):
            book.add("accuracy", value, seeds=[1, 2])
    with pytest.raises(ValueError, match=r"2 values, seeds \[1\]"):
        book.add("accuracy", [0.5, 0.6], seeds=[1])
    with pytest.raises(ValueError, match=r"1 values, seeds \[1, 2\]"):
        book.add("accuracy", [0.5], seeds=[1, 2])
    with pytest.raises(ValueError, match="1 values, seeds None"):
        book.add("accuracy", [0.5])
    book.add("accuracy", 0.5)
    monkeypatch.setenv("CNNCOURSE_STORE", "1")
    with pytest.raises(ValueError, match="'accuracy' stands in this book already"):
        book.add("accuracy", 0.6)
    with pytest.raises(ValueError, match=r"close\(key='loss'\): expected one of accuracy"):
        book.close(key="loss")


def test_a_cell_may_run_again_unless_it_stores(lesson, monkeypatch):
    monkeypatch.delenv("CNNCOURSE_STORE")
    book = results.Book("01_x")
    book.add("first", 1, data=Images("mnist"))
    book.add("second", 2)
    book.add("third", 4)
    assert book.add("first", 3, data=Images("cifar10", caption="CIFAR-10, from there")) == 3
    record = book.close(key="first").record
    found = [(entry["name"], entry["value"]) for entry in record["numbers"]]
    assert found == [("first", 3), ("second", 2), ("third", 4)]
    assert list(record["data"]) == ["cifar10"], "what a replaced number was measured on is gone"
    assert "MNIST" not in repr(book.close(key="first"))
    monkeypatch.setenv("CNNCOURSE_STORE", "1")
    with pytest.raises(ValueError, match="'second' stands in this book already; give it another"):
        book.add("second", 2)


def test_a_book_closes_with_the_processor_time_since_it_was_opened(lesson, monkeypatch):
    times = iter([100.0, 103.25])
    monkeypatch.setattr(results.time, "process_time", lambda: next(times))
    monkeypatch.delenv("CNNCOURSE_STORE")
    book = results.Book("01_x")
    book.add("a", 1)
    shown = book.close(key="a")
    assert shown.record["cpu_seconds"] == 3.2
    assert "full budget, 3 CPU seconds" in repr(shown)
    assert book.close(key="a", cpu_seconds=70.04).record["cpu_seconds"] == 70


@pytest.mark.parametrize(("system", "peak"), [("linux", 2**20), ("darwin", 2**30)])
def test_the_peak_is_in_mib_on_every_system(monkeypatch, system, peak):
    resource = pytest.importorskip("resource")
    usage = {resource.RUSAGE_SELF: peak, resource.RUSAGE_CHILDREN: 3 * peak}
    monkeypatch.setattr(results.sys, "platform", system)
    monkeypatch.setattr(
        resource, "getrusage", lambda whose: type("Usage", (), {"ru_maxrss": usage[whose]})
    )
    assert results.peak_mib() == 1024, "Linux tells KiB, macOS bytes"
    assert results.peak_mib(children=True) == 3072
    monkeypatch.setitem(sys.modules, "resource", None)
    assert results.peak_mib() is None


def test_a_record_names_threads_and_processor(lesson, monkeypatch):
    monkeypatch.setattr(results, "_processor", lambda: "Old Chip")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    filled().close(key="test_accuracy")
    record = results.load("01_x").record
    assert (record["processor"], record["threads"]) == ("Old Chip", 3)
    monkeypatch.delenv("CNNCOURSE_STORE")
    assert "Old Chip" not in repr(filled().close(key="test_accuracy")), "the same machine"
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "8")
    said = (
        "The record is of 3 threads of Old Chip, this run of 8 threads of Old Chip: the same seed "
        "may give other weights there."
    )
    shown = filled().close(key="test_accuracy")
    assert said in repr(shown)
    assert said in shown._repr_mimebundle_()["text/html"]
    for key in ("threads", "processor"):
        older = {k: v for k, v in record.items() if k != key}
        (lesson / "results" / "01_x.json").write_text(json.dumps(older))
        assert "The record is of" not in repr(filled().close(key="test_accuracy"))


def test_threads_and_processor_are_those_of_here(monkeypatch):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    import tensorflow as tf

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    set_before = tf.config.threading.get_intra_op_parallelism_threads()
    assert results._threads() == (set_before or cores)
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 5)
    assert results._threads() == 5
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert results._threads() == cores
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "many")
    assert results._threads() == cores
    name = results._processor()
    assert name == name.strip() != ""
    assert platform.node() not in name
    lines = ["processor : 0", "model name\t: Chip(R)  9 CPU @ 1GHz", "model name\t: other"]
    files = {pathlib.Path("/proc/cpuinfo"): lines}
    monkeypatch.setattr(results.pathlib.Path, "read_text", lambda path: "\n".join(files[path]))
    monkeypatch.setattr(results.sys, "platform", "linux")
    assert results._processor() == "Chip(R) 9 CPU @ 1GHz"
    lines[:] = ["processor : 0"]
    monkeypatch.setattr(results.platform, "processor", lambda: "")
    monkeypatch.setattr(results.platform, "machine", lambda: "aarch64")
    assert results._processor() == "aarch64"
    answers = {"sysctl -n machdep.cpu.brand_string": "Apple M2\n"}
    monkeypatch.setattr(results.sys, "platform", "darwin")
    monkeypatch.setattr(
        results.subprocess,
        "run",
        lambda words, **_: subprocess.CompletedProcess(words, 0, answers[" ".join(words)]),
    )
    assert results._processor() == "Apple M2"


@pytest.mark.parametrize(("count", "threads"), [(6, 6), (None, 1)])
def test_where_a_system_does_not_say_which_cores_are_free_all_count(monkeypatch, count, threads):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.delattr(results.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(results.os, "cpu_count", lambda: count)
    assert results._threads() == threads


def test_versions_are_those_of_what_has_been_imported(monkeypatch):
    import keras
    import scipy
    import sklearn
    import tensorflow as tf

    monkeypatch.setitem(sys.modules, "torch", None)
    assert results.machine()["versions"] == {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
    }


def test_the_table_shows_what_was_measured_beside_what_is_on_record(lesson, monkeypatch):
    book = results.Book("01_x")
    for name, value in {"share": 0.123456, "weights": 44_426, "<b>": 1.5}.items():
        book.add(name, value)
    book.close(key="share")
    monkeypatch.delenv("CNNCOURSE_STORE")
    monkeypatch.setattr(results, "peak_mib", lambda: 1234)
    again = results.Book("01_x")
    for name, value in {"share": 0.5, "weights": -2.0, "<b>": 0, "new": 1e6}.items():
        again.add(name, value)
    shown = again.close(key="share", cpu_seconds=61)
    assert repr(shown).splitlines() == [
        "number   this run   on record",
        "share    0.5        0.1235",
        "weights  -2         44,426",
        "<b>      0          1.5",
        "new      1,000,000",
        "full budget, 61 CPU seconds, 1,234 MiB at the peak",
    ]
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == repr(shown)
    assert bundle["text/html"].startswith(
        "<table><tr><th>number</th><th>this run</th><th>on record</th></tr>"
        "<tr><td>share</td><td>0.5</td><td>0.1235</td></tr>"
    )
    assert "<td>&lt;b&gt;</td><td>0</td><td>1.5</td>" in bundle["text/html"]
    assert bundle["text/html"].endswith("<p>full budget, 61 CPU seconds, 1,234 MiB at the peak</p>")
    assert bundle[results.MIME] == {**shown.record, "captions": []}
    (lesson / "results" / "01_x.json").unlink()
    assert "on record" not in repr(again.close(key="share"))


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ('[{"name": "a", "value": NaN}]', "value of a is 'nan'"),
        ('[{"name": "a", "value": -Infinity}]', "value of a is '-inf'"),
        ('[{"name": "a", "value": 1e999}]', "value of a is 'inf'"),
        ('[{"name": "a", "value": "0.5"}]', "value of a is '0.5'"),
        ('[{"name": "a", "value": true}]', "value of a is 'True'"),
        ('[{"name": "a", "value": [0.5]}]', r"value of a is '\[0\.5\]'"),
        ('[{"name": "a", "value": 1, "values": [1, NaN]}]', "values of a is 'nan'"),
        ('[{"name": "a", "value": 1, "values": [[1]]}]', r"values of a is '\[1\]'"),
        ('[{"name": "a", "value": 1, "cpu_seconds": "2"}]', "cpu_seconds of a is '2'"),
        ('[{"name": "a", "value": 1, "seeds": ["1"]}]', "seeds of a is '1'"),
        ('[{"name": "a", "value": 1, "epochs": NaN}]', "epochs of a is 'nan'"),
        ('[{"name": "a", "value": 1, "images": "9"}]', "images of a is '9'"),
        ('[{"name": 1, "value": 1}]', "the name 1"),
        (f'[{{"name": "a", "value": {"9" * 400}}}]', "value of a is '9999"),
        ('[["name", "value"]]', "TypeError"),
        ("[" * 100_000, "RecursionError"),
    ],
)
def test_a_record_holds_finite_numbers(course, numbers, named):
    path = course / "results" / "01_x.json"
    path.write_text(f'{{"numbers": {numbers}}}')
    with pytest.raises(results.ResultError, match=named) as caught:
        results.load("01_x")
    assert str(caught.value).startswith(f"{path}: expected JSON with a list of numbers")


def test_every_record_that_is_kept_can_be_read():
    folder = pathlib.Path(__file__).parents[1] / "results"
    for path in folder.glob("*.json"):
        assert results.load(path.stem).numbers, path


def test_outside_of_the_course_there_are_no_records(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(results.ResultError, match=r"folder was not found above .*Start from"):
        results.load("01_x")


def test_missing_and_damaged_records(course):
    (course / "results" / "02_x.json").mkdir()
    with pytest.raises(results.ResultError, match=r"02_x\.json: .*Restore the file"):
        results.load("02_x")
    with pytest.raises(results.ResultError, match=r"01_x\.json: not there\. Measure it with"):
        results.load("01_x")
    for text in ("{", "[]", '{"numbers": [{"name": "a"}]}'):
        (course / "results" / "01_x.json").write_text(text)
        with pytest.raises(results.ResultError, match="expected JSON with a list of numbers"):
            results.load("01_x")
    (course / "results" / "01_x.json").write_text('{"numbers": [{"name": "a", "value": 1}]}')
    with pytest.raises(KeyError, match="has no 'b'; it has a"):
        results.load("01_x")["b"]


def test_the_code_digest_is_of_the_code_alone(tmp_path):
    text = "# Title\n\n```{code-cell}\nx = 1\n```\n\nprose\n\n```{code-cell}\nx + 1\n```\n"
    lesson = tmp_path / "01_x.md"
    lesson.write_text(text)
    digest = results.code_digest(lesson)
    lesson.write_text(text.replace("prose", "other prose"))
    assert results.code_digest(lesson) == digest
    lesson.write_text(text.replace("x + 1", "x + 2"))
    assert results.code_digest(lesson) != digest
    chosen = "x = budget.choose(full=(1, 2_0), quick=(1, 1)), 'ü', budget.choose(full=3, quick=4)"
    digests = set()
    for code in (
        chosen,
        chosen.replace("1, 1", "2,\n  1").replace("quick=4", "quick=5"),
        "x = (1, 2_0), 'ü', 3",
    ):
        lesson.write_text(text.replace("x = 1", code))
        digests.add(results.code_digest(lesson))
    assert len(digests) == 1, "a full run does not know what a quick one would do"
    lesson.write_text(text.replace("x = 1", chosen.replace("2_0", "3_0")))
    assert results.code_digest(lesson) not in digests
    lesson.write_text(text.replace("x = 1", "%time x = budget.choose(full=1, quick=2)"))
    assert results.code_digest(lesson).startswith("sha256:")
    cells = [nbformat.v4.new_code_cell(source) for source in ("x = 1", "x + 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01_x.ipynb")
    assert results.code_digest(str(tmp_path / "01_x.ipynb")) == digest
    (tmp_path / "01_x.py").write_text("\nx = budget.choose(full=1, quick=2)  # ü\n", "utf-8")
    of_a_study = hashlib.sha256("x = budget.choose(full=1, quick=2)  # ü".encode()).hexdigest()
    assert results.code_digest(tmp_path / "01_x.py") == f"sha256:{of_a_study}"
