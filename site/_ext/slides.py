"""Slides: a deck of each lesson, `slides/NN_topic.html`, cut from the lesson's own page.

What becomes a slide, in the lesson's order:

- its title with the picture for its card, and its questions;
- each prediction: the picture right above it, what leads to it, the question; then what the
  cells below it show, and the text that follows, as far as it fits on one slide; what text that
  ends in a colon leads to belongs to it;
- each bug hunt: the same, with all code and output down to its answer; then the answer;
- the key points, and each question of the quiz, the right answer on the slide after it.

A section "Further" gives none, nor do exercises. What does not fit on a slide is continued on the
next one (code, lists, what is shown), or goes into the speaker notes (text). Logs and tables that
do not fit on one are left out. The other notes are those of the lesson's section in the guide for
teachers: all with the title, those on a kind of box with the first of its kind.

A picture has a slide to itself. Whether the rest fits is estimated, on the safe side, in pixels of
a slide of 1280 by 720; a test looks at it in a browser. reveal.js comes from sphinx-revealjs.
"""

import dataclasses
import html
import importlib.resources
import itertools
import math
import pathlib
import re
import shutil

from tools import lessons

from docutils import nodes

FILES = ("LICENSE", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")  # of reveal.js
ROOM = 540  # pixels for what stands below a slide's title of one line
WIDE = 1168
LINE, SIGNS = 39, 75  # of text: pixels a line, signs in it
CODE_LINE, CODE_SIGNS, CODE_LINES = 29, 86, 17
LARGE, LARGE_SIGNS = 1.75, 66  # what fits this many times, with lines so short, has larger letters
TALL, BESIDE, BESIDE_SIGNS = 0.6, 2.4, 40  # what stands beside a tall picture has less width
PICTURE = 310  # pixels that a wide picture has at least, above or below text
LOG_LINES = 12  # a longer output of text is a log
NOTHING = r"Epoch \d+/|Still to do: "  # the begin of what says nothing to a class
NAMES = {"predict": "Predict", "bug-hunt": "Bug hunt"}
GUIDE = {"predict": "divides", "bug-hunt": "bug hunt"}  # words that begin the guide's notes on it


@dataclasses.dataclass
class Block:
    """A piece of a slide, `height` pixels high; a picture takes what is left."""

    html: str
    height: int = 0
    signs: int = 0  # in the longest line, where lines stay whole: of code, of a table
    picture: float = 0  # its height over its width


@dataclasses.dataclass
class Slide:
    """One slide: its kind, its title and blocks as HTML, and what the speaker sees beside it."""

    kind: str
    classes: str
    label: str
    title: str
    blocks: list[Block]
    notes: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Item:
    """A piece of a lesson, in its order."""

    kind: str  # heading, box, cell, fold, text
    node: nodes.Node | None = None
    level: int = 0
    name: str = ""  # which box; the summary of a fold
    inside: list = dataclasses.field(default_factory=list)  # nodes of a fold


def items(section) -> list[Item]:
    """Return a lesson as one list, without exercises' hints and without the section "Further"."""
    found, folds, away = [], [], False
    for node, level in _flat(section, 1):
        text = node.astext() if isinstance(node, nodes.raw) else ""
        if text.startswith('<div class="exercise-help"'):
            away = True
        elif text.startswith("</div>"):
            away = False
        elif away:
            continue
        elif text.startswith("<details"):
            summary = re.search(r"<summary>(.*?)</summary>", text, re.S)[1]
            kind = "right" if "quiz-right" in text else ""
            folds.append(Item("fold", name=summary, level=bool(kind)))
        elif text.startswith("</details>"):
            done = folds.pop()
            if folds:
                folds[-1].inside += done.inside
            else:
                found.append(done)
        elif folds:
            folds[-1].inside.append(node)
        elif isinstance(node, nodes.title):
            found.append(Item("heading", node, level))
        elif "cell" in node.get("classes", []):
            found.append(Item("cell", node))
        else:
            box = [k for k in NAMES if f"course-box-{k}" in node.get("classes", [])]
            found.append(Item("box", node, name=box[0]) if box else Item("text", node))
    kept, further = [], False
    for item in found:
        if item.kind == "heading" and item.level <= 2:
            further = item.node.astext().startswith("Further")
        if not further:
            kept.append(item)
    return kept


def _flat(section, level):
    for child in section.children:
        if isinstance(child, nodes.section):
            yield from _flat(child, level + 1)
        elif not isinstance(child, (nodes.comment, nodes.transition, nodes.target)):
            yield child, level


class Deck:
    """The slides of one lesson.

    render: gives the HTML of a node. guide: the notes of the guide for teachers, as nodes.
    """

    def __init__(self, lesson, section, guide, render):
        self.lesson, self.guide, self.render = lesson, guide, render
        self.items = items(section)
        self.slides: list[Slide] = []
        self.shown: set[str] = set()
        self._opening(section)
        for place, item in enumerate(self.items):
            if item.kind == "box":
                self._box(place, item)
        self._key_points()
        self._quiz()
        for kind, words in GUIDE.items():
            first = next((slide for slide in self.slides if slide.kind == kind), None)
            if first:
                first.notes += self._of_guide(words)

    def _of_guide(self, words=""):
        """Return the guide's notes whose opening has `words`, as HTML."""
        found = []
        for node in self.guide:
            parts = node.children if isinstance(node, nodes.bullet_list) else [node]
            for part in parts:
                opening = next(part.findall(nodes.strong), None)
                if not words or (opening and words in opening.astext().lower()):
                    inside = part.children if isinstance(part, nodes.list_item) else [part]
                    found += [self.render(node) for node in inside]
        return found

    def add(self, kind, label, title, parts, notes=()):
        """Put lists of blocks on as many slides as they need; the notes are the first one's.

        A list that fits on one slide is not parted.
        """
        groups = [[]]
        room = ROOM - 48 * (len(re.sub("<[^>]*>", "", title)) > 50)
        for part in parts:
            if groups[-1] and _fit(part, room) and not _fit(groups[-1] + part, room):
                groups.append([])
            for block in part:
                if groups[-1] and not _fit([*groups[-1], block], room):
                    groups.append([])
                groups[-1].append(block)
        for number, group in enumerate(groups):
            classes = [kind]
            signs = max((b.signs for b in group), default=0)
            if any(b.picture > TALL for b in group):
                classes += ["beside"] * (len(group) > 1)
            elif len(groups) == 1 and signs <= LARGE_SIGNS and not any(b.picture for b in group):
                classes += ["large"] * _fit(group, room / LARGE)
            notes = notes if not number else ()
            self.slides.append(Slide(kind, " ".join(classes), label, title, group, [*notes]))

    def _opening(self, section):
        title = self.render(self.items[0].node)
        covers = [
            node for node in section.findall(nodes.container) if "tag_cover" in node["classes"]
        ]
        cover = [b for node in covers for b in self.output(node) if b.picture][:1]
        number, minutes = self.lesson.number, self.lesson.minutes
        label = f"Lesson {number} · {minutes} minutes"
        self.add("title", label, title, [cover], self._of_guide())
        questions = "".join(f"<li>{html.escape(q)}</li>" for q in self.lesson.questions)
        questions = Block(f'<ul class="asked">{questions}</ul>')
        self.add("questions", f"Lesson {number}", "Questions", [[questions]])

    def _box(self, place, item):
        """Add the slides of a prediction or a bug hunt."""
        label, kind = NAMES[item.name], item.name
        heading = self._heading(place)
        title = self.render(self.items[heading].node)
        before = self.items[heading + 1 : place]
        lead = []
        while before and before[-1].kind == "text":
            lead.insert(0, before.pop())
        above = [b for b in self._output(before[-1:]) if b.picture and b.html not in self.shown]
        after = self.items[place + 1 : place + 2]
        asked = self.blocks(_without_opening(item.node))
        led, notes = _fitting([b for i in lead for b in self.blocks(i.node)], above + asked)
        question, shown = [[*above, *led, *asked]], []
        if kind == "predict":
            if after and isinstance(after[0].node, nodes.table):
                question[0] += self.blocks(after[0].node)
            if re.search(r"\bcell\b", item.node.astext()):
                question.append(self._code(after))
            shown, told, more = self._answer(place, item.node)
        else:
            until, told, more = self._found(place)
            hunted = self.items[place + 1 : until]
            for each in hunted:
                made = self.blocks(each.node) if each.kind == "text" else self._code([each])
                question.append(made + self._output([each]))
            if not hunted:
                question.insert(0, self._quoted(place))
        self.add(kind, label, title, question, [b.html for b in notes])
        self.shown |= {block.html for block in [*above, *shown]}
        answer = [*([block] for block in shown), told]
        if any(answer):
            notes = [b.html for b in more]
            self.add(f"{kind}-answer", f"{label}: the answer", title, answer, notes)

    def _quoted(self, place):
        """Return the code last quoted above in the text of this section of the second level."""
        for item in reversed(self.items[:place]):
            if isinstance(item.node, nodes.literal_block):
                return self.blocks(item.node)
            if item.kind == "heading" and item.level <= 2:
                break
        return []

    def _heading(self, place):
        return max(n for n in range(place) if self.items[n].kind == "heading")

    def _answer(self, place, box):
        """Return what is shown below a prediction, the text after it, and what of that is too much.

        Where the box has a link to a heading of its lesson, it is answered below that.
        """
        links = {name for link in box.findall(nodes.reference) for name in [link.get("refid")]}
        for n, item in enumerate(self.items):
            if item.kind == "heading" and links & set(item.node.parent["ids"]):
                place = n
        shown, told, exercise, leads = [], [], False, False
        for item in self.items[place + 1 :]:
            if item.kind == "heading":
                exercise = item.node.astext().startswith("Exercise")
                if (shown or told) or item.level <= 2:
                    break
            elif item.kind == "box":
                break
            elif item.kind == "cell":
                exercise = exercise and "tag_check" not in item.node["classes"]
                made = self._output([item])
                if told and made:
                    if not leads and any(b.picture or b.signs for b in shown):
                        break
                    shown, told = shown + told, []
                shown += made
            elif item.kind == "fold":
                told += [b for node in item.inside for b in self.blocks(node)]
            elif not exercise:
                leads = item.node.astext().endswith(":")
                told += self.blocks(item.node) if shown or not leads else []
        return shown, *_fitting(told)

    def _found(self, place):
        """Return where a bug hunt's answer stands, and its text that fits and that does not."""
        for n, item in enumerate(self.items[place + 1 :], place + 1):
            if item.kind == "fold":
                return n, *_fitting([b for node in item.inside for b in self.blocks(node)])
            if item.kind in ("heading", "box"):
                break
        raise lessons.LessonError(
            f"{self.lesson.name}: the bug hunt {self.items[place].node.astext()[:60]!r} has no "
            "folded answer below it. Write one: <details><summary>Answer</summary>."
        )

    def _section(self, name):
        """Return the items of a section of the second level."""
        found, inside = [], False
        for item in self.items:
            if item.kind == "heading" and item.level <= 2:
                inside = item.node.astext() == name
            elif inside:
                found.append(item)
        return found

    def _key_points(self):
        points = [b for i in self._section("Key points") for b in self.blocks(i.node)]
        if points:
            half = len(points) if _fit(points) else math.ceil(len(points) / 2)
            parts = [points[:half], points[half:]]
            self.add("key-points", f"Lesson {self.lesson.number}", "Key points", parts)

    def _quiz(self):
        questions = []
        for item in self._section("Check yourself"):
            if item.kind == "text" and re.match(r"\d+\. ", item.node.astext()):
                questions.append((item.node, []))
            elif item.kind == "fold" and questions:
                questions[-1][1].append(item)
        for number, (node, options) in enumerate(questions, 1):
            label = f"Check yourself, {number} of {len(questions)}"
            asked = self.blocks(_without_opening(node))
            listed = "".join(f"<li>{option.name}</li>" for option in options)
            tall = sum(_lines(option.name, SIGNS - 6) * LINE + 12 for option in options)
            listed = Block(f'<ol class="options">{listed}</ol>', tall)
            self.add("quiz", label, "Check yourself", [[*asked, listed]])
            told, notes = [*asked], []
            for letter, option in zip("ABCDEFGH", options, strict=False):
                said = [b for each in option.inside for b in self.blocks(each)]
                if option.level:
                    words = f'<p class="right">{letter}. {option.name}</p>'
                    told += [Block(words, _lines(option.name) * LINE + 20), *said]
                else:
                    notes += [f"<p>{letter}. {option.name}</p>", *(b.html for b in said)]
            self.add("quiz-answer", label, "Check yourself", [told], notes)

    # Blocks

    def blocks(self, node) -> list[Block]:
        """Return a piece of text as blocks, a list in its items."""
        if isinstance(node, (nodes.bullet_list, nodes.enumerated_list)):
            tag = "ul" if isinstance(node, nodes.bullet_list) else "ol"
            made = []
            for number, item in enumerate(node.children, node.get("start", 1)):
                inside = "".join(self.render(child) for child in item.children)
                start = f' start="{number}"' if tag == "ol" else ""
                tall = _lines(item.astext(), SIGNS - 4) * LINE + 10
                made.append(Block(f"<{tag}{start}><li>{inside}</li></{tag}>", tall))
            return made
        if isinstance(node, nodes.literal_block):
            return self._lines_of_code(node)
        if isinstance(node, nodes.block_quote):
            inside = [b for child in node.children for b in self.blocks(child)]
            classes = " ".join(node["classes"])
            words = "".join(b.html for b in inside)
            quote = f'<blockquote class="{classes}">{words}</blockquote>'
            return [Block(quote, sum(b.height for b in inside) * 75 // 71 + 40)]
        if isinstance(node, nodes.table) or (
            isinstance(node, nodes.raw) and "<table" in node.astext()
        ):
            return _table(self.render(node))
        if isinstance(node, nodes.math_block):
            return [Block(self.render(node), 95)]
        return [Block(self.render(node), _lines(node.astext()) * LINE + 20)]

    def _lines_of_code(self, node):
        """Return code in blocks of as many lines as a slide has."""
        lines = re.sub(r"\n{3,}", "\n\n", node.astext().rstrip()).split("\n")
        made = []
        while lines:
            end = min(CODE_LINES, len(lines))
            if end < len(lines) and "" in lines[CODE_LINES // 3 : end]:
                end -= lines[:end][::-1].index("")
            part = node.deepcopy()
            text = "\n".join(lines[:end]).rstrip()
            lines = lines[end:]
            part.children = [nodes.Text(text)]
            part.rawsource = text
            rows = sum(_lines(line, CODE_SIGNS) for line in text.split("\n"))
            signs = max(map(len, text.split("\n")))
            made.append(Block(self.render(part), rows * CODE_LINE + 40, signs))
        return made

    def _code(self, items):
        """Return the code of cells that do not hide it."""
        return [
            block
            for item in items
            if item.kind == "cell" and not item.node.get("hide_mode")
            for source in item.node.findall(_is("cell_code_source"))
            for block in self.blocks(source.children[0])
        ]

    def _output(self, items):
        return [b for item in items if item.kind == "cell" for b in self.output(item.node)]

    def output(self, cell) -> list[Block]:
        """Return what a cell shows: pictures, tables and a few lines."""
        if {"tag_exercise", "tag_check"} & set(cell["classes"]):
            return []
        made = []
        for output in cell.findall(_is("cell_code_output")):
            for node in output.children:
                text = node.astext()
                raw = text if isinstance(node, nodes.raw) else ""
                picture = re.search(r"<img [^>]*>", raw)
                if picture:
                    size = re.search(r'width="(\d+)" height="(\d+)"', picture[0]) or [0, 2, 1]
                    made.append(Block(picture[0], picture=int(size[2]) / int(size[1])))
                elif 'class="summary"' in raw:
                    made += _summary(raw)
                elif not isinstance(node, nodes.literal_block) or (
                    text.strip() and text.count("\n") <= LOG_LINES and not re.match(NOTHING, text)
                ):
                    made += self.blocks(node)
        return made


def _is(element):
    return lambda node: isinstance(node, nodes.Element) and node.get("nb_element") == element


def _lines(text, signs=SIGNS):
    """Return how many lines a text takes."""
    text = re.sub("<[^>]*>", "", text)
    return sum(max(1, math.ceil(len(line) / signs)) for line in text.split("\n\n"))


def _fit(blocks, room=ROOM):
    """Return whether blocks fit on one slide, which has `room` pixels below its title."""
    pictures = [b.picture for b in blocks if b.picture]
    text = sum(b.height for b in blocks)
    if len(pictures) == 1 and pictures[0] > TALL:
        return BESIDE * text <= room and all(b.signs <= BESIDE_SIGNS for b in blocks)
    wide = [min(PICTURE, WIDE * tall) for tall in pictures if tall <= TALL]
    return len(wide) == len(pictures) and sum(wide) + text <= room


def _summary(text):
    """Return what Keras says of a network: its layers and the sum of their parameters."""
    text = re.sub("<[^>]*>", "", text)
    lines = [line for line in text.split("\n") if re.search("[│┃]|^ *Total params", line)]
    lines = [re.sub("[│┃]", " ", line).rstrip()[1:] for line in lines]
    if not lines or len(lines) > CODE_LINES:
        return []
    made = "\n".join(lines)
    return [Block(f"<pre>{made}</pre>", len(lines) * CODE_LINE + 40, max(map(len, lines)))]


def _table(text):
    """Return a table in blocks, or nothing where it is too wide or longer than two slides."""
    found = re.search(r"<tbody>(.*)</tbody>", text, re.S)
    if not found:
        return []
    body = re.findall(r"<tr.*?</tr>", found[1], re.S)
    rows = [*re.findall(r"<tr.*?</tr>", text[: found.start()], re.S), *body]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    cells = [[re.sub("<[^>]*>", "", cell).strip() for cell in row] for row in cells]
    heads = len(cells) - len(body)
    # In pixels: the words of a heading stand below one another, the first column is not broken.
    wide = [[14 * max(map(len, cell.split() or [""])) for cell in row] for row in cells[:heads]]
    for first, *others in cells[heads:]:
        wide.append([11.5 * len(first), *(11.5 * min(len(cell), 40) for cell in others)])
    if sum(max(column) + 16 for column in itertools.zip_longest(*wide, fillvalue=0)) > WIDE:
        return []
    high = [max(len(cell.split()) for cell in row) or 1 for row in cells[:heads]]
    high += [max(_lines(cell, 40) for cell in row) for row in cells[heads:]]
    tall = [lines * 32 + 10 for lines in high]
    slides = math.ceil(sum(tall) / (ROOM - 30))
    if slides > 2:
        return []
    size = math.ceil(len(body) / slides)
    made = []
    for start in range(0, len(body), size):
        part = "".join(body[start : start + size])
        table = text[: found.start(1)] + part + text[found.end(1) :]
        height = sum(tall[:heads]) + sum(tall[heads:][start : start + size]) + 30
        made.append(Block(table, height, LARGE_SIGNS + 1))
    return made


def _fitting(blocks, beside=()):
    """Return the first blocks that fit on a slide that has those of `beside`, and the others."""
    for place in range(len(blocks)):
        if not _fit([*blocks[: place + 1], *beside]):
            return blocks[:place], blocks[place:]
    return blocks, []


def _without_opening(node):
    """Return a copy of a box or a question without its bold opening, which a slide's label says."""
    node = node.deepcopy()
    opening = next(node.findall(nodes.strong))
    paragraph = opening.parent
    paragraph.remove(opening)
    if paragraph.children and isinstance(paragraph[0], nodes.Text):
        paragraph[0] = nodes.Text(paragraph[0].astext().lstrip())
    return node


# The pages


def decks(app):
    """Yield a page of slides for each lesson, for Sphinx to write."""
    if app.builder.name != "html":
        return
    guide = guides(app)
    for lesson in lessons.read_all():
        page = f"notebooks/{lesson.name}"
        if page not in app.env.found_docs:
            continue
        tree = app.env.get_and_resolve_doctree(page, app.builder)
        section = next(tree.findall(nodes.section))
        deck = Deck(lesson, section, guide.get(lesson.number, []), _renderer(app, page))
        context = {
            "slides": deck.slides,
            "lesson": lesson,
            "title": f"Slides: {lesson.title}",
            "meta": {"html_theme.sidebar_secondary.remove": True},
        }
        yield f"slides/{lesson.name}", context, "slides.html"


def guides(app) -> dict[str, list]:
    """Return the notes of the guide for teachers by the number of their lesson."""
    if "teaching" not in app.env.found_docs:
        return {}
    found = {}
    tree = app.env.get_and_resolve_doctree("teaching", app.builder)
    for section in tree.findall(nodes.section):
        named = re.match(r"Lesson (\d\d):", section[0].astext())
        if named:
            found[named[1]] = section.children[1:]
    return found


def _renderer(app, page):
    def render(node):
        """Return the HTML of a node without links and names: neither is of use on a slide."""
        app.builder.current_docname = page
        copy = node.deepcopy()
        if isinstance(node, nodes.title):
            copy = nodes.inline("", "", *copy.children)
        made = app.builder.render_partial(copy)["fragment"]
        made = re.sub(r"</?a\b[^>]*>", "", made)
        return re.sub(r' id="[^"]*"', "", made).replace(' loading="lazy"', "").strip()

    return render


def copy_reveal(app, error):
    """Put reveal.js beside the decks."""
    there = pathlib.Path(app.outdir) / "slides"
    if error is None and there.is_dir():
        source = importlib.resources.files("sphinx_revealjs") / "_static" / "revealjs"
        for name in FILES:
            target = "LICENSE.txt" if name == "LICENSE" else name.rpartition("/")[2]
            shutil.copyfile(source / name, there / target)


def setup(app):
    app.connect("html-collect-pages", decks)
    app.connect("build-finished", copy_reveal)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
