"""What the site's pages are made of: lesson headers, map, timetables, results, data sheet."""

import dataclasses
import itertools
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

from cnncourse import figures
from cnncourse.data import catalogue
from tools import lessons

import pytest

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "site" / "_ext"))

import course_facts  # noqa: E402
import course_pages  # noqa: E402
import lesson_map  # noqa: E402
import results_page  # noqa: E402
from number_names import NAMES  # noqa: E402


def lesson(number, *, title="A title", minutes=60, builds="nothing"):
    needs = lessons.numbers(builds, below=number)
    return lessons.Lesson(f"{number}_topic", title, minutes, ("Why?",), needs, "none")


def link(number, text=None):
    return f"[{text or number}]"


@pytest.fixture(scope="module")
def every_lesson():
    return lessons.read_all()


@pytest.fixture(scope="module")
def records():
    return course_facts.read_records()


# The map


def test_what_goes_without_saying_is_left_out():
    found = [lesson("01"), lesson("02", builds="01"), lesson("03", builds="01 and 02")]
    assert course_facts.direct_needs(found) == {"01": [], "02": ["01"], "03": ["02"]}
    assert course_facts.direct_needs([lesson("03", builds="01 and 02")]) == {"03": []}


def parts(svg):
    tree = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    return {
        "boxes": [
            [float(r.get(k)) for k in ("x", "y", "width", "height")]
            for r in tree.iter(f"{space}rect")
        ],
        "links": [a.get("href") for a in tree.iter(f"{space}a")],
        "arrows": [p for p in tree.iter(f"{space}path") if p.get("class") == "arrow"],
        "words": tree.find(f"{space}desc").text,
        "height": float(tree.get("viewBox").split()[3]),
    }


def far(every_lesson):
    """A lesson that skips two levels, and one that builds on nothing."""
    more = [
        lesson("90", builds=f"lesson {every_lesson[0].number}", title="Ends & <odd> signs " * 4)
    ]
    return [*every_lesson, *more, lesson("91")]


@pytest.mark.parametrize("change", [list, far])
def test_the_map_shows_every_lesson_once_and_nothing_overlaps(every_lesson, change):
    drawn = change(every_lesson)
    found = parts(lesson_map.draw(drawn, lambda x: f"notebooks/{x.name}.html"))
    assert sorted(found["links"]) == [f"notebooks/{x.name}.html" for x in drawn]
    needs = course_facts.direct_needs(drawn)
    assert len(found["arrows"]) == sum(map(len, needs.values()))
    for x, y, width, height in found["boxes"]:
        assert x >= 0
        assert x + width <= lesson_map.WIDTH
        assert y >= 0
        assert y + height <= found["height"]
    for (x, y, w, h), (u, v, a, b) in itertools.combinations(found["boxes"], 2):
        assert x + w <= u or u + a <= x or y + h <= v or v + b <= y
    for x in drawn:
        assert f"{x.number} builds on" in found["words"]


def test_a_lesson_without_a_page_has_no_link(every_lesson):
    found = parts(lesson_map.draw(every_lesson, lambda x: None))
    assert not found["links"]
    assert len(found["boxes"]) == len(every_lesson)
    assert not parts(lesson_map.draw([], lambda x: None))["boxes"]


# Timetables

GUIDE = (ROOT / "site" / "teaching.md").read_text(encoding="utf-8")
PAUSES = {"*Break*": 15, "*Lunch*": 60}


def timetable(heading):
    """The rows of the guide's table below a heading, as lists of cells, and its whole section."""
    section = re.split(r"\n##", GUIDE.split(f"### {heading}\n")[1])[0]
    rows = re.findall(r"^\| (.+) \|$", section, re.M)
    return [row.split(" | ") for row in rows[2:]], section


def in_guide(lesson):
    link = f"[{lesson.number} {lesson.title}](../notebooks/{lesson.name}.ipynb)"
    return f"{link} ({lesson.minutes} minutes)"


def test_a_day_adds_up_to_what_its_lessons_state(every_lesson):
    minutes = PAUSES | {in_guide(lesson): lesson.minutes for lesson in every_lesson}
    rows, section = timetable("One day")
    now, stretch, taught = 9 * 60, 0, []
    for time, what in rows:
        assert what in minutes, f"site/teaching.md: {what}; expected one of {list(minutes)}"
        ends = now + minutes[what]
        assert time == f"{now // 60}:{now % 60:02} to {ends // 60}:{ends % 60:02}", what
        now, stretch = ends, 0 if what in PAUSES else stretch + minutes[what]
        assert stretch <= 120, f"{what}: nobody sits for more than two hours"
        taught += [] if what in PAUSES else [what]
    assert taught == [what for what in map(in_guide, every_lesson) if what in taught]
    assert [what for _, what in rows].count("*Lunch*") == 1
    total = sum(minutes[what] for what in taught)
    ends = f"the day ends at {now // 60}:{now % 60:02}"
    assert f"In all {total} minutes of lessons; {ends}." in section


def test_the_weeks_hold_every_lesson_in_order_and_add_up(every_lesson):
    rows, _ = timetable("Week by week")
    assert [week for week, _, _ in rows] == [str(n + 1) for n in range(len(rows))]
    meetings = [lessons_of.split(", then ") for _, lessons_of, _ in rows]
    assert list(itertools.chain(*meetings)) == [in_guide(lesson) for lesson in every_lesson]
    minutes = {in_guide(lesson): lesson.minutes for lesson in every_lesson}
    for meeting, (_, _, length) in zip(meetings, rows, strict=True):
        pauses = 10 * (len(meeting) - 1)
        told = f" ({pauses} of them a break)" if pauses else ""
        assert length == f"{sum(minutes[what] for what in meeting) + pauses} minutes{told}"


# Results


def number(text):
    return float(text.replace(",", "").removesuffix(" %")) / (100 if text.endswith("%") else 1)


def test_every_number_of_every_record_is_on_the_page(records, every_lesson):
    page = results_page.everything(records, every_lesson, link)
    sections = {m[1]: m[2] for m in re.finditer(r"### `(\w+)`\n(.*?)(?=\n##|\Z)", page, re.S)}
    found = [p for p in ROOT.glob("results/*.json") if not p.name.startswith("bench_")]
    files = {path.stem: json.loads(path.read_text()) for path in found}
    assert sections.keys() == files.keys()
    for record in records:
        raw = files[record.name]
        named = [figure.name for figure in record.figures]
        assert sorted(named) == sorted(entry["name"] for entry in raw["numbers"])
        values = {entry["name"]: entry["value"] for entry in raw["numbers"]}
        for figure in record.figures:
            text = results_page.ours(figure)
            assert f" {text} |" in sections[record.name]
            shown, *spread = re.sub(r"<small>|</small>", "", text).split("<br>")
            mean = values[figure.name]
            assert number(shown) == pytest.approx(mean, rel=2e-3, abs=6e-4), figure.name
            if spread:
                low, high = spread[0].split(" to ")
                percent = " %" if shown.endswith("%") else ""
                close = {"rel": 2e-3, "abs": 6e-4}
                assert number(low + percent) == pytest.approx(min(figure.values), **close)
                assert number(high + percent) == pytest.approx(max(figure.values), **close)
        assert f"{raw['cpu_seconds']:,.0f} CPU seconds" in sections[record.name]


def test_names_of_numbers_are_for_readers(records):
    measures = {figure.name.rsplit(", ", 1)[-1] for record in records for figure in record.figures}
    gone = NAMES.keys() - measures
    assert not gone, f"site/_ext/number_names.py names what no record has: {gone}"
    read = {results_page.reads(measure) for measure in measures}
    keys = {
        name for name in read if re.search(r"_|\b(ece|val|train|luck with|pflop|he start)\b", name)
    }
    assert not keys, f"give these a name in site/_ext/number_names.py: {keys}"
    assert results_page.reads("a network, val_accuracy") == "a network, validation accuracy"


def course_with(tmp_path, record, name="93_new"):
    for folder in ("results", "notebooks", "studies"):
        (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "results" / f"{name}.json").write_text(json.dumps(record))
    return course_facts.read_records(tmp_path)


RECORD = {
    "name": "93_new",
    "key": "a|b",
    "numbers": [
        {"name": "a|b", "value": -0.5},
        {"name": "matrix_cat_called_dog", "value": 3.0},
        {"name": "f1_cat", "value": 0.25},
        {"name": "row, thing", "value": 2.0, "seeds": [1], "data": "own"},
    ],
    "data": {"own": {"name": "own", "whole": True}},
    "cpu_seconds": 12.3,
    "versions": {"python": "3.12.1"},
    "date": "2026-01-01",
}


def test_a_record_that_the_page_does_not_know_is_shown_all_the_same(tmp_path, every_lesson):
    (record,) = course_with(tmp_path, RECORD)
    page = results_page.everything([record], every_lesson, link)
    for text in (
        "`93_new`",
        r"a\|b | -0.5",
        "matrix cat called dog | 3",
        "| cat | 0.250",
        "12 CPU",
    ):
        assert text in page
    assert "row, thing" in page
    assert "neither a lesson nor a study" in page


@pytest.mark.parametrize(
    "broken", [{}, [], {**RECORD, "numbers": [{"name": "x"}]}, {**RECORD, "numbers": None}]
)
def test_a_broken_record_is_named(tmp_path, broken):
    with pytest.raises(course_facts.FactError, match=r"results/93_new\.json"):
        course_with(tmp_path, broken)


def test_reported_figures_stand_beside_numbers_that_exist(records, every_lesson):
    text = results_page.compared(records, every_lesson, link)
    assert len(text.splitlines()) == len(results_page.REPORTED) + 2
    gone = [r for r in records if r.name != "04_seeds"]
    with pytest.raises(course_facts.FactError, match="04_seeds"):
        results_page.compared(gone, every_lesson, link)
    (record,) = [r for r in records if r.name == "04_seeds"]
    with pytest.raises(course_facts.FactError, match="no 'a number'"):
        record.figure("a number")


def test_what_the_results_page_says_of_the_table_is_so(records):
    """The remarks in site/results.md that hang on numbers."""
    by_name = {record.name: record for record in records}
    lies = {
        (r.record, r.number): results_page.where_it_lies(
            r.figure, by_name[r.record].figure(r.number)
        )
        for r in results_page.REPORTED
    }
    assert lies["02_fair_comparison", "CIFAR-100: CNN as reported, test_accuracy"].startswith(
        "above"
    )
    assert lies["03_as_reported", "ReLU network, test_accuracy"].startswith("below")
    assert lies["03_as_reported", "LeNet-like network, test_accuracy"].startswith("among")
    reached = by_name["04_seeds"].figure("as reported, last_test_accuracy").values
    assert [value >= 0.668 for value in reached].count(True) == 1
    stopped = by_name["04_seeds"].figure("as reported, epochs")
    assert max(stopped.values) < 9  # the reported run stopped after 9
    mended = by_name["04_seeds"].figure("mended, fine_test_accuracy").values
    assert min(mended) > max(reached)


def test_what_the_guide_says_of_stored_runs_is_so(records):
    """The remarks in site/teaching.md that hang on numbers."""
    by_name = {record.name: record for record in records}
    fair = by_name["02_fair_comparison"].figure
    mlp, cnn = (
        fair(f"Fashion-MNIST: {n} as reported, test_accuracy").values for n in ("MLP", "CNN")
    )
    assert min(cnn) < max(mlp)
    lenet = {figure.row: figure.value for figure in by_name["05_lenet5"].figures}
    for what in ("clothing", "shuffled pixels"):
        today = lenet[f"{what} accepted by LeNet of today"]
        assert lenet[f"{what} accepted by LeNet-5"] > today
    changes = {f.row: f.value for f in by_name["03_one_change"].figures if "test" in f.measure}
    single = {row: value for row, value in changes.items() if ":" in row}
    assert max(single, key=single.get) != "activation: ReLU"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("x, test_error", 0.0086, "0.86 %"),
        ("test_accuracy", 0.99251, "0.9925"),
        ("test_accuracy", 0.6849, "0.685"),
        ("flattery_50_by_accuracy", 4.8713, "4.871"),
        ("x, parameters", 74514.0, "74,514"),
        ("mended, best_epochs", 6.0, "6"),
        ("learned_sobel_largest_error", 0.0028, "0.0028"),
        ("first_loss", 120981.5, "120,982"),
        ("ratio", 536.78, "536.8"),
        ("gap", 2.39e-07, "2.39e-07"),
    ],
)
def test_how_a_number_is_written(name, value, text):
    assert course_facts.shown(name, value) == text


def test_a_study_s_number_is_a_quantity_with_its_seeds(tmp_path):
    numbers = [
        {"name": "one", "value": 0.5, "cpu_seconds": 10},
        {"name": "a, b, acc", "value": 3, "values": [2, 4], "seeds": [1, 2], "cpu_seconds": 30},
    ]
    (record,) = course_with(tmp_path, RECORD | {"numbers": numbers})
    one, more = record.figures
    assert (one.row, one.measure, one.spread, one.cpu_seconds) == ("one", "", None, 10)
    assert (more.row, more.measure, more.value, more.spread) == ("a, b", "acc", 3, (2, 4))
    assert (more.seeds, more.cpu_seconds) == ((1, 2), 15)


# Tables


def test_a_table_wants_rows_as_long_as_its_header():
    with pytest.raises(ValueError, match="3 cells, the header 2"):
        results_page.table(["a", "b"], [["1", "2", "3"]])
    assert results_page.table(["a", "b"], [["1", "2"]], "lr").splitlines()[1] == "| :-- | --: |"


def test_what_markdown_would_read_is_escaped():
    assert results_page.escape("a|b *c* <d>") == r"a\|b \*c\* \<d\>"


def test_costs_add_up_and_a_lesson_without_a_record_says_so(records, every_lesson):
    text = results_page.costs(records, [*every_lesson, lesson("98")], link)
    own = [r.raw["cpu_seconds"] for r in records if r.name in {x.name for x in every_lesson}]
    assert f"**{sum(own):,.0f}**" in text
    assert f"**{sum(x.minutes for x in every_lesson) + 60}**" in text
    assert "| [98] | 60 | not stored yet |" in text


def test_the_data_sheet_has_what_the_package_checks(records, every_lesson):
    specs = list(catalogue.IMAGE_SETS.values())
    photographs = catalogue.PHOTO_SETS
    weights = list(catalogue.WEIGHTS.values())
    text = results_page.data_sheet(specs, photographs, weights, records, every_lesson, link)
    for spec in [*specs, *weights]:
        assert spec.digest in text
    for spec in specs:
        assert f"{spec.train:,} to train on, {spec.test:,}" in text
    for spec in photographs:
        assert f"{spec.train:,} to train on, {spec.validation:,} to validate" in text
    for spec in weights:
        assert f"Weights of {spec.title}" in text
        assert spec.package in text
    known = {spec.name: spec.digest for spec in [*specs, *weights]}
    for record in records:
        for name, source in record.raw["data"].items():
            if name in known:
                assert source["digest"] == known[name], record.name


def test_a_set_that_no_lesson_has_used(every_lesson):
    spec = dataclasses.replace(catalogue.IMAGE_SETS["mnist"], name="other", title="A *set*")
    text = results_page.data_sheet([spec], [], [], [], every_lesson, link)
    assert r"A \*set\*" in text
    assert "no stored run yet" in text


# Pages


def test_every_figure_has_its_heading_and_words():
    assert sorted(course_pages.FIGURES) == figures.names()


def test_the_guide_has_notes_on_every_lesson(every_lesson):
    text = (ROOT / "site" / "teaching.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### Lesson (\d\d): (.+)$", text, re.M)
    assert headings[: len(every_lesson)] == [(x.number, x.title) for x in every_lesson]
    for number, body in re.findall(r"^### Lesson (\d\d).*?\n(.*?)(?=^##)", text, re.M | re.S):
        for wanted in ("get stuck", "divides the room", "Numbers that differ"):
            assert wanted in body, f"lesson {number}: nothing on {wanted!r}"


def test_the_built_pages_hold_what_was_made(site, every_lesson, records):
    def read(name):
        return (site / name).read_text(encoding="utf-8")

    results = re.sub(r"<[^>]+>", "", read("results.html"))
    for record in records:
        assert f"{record.name}" in results
        for figure in record.figures:
            assert course_facts.shown(figure.name, figure.value) in results
    drawn = parts(re.search(r'<svg class="lesson-map".*?</svg>', read("index.html"), re.S)[0])
    assert sorted(drawn["links"]) == [f"notebooks/{x.name}.html" for x in every_lesson]
    for x in every_lesson:
        assert read(f"notebooks/{x.name}.html").count("glossary-link") >= 5
