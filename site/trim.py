"""After Sphinx: add what readers download, and take away what no page uses."""

import hashlib
import html.parser
import itertools
import pathlib
import re
import shlex
import shutil
import urllib.parse
from collections.abc import Iterator

from tools import handout, lessons

import nbformat
import PIL.Image
import tinycss2

UNUSED = (
    "**/*.map",
    "**/*.LICENSE.txt",
    ".buildinfo*",
    "objects.inv",
    "_sources",
    "_sphinx_design_static",
    "_static/images",
    "_static/locales",
    "_static/scripts",
    "_static/vendor",
    "_static/base-stemmer.js",
    "_static/copybutton_funcs.js",
    "_static/design-tabs.js",
    "_static/english-stemmer.js",
    "_static/*.png",
    "_static/*-webpack-macros.html",
    "_static/webpack-macros.html",
    "_static/check-solid.svg",
    "_static/styles/theme.css",
    "_static/copy-button.svg",
)
# The first cell of a notebook that is downloaded by itself.
NEEDS = f"""\
> **This notebook needs the course around it**: the package `cnncourse`, and the stored results
> that it shows. Both are in `{handout.TOP}.zip`, on the page that this notebook is from. Unpack it,
> open a terminal in its folder, run `make lab`, and open the lesson there. By itself this notebook
> can be read, and stops at its first cell of code."""
# The same of a site that says where the course is published: the notebook brings it along.
BRINGS = f"""\
> **This notebook needs the course around it.** The next cell fetches it, unless it is here: it is
> meant for Colab and the like. On a computer of your own take `{handout.TOP}.zip`, from the page
> that this notebook is from: unpack it, open a terminal in its folder, and run `make lab`."""
# TensorFlow goes first: the course brings tensorflow-cpu, which has the same folder.
FETCH = """\
import importlib.util

if importlib.util.find_spec("cnncourse") is None:
    !git clone --quiet --depth 1 --branch {branch} {repository} course
    %pip uninstall --quiet --yes tensorflow
    %pip install --quiet ./course
    %cd course/notebooks"""
# Names that scripts give to elements while a page is read.
LATER = r"^(js|copybtn|o-tooltip|success|highlighted|search|kind-|context|show|course-)"


def trim(source: pathlib.Path, new: pathlib.Path, root: pathlib.Path, published: dict) -> None:
    """Finish the site in `new`, which was made from `source` in the repository `root`.

    published: "repository" and "branch" of the course, as `build.published` has them.
    """
    where = {key: published[key] for key in ("repository", "branch")}
    if (source / "pictures").is_dir():
        shutil.copytree(source / "pictures", new / "pictures", dirs_exist_ok=True)
    stored = [path.with_suffix(".ipynb") for path in lessons.paths(root / "notebooks")]
    stored += (root / "notebooks" / "further").glob("*.ipynb")
    for path in stored:
        notebook = alone(nbformat.read(path, as_version=4), **where)
        nbformat.write(notebook, new / path.relative_to(root))
    shutil.copyfile(root / "build" / f"{handout.TOP}.zip", new / f"{handout.TOP}.zip")
    for pattern in UNUSED:
        for path in list(new.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    one_style(new)


def alone(notebook, repository: str = "", branch: str = ""):
    """Return a notebook that begins with what it needs to run, or, published, with bringing it."""
    told = nbformat.v4.new_markdown_cell(BRINGS if repository else NEEDS, id="needs-the-course")
    first = [told]
    if repository:
        code = FETCH.format(branch=shlex.quote(branch), repository=shlex.quote(repository))
        first.append(nbformat.v4.new_code_cell(code, id="fetches-the-course"))
    notebook.cells[:0] = first
    return notebook


def one_style(new: pathlib.Path) -> None:
    """Put the rules that the pages use into one style sheet, and make every page load that."""
    link = re.compile(r'\s*<link [^>]*rel="stylesheet"[^>]*href="[^"]*_static/[^>]*>')
    names = _Names()
    sheets: dict[str, None] = {}
    pages = {path: path.read_text("utf-8") for path in sorted(new.rglob("*.html"))}
    for text in pages.values():
        names.feed(text)
        for element in link.findall(text):
            address = re.search(r'href="([^"?]*)', element)[1]
            sheets[address[address.index("_static/") :]] = None
    # The course's own sheet has the last word.
    order = sorted(sheets, key=lambda address: address.endswith("course.css"))
    parts = [used_rules((new / address).read_text("utf-8"), names.found) for address in order]
    style = "\n".join(parts)
    (new / "_static" / "site.css").write_text(style, "utf-8")
    # A browser that keeps the old one asks for the new one by its version.
    version = hashlib.sha256(style.encode()).hexdigest()[:8]
    for path, text in pages.items():
        text = sized(lighter(text), path)
        up = "../" * len(path.relative_to(new).parts[:-1])
        one = f'\n<link rel="stylesheet" href="{up}_static/site.css?v={version}">'
        first = link.search(text)
        path.write_text(text[: first.start()] + one + link.sub("", text[first.end() :]), "utf-8")
    for address in order:
        (new / address).unlink()


def lighter(page: str) -> str:
    """Return a page without the elements that mean nothing (half of a lesson's), and mended.

    Names, operators and signs of code have the colour of the text anyway.
    """
    page = page.replace(' aria-label="Toggle hidden content"', "")
    page = re.sub(r'<span class="(?:n|o|p|w|si|sa|pre)">([^<]*)</span>', r"\1", page)
    page = re.sub(r'<th class="head[^"]*"><p></p></th>', "<td></td>", page)
    # No line breaks between a formula and its comma.
    joined = r'<span class="course-joined">\g<0></span>'
    formula = r'<math [^>]*display="inline"[^>]*>(?:(?!</math>).)*</math>'
    return re.sub(formula + r"[.,;:?!)]+", joined, page, flags=re.S)


def sized(text: str, path: pathlib.Path) -> str:
    """Return the text of the page `path` with a width and a height for every picture."""

    def add(match):
        source = re.search(r'src="([^":]+\.(?:png|jpg|webp))"', match[0])
        if " width=" in match[0] or not source:
            return match[0]
        with PIL.Image.open(path.parent / urllib.parse.unquote(source[1])) as image:
            width, height = image.size
        start = match[0].removesuffix(">").removesuffix("/").rstrip()
        return f'{start} width="{width}" height="{height}" loading="lazy" decoding="async">'

    return re.sub(r"<img [^>]*>", add, text)


class _Names(html.parser.HTMLParser):
    """Collect every class and id of the pages, as a selector writes them."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "class":
                self.found.update("." + word for word in (value or "").split())
            elif name == "id":
                self.found.add(f"#{value}")


def used_rules(css: str, names: set[str]) -> str:
    """Return a style sheet without the rules for classes and ids that are not in `names`.

    A rule stays if one of its selectors asks for nothing that is missing. Fonts of the theme's
    icons go; conditions (@media, @supports) stay where a rule in them stays.
    """
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(_kept(rule, names) for rule in rules)


def _kept(rule, names: set[str]) -> str:
    """Return the text of a rule, or nothing where no page needs it."""
    if rule.type == "error":
        raise ValueError(f"a style sheet cannot be read: {rule.message}")
    if rule.content is None:  # @charset, @import
        return ""
    head, body = (tinycss2.serialize(part) for part in (rule.prelude, rule.content))
    if rule.type == "qualified-rule":
        return f"{head.strip()}{{{' '.join(body.split())}}}\n" * _is_used(rule.prelude, names)
    head = f"@{rule.at_keyword}{head.rstrip()}"
    if rule.lower_at_keyword in ("media", "supports", "layer", "container"):
        body = used_rules(body, names)
        return f"{head}{{{body}}}" if body else ""
    return "" if "Awesome" in body else f"{head}{{{body}}}\n"


def _is_used(selectors: list, names: set[str]) -> bool:
    """Whether one of the selectors, given as tokens, can match something of a page."""
    commas = [place for place, token in enumerate(selectors) if token == ","]
    for start, end in itertools.pairwise([-1, *commas, len(selectors)]):
        wanted = set(_wanted(selectors[start + 1 : end]))
        if "" in wanted or all(name in names or re.match(LATER, name[1:]) for name in wanted):
            return True
    return False


def _wanted(tokens: list) -> Iterator[str]:
    """Yield the classes and ids that a selector asks for, and "" where it leaves a choice."""
    for before, token in itertools.pairwise([None, *tokens]):
        if token.type == "ident" and before == ".":
            yield f".{token.value}"
        elif token.type == "hash":
            yield f"#{token.value}"
        elif token.type == "function" and token.lower_name in ("is", "where"):
            yield ""
        elif token.type == "function" and token.lower_name != "not":
            yield from _wanted(token.arguments)  # what :not(...) asks for need not be there
