"""What a page needs to know of the course: a lesson's line of downloads, and figures by name."""

import html
import json
import pathlib
import re
import urllib.parse

from docutils import nodes
from sphinx.errors import ConfigError
from sphinx.util.docutils import SphinxDirective

COPIES = "my_lessons"  # what JupyterLab shows: postBuild makes it


class CourseFigure(SphinxDirective):
    """`{course-figure} name`: an interactive figure, as a lesson's stored output has it."""

    required_arguments = 1

    def run(self):
        path = pathlib.Path(self.env.srcdir) / "_figures" / f"{self.arguments[0]}.html"
        if not path.is_file():
            known = sorted(p.stem for p in path.parent.glob("*.html")) or ["none"]
            message = (
                f"no stored output has a figure {self.arguments[0]!r}; there is {', '.join(known)}."
            )
            raise self.error(message)
        self.env.note_dependency(str(path))
        return [nodes.raw("", path.read_text("utf-8"), format="html")]


def launches(repository: str, branch: str, pages: str, path: str) -> list[tuple[str, str]]:
    """Return (name, address) of the places where a notebook of the repository can be run.

    branch: that of the course. pages: that of the site, whose notebooks bring the course along,
    which Colab has not. None without an address; ConfigError for one that is not of GitHub.
    """
    if not repository:
        return []
    found = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?", repository)
    if not found:
        raise ConfigError(
            f"CNNCOURSE_REPOSITORY={repository!r}: expected https://github.com/OWNER/NAME, "
            "or nothing for a site without launch buttons."
        )
    course = "/".join(found.groups())
    branch, pages = urllib.parse.quote(branch), urllib.parse.quote(pages)
    copy = urllib.parse.quote(path.replace("notebooks", COPIES, 1))
    site = f"https://colab.research.google.com/github/{course}/blob/{pages}"
    return [
        ("Run in Binder", f"https://mybinder.org/v2/gh/{course}/{branch}?urlpath=lab/tree/{copy}"),
        ("Run in Colab", f"{site}/{urllib.parse.quote(path)}"),
    ]


HERE = "<!--here-->"  # the end of what stands under a lesson's title
# What an exercise on a page cannot do, and where it can.
HOW = (
    "On this page hints and solutions open by a click. To have your answer checked, run the "
    "lesson: unpack the zip, open a terminal in its folder, and type <code>make lab</code>."
)
ELSEWHERE = "Binder and Colab fetch the course when they start, which takes some minutes."


def lesson_links(app, pagename, templatename, context, doctree):
    """Put the line of downloads and launches under a lesson's title."""
    offered = json.loads((pathlib.Path(app.srcdir) / "_offered.json").read_text())
    context["course_offered"] = list(offered.items())
    context["course_numbered"] = lambda text: numbered(text, pagename)
    if not pagename.startswith("notebooks/") or "body" not in context:
        return
    name = pagename.rpartition("/")[2]
    links = []
    for title, target in offered.items():
        links.append((title, "../" * pagename.count("/") + target, True))
    links.append(("This notebook alone", f"{name}.ipynb", True))
    config = app.config
    for title, address in launches(
        config.course_repository, config.course_branch, config.course_pages, f"{pagename}.ipynb"
    ):
        links.append((title, address, False))
    items = "".join(
        f'<li><a href="{html.escape(address)}"'
        + (" download" if here else ' rel="noopener"')
        + f">{html.escape(title)}</a></li>"
        for title, address, here in links
    )
    line = f'<ul class="lesson-links d-print-none" aria-label="This lesson">{items}</ul>'
    hints = [HOW] if "exercise-help" in context["body"] else []
    hints += [ELSEWHERE] if config.course_repository else []
    if hints:
        line += f'<p class="lesson-hints d-print-none">{" ".join(hints)}</p>'
    number = f"Lesson {name[:2]}" if name[:2].isdecimal() else "Beyond the lessons"
    number = f'<p class="lesson-number">{number}</p>\n'
    context["body"] = re.sub(
        r"<h1>.*?</h1>",
        lambda m: f"{number}{m[0]}{line}{HERE}",
        context["body"],
        count=1,
        flags=re.S,
    )


def contents(app, pagename, templatename, context, doctree):
    """Set `course_toc`, this page's contents, and fold it below the title for narrow screens."""
    away = "html_theme.sidebar_secondary.remove" in (context.get("meta") or {})
    toc = "" if away or pagename == app.config.root_doc else context["generate_toc_html"]()
    context["course_toc"] = str(toc) if len(toc) else ""
    if context["course_toc"] and "body" in context:
        fold = (
            '<details class="course-here-folded d-print-none"><summary>On this page</summary>'
            f"{toc}</details>"
        )
        place = HERE if HERE in context["body"] else "</h1>"
        context["body"] = context["body"].replace(place, place + fold, 1)


def numbered(text: str, pagename: str) -> str:
    """Return a list of pages with the number of each lesson before its title."""

    def add(match):
        target = f"{pagename}.html" if match[2] == "#" else match[2]
        found = re.search(r"(?:^|/)(\d\d)_[^/]*\.html$", target)
        number = f'<span class="course-number">{found[1]}</span><span>' if found else "<span>"
        return f"{match[1]}{number}{match[3]}</span></a>"

    return re.sub(r'(<a [^>]*href="([^"]*)"[^>]*>)(.*?)</a>', add, text, flags=re.S)


# The theme's scripts serve a page that this site does not have (see _templates/layout.html).
UNUSED = ("scripts/sphinx-book-theme.js", "design-tabs.js")


def drop_scripts(app, pagename, templatename, context, doctree):
    """Leave out scripts that no page uses."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if not str(getattr(script, "filename", script)).endswith(UNUSED)
    ]


def setup(app):
    for name in ("course_repository", "course_branch", "course_pages"):  # given by build.py
        app.add_config_value(name, "", "html")
    app.add_directive("course-figure", CourseFigure)
    app.connect("html-page-context", lesson_links)
    app.connect("html-page-context", contents, priority=900)  # after the theme's functions
    app.connect("html-page-context", drop_scripts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
