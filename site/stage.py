"""Lay out what Sphinx reads: the pages, and each lesson prepared from its stored outputs."""

import base64
import hashlib
import html
import io
import json
import pathlib
import re
import shutil
import urllib.parse

from cnncourse import exercises
from cnncourse import figures as course_figures
from tools import handout, lessons

import nbformat
import PIL.Image

FIGURE = course_figures.MIME
# What opens at an option of a quiz, told by its first word.
OPTION = re.compile(r"<details>(?=<summary>[^\n]*</summary>\s*\*\*(Right|No):\*\*)")
LINK = re.compile(r"(\]\()([^)\s]+)(?=[)\s])")


class SiteError(ValueError):
    """Something in the sources that the site cannot show; the message says what and where."""


def stage(root: pathlib.Path, into: pathlib.Path) -> None:
    """Write all sources of the site into the empty folder `into`."""
    pages = sorted((root / "site").glob("*.md"))
    for page in pages:
        text = LINK.sub(lambda m: m[1] + m[2].removeprefix("../"), page.read_text("utf-8"))
        (into / page.name).write_text(text, "utf-8")
    for folder in ("notebooks", "_static", "_figures"):
        (into / folder).mkdir()
    found, covers = {}, {}
    for path in lessons.paths(root / "notebooks"):
        name = path.stem
        notebook = nbformat.read(root / "notebooks" / f"{name}.ipynb", as_version=4)
        for figure, fragment in prepare(notebook, name, into / "pictures").items():
            found.setdefault(figure, (fragment, name))
        covers[name] = cover(notebook, name)
        nbformat.write(notebook, into / "notebooks" / f"{name}.ipynb")
    _further(root, into)
    for figure, (fragment, _) in found.items():
        # For pages beside the folder of the lessons.
        fragment = fragment.replace('"../pictures/', '"pictures/')
        (into / "_figures" / f"{figure}.html").write_text(fragment, "utf-8")
    (into / "_covers.json").write_text(json.dumps(covers))
    _linked_files(root, into)
    offered = {"All lessons as a zip, to run at home": f"{handout.TOP}.zip"}
    (into / "_offered.json").write_text(json.dumps(offered))


def _further(root, into):
    """Write the notebooks beside the lessons, prepared as these."""
    for path in sorted((root / "notebooks" / "further").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        prepare(notebook, path.stem, into / "pictures")
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if "text/html" in data:
                    data["text/html"] = data["text/html"].replace('"../pict', '"../../pict')
        (into / "notebooks" / "further").mkdir(exist_ok=True)
        nbformat.write(notebook, into / "notebooks" / "further" / path.name)


def prepare(notebook, name: str, pictures: pathlib.Path) -> dict[str, str]:
    """Change a lesson's notebook into what its page shows; return its figures as HTML by name.

    Pictures become lossless WebP files in `pictures`, with their size and their alt text; tables
    lose styles of their own and get a box to scroll in; each exercise gets its hints and its
    solution to open; the answer of a check that nobody has attempted is left out.
    """
    figures = {}
    cells = []
    checks = {blank.check: blank for blank in lessons.blanks(name, notebook.cells)}
    for place, cell in enumerate(notebook.cells):
        cells.append(cell)
        if cell.cell_type != "code":
            cell.source = OPTION.sub(
                lambda m: f'<details class="quiz-{m[1].lower()}">', cell.source
            )
            continue
        cell.execution_count = None
        cell.outputs = [
            _output(output, name, pictures, figures)
            for output in cell.outputs
            if not (place in checks and "text/html" in output.get("data", {}))
        ]
        if place in checks:
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "check"]
            help_cell = help_to_open(checks[place].exercise)
            cells.append(nbformat.v4.new_markdown_cell(help_cell))
    notebook.cells = cells
    return figures


def cover(notebook, name: str) -> str:
    """Return the address of the picture of a prepared lesson's cell tagged "cover"."""
    for cell in notebook.cells:
        if "cover" in cell.metadata.get("tags", []):
            outputs = "".join(o.get("data", {}).get("text/html", "") for o in cell.outputs)
            found = re.search(r'<img [^>]*src="\.\./(pictures/[^"]+)"', outputs)
            if found:
                return found[1]
    raise SiteError(
        f"{name}: no picture for its card. Tag the cell that shows the best one with `cover`."
    )


def help_to_open(exercise: exercises.Exercise) -> str:
    """Return the Markdown of an exercise's hints and solution, each behind a click."""
    total = len(exercise.hints)
    parts = []
    for number, hint in enumerate(exercise.hints, 1):
        which = f"Hint {number} of {total}" if total > 1 else "Hint"
        parts.append(("hint", which, hint))
    parts.append(("solution", "Solution", f"```python\n{exercise.filled}\n```\n\n{exercise.shows}"))
    blocks = [
        f'<details class="{kind}"><summary>{title}</summary>\n\n{text}\n\n</details>'
        for kind, title, text in parts
    ]
    return '<div class="exercise-help">\n\n' + "\n\n".join(blocks) + "\n\n</div>"


def _output(output, name, pictures, figures):
    data = output.get("data")
    if data is None:
        if output.output_type == "stream":
            output.text = _as_terminal(output.text)
        return output
    if FIGURE in data:
        spec = data[FIGURE]
        alt = output.metadata.get("image/png", {}).get("alt", "")
        still = _picture(base64.b64decode(data["image/png"]), alt, pictures, name[:2])
        address = re.search(r'src="([^"]*)"', still)[1]
        # A visitor has no classroom folder; the record of the run names it.
        shown = dict(spec["data"])
        if "caption" in shown:
            shown["caption"] = shown["caption"].replace(", from the classroom folder", "")
        fragment = course_figures.html(spec["name"], shown, still=address, alt=alt)
        figures.setdefault(spec["name"], fragment)
        return nbformat.v4.new_output("display_data", {"text/html": fragment})
    if "image/png" in data:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        picture = _picture(base64.b64decode(data["image/png"]), alt, pictures, name[:2])
        return nbformat.v4.new_output("display_data", {"text/html": picture})
    kept = {}
    for mime in ("text/html", "text/markdown", "text/plain"):
        if mime in data:
            kept[mime] = _plain_html(data[mime]) if mime == "text/html" else data[mime]
            break
    else:
        raise SiteError(f"{name}: an output has only {', '.join(data)}, which no page can show.")
    return nbformat.v4.new_output("display_data", kept)


def _as_terminal(text: str) -> str:
    """Return a stream as a terminal leaves it: overwritten parts of a line are gone."""
    lines = []
    for line in text.split("\n"):
        shown, place = [], 0
        for sign in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).removesuffix("\r"):
            if sign == "\r":
                place = 0
            elif sign == "\b":
                place = max(0, place - 1)
            else:
                shown[place : place + 1] = sign
                place += 1
        lines.append("".join(shown).rstrip())
    return "\n".join(lines)


def _picture(png: bytes, alt: str, folder: pathlib.Path, prefix: str) -> str:
    """Write a picture as lossless WebP, and return its element."""
    image = PIL.Image.open(io.BytesIO(png))
    if image.mode == "RGBA":
        white = PIL.Image.new("RGBA", image.size, "white")
        image = PIL.Image.alpha_composite(white, image)
    image = image.convert("RGB")
    if image.getcolors(256) is None:  # more than 256
        image = image.quantize(256).convert("RGB")
    folder.mkdir(exist_ok=True)
    file = folder / f"{prefix}-{hashlib.sha256(png).hexdigest()[:12]}.webp"
    image.save(file, "webp", lossless=True, quality=90, method=4)
    width, height = image.size
    return (
        f'<img src="../pictures/{file.name}" alt="{html.escape(alt)}" width="{width}" '
        f'height="{height}" loading="lazy" decoding="async">'
    )


def _plain_html(text: str) -> str:
    """Return a table or a summary without colours and sizes of its own."""
    text = re.sub(r"<style.*?</style>\s*", "", text, flags=re.S)
    text = re.sub(r"<table[^>]*>", '<table class="data">', text)
    text = re.sub(r"<(t[hdr]|thead|tbody)\b[^>]*>", _spans, text)
    text = re.sub(r"<th>(\s|&nbsp;)*</th>", "<td></td>", text)
    text = re.sub(r'<pre style="white-space:pre[^>]*>', '<pre class="summary">', text)
    text = re.sub(r'<span style="[^"]*">|</span>', "", text) if 'class="summary"' in text else text
    return re.sub(r'<table class="data">.*?</table>', _scrolled, text, flags=re.S)


def _scrolled(table: re.Match) -> str:
    """Return a table in a box that scrolls; one whose cells hold sentences reads from the left."""
    sentences = re.search(r"</td>\s*<td>[^<]*[a-z]{3,}[^<]* [^<]*[a-z]{3,}", table[0])
    kind = "data words" if sentences else "data"
    return table[0].replace('"data"', f'"{kind}"', 1).join(('<div class="scroll">', "</div>"))


def _spans(tag: re.Match) -> str:
    """Return a table's opening tag with no attributes but the numbers of rows and columns."""
    return "<" + "".join([tag[1], *re.findall(r' (?:col|row)span="?\d+"?', tag[0])]) + ">"


def _linked_files(root, into):
    """Copy the files of the repository that a page links to, each to its own place."""
    for source in sorted([*into.glob("*.md"), *(into / "notebooks").glob("*.ipynb")]):
        if source.suffix == ".md":
            texts = [source.read_text("utf-8")]
        else:
            cells = nbformat.read(source, 4).cells
            texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
        for target in {m[2] for text in texts for m in LINK.finditer(text)}:
            path = urllib.parse.unquote(target.partition("#")[0])
            if not path or re.match(r"[a-z]+:", path) or path.startswith("/"):
                continue
            place = (source.parent / path).resolve()
            if place.exists() or not place.is_relative_to(into.resolve()):
                continue
            original = root / place.relative_to(into.resolve())
            if original.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(original, place)
