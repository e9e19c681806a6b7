"""Pages and the table of marks, as they are read: a class of four, made by hand."""

import csv
import html
import io
import re
import types

from cnncourse.grade import marks, report
from cnncourse.grade.judge import STATUSES

import pytest


def exercise(name, task, *mistakes):
    told = [types.SimpleNamespace(message=message) for message in mistakes]
    return types.SimpleNamespace(name=name, task=task, mistakes=told)


BANKS = {
    "01": [
        exercise("01/a", "Return `x`.", "The sign is wrong. Turn it.", "No bias: add it."),
        exercise("01/b", "Return y."),
        exercise("01/c", "Count."),
    ],
    "02": [exercise("02/d", "Add.")],
}
POINTS = {"01/a": 2.5}


def result(name, status, mistake=0, parts=()):
    return {"name": name, "status": status, "mistake": mistake, "parts": [list(p) for p in parts]}


def record(student, results, **changes):
    return {
        "student": student,
        "id": "",
        "path": f"{student}.ipynb",
        "lesson": "01",
        "isolated": True,
        "results": results,
        "notes": [],
        "error": "",
    } | changes


ADA = record(
    "Ada",
    [result("01/a", "right"), result("01/b", "right"), result("01/c", "not graded")],
    id="7",
    notes=["The blanks are in another order.", "A cell was cut in two."],
)
BEN = record(
    "Ben",
    [
        result(
            "01/a",
            "wrong",
            1,
            [("", "Return `x`."), ("", "The sign is wrong. Turn it."), ("It gave", "[1 < 2]")],
        ),
        result("01/b", "not attempted"),
        result("01/c", "to look at", parts=[("", "It ended its process.")]),
    ],
)
CAT = record(
    "Cat", [result("01/a", "wrong", 2), result("01/b", "wrong"), result("01/c", "missing")]
)
DAN = record("Dan", [result("02/d", "right")], lesson="02")
EVE = record("Eve", [], lesson="", error="no JSON")
CLASS = [ADA, BEN, CAT, DAN, EVE]


def lines(page):
    """What stands on a page, a line a heading, paragraph, entry or row."""
    body = re.sub(r"(?s).*<main>|</main>.*", "", page)
    body = re.sub(r"</(h\d|p|pre|li|tr|caption|section)>|<p>", "\n", body)
    body = re.sub(r"</t[dh]>", " | ", body)
    found = [html.unescape(re.sub("<[^>]+>", "", line)).strip(" |") for line in body.splitlines()]
    return [line for line in found if line]


def test_a_page_says_of_each_exercise_what_came_of_it_and_what_it_is_worth():
    assert lines(report.student_page(ADA, POINTS, BANKS)) == [
        "Ada, lesson 01",
        "Ada.ipynb",
        "3.5 of 3.5 points",
        "The blanks are in another order.",
        "A cell was cut in two.",
        "01/a",
        "✓ Right, 2.5 of 2.5",
        "01/b",
        "✓ Right, 1 of 1",
        "01/c",
        "? Not graded here",
        "Count.",
    ]
    assert lines(report.student_page(BEN, POINTS, BANKS)) == [
        "Ben, lesson 01",
        "Ben.ipynb",
        "0 of 4.5 points",
        "01/a",
        "✗ Not right, 0 of 2.5",
        "Return x.",
        "The sign is wrong. Turn it.",
        "It gave:",
        "[1 < 2]",
        "01/b",
        "… Not attempted, 0 of 1",
        "Return y.",
        "01/c",
        "? To be looked at, 0 of 1",
        "Count.",
        "It ended its process.",
    ]
    assert lines(report.student_page(CAT, {}, BANKS))[-4:] == [
        "01/c",
        "– Missing, 0 of 1",
        "The notebook has no cell with the tag of this blank.",
        "Count.",
    ]
    assert lines(report.student_page(EVE, {}, BANKS)) == [
        "Eve, no lesson",
        "Eve.ipynb",
        "This notebook could not be graded: no JSON.",
    ]


def test_every_status_has_its_words():
    assert set(STATUSES) == set(report._MARKS)
    page = report.student_page(record("Fay", [result("01/a", s) for s in STATUSES]), {}, BANKS)
    assert len(re.findall('<span class="status">. [A-Z]', page)) == 6


def test_a_page_marks_right_and_wrong_and_code_and_has_a_title():
    page = report.student_page(BEN, POINTS, BANKS)
    assert "<title>Ben, lesson 01</title>" in page
    assert "<code>x</code>" in page
    assert re.findall(r'<section class="(\w+)">', page) == ["wrong", "other", "other"]
    page = report.student_page(ADA, POINTS, BANKS)
    assert re.findall(r'<section class="(\w+)">', page) == ["right", "right", "other"]
    assert 'role="note"' not in page


def test_the_class_page_counts_each_status_and_mistake_most_first():
    again = BEN | {"student": "Bea", "isolated": False}
    records = [*CLASS, again]
    page = report.class_page(records, POINTS, BANKS, report.page_names(records))
    assert lines(page) == [
        "The class",
        "WITHOUT ISOLATION: the code of this class ran with all that the instructor may do.",
        "Lesson 01",
        "How many of 4 answers are right, wrong and so on",
        "exercise | right | wrong | not attempted | missing | to look at | not graded",
        "01/a | 1 | 3 | 0 | 0 | 0 | 0",
        "01/b | 1 | 1 | 2 | 0 | 0 | 0",
        "01/c | 0 | 0 | 0 | 1 | 2 | 1",
        "01/a",
        "2 × mistake 1",
        "The sign is wrong. Turn it.",
        "1 × mistake 2",
        "No bias: add it.",
        "01/b",
        "1 × wrong in another way",
        "The students' pages say how.",
        "Lesson 02",
        "How many of 1 answers are right, wrong and so on",
        "exercise | right",
        "02/d | 1",
        "Students",
        "All submissions",
        "student | lesson | points",
        "Ada 7 | 01 | 3.5 of 3.5",
        "Ben | 01 | 0 of 4.5",
        "Cat | 01 | 0 of 4.5",
        "Dan | 02 | 1 of 1",
        "Eve |  | not graded",
        "Bea | 01 | 0 of 4.5",
        "Could not be graded: 1. Their pages say why.",
    ]
    assert re.findall('<a href="([^"]+)">', page) == [
        "feedback/ada-7-01.html",
        "feedback/ben-01.html",
        "feedback/cat-01.html",
        "feedback/dan-02.html",
        "feedback/eve.html",
        "feedback/bea-01.html",
    ]


def test_mistakes_met_as_often_stand_in_the_banks_order():
    records = [BEN, CAT]
    page = report.class_page(records, {}, BANKS, report.page_names(records))
    met = [line for line in lines(page) if "×" in line]
    assert met == ["1 × mistake 1", "1 × mistake 2", "1 × wrong in another way"]
    assert "Could not be graded" not in page
    assert 'role="note"' not in page


def test_every_page_is_there_and_no_name_is_too_long():
    pages = report.pages([ADA, BEN], POINTS, BANKS)
    assert sorted(pages) == ["class.html", "feedback/ada-7-01.html", "feedback/ben-01.html"]
    assert pages["feedback/ben-01.html"] == report.student_page(BEN, POINTS, BANKS)
    (name,) = report.page_names([record("x" * 300, [])])
    assert name == f"feedback/{'x' * 80}.html"


def test_points(tmp_path):
    file = tmp_path / "points.csv"
    file.write_bytes(b"\xef\xbb\xbf01/conv2d, 2.5\n # M\xc3\xbchsam\n\n  01/output_size ,0\n")
    points = marks.read_points(file)
    assert points == {"01/conv2d": 2.5, "01/output_size": 0.0}
    results = [
        {"name": name, "status": status}
        for name, status in [
            ("01/conv2d", "right"),
            ("01/output_size", "right"),
            ("01/max_pool2d", "to look at"),
            ("08/fashion", "not graded"),
        ]
    ]
    assert marks.score({"results": results}, points) == (2.5, 3.5)
    assert marks.read_points(None) == {}
    file.write_text("01/conv2d, 2\n01/conv2d: 2")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - all of it is compared
        marks.read_points(file)
    assert str(caught.value) == (
        f"{file}, line 2: '01/conv2d: 2'; expected an exercise and its points, as in 01/conv2d, 2"
    )


def test_the_table_has_a_row_a_submission_and_two_columns_an_exercise():
    text = marks.table(CLASS, POINTS, BANKS).decode("utf-8-sig")
    head, ada, ben, cat, dan, eve = csv.reader(io.StringIO(text))
    assert head == [
        *("student", "id", "notebook", "lesson", "points", "of"),
        *("01/a", "01/a mistake", "01/b", "01/b mistake", "01/c", "01/c mistake"),
        *("02/d", "02/d mistake", "isolated", "remarks"),
    ]
    assert ada == [
        *("Ada", "7", "Ada.ipynb", "01", "3.5", "3.5", "right", "", "right", ""),
        *("not graded", "", "", "", "yes"),
        "The blanks are in another order. A cell was cut in two.",
    ]
    assert ben[4:12] == [
        *("0", "4.5", "wrong", "1: The sign is wrong", "not attempted", "", "to look at", "")
    ]
    assert cat[6:12] == ["wrong", "2: No bias", "wrong", "", "missing", ""]
    assert dan[3:] == ["02", "1", "1", *[""] * 6, "right", "", "yes", ""]
    assert eve == ["Eve", "", "Eve.ipynb", "", "", "", *[""] * 8, "yes", "no JSON"]
    assert text.endswith("yes,no JSON\n")


def test_a_mistake_is_called_by_how_its_message_begins():
    (mistake,) = exercise("01/a", "", "w" * 90).mistakes
    assert marks.called([mistake], 1) == f"1: {'w' * 70}"
    assert marks.called([mistake], 0) == ""


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_table_is_a_formula(first):
    assert marks.harmless(f"{first}1") == f"'{first}1"
    assert marks.harmless(f"1{first}") == f"1{first}"
    assert marks.harmless("") == ""


EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>"


def test_nothing_that_a_student_wrote_is_markup_or_a_formula():
    answer = result("01/a", "wrong", parts=[("", f"`{EVIL}`"), (EVIL, EVIL)])
    records = [
        record(f"=1+1{EVIL}", [answer], id=EVIL, path=EVIL, notes=[EVIL]),
        record(f"=1+1{EVIL}", [], id=EVIL, path=EVIL, lesson="", error="<script>bad</script>"),
    ]
    for text in report.pages(records, {}, BANKS).values():
        assert "<script>" not in text
        assert "<img" not in text
        assert "&lt;script&gt;" in text
    table = marks.table(records, {}, BANKS).decode("utf-8-sig")
    assert "\n'=1+1" in table.replace('"', "")


def test_a_page_without_isolation_says_so_in_large_letters():
    records = [ADA | {"isolated": False}]
    assert all("WITHOUT ISOLATION" in text for text in report.pages(records, {}, BANKS).values())
    assert b"WITHOUT ISOLATION" in marks.table(records, {}, BANKS)


def test_two_students_of_one_name_have_two_pages():
    found = report.page_names([record("Zoë", []), record("Zoe", [])])
    assert found == ["feedback/zoe-01.html", "feedback/zoe-01--2.html"]
    assert report.page_names([record("李", [], lesson="")]) == ["feedback/student.html"]
