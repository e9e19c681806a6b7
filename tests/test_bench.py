"""Benchmarks: what is kept and gone on with, what is refused, and the page drawn from a record."""

import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

import benchmarks
from benchmarks import BenchmarkError, Row, Side, better, grading, growth, recipes, runner
from cnncourse import results

import numpy as np
import pytest
from conftest import missing

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "site" / "_ext"))

import benchmarks_page  # noqa: E402
import course_facts  # noqa: E402

# The runner


@pytest.fixture
def bench(course, monkeypatch):
    """The runner in an empty course; `bench` lists what it asks for as (row, side, round)."""
    (course / "benchmarks").mkdir()
    (course / "benchmarks" / "tiny.py").write_text("one = 1\n")
    monkeypatch.setattr(runner, "ROOT", course)
    monkeypatch.setattr(runner, "BUILD", course / "build" / "benchmarks")
    monkeypatch.delenv(runner.PEER_VARIABLE, raising=False)
    monkeypatch.setenv(results.STORE_VARIABLE, "")
    asked = []

    def answer(command, what, threads):
        *_, row, side, number = command
        asked.append((row, side, int(number)))
        return {
            "numbers": {"cost": len(asked)},
            "machine": {"threads": threads or 2, "versions": {"python": "3", side or "x": "1"}},
            "peak_mib": 100 + len(asked),
            "cpu_seconds": 0.25,
        }

    monkeypatch.setattr(runner, "_answer", answer)
    return asked


def side(**about):
    return Side(measure=lambda seed: {}, **about)


TWO = {
    "a": Row(sides={"x": side(), "y": side()}, threads=1),
    "b": Row(sides={"": side()}, threads=1),
}


def test_sides_take_turns_and_what_was_measured_is_not_measured_again(bench):
    first = runner.measure("tiny", TWO, (1, 2))
    assert bench == [
        ("a", "y", 1),
        ("a", "x", 1),
        ("b", "", 1),
        ("a", "x", 2),
        ("a", "y", 2),
        ("b", "", 2),
    ]
    assert runner.measure("tiny", TWO, (1, 2)) == first
    assert len(bench) == 6
    assert first["a"][1]["sides"]["x"]["numbers"] == {"cost": 4}
    assert all(unit["others"] >= 0 for units in first.values() for unit in units)


def test_a_row_of_which_a_side_failed_is_measured_anew_as_a_whole(bench, monkeypatch):
    """A ratio of two sides is never one of two moments."""
    answer = runner._answer

    def failing(command, what, threads):
        if len(bench) == 1:
            raise BenchmarkError("the second side fails")
        return answer(command, what, threads)

    monkeypatch.setattr(runner, "_answer", failing)
    with pytest.raises(BenchmarkError):
        runner.measure("tiny", TWO, (1,))
    monkeypatch.setattr(runner, "_answer", answer)
    runner.measure("tiny", TWO, (1,))
    assert bench == [("a", "y", 1), ("a", "y", 1), ("a", "x", 1), ("b", "", 1)]


def test_other_code_is_measured_anew(bench, course):
    runner.measure("tiny", {"b": TWO["b"]}, (1,))
    (course / "benchmarks" / "tiny.py").write_text("one = 2\n")
    runner.measure("tiny", {"b": TWO["b"]}, (1,))
    assert len(bench) == 2


def test_a_peer_that_comes_later_is_measured_beside_the_others(bench):
    rows = {"a": Row(sides={"x": side(), "torch": side(peer=True)})}
    assert runner.measure("tiny", rows, (1,))["a"][0]["sides"].keys() == {"x"}
    assert runner.measure("tiny", rows, (1,), sys.executable)["a"][0]["sides"].keys() == {
        "x",
        "torch",
    }
    assert [s for _, s, _ in bench] == ["x", "torch", "x"]
    assert "torch" in runner.measure("tiny", rows, (1,))["a"][0]["sides"], "and is kept"


def test_a_record_has_a_value_a_round_and_says_what_is_missing(bench, course, monkeypatch, capsys):
    monkeypatch.setenv("CNNCOURSE_BUDGET", "full")
    monkeypatch.setenv(results.STORE_VARIABLE, "1")
    rows = {
        "a": Row(sides={"x": side(), "torch": side(peer=True)}),
        "b": TWO["b"],
        "c": Row(sides={"": side()}, missing=lambda: "no browser"),
    }
    runner.run("tiny", rows, "b, cost", 5)
    record = json.loads((course / "results" / "bench_tiny.json").read_text())
    assert [(e["name"], e["values"]) for e in record["numbers"]] == [
        ("a, x, cost", [1, 3, 5, 7, 9]),
        ("b, cost", [2, 4, 6, 8, 10]),
    ]
    assert record["code"] == results.code_digest(course / "benchmarks" / "tiny.py")
    assert record["left_out"]["c"] == "no browser"
    assert "benchmarks/requirements.txt" in record["left_out"]["PyTorch"]
    assert (record["peak_mib"], record["cpu_seconds"], record["threads"]) == (110, 2.5, 2)
    assert record["versions"] == {"python": "3", "x": "1"}
    assert "c is not measured (no browser)" in capsys.readouterr().out
    assert not list((course / "build" / "benchmarks").glob("tiny-*")), "the next one starts anew"


@pytest.mark.parametrize("given", [["recipe"], ["recipes", "speed"]])
def test_a_wrong_name_is_answered_by_the_right_ones(given, bench, capsys):
    assert runner.main(given) == 1
    said = capsys.readouterr().err
    assert (
        f"no benchmark {given[-1]}; expected some of recipes, better, growth, waits, grading"
        in said
    )
    assert not bench


def test_a_wrong_python_for_the_peer_is_named(bench, monkeypatch):
    monkeypatch.setenv(runner.PEER_VARIABLE, "/nowhere/python")
    with pytest.raises(BenchmarkError, match="CNNCOURSE_TORCH is /nowhere/python; expected a Pyth"):
        runner.run("tiny", TWO, "b, cost", 5)


def test_stand_ins_are_refused_before_anything_is_measured(bench, monkeypatch):
    monkeypatch.setenv("CNNCOURSE_BUDGET", "full")
    monkeypatch.setenv("CNNCOURSE_SOURCES", "drawn")
    rows = {"a": Row(sides={"": side()}, data="mnist", images=10)}
    with pytest.raises(BenchmarkError, match=r"tiny: expected whole, real sets; found .*STAND-IN"):
        runner.run("tiny", rows, "a, cost", 5)
    assert not bench


TINY = """\
'''Waits for a file.'''

import pathlib
import time

from benchmarks import Row, Side


def measure(name, seed):
    with open("asked.txt", "a") as file:
        file.write(f"{name} {seed}\\n")
    while name == "slow" and not pathlib.Path("go").exists():
        time.sleep(0.05)
    if pathlib.Path("broken").exists():
        raise ValueError("it is broken")
    return {"cost": seed}


KEY = "fast, cost"
ROUNDS = 1
ROWS = {
    name: Row(sides={"": Side(measure=lambda seed, name=name: measure(name, seed))})
    for name in ("fast", "slow")
}
"""


@pytest.fixture
def copy(tmp_path):
    """A course with one benchmark, and what starts `python -m benchmarks` in it."""
    ignored = shutil.ignore_patterns("__pycache__", "exercises", "figures")
    for folder in ("benchmarks", "cnncourse", "tools"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "benchmarks" / "tiny.py").write_text(TINY)
    start = tmp_path / "benchmarks" / "__init__.py"
    start.write_text(re.sub(r"(?m)^LOCAL = .*$", 'LOCAL = ("tiny",)', start.read_text()))
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "CNNCOURSE_BUDGET": "quick"}

    def begin():
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks"],
            cwd=tmp_path,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return tmp_path, begin


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_benchmark_ends_in_a_line_and_goes_on(copy, number):
    folder, begin = copy
    process = begin()
    asked = folder / "asked.txt"
    for _ in range(1_200):
        if asked.exists() and "slow 1" in asked.read_text():
            break
        time.sleep(0.05)
    process.send_signal(number)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.strip().splitlines() == [
        "benchmarks: interrupted in tiny; what was measured is kept, and the same command goes on"
    ]
    assert not (folder / "results").exists()
    (kept,) = (folder / "build" / "benchmarks").glob("tiny-*")
    assert [path.name for path in kept.iterdir()] == ["1-0.json"]
    (folder / "go").touch()
    time.sleep(0.3)
    out, said = begin().communicate(timeout=60)
    assert "1 of 2 were measured before" in out, said
    assert asked.read_text().split("\n")[:-1] == ["fast 1", "slow 1", "slow 1"]


def test_a_measurement_that_fails_is_named_with_its_reason(copy):
    folder, begin = copy
    (folder / "broken").touch()
    process = begin()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == "benchmarks: tiny, fast cannot be measured: ValueError: it is broken\n"


# What is measured


def test_recipes_are_those_of_the_lessons(monkeypatch):
    """The counts of the lessons' own studies, and for the rest those that the sources report."""
    every = [*recipes.REPORTED.items(), *recipes.OURS.items()]
    shapes = {"cifar10": (32, 32, 3)}
    for name, recipe in every:
        network = recipes.keras_network(recipe, shapes.get(recipe.data, (28, 28, 1)))
        assert network.count_params() == recipe.parameters, name
    fair, reported = results.load("02_fair_comparison"), results.load("03_as_reported")
    counts = {name: recipe.parameters for name, recipe in recipes.REPORTED.items()}
    ours = {name: recipe.parameters for name, recipe in recipes.OURS.items()}
    for what in ("MLP", "CNN"):
        assert counts[f"02 {what}"] == fair[f"Fashion-MNIST: {what} as reported, parameters"]
    matched = "Fashion-MNIST: MLP with as many parameters, batch 128, dropout, parameters"
    assert ours["02 MLP"] == fair[matched]
    assert ours["02 CNN"] == fair["Fashion-MNIST: three convolutions, dropout, parameters"]
    for what in ("ReLU", "LeNet-like"):
        assert counts[f"03 {what} network"] == reported[f"{what} network, parameters"]
    assert (counts["04 CNN"], counts["05 LeNet of today"]) == (225_610, 44_426)

    images = np.random.default_rng(0).random((64, 28, 28, 1), np.float32), np.arange(64) % 10
    monkeypatch.setattr(recipes, "images", lambda name, count: images)
    for which in ("reported in Keras", "ours"):
        found = recipes.ROWS["02 MLP"].sides[which].measure(1)
        assert found["epoch"] > 0
        assert 0 <= found["accuracy"] <= 1
    wrong = recipes.dataclasses.replace(recipes.REPORTED["02 MLP"], parameters=5)
    with pytest.raises(BenchmarkError, match="12786 parameters; expected 5"):
        recipes.in_keras(wrong, 1)


def test_multiply_adds_are_those_of_loops():
    network = growth.network_of(8)
    assert [w.shape for w in network.weights][::2][:3] == [(4, 4, 3, 8), (4, 4, 8, 8), (200, 256)]
    first = 29 * 29 * 8 * (4 * 4 * 3)
    rest = 11 * 11 * 8 * (4 * 4 * 8) + 5 * 5 * 8 * 256 + 256 * 10
    assert growth.multiply_adds(network) == 2 * first + 3 * rest


def test_images_are_those_that_the_runner_wrote(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks, "BUILD", tmp_path)
    (tmp_path / "images").mkdir()
    x = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2) * 20
    np.savez(tmp_path / "images" / "grey.npz", x=x, y=np.arange(3))
    found, labels = benchmarks.images("grey", 2)
    assert found.shape == (2, 2, 2, 1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[..., 0], x[:2] / 255, rtol=1e-6)
    assert labels.tolist() == [0, 1]


# The page

KERAS, TORCH, OURS = benchmarks_page.KERAS, benchmarks_page.TORCH, benchmarks_page.OURS


def record(name, numbers, **about):
    return {
        "name": f"bench_{name}",
        "numbers": [
            {"name": n, "value": statistics.mean(v), "values": v, "seeds": [1, 2, 3], **about}
            for n, v in numbers.items()
        ],
        "key": next(iter(numbers)),
        "data": {},
        "cpu_seconds": 1234.5,
        "versions": {"python": "3.12.1", "torch": "2.0"},
        "date": "2026-01-01",
        "processor": "A <fast> one",
        "cores": 2,
        "others": 0.04,
        "left_out": {},
    }


def read(tmp_path, *records):
    (tmp_path / "results").mkdir(exist_ok=True)
    for raw in records:
        (tmp_path / "results" / f"{raw['name']}.json").write_text(json.dumps(raw))
    return course_facts.read_benchmarks(tmp_path)


RECIPES = {
    f"one, {KERAS}, epoch": [2.0, 4.0, 3.0],
    f"one, {KERAS}, start": [5.0, 6.0, 7.0],
    f"one, {TORCH}, epoch": [1.0, 2.0, 6.0],
    f"two, {KERAS}, epoch": [1.0, 1.0, 1.0],
    f"two, {OURS}, epoch": [3.0, 2.0, 4.0],
}


def rows_of(text):
    lines = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_ratio_is_the_median_of_the_ratios_of_rounds(tmp_path):
    text = benchmarks_page.section(
        "recipes", read(tmp_path, record("recipes", RECIPES, images=1_000))
    )
    one, two = rows_of(text)
    assert "An epoch here is 1,000 images." in text
    assert one[:2] == ["one", "3.0 s<br><small>2.0 to 4.0 s</small>"]
    assert one[3] == "0.50<br><small>0.50 to 2.0</small>", "not 2 / 3, nor the ratio of means"
    assert one[4:] == ["", ""]
    assert two[2:4] == ["", ""]
    assert two[5] == "3.0<br><small>2.0 to 4.0</small>"
    assert "cheaper for 1 of 1 recipes" in text
    assert "a process has used 6.0 s with Keras, for imports" in text
    assert text.count("<circle") == 2, "the key and one dot"
    assert r"A \<fast\> one, 2 cores, 3 rounds" in text
    assert "1,234 CPU seconds in all" in text
    assert "not quiet" not in text


def test_without_pytorch_the_page_says_so(tmp_path):
    raw = record("recipes", {k: v for k, v in RECIPES.items() if TORCH not in k}, images=1_000)
    raw |= {"left_out": {"PyTorch": "no Python with it"}, "others": 1.5}
    text = benchmarks_page.section("recipes", read(tmp_path, raw))
    assert "Not measured: PyTorch (no Python with it)." in text
    assert "An epoch in PyTorch" not in text
    assert "other programs kept 1.5 of the cores busy (median), so **the machine was not" in text


def test_whole_trainings_stand_beside_the_recipe_of_their_round(tmp_path):
    numbers = {
        "training, recipe, cpu": [10.0, 20.0, 40.0],
        "training, small, cpu": [5.0, 12.0, 8.0],
    }
    text = benchmarks_page.section("better", read(tmp_path, record("better", numbers)))
    assert rows_of(text) == [
        ["recipe", "20 s<br><small>10 to 40 s</small>", "1.0"],
        ["small", "8.0 s<br><small>5.0 to 12 s</small>", "0.50<br><small>0.20 to 0.60</small>"],
    ]


def test_whole_trainings_are_those_of_the_study(monkeypatch):
    study = (ROOT / "studies" / "09_curve.py").read_text()
    for name, (widths, sides) in better.SIZES.items():
        assert f'"{name}": ({widths}, {sides})' in study
    assert f"RECIPE_EPOCHS = {better.RECIPE_EPOCHS}\n" in study
    images = np.random.default_rng(0).random((50, 32, 32, 3), np.float32), np.arange(50) % 10
    monkeypatch.setattr(better, "images", lambda name, count: images)
    for side in ("recipe", "small"):
        assert better.ROWS["training"].sides[side].measure(1)["cpu"] > 0


def test_growth_is_told_by_its_ends(tmp_path):
    numbers = {}
    for row, epoch, share in (
        ("images 500", 1.0, 0.2),
        ("maps 8", 1.0, 0.2),
        ("maps 16", 3.0, 0.5),
    ):
        numbers[f"{row}, epoch"] = [epoch, epoch * 1.5, epoch * 0.5]
        numbers[f"{row}, share"] = [share] * 3
        numbers[f"{row}, peak"] = [40.0, 50.0, 60.0]
        numbers[f"{row}, memory"] = [700.0 + epoch] * 3
    text = benchmarks_page.section("growth", read(tmp_path, record("growth", numbers, images=500)))
    assert "From 8 to 16 maps a convolution, an image costs 3.0 times as much" in text
    assert "from 20 % to 50 % of the matrix peak; memory goes from 701 to 703 MiB" in text
    assert "From 500" not in text
    assert "50 billion multiply-adds in a CPU second (40 to 60)" in text
    assert [row[:3] for row in rows_of(text)][-1] == [
        "maps: 16",
        "3.0 s<br><small>1.5 to 4.5 s</small>",
        "6.0 ms",
    ]


def test_waits_name_what_costs_most(tmp_path):
    numbers = {}
    for name, cpu in (("import, a", 3.0), ("load, b", 0.004), ("check c, first", 5.0), ("d", 1.0)):
        seconds = [cpu, 2 * cpu, 9 * cpu]
        numbers |= {f"{name}, cpu": [cpu, 4 * cpu, cpu], f"{name}, seconds": seconds}
    text = benchmarks_page.section("waits", read(tmp_path, record("waits", numbers)))
    assert "The three that cost most: check c, first, 5.0 s; import, a, 3.0 s; d, 1.0 s." in text
    assert rows_of(text)[1] == [
        "load, b",
        "4.0 ms<br><small>4.0 to 16 ms</small>",
        "8.0 ms<br><small>4.0 to 36 ms</small>",
    ]


def test_grading_is_told_by_its_second_worker_and_its_ends(tmp_path):
    numbers = {}
    for row, clock, cpu in (
        ("lesson 01, 200 submissions, 1 worker", 40.0, 40.0),
        ("lesson 01, 200 submissions, 2 workers", 20.0, 44.0),
        ("lesson 01, 1,000 submissions, 2 workers", 120.0, 242.0),
    ):
        numbers |= {f"{row}, cpu": [cpu] * 3, f"{row}, seconds": [clock, 2 * clock, clock / 2]}
        numbers[f"{row}, MiB"] = [99.4] * 3
    text = benchmarks_page.section("grading", read(tmp_path, record("grading", numbers)))
    assert "With 2 workers, 200 submissions of lesson 01 take 0.50 of the time that one" in text
    assert "From 200 to 1,000 submissions of lesson 01, one costs 1.1 times as much CPU" in text
    assert rows_of(text)[-1] == [
        "01: 1,000", "2", "120 s<br><small>60 to 240 s</small>", "500", "242 s", "99",
    ]  # fmt: skip


def test_a_class_for_measuring_is_mixed_and_graded_in_full():
    from cnncourse.grade import sandbox

    states = [grading.notebook("01", student) for student in range(5)]
    assert len(set(states)) == 5
    if why := sandbox.problem():
        missing(f"isolation: {why}")
    found = grading.grade("01", 5, 1, 1)
    assert found["cpu"] > 0
    assert found["seconds"] > 0
    assert found["MiB"] > 20
    with pytest.raises(RuntimeError, match="0 records of 5"):
        grading._expect([], "01", 5)


def test_the_first_setup_s_row_has_its_bytes_and_its_seconds(tmp_path):
    numbers = {"all, MB fetched": [9.0]}
    for setup, factor in (("make lab", 1), ("make test GPU=1", 2)):
        made = {"MB fetched": 468.4, "MB on disk": 2225.0, "seconds": 39.4, "cpu": 38.1}
        numbers |= {f"{setup}, {what}": [factor * value] for what, value in made.items()}
    text = benchmarks_page.section("first_setup", read(tmp_path, record("first_setup", numbers)))
    assert rows_of(text) == [
        ["`make lab`", "468", "2,225", "39 s", "38 s"],
        ["`make test GPU=1`", "937", "4,450", "79 s", "76 s"],
    ]


def test_a_missing_record_is_named_and_an_unknown_one_shown(tmp_path):
    for name in benchmarks.NAMES:
        text = benchmarks_page.section(name, [])
        assert f"Not measured yet: `results/bench_{name}.json`" in text
    records = read(tmp_path, record("other", {"a, cost": [1.0, 2.0, 3.0]}))
    assert "`bench_other`" in benchmarks_page.others(records)
    assert benchmarks_page.others([]) == ""
    assert not course_facts.read_records(tmp_path), "not among the lessons' results"


def test_every_benchmark_stands_on_the_page():
    text = (ROOT / "site" / "benchmarks.md").read_text(encoding="utf-8")
    shown = re.findall(r"\{course\} benchmark (\w+)", text)
    assert sorted(shown) == sorted(benchmarks_page.SECTIONS)
    for raw in course_facts.read_benchmarks():
        name = raw.name.removeprefix("bench_")
        made = (
            benchmarks_page.section(name, [raw]) if name in shown else benchmarks_page.others([raw])
        )
        assert f"{raw.raw['cpu_seconds']:,.0f} CPU seconds" in made
