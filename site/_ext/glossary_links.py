"""In each lesson, the first use of a glossary term in the text is a link to the glossary.

Only running text counts: no headings, code, formulas, outputs, links, header lines or quiz
answers. An entry with several names ("kernel", "filter") is linked once. `Terms` does the search
and knows nothing of Sphinx.
"""

import re

from docutils import nodes

GLOSSARY = "glossary"
LESSONS = re.compile(r"(?:.*/)?notebooks/\d\d_\w+")
CLASS = "glossary-link"

# Plurals that no rule gives.
IRREGULAR = {
    "confusion matrix": ["confusion matrices"],
    "dense layer": ["dense layers"],
    "epoch": ["epochs"],
    "one-hot": [],
    "logits": ["logit"],
    "CPU seconds": ["CPU second"],
    "finite differences": ["finite difference"],
    "shared weights": ["shared weight"],
    "calibrated": [],
    "overconfident": [],
    "flattening": ["flattened"],
}
# Words of everyday use: linked in the lesson that introduces them, for elsewhere they may mean
# something else ("census workers").
EVERYDAY = {"class", "unit", "connection", "activation", "worker", "threshold", "miss"}


def entries(text: str) -> list[tuple[list[str], set[str]]]:
    """Return each entry of the glossary directive in a MyST text: its names, and its lessons."""
    found = []
    for block in re.findall(r"^```\{glossary\}[^\n]*\n(.*?)^```", text, re.M | re.S):
        defined = True
        for line in filter(str.strip, block.splitlines()):
            if line.startswith(" "):
                defined = True
                found[-1][1].update(re.findall(r"\{lesson\}`(\d\d)`", line))
            else:
                if defined:
                    found.append(([], set()))
                defined = False
                found[-1][0].append(line.strip())
    return found


def forms(name: str) -> list[str]:
    """A term and its plural, as they may stand in a text."""
    if name in IRREGULAR:
        return [name, *IRREGULAR[name]]
    if re.search(r"[^aeiou]y$", name):
        return [name, name[:-1] + "ies"]
    return [name, name + ("es" if re.search(r"(s|x|ch|sh)$", name) else "s")]


class Terms:
    """The names of a glossary, ready to be searched for in the lesson of that number."""

    def __init__(self, entries: list[tuple[list[str], set[str]]], lesson: str = ""):
        self.target: dict[str, tuple[int, str]] = {}  # form -> number of the entry, its name
        for number, (names, lessons) in enumerate(entries):
            for name in names:
                if name.lower() in EVERYDAY and lesson not in lessons:
                    continue
                for form in forms(name):
                    self.target.setdefault(_key(form), (number, name))
        # The longest first, so that "learning rate" is not taken for "rate".
        parts = [_pattern(form) for form in sorted(self.target, key=len, reverse=True)]
        self._search = re.compile(
            r"(?<![\w/`'’-])(?:" + "|".join(parts) + r")(?![\w/`]|-\w)" if parts else r"(?!)"
        )

    def find(self, text: str, seen: set[int]):
        """Yield (start, end, name) for the first use of each entry; `seen` is added to."""
        for match in self._search.finditer(text):
            used = " ".join(match[0].split())
            number, name = self.target.get(used) or self.target[used[0].lower() + used[1:]]
            if number not in seen:
                seen.add(number)
                yield match.start(), match.end(), name


def _key(form: str) -> str:
    """Terms with capitals inside (ReLU, F1) are as they are; others may begin a sentence."""
    return form if _exact(form) else form.lower()


def _exact(form: str) -> bool:
    return any(c.isupper() for c in form)


def _pattern(form: str) -> str:
    words = [re.escape(word) for word in form.split()]
    text = r"[\s]+".join(words)
    if _exact(form):
        return text
    return f"[{form[0].upper()}{form[0]}]" + text[len(re.escape(form[0])) :]


SKIPPED = (
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.reference,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.image,
    nodes.caption,
    nodes.Invisible,
)


def running_text(document):
    """Yield the text nodes of a lesson in which terms may be linked."""
    closed = 0  # inside how many <details>
    header = _header(document)

    def walk(node):
        nonlocal closed
        if isinstance(node, nodes.raw):
            text = node.astext()
            closed += text.count("<details") - text.count("</details>")
            return
        if isinstance(node, SKIPPED) or node is header or _is_output(node):
            return
        if isinstance(node, nodes.Element) and node.tagname == "pending_xref":
            return
        if isinstance(node, nodes.Text):
            if closed <= 0:
                yield node
            return
        for child in list(node.children):
            yield from walk(child)

    yield from walk(document)


def _header(document):
    """The list below the title with a lesson's time, questions, objectives and so on."""
    for section in document.findall(nodes.section):
        return next((n for n in section.children if isinstance(n, nodes.bullet_list)), None)
    return None


def _is_output(node) -> bool:
    classes = node.get("classes", ()) if isinstance(node, nodes.Element) else ()
    return bool(
        {"cell", "cell_output", "cell_input", "exercise-help", "course-figure"} & set(classes)
    )


def link(document, terms: Terms, address) -> int:
    """Link the first use of each term in a lesson; `address(name)` is where, or None.

    Returns how many links were made.
    """
    seen: set[int] = set()
    made = 0
    for text in list(running_text(document)):
        value, new, last = text.astext(), [], 0
        for start, end, name in terms.find(value, seen):
            where = address(name)
            if where is None:
                continue
            new.append(nodes.Text(value[last:start]))
            new.append(
                nodes.reference("", value[start:end], internal=True, refuri=where, classes=[CLASS])
            )
            last, made = end, made + 1
        if new:
            new.append(nodes.Text(value[last:]))
            text.parent.replace(text, [n for n in new if n.astext()])
    return made


def resolve(app, document, name):
    if not LESSONS.fullmatch(name) or GLOSSARY not in app.env.found_docs:
        return
    known = app.env.get_domain("std").objects
    page = app.builder.get_relative_uri(name, GLOSSARY)

    def address(term):
        found = known.get(("term", term))
        return f"{page}#{found[1]}" if found else None

    text = app.env.doc2path(GLOSSARY).read_text(encoding="utf-8")
    link(document, Terms(entries(text), name.rpartition("/")[2][:2]), address)


def letters(app, doctree):
    """Put a line of letters above the glossary, each a link to the first term under it."""
    if app.env.docname != GLOSSARY:
        return
    first = {}
    for term in doctree.findall(nodes.term):
        first.setdefault(term.astext()[0].upper(), term["ids"][0])
    line = nodes.paragraph(classes=["letters"])
    for letter in sorted(first):
        line += nodes.reference("", letter, internal=True, refid=first[letter])
        line += nodes.Text(" ")
    glossary = next(doctree.findall(nodes.definition_list))
    glossary.parent.insert(glossary.parent.index(glossary), line)


def setup(app):
    app.connect("doctree-read", letters)
    app.connect("doctree-resolved", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
