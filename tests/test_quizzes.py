"""The quiz at the end of each lesson: every option answers for itself, and one of them is right."""

import html.parser
import pathlib
import re

from tools import lessons

import jupytext
import pytest

NOTEBOOKS = pathlib.Path(__file__).parents[1] / "notebooks"
LESSONS = [path.stem for path in lessons.paths()]
QUESTION = re.compile(r"\*\*(\d)\.\*\* (.+?)\n\n", re.S)
OPTION = re.compile(
    r"<details><summary>(?P<text>[^\n]+)</summary>\n\n"
    r"\*\*(?P<verdict>Right|No):\*\* (?P<why>.+?)\n\n</details>",
    re.S,
)


def quiz(text):
    """The questions of a lesson's Markdown: number, text, and options (text, verdict, why).

    Raises ValueError where the section holds something that is no question of the house's form.
    """
    section = re.search(r"^## Check yourself$(.*?)(?=^## |\Z)", text, re.S | re.M)
    if not section:
        raise ValueError("no section is called '## Check yourself'")
    questions = []
    starts = list(QUESTION.finditer(section[1]))
    ends = [*(match.start() for match in starts[1:]), len(section[1])] if starts else []
    for match, end in zip(starts, ends, strict=True):
        body = section[1][match.end() : end]
        left = OPTION.sub("", body).strip()
        if left:
            raise ValueError(f"question {match[1]}: neither option nor explanation: {left!r}")
        options = [option.groups() for option in OPTION.finditer(body)]
        questions.append((int(match[1]), match[2], options))
    if section[1].count("<details") != sum(len(options) for _, _, options in questions):
        raise ValueError("something opens that is no option of a question")
    return questions


def faults(questions):
    """What is wrong with a lesson's quiz, in words."""
    found = []
    if not 3 <= len(questions) <= 5:
        found.append(f"{len(questions)} questions")
    if [number for number, _, _ in questions] != list(range(1, len(questions) + 1)):
        found.append("questions are not numbered from 1")
    places = []
    for number, _, options in questions:
        verdicts = [verdict for _, verdict, _ in options]
        if len(options) < 3:
            found.append(f"question {number} has {len(options)} options")
        if verdicts.count("Right") != 1:
            found.append(f"question {number} has {verdicts.count('Right')} right answers")
        else:
            places.append(verdicts.index("Right"))
        if len({text for text, _, _ in options}) < len(options):
            found.append(f"question {number} has the same option twice")
        if len({why for _, _, why in options}) < len(options):
            found.append(f"question {number} explains two options alike")
        for text, _, why in options:
            if len(why.split()) < 10:
                found.append(f"question {number}, {text!r}: no explanation in {why!r}")
            if re.search(r"`|\*\*|\$", text):
                found.append(f"question {number}, {text!r}: Markdown stays as it is in a summary")
    if len(places) > 1 and len(set(places)) == 1:
        found.append("the right answer always has the same place")
    return found


def markdown(path):
    cells = jupytext.read(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_a_quiz_whose_every_option_is_explained(lesson):
    assert not faults(quiz(markdown(NOTEBOOKS / f"{lesson}.md")))


@pytest.mark.parametrize("lesson", LESSONS)
def test_text_and_notebook_have_the_same_quiz(lesson):
    text, notebook = (markdown(NOTEBOOKS / f"{lesson}.{kind}") for kind in ("md", "ipynb"))
    assert quiz(text) == quiz(notebook)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_quiz_needs_neither_script_nor_mouse(lesson):
    """Nothing but details and summary, closed as they were opened: a browser gives them keys."""

    class Tags(html.parser.HTMLParser):
        open, closed_well = (), True

        def handle_starttag(self, tag, attributes):
            assert tag in ("details", "summary", "code", "em", "sub", "sup"), tag
            assert not attributes
            self.open = (*self.open, tag)

        def handle_endtag(self, tag):
            assert self.open[-1:] == (tag,), f"</{tag}> closes {self.open}"
            self.open = self.open[:-1]

    section = markdown(NOTEBOOKS / f"{lesson}.md").split("## Check yourself")[1].split("\n## ")[0]
    tags = Tags()
    tags.feed(re.sub(r"`[^`]*`|\$[^$]*\$", "", section))
    assert not tags.open


# The finder of faults, on quizzes of its own


def option(text, verdict="No", why="because this is ten words long and so it is enough"):
    return f"<details><summary>{text}</summary>\n\n**{verdict}:** {why}: {text}.\n\n</details>\n\n"


def question(number, right):
    options = [option(f"answer {i}", "Right" if i == right else "No") for i in range(3)]
    return f"**{number}.** What?\n\n" + "".join(options)


GOOD = "## Check yourself\n\n" + question(1, 0) + question(2, 1) + question(3, 0) + "## Next\n\nx"


def test_a_good_quiz_has_no_faults():
    assert faults(quiz(GOOD)) == []
    assert len(quiz(GOOD)) == 3


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        (question(3, 0), "", "2 questions"),
        (question(2, 1), question(2, 0), "always has the same place"),
        (question(2, 1), question(5, 1), "not numbered"),
        (option("answer 1", "Right"), option("answer 1"), "question 2 has 0 right answers"),
        (option("answer 1", "Right"), "", "question 2 has 2 options"),
        (option("answer 1", "Right"), option("answer 1", "Right", "is so"), "no explanation"),
        (option("answer 1", "Right"), option("`x`", "Right"), "Markdown stays"),
        (option("answer 1", "Right"), option("answer 0", "Right"), "same option twice"),
    ],
)
def test_a_fault_is_told(good, bad, told):
    assert any(told in fault for fault in faults(quiz(GOOD.replace(good, bad))))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("**Right:**", "Right, I think:"),
        ("</details>", ""),
        ("## Check yourself", "## Quiz"),
        ("What?\n\n", "What?\n\nIt depends.\n\n"),
        ("## Next", "<details><summary>Answers</summary>\n\nAll.\n\n</details>\n\n## Next"),
    ],
)
def test_another_form_is_an_error(good, bad):
    with pytest.raises(ValueError, match=r"question|opens|section"):
        quiz(GOOD.replace(good, bad))
