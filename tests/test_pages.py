"""What the site's pages are made of: lesson headers, map, timetables, results, data sheet."""

import dataclasses
import itertools
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

from cnncourse.data import catalogue

import pytest

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "site" / "_ext"))

import course_facts  # noqa: E402
import lesson_map  # noqa: E402
import results_page  # noqa: E402

HEADER = """# {title}

- **Time**: {time}
- **Questions:** What is it? And
  why?
- **Objectives**: You can.
- **Builds on**: {builds}
- **Data**: none

Text.
"""


def lesson(number, *, title="A title", minutes=60, builds="nothing"):
    needs = course_facts._numbers(builds, below=number)
    return course_facts.Lesson(
        number, f"{number}_topic", title, minutes, ("Why?",), "", builds, needs, "none"
    )


def write(folder, name="03_topic", title="Why: `x` < 2?", time="50 minutes.", builds="lesson 02"):
    path = folder / f"{name}.md"
    path.write_text(HEADER.format(title=title, time=time, builds=builds), encoding="utf-8")
    return path


def link(number, text=None):
    return f"[{text or number}]"


@pytest.fixture(scope="module")
def lessons():
    return course_facts.read_lessons()


@pytest.fixture(scope="module")
def records():
    return course_facts.read_records()


# Headers


def test_a_header_is_read_in_either_style(tmp_path):
    found = course_facts.read_lesson(write(tmp_path, builds="lessons 01 to 02; not 07"))
    assert (found.number, found.minutes, found.title) == ("03", 50, "Why: `x` < 2?")
    assert found.questions == ("What is it?", "And why?")
    assert found.needs == ("01", "02")  # 07 comes later: it cannot be built on


def test_a_header_that_lacks_something_names_it(tmp_path):
    path = write(tmp_path)
    path.write_text(path.read_text().replace("- **Data**: none\n", ""))
    with pytest.raises(course_facts.FactError, match=r"03_topic.md: .*\*\*Data\*\*"):
        course_facts.read_lesson(path)
    with pytest.raises(course_facts.FactError, match="begin with '45 minutes'"):
        course_facts.read_lesson(write(tmp_path, time="an hour"))
    path.write_text("")
    with pytest.raises(course_facts.FactError, match="no such lines"):
        course_facts.read_lesson(path)


def test_a_lesson_counts_when_both_halves_are_there(tmp_path):
    write(tmp_path, "01_one", builds="nothing").with_suffix(".ipynb").touch()
    write(tmp_path, "02_two")
    assert [x.stem for x in course_facts.read_lessons(tmp_path)] == ["01_one"]


def test_what_goes_without_saying_is_left_out():
    found = [lesson("01"), lesson("02", builds="01"), lesson("03", builds="01 and 02")]
    assert course_facts.direct_needs(found) == {"01": [], "02": ["01"], "03": ["02"]}
    assert course_facts.direct_needs([lesson("03", builds="01 and 02")]) == {"03": []}


# The map


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


def far(lessons):
    """A lesson that skips two levels, and one that builds on nothing."""
    more = [lesson("90", builds=f"lesson {lessons[0].number}", title="Ends & <odd> signs " * 4)]
    return [*lessons, *more, lesson("91")]


@pytest.mark.parametrize("change", [list, far])
def test_the_map_shows_every_lesson_once_and_nothing_overlaps(lessons, change):
    drawn = change(lessons)
    found = parts(lesson_map.draw(drawn, lambda x: f"notebooks/{x.stem}.html"))
    assert sorted(found["links"]) == [f"notebooks/{x.stem}.html" for x in drawn]
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


def test_a_lesson_without_a_page_has_no_link(lessons):
    found = parts(lesson_map.draw(lessons, lambda x: None))
    assert not found["links"]
    assert len(found["boxes"]) == len(lessons)
    assert not parts(lesson_map.draw([], lambda x: None))["boxes"]


# Timetables


def test_minutes_of_a_day_add_up(lessons):
    numbers = [x.number for x in lessons]
    slots = course_facts.one_day(lessons, numbers)
    assert [s.what for s in slots if not isinstance(s.what, str)] == lessons
    assert all(a.end == b.start for a, b in itertools.pairwise(slots))
    assert slots[-1].end - slots[0].start == sum(s.minutes for s in slots)
    assert [s.what for s in slots].count("Lunch") == 1
    stretch = 0
    for slot in slots:  # nobody sits for more than two hours
        stretch = 0 if isinstance(slot.what, str) else stretch + slot.minutes
        assert stretch <= 120
    assert not isinstance(slots[-1].what, str)


def test_a_day_leaves_out_what_is_not_there():
    slots = course_facts.one_day([lesson("01", minutes=45)], ["01", "09"])
    assert [(s.start, s.end) for s in slots] == [(540, 585)]
    assert course_facts.one_day([], ["01"]) == []


def test_the_weeks_hold_every_lesson_in_order(lessons):
    meetings = course_facts.weeks(lessons)
    assert len(meetings) == 6
    taught = [s for slots in meetings for s in slots if not isinstance(s.what, str)]
    assert [s.what for s in taught] == lessons
    for slots in meetings:
        assert slots[0].start == 0
        assert slots[-1].end == sum(s.minutes for s in slots)


def test_weeks_are_as_even_as_can_be():
    uneven = [lesson(f"{i:02}", minutes=m) for i, m in enumerate((30, 30, 90, 30, 30), 1)]
    assert [slots[-1].end for slots in course_facts.weeks(uneven, 3)] == [70, 90, 70]
    assert len(course_facts.weeks(uneven[:2], 6)) == 2
    assert course_facts.weeks([]) == []
    assert course_facts.clock(9 * 60 + 5) == "9:05"


# Results


def number(text):
    return float(text.replace(",", "").removesuffix(" %")) / (100 if text.endswith("%") else 1)


def test_every_number_of_every_record_is_on_the_page(records, lessons):
    page = results_page.everything(records, lessons, link)
    sections = {m[1]: m[2] for m in re.finditer(r"### `(\w+)`\n(.*?)(?=\n##|\Z)", page, re.S)}
    files = {path.stem: json.loads(path.read_text()) for path in ROOT.glob("results/*.json")}
    assert sections.keys() == files.keys()
    for record in records:
        raw = files[record.name]
        named = [name for figure in record.figures for name in figure.names]
        assert sorted(named) == sorted(entry["name"] for entry in raw["numbers"])
        values = {entry["name"]: entry["value"] for entry in raw["numbers"]}
        for figure in record.figures:
            text = results_page.ours(figure)
            assert f" {text} |" in sections[record.name]
            shown, *spread = re.sub(r"<small>|</small>", "", text).split("<br>")
            mean = next((values[n] for n in figure.names if "/mean/" in n), None)
            mean = values[figure.names[0]] if mean is None else mean
            assert number(shown) == pytest.approx(mean, rel=2e-3, abs=6e-4), figure.names
            if spread:
                low, high = spread[0].split(" to ")
                percent = " %" if shown.endswith("%") else ""
                assert number(low + percent) == pytest.approx(min(figure.values), abs=6e-4)
                assert number(high + percent) == pytest.approx(max(figure.values), abs=6e-4)
        assert f"{raw['cpu_seconds']:,.0f} CPU seconds" in sections[record.name]


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
        {"name": "row/1/thing", "value": 2.0, "seeds": [1], "data": "own"},
        {"name": "row/mean/thing", "value": 2.0},
    ],
    "data": {"own": {"name": "own", "whole": True}},
    "cpu_seconds": 12.3,
    "versions": {"python": "3.12.1"},
    "date": "2026-01-01",
}


def test_a_record_that_the_page_does_not_know_is_shown_all_the_same(tmp_path, lessons):
    (record,) = course_with(tmp_path, RECORD)
    page = results_page.everything([record], lessons, link)
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


def test_reported_figures_stand_beside_numbers_that_exist(records, lessons):
    text = results_page.compared(records, lessons, link)
    assert len(text.splitlines()) == len(results_page.REPORTED) + 2
    gone = [r for r in records if r.name != "04_seeds"]
    with pytest.raises(course_facts.FactError, match="04_seeds"):
        results_page.compared(gone, lessons, link)
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
    assert lies["03_as_reported", "relu_network/mean/test_accuracy"].startswith("below")
    assert lies["03_as_reported", "lenet_like/mean/test_accuracy"].startswith("among")
    assert lies["04_seeds", "as reported, last_test_accuracy"].startswith("above")
    stopped = by_name["04_seeds"].figure("as reported, epochs")
    assert max(stopped.values) < 9  # the reported run stopped after 9


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


def test_a_figure_gathers_its_seeds():
    numbers = [
        {"name": "net/1/acc", "value": 0.5, "seeds": [1], "cpu_seconds": 10},
        {"name": "net/2/acc", "value": 0.7, "seeds": [2], "cpu_seconds": 20},
        {"name": "net/mean/acc", "value": 0.6, "seeds": [1, 2]},
        {"name": "other, acc", "value": 3, "values": [2, 4], "seeds": [1, 2], "cpu_seconds": 30},
    ]
    net, other = course_facts.gather(numbers)
    assert (net.row, net.measure, net.value, net.spread) == ("net", "acc", 0.6, (0.5, 0.7))
    assert (net.seeds, net.cpu_seconds) == ((1, 2), 15)
    assert (other.value, other.values, other.cpu_seconds) == (3, (2, 4), 15)


# Tables


def test_a_table_wants_rows_as_long_as_its_header():
    with pytest.raises(ValueError, match="3 cells, the header 2"):
        results_page.table(["a", "b"], [["1", "2", "3"]])
    assert results_page.table(["a", "b"], [["1", "2"]], "lr").splitlines()[1] == "| :-- | --: |"


def test_what_markdown_would_read_is_escaped():
    assert results_page.escape("a|b *c* <d>") == r"a\|b \*c\* \<d\>"


def test_costs_add_up_and_a_lesson_without_a_record_says_so(records, lessons):
    text = results_page.costs(records, [*lessons, lesson("98")], link)
    own = [r.raw["cpu_seconds"] for r in records if r.name in {x.stem for x in lessons}]
    assert f"**{sum(own):,.0f}**" in text
    assert f"**{sum(x.minutes for x in lessons) + 60}**" in text
    assert "| [98] | 60 | not stored yet |" in text


def test_the_data_sheet_has_what_the_package_checks(records, lessons):
    specs = list(catalogue.IMAGE_SETS.values())
    photographs = catalogue.PHOTO_SETS
    text = results_page.image_sets(specs, photographs, records, lessons, link)
    for spec in specs:
        assert spec.digest in text
        assert f"{spec.train:,} to train on, {spec.test:,}" in text
    for spec in photographs:
        assert f"{spec.train:,} to train on, {spec.validation:,} to validate" in text
    known = {spec.name: spec.digest for spec in specs}
    for record in records:
        for name, source in record.raw["data"].items():
            if name in known:
                assert source["digest"] == known[name], record.name


def test_a_set_that_no_lesson_has_used(lessons):
    spec = dataclasses.replace(catalogue.IMAGE_SETS["mnist"], name="other", title="A *set*")
    text = results_page.image_sets([spec], [], [], lessons, link)
    assert r"A \*set\*" in text
    assert "no stored run yet" in text


# Pages


def test_the_guide_has_notes_on_every_lesson(lessons):
    text = (ROOT / "site" / "teaching.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### Lesson (\d\d): (.+)$", text, re.M)
    assert headings[: len(lessons)] == [(x.number, x.title) for x in lessons]
    for number, body in re.findall(r"^### Lesson (\d\d).*?\n(.*?)(?=^##)", text, re.M | re.S):
        for wanted in ("get stuck", "divides the room", "Numbers that differ"):
            assert wanted in body, f"lesson {number}: nothing on {wanted!r}"


def test_the_built_pages_hold_what_was_made(site, lessons, records):
    def read(name):
        return (site / name).read_text(encoding="utf-8")

    results = re.sub(r"<[^>]+>", "", read("results.html"))
    for record in records:
        assert f"{record.name}" in results
        for figure in record.figures:
            assert course_facts.shown(results_page.name_of(figure), figure.value) in results
    drawn = parts(re.search(r'<svg class="lesson-map".*?</svg>', read("index.html"), re.S)[0])
    assert sorted(drawn["links"]) == [f"notebooks/{x.stem}.html" for x in lessons]
    for x in lessons:
        assert read(f"notebooks/{x.stem}.html").count("glossary-link") >= 5
