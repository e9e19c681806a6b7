"""A study goes on where it stopped, and never mixes the runs of two versions of its code."""

import json

from cnncourse import results
from tools import study

import pytest


@pytest.fixture
def counted(course):
    (course / "studies" / "09_x.py").write_text("one = 1\n")
    done = []

    def row(name):
        def train(seed):
            done.append((name, seed))
            return {"accuracy": seed / 10}

        return train

    return {"a": row("a"), "b": row("b")}, done


def test_every_row_runs_with_every_seed_once(course, counted):
    rows, done = counted
    runs = study.measure("09_x", rows, (1, 2))
    assert done == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [run["accuracy"] for run in runs["b"]] == [0.1, 0.2]
    assert all(run["cpu_seconds"] >= 0 for run in runs["a"])
    assert study.measure("09_x", rows, (1, 2)) == runs
    assert len(done) == 4, "finished runs are not run again"


def test_an_interrupted_study_goes_on(course, counted):
    rows, done = counted

    def interrupted(seed):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.measure("09_x", {"a": rows["a"], "b": interrupted}, (1,))
    study.measure("09_x", rows, (1,))
    assert done == [("a", 1), ("b", 1)]
    (folder,) = (course / "build" / "studies").iterdir()
    assert sorted(p.name for p in folder.glob("*.json")) == ["0-1.json", "1-1.json"]


def test_other_code_runs_again(course, counted):
    rows, done = counted
    study.measure("09_x", {"a": rows["a"]}, (1,))
    (course / "studies" / "09_x.py").write_text("one = 2\n")
    study.measure("09_x", {"a": rows["a"]}, (1,))
    assert done == [("a", 1), ("a", 1)]


def test_what_another_process_finished_meanwhile_is_taken(course, counted):
    rows, done = counted
    path = course / "0-1.json"
    path.write_text(json.dumps({"accuracy": 0.5}))
    assert study._run(rows["a"], 1, path, "a, seed 1")
    assert done == []


def test_a_study_needs_its_script(course):
    with pytest.raises(results.ResultError, match=r"studies/09_x\.py was not found"):
        study.measure("09_x", {}, (1,))
