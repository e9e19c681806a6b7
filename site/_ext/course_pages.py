"""Sphinx directive `{course} WHAT`: tables and the map, made from their sources.

    ```{course} map
    ```

WHAT is one of the names in `Course.run`. A page that uses it is read anew in every build, so that
a new lesson or record appears by itself.

The role {lesson}`04` is a link to a lesson by its number, and its number alone where it is not.
"""

import html
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from tools import lessons

import benchmarks_page
import course_facts
import lesson_map
import results_page
from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

# What the page of figures says above each, in this order, and the lesson that it is from.
FIGURES = {
    "convolution": (
        "A kernel slides over an image",
        "01",
        "Choose a kernel, a stride and a padding, and go from place to place: the products, their "
        "running sum, and the map as it fills. Before each step, say what the sum will be.",
    ),
    "sizes": (
        "Layers in a stack, with their shapes and costs",
        "03",
        "Stack layers and see what each does to the shape, and what it costs in parameters and in "
        "multiplications. Which layer holds most parameters, and how do you get rid of them?",
    ),
    "confusion": (
        "What stands behind a cell of a confusion matrix",
        "04",
        "The test images of CIFAR-10, as the network of lesson 04 sorts them. Choose a cell and "
        "see the images of it of which the network was surest, with their probabilities.",
    ),
    "lenet": (
        "Draw a digit, and watch a network read it",
        "05",
        "Every map of a network that lesson 05 trained, and its ten outputs, change as you draw. "
        "Draw a seven with a bar, or something that is no digit at all.",
    ),
    "occlusion": (
        "Cover a part of a photograph, and ask again",
        "10",
        "A grey square follows your pointer over a photograph, and the network of lesson 10 "
        "answers anew. Find the smallest square that changes its answer. What did you cover?",
    ),
}


class MapNode(nodes.General, nodes.Element):
    """Where the map goes; drawn when the page is written, when addresses are known."""


def document_of(env, stem: str) -> str | None:
    """The page of a lesson, wherever it lies among the sources; None where it is not built."""
    return next((d for d in sorted(env.found_docs) if d.rpartition("/")[2] == stem), None)


class Course(SphinxDirective):
    required_arguments = 1
    optional_arguments = 9
    has_content = True

    def run(self):
        what, *rest = self.arguments[0].split() if len(self.arguments) == 1 else self.arguments
        makers = {
            "map": self.map,
            "lessons": self.lessons,
            "start": self.start,
            "figure": self.figure,
            "figures": self.figures,
            "costs": lambda rest: self.table(results_page.costs),
            "compared": lambda rest: self.table(results_page.compared),
            "results": lambda rest: self.table(results_page.everything),
            "data": self.data,
            "benchmark": self.benchmark,
            "slides": self.slides,
        }
        if what not in makers:
            raise self.error(f"course {what}: expected one of {', '.join(makers)}")
        if not hasattr(self.env, "course_pages"):
            self.env.course_pages = set()
        self.env.course_pages.add(self.env.docname)
        self.found = lessons.read_all()
        self.known = {lesson.number: lesson for lesson in self.found}
        made = makers[what](rest)
        if isinstance(made, str):
            return self.parse_text_to_nodes(made, allow_section_headings=True)
        return made

    def link(self, number: str, text: str | None = None) -> str:
        """A link to a lesson by its number; its number alone where it has no page."""
        lesson = self.known.get(number)
        document = document_of(self.env, lesson.name) if lesson else None
        text = text or number
        return f"{{doc}}`{text} </{document}>`" if document else text

    def address(self, lesson) -> str:
        """A lesson's page, from a page beside the folder of the lessons."""
        return f"{document_of(self.env, lesson.name)}.html"

    def table(self, make):
        records = course_facts.read_records()
        return make(records, self.found, self.link)

    def map(self, rest):
        node = MapNode()
        node["names"] = [lesson.name for lesson in self.found]
        return [node]

    def lessons(self, rest):
        """A card for each lesson: its picture, title, first question and minutes."""
        covers = json.loads((pathlib.Path(self.env.srcdir) / "_covers.json").read_text())
        cards = []
        for lesson in self.found:
            title = html.escape(lesson.title.replace("`", ""))
            picture = covers[lesson.name]
            cards.append(
                f'<li class="course-card"><a href="{self.address(lesson)}">'
                f'<img src="{picture}" alt="From lesson {lesson.number}" loading="lazy" '
                'decoding="async"/>'
                f'<span class="course-number">{lesson.number}</span> {title}</a>'
                f"<p>{html.escape(lesson.questions[0])} <small>{lesson.minutes} minutes</small></p>"
                "</li>"
            )
        return f'<ul class="course-cards">{"".join(cards)}</ul>'

    def start(self, rest):
        """Where to begin, the zip for students if there is one, and the repository if named."""
        button = "".join(
            f'<a class="course-begin" href="{self.address(first)}">'
            f"Begin with lesson {first.number}</a>\n\n"
            for first in self.found[:1]
        )
        lines = []
        zip_file = course_facts.ROOT / "build" / "cnncourse-student.zip"
        if zip_file.is_file():
            lines.append(f'Take <a href="{zip_file.name}">all lessons as a zip</a>')
        repository = self.env.config.course_repository
        if repository:
            lines.append(f"`git clone {repository}`")
        lines.append("see the [guide for teachers](teaching.md)")
        return button + ", ".join(lines[:-1]) + f", or {lines[-1]}."

    def stored_figures(self):
        """The figures that some lesson's stored outputs have, in the order of FIGURES."""
        folder = pathlib.Path(self.env.srcdir) / "_figures"
        there = {path.stem for path in folder.glob("*.html")}
        return [name for name in FIGURES if name in there] + sorted(there - FIGURES.keys())

    def figure(self, rest):
        """The first of the figures named that there is, or what stands in the directive."""
        for name in rest:
            if name in self.stored_figures():
                title, lesson, _ = FIGURES[name]
                return (
                    f"```{{course-figure}} {name}\n```\n\n"
                    f"*{title}. From {{lesson}}`{lesson}`; more [figures](figures.md).*\n"
                )
        return "\n".join(self.content)

    def figures(self, rest):
        """Every figure with its heading."""
        parts = []
        for name in self.stored_figures():
            title, lesson, words = FIGURES.get(name, (name.capitalize(), None, ""))
            told = f"{words} (From {{lesson}}`{lesson}`.)" if lesson else words
            parts.append(f"## {title}\n\n{told}\n\n```{{course-figure}} {name}\n```")
        return "\n\n".join(parts) or "No lesson has stored one yet."

    def slides(self, rest):
        """Every deck of slides, and how to print it; `slides.py` makes them."""
        lines = []
        for lesson in self.found:
            if document_of(self.env, lesson.name):
                deck, title = (
                    f"slides/{lesson.name}.html",
                    html.escape(lesson.title.replace("`", "")),
                )
                lines.append(
                    f'<li><a href="{deck}">{lesson.number} {title}</a> '
                    f'(<a href="{deck}?print-pdf">to print</a>)</li>'
                )
        return f"<ul>{''.join(lines)}</ul>"

    def benchmark(self, rest):
        """The benchmark that is named, or all that have no section of their own."""
        records = course_facts.read_benchmarks()
        if rest:
            return benchmarks_page.section(rest[0], records)
        return benchmarks_page.others(records)

    def data(self, rest):
        from cnncourse.data import catalogue

        records = course_facts.read_records()
        specs = list(catalogue.IMAGE_SETS.values())
        weights = list(catalogue.WEIGHTS.values())
        return results_page.data_sheet(
            specs, catalogue.PHOTO_SETS, weights, records, self.found, self.link
        )


def lesson_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """{lesson}`04`: "lesson 04", linked where that lesson has a page."""
    env = inliner.document.settings.env
    said = f"lesson {text}"
    stem = next((d for d in sorted(env.found_docs) if re.search(rf"(^|/){text}_[^/]*$", d)), None)
    if not re.fullmatch(r"\d\d", text) or stem is None:
        return [nodes.Text(said)], []
    target = addnodes.pending_xref(
        "", refdomain="std", reftype="doc", reftarget=f"/{stem}", refexplicit=True, refwarn=True
    )
    target += nodes.inline("", said)
    return [target], []


def visit_map_html(translator, node):
    builder = translator.builder
    here = builder.current_docname

    def address(lesson):
        document = document_of(builder.env, lesson.name)
        return builder.get_relative_uri(here, document) if document else None

    drawn = [lesson for lesson in lessons.read_all() if lesson.name in node["names"]]
    translator.body.append(lesson_map.draw(drawn, address))
    raise nodes.SkipNode


def visit_map_words(translator, node):
    raise nodes.SkipNode


def outdated(app, env, added, changed, removed):
    """Pages with made tables are read anew each time: what they show lies outside the sources."""
    return {d for d in getattr(env, "course_pages", ()) if d in env.found_docs}


def merge(app, env, docnames, other):
    if hasattr(other, "course_pages"):
        env.course_pages = getattr(env, "course_pages", set()) | other.course_pages


def setup(app):
    app.add_node(
        MapNode,
        html=(visit_map_html, None),
        text=(visit_map_words, None),
        latex=(visit_map_words, None),
    )
    app.add_directive("course", Course)
    app.add_role("lesson", lesson_role)
    app.add_css_file("pages.css")
    app.connect("env-get-outdated", outdated)
    app.connect("env-merge-info", merge)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
