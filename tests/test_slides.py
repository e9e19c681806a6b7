"""Decks of slides: whole, answers after questions, and nothing runs over a slide in a browser."""

import html
import importlib.util
import itertools
import pathlib
import re
import sys

from tools import lessons

import pytest
from axe_playwright_python.sync_playwright import Axe
from docutils import nodes

ROOT = pathlib.Path(__file__).parents[1]
LESSONS = [path.stem for path in lessons.paths()]


def words(markup):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def sources(name):
    """A lesson's source without what is beyond the class."""
    text = (ROOT / "notebooks" / f"{name}.md").read_text("utf-8")
    return re.sub(r"(?ms)^## Further.*?(?=^## |\Z)", "", text)


@pytest.fixture(scope="module")
def decks(site):
    """The slides of each deck as (kind, what is seen, notes)."""
    found = {}
    for path in sorted((site / "slides").glob("*.html")):
        parts = re.split(r'<section class="', path.read_text("utf-8"))[1:]
        slides = []
        for part in parts:
            seen, _, notes = part.partition('<aside class="notes">')
            slides.append((re.match(r"[\w-]+", part)[0], seen, notes))
        found[path.stem] = slides
    return found


def runs(slides):
    """Kinds of slides in their order, with all that one after the other are of a kind."""
    grouped = itertools.groupby(slides, key=lambda slide: slide[0])
    return [(kind, " ".join(slide[1] for slide in group)) for kind, group in grouped]


def test_every_lesson_has_a_deck_and_the_guide_links_it(decks, site):
    assert list(decks) == LESSONS
    guide = (site / "teaching.html").read_text("utf-8")
    for name in LESSONS:
        assert f'href="slides/{name}.html"' in guide
        assert f'href="slides/{name}.html?print-pdf"' in guide


@pytest.mark.parametrize("name", LESSONS)
def test_deck_has_all_parts_in_order(decks, name):
    source, header = sources(name), lessons.read(ROOT / "notebooks" / f"{name}.md")
    kinds = [kind for kind, _ in runs(decks[name])]
    assert kinds[:2] == ["title", "questions"]
    opening, questions = (words(slide[1]) for slide in decks[name][:2])
    assert header.title.replace("`", "") in opening
    assert f"{header.minutes} minutes" in opening
    assert all(question in questions for question in header.questions)
    pairs = list(itertools.pairwise(kinds))
    for kind, name_of_box in (("predict", "Predict"), ("bug-hunt", "Bug hunt")):
        boxes = len(re.findall(rf"(?m)^> \*\*{name_of_box}\.\*\*", source))
        assert kinds.count(kind) == kinds.count(f"{kind}-answer") == boxes
        assert pairs.count((kind, f"{kind}-answer")) == boxes, "each answer follows its question"
    asked = len(re.findall(r"(?m)^\*\*\d+\.\*\*", source))
    assert pairs.count(("quiz", "quiz-answer")) == asked >= 3
    assert kinds[-2 * asked - 1] == "key-points"


@pytest.mark.parametrize("name", LESSONS)
def test_no_answer_stands_with_its_question(decks, name):
    source = sources(name)
    hunts = re.findall(
        r"(?ms)^> \*\*Bug hunt\.\*\*.*?<details><summary>[^<]*</summary>\s+(.*?)</details>", source
    )
    plain = [re.sub(r"[`*]", "", answer).split()[:6] for answer in hunts]
    slides = runs(decks[name])
    answers = [words(seen) for kind, seen in slides if kind == "bug-hunt-answer"]
    questions = [words(seen) for kind, seen in slides if kind == "bug-hunt"]
    for start, answer, question in zip(plain, answers, questions, strict=True):
        start = re.compile(r"\W+".join(re.escape(word.strip(",.:;()")) for word in start))
        assert start.search(answer), start
        assert not start.search(question)
    right = re.findall(r"<summary>([^\n]*)</summary>\s*\*\*Right:", source)
    for kind, seen in slides:
        if kind == "quiz":
            assert "Right:" not in seen
            assert 3 <= seen.count("<li>") <= 6
    told = [words(seen) for kind, seen in slides if kind == "quiz-answer"]
    for option, seen in zip(right, told, strict=True):
        assert words(option) in seen
        assert "Right:" in seen


@pytest.mark.parametrize("name", LESSONS)
def test_key_points_notes_and_words_for_pictures(decks, site, name):
    points = sources(name).partition("## Key points")[2].partition("## Check")[0].count("\n- ")
    shown = " ".join(seen for kind, seen in runs(decks[name]) if kind == "key-points")
    assert shown.count("<li>") == points
    notes = words(decks[name][0][2])
    guide = (ROOT / "site" / "teaching.md").read_text("utf-8")
    idea = re.search(rf"### Lesson {name[:2]}:.*?\*The one idea\*: (.*?)[,.]", guide, re.S)[1]
    assert " ".join(idea.replace("'", "’").split()) in notes
    text = (site / "slides" / f"{name}.html").read_text("utf-8")
    assert not re.search(r'(?:src|href)="(?:\w+:)?//|@import|url\(', text)
    pictures = re.findall(r"<img [^>]*>", text)
    assert pictures
    for picture in pictures:
        assert len(re.search(r'alt="([^"]*)"', picture)[1]) > 10
        assert (site / "slides" / re.search(r'src="([^"]*)"', picture)[1]).is_file()


# Rules, on lessons made up


@pytest.fixture(scope="module")
def slides():
    spec = importlib.util.spec_from_file_location("slides", ROOT / "site" / "_ext" / "slides.py")
    module = sys.modules["slides"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HEADER = lessons.Lesson("97_x", "A title", 5, ("Why?",), (), "none")


def paragraph(text):
    return nodes.paragraph("", text)


def box(kind, text):
    opening = nodes.strong("", "Predict.")
    quote = nodes.block_quote("", nodes.paragraph("", "", opening, nodes.Text(f" {text}")))
    quote["classes"] = ["course-box", f"course-box-{kind}"]
    return quote


def cell(*outputs):
    output = nodes.container("", *outputs, nb_element="cell_code_output")
    return nodes.container("", output, classes=["cell"])


def raw(text):
    return nodes.raw("", text, format="html")


def log(text):
    return nodes.literal_block(text, text)


def deck(slides, *parts):
    """The deck of a lesson with a section of these parts, as (kind, [HTML], notes)."""
    section = nodes.section("", nodes.title("", "A section"), *parts)
    lesson = nodes.section("", nodes.title("", "A title"), section)
    made = slides.Deck(HEADER, lesson, [], lambda node: node.astext())
    return [(s.kind, [b.html for b in s.blocks], s.notes) for s in made.slides]


def test_a_lesson_without_parts_has_its_title_and_questions(slides):
    assert [kind for kind, *_ in deck(slides, paragraph("text"))] == ["title", "questions"]


def test_logs_and_blanks_give_no_slide_and_text_that_is_too_much_is_a_note(slides):
    many = [paragraph("word " * 60) for _ in range(4)]
    logs = cell(log("line\n" * 20), log("Epoch 1/2\n"), log("7\n"))
    blank = cell(log("secret"))
    blank["classes"].append("tag_exercise")
    made = deck(slides, box("predict", "What?"), logs, blank, *many)
    answer = [(html, notes) for kind, html, notes in made if kind == "predict-answer"]
    seen = [text for html, _ in answer for text in html]
    assert seen[0] == "7"
    assert len(seen) == 1 + 3
    assert len(answer[0][1]) == 1
    assert "secret" not in "".join(seen)


def test_long_code_and_tables_go_on_and_wide_tables_are_left_out(slides):
    code = log("\n".join(f"line {n}" for n in range(40)))
    until = [raw("<details><summary>Answer</summary>"), paragraph("So."), raw("</details>")]
    made = deck(slides, box("bug-hunt", "What?"), code, *until)
    shown = [text for kind, html, _ in made if kind == "bug-hunt" for text in html]
    assert "\n".join(shown[1:]) == code.astext()
    assert len(made[2:]) >= 3
    assert made[-1][:2] == ("bug-hunt-answer", ["So."])
    row = "<tr><td>{}</td><td>1</td></tr>"
    tables = {
        n: "<table><tbody>" + row.format("a" * 9) * n + "</tbody></table>" for n in (5, 20, 99)
    }
    rows = {n: [b.html.count("<tr>") for b in slides._table(t)] for n, t in tables.items()}
    assert rows == {5: [5], 20: [10, 10], 99: []}
    wide = "<table><tbody><tr>" + "<td>twelve signs</td>" * 12 + "</tr></tbody></table>"
    assert slides._table(wide) == []


def test_a_link_in_a_prediction_leads_to_its_answer(slides):
    asked = box("predict", "What? ")
    asked[0] += nodes.reference("", "later", refid="there")
    later = nodes.section("", nodes.title("", "There"), cell(log("42")), ids=["there"])
    made = deck(slides, asked, cell(log("1")), later)
    assert made[-1][:2] == ("predict-answer", ["42"])


def test_a_bug_hunt_without_an_answer_is_an_error(slides):
    with pytest.raises(lessons.LessonError, match="no folded answer"):
        deck(slides, box("bug-hunt", "What?"), paragraph("text"))


# In a browser


# What runs over each slide, or over its number, and letters below 20 pixels.
LOOK = """() => {
    const found = [];
    for (let number = 0; number < Reveal.getTotalSlides(); number++) {
        Reveal.slide(number);
        const slide = document.querySelector(".slides section.present");
        const place = slide.getBoundingClientRect();
        if (place.width !== 1280 || place.height !== 720) found.push(`${number + 1}: no slide`);
        for (const element of slide.querySelectorAll("*")) {
            if (element.closest("aside, math") || !element.checkVisibility()) continue;
            const box = element.getBoundingClientRect();
            const over = Math.max(box.bottom - place.bottom + 30, box.right - place.right);
            const small = element.matches("p, li, td, th, pre, h2, img") &&
                (parseFloat(getComputedStyle(element).fontSize) < 20 || box.height < 20);
            if (over > 1 || small || element.scrollWidth > element.clientWidth + 1 &&
                element.matches("pre, table, blockquote, p, ul, ol, .scroll, .highlight, .formula"))
                found.push(`${number + 1}: ${over} ${element.outerHTML.slice(0, 90)}`);
        }
        if (slide.querySelector("aside").checkVisibility()) found.push(`${number + 1}: notes`);
    }
    return found;
}""".replace('slide.querySelector("aside").', 'slide.querySelector("aside")?.')


def start(page, address):
    page.goto(address)
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    return page.evaluate("Reveal.getTotalSlides()")


@pytest.mark.parametrize("name", LESSONS)
def test_nothing_runs_over_a_slide(site, serve, open_page, decks, name):
    page = open_page(viewport={"width": 1280, "height": 720})
    total = start(page, f"{serve(site)}/slides/{name}.html")
    assert total == len(decks[name])
    found = page.evaluate(LOOK)
    assert not found, "\n".join(found)


def test_what_runs_over_is_found(site, page):
    page.set_viewport_size({"width": 1280, "height": 720})
    start(page, (site / "slides" / f"{LESSONS[0]}.html").as_uri())
    page.evaluate("document.querySelector('.questions').innerHTML += '<p>much more</p>'.repeat(20)")
    page.evaluate("document.querySelector('.title .label').style.fontSize = '12px'")
    found = page.evaluate(LOOK)
    assert {text.partition(":")[0] for text in found} == {"1", "2"}


def test_keys_turn_slides_and_open_the_speakers_notes(site, page):
    page.set_viewport_size({"width": 1280, "height": 720})
    total = start(page, (site / "slides" / f"{LESSONS[0]}.html").as_uri())
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    opened.value.get_by_text("The one idea").wait_for()
    opened.value.close()
    seen = []
    for _ in range(total + 3):
        seen.append(page.locator("section.present .label").inner_text())
        page.keyboard.press("ArrowRight")
    assert seen.index("Predict") < seen.index("Predict: the answer")
    assert page.evaluate("Reveal.isLastSlide()")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("Reveal.getIndices().h") == total - 2


def test_printed_each_slide_is_a_page(site, open_page, decks):
    page = open_page(viewport={"width": 1280, "height": 720})
    lightest = min((site / "slides").glob("*.html"), key=lambda path: path.stat().st_size)
    start(page, f"{lightest.as_uri()}?print-pdf")
    total = len(decks[lightest.stem])  # reveal.js counts none while it lays out the sheets
    page.wait_for_function("document.querySelectorAll('.pdf-page').length")
    sheets = page.evaluate("""() => [...document.querySelectorAll(".pdf-page")].map((sheet) =>
        [sheet.offsetHeight, sheet.querySelectorAll("section:not(.stack)").length,
         Math.round(sheet.querySelector("section").getBoundingClientRect().height)])""")
    assert len(sheets) == total
    assert {tuple(sheet) for sheet in sheets} <= {(high, 1, 720) for high in (719, 720, 721)}
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == total


def test_accessible(site, serve, page):
    page.set_viewport_size({"width": 1280, "height": 720})
    start(page, f"{serve(site)}/slides/{LESSONS[1]}.html")
    for number in (0, 2, 4, 6):  # title, a prediction, lists, a bug hunt
        page.evaluate(f"Reveal.slide({number})")
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:150]) for v in found] == []
