"""Figures to play with: one ES module each, the same in JupyterLab and on the site.

A figure is three files with its name:

- ``<name>.js`` has ``export default { render({ model, el }) }``, where ``model.get("data")`` is
  the figure's data and ``el`` an empty element. It may import from modules beside it, above all
  from ``_shared.js``, in the form ``import { name } from "./file.js";``: `module` makes one text
  of them, which uses no other file and no other host.
- ``<name>.css`` is its style, which comes after that of ``_shared.css``.
- ``<name>.py`` has ``prepare(**given)``, which checks what a cell gives and returns the data as
  JSON takes it; ``draw(data)``, a matplotlib figure of the first state, for readers without
  script; and ``words(data)``, what that picture shows, for readers who hear the page.

`show` is what a lesson calls; `html` is what the site puts in the place of its stored output.
"""

import base64
import functools
import html as _html
import importlib
import json
import pathlib
import re

import numpy as np

__all__ = [
    "MIME",
    "WIDGET_MIME",
    "Figure",
    "html",
    "module",
    "names",
    "pack",
    "show",
    "style",
    "unpack",
]

MIME = "application/vnd.cnncourse.figure+json"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
_FOLDER = pathlib.Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([^"]+)";\n', re.MULTILINE)


def names() -> list[str]:
    """Return the names of all figures."""
    return sorted(path.stem for path in _FOLDER.glob("[!_]*.py"))


def show(name: str, **given) -> "Figure":
    """Return the figure `name` with what is given to it: the last expression of a cell.

    What a figure takes stands in the docstring of ``prepare`` in ``cnncourse/figures/<name>.py``.
    Raises ValueError for a name or for data that the figure does not know.
    """
    side = _python_side(name)
    try:
        data = side.prepare(**given)
    except TypeError as error:
        if "prepare()" not in str(error):
            raise
        reason = str(error).replace("prepare()", f"figures.show({name!r}, ...)")
        takes = ", ".join(_arguments(side.prepare))
        raise ValueError(f"{reason}; it takes {takes}.") from None
    return Figure(name, data)


class Figure:
    """A figure with its data. A notebook shows it live, or its still where no widget runs."""

    def __init__(self, name: str, data: dict):
        self.name, self.data = name, data
        try:
            json.dumps(data, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"figure {name!r}: its data must be what JSON takes, without NaN ({error})."
            ) from error

    @functools.cached_property
    def alt(self) -> str:
        """What the still shows, in words."""
        return _python_side(self.name).words(self.data)

    @functools.cached_property
    def still(self) -> bytes:
        """The first state as a PNG."""
        import matplotlib as mpl

        from .. import plots

        with mpl.rc_context():
            plots.use_style()
            return plots.show(_python_side(self.name).draw(self.data), alt=self.alt).data

    def html(self) -> str:
        """The figure for a page of the site."""
        return html(self.name, self.data, self.still, self.alt)

    def __repr__(self) -> str:
        return f"Interactive figure {self.name!r}. {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        bundle = {
            "text/plain": repr(self),
            "image/png": base64.b64encode(self.still).decode(),
            MIME: {"name": self.name, "data": self.data},
        }
        return bundle | _widget_view(self), {"image/png": {"alt": self.alt}}


def html(name: str, data: dict, still: bytes | str, alt: str) -> str:
    """Return the figure as a fragment of a page that needs no other file and no other host.

    name, data: as stored under `MIME` in a cell's output. still: the PNG as bytes, in base64 (as
    in the output), or the address of a picture. alt: what the still shows.
    Without script the still and the words stay; where the module starts, they give way to it,
    and come back in print.
    """
    if not alt.strip():
        raise ValueError(f"figure {name!r}: say in alt what the still shows.")
    code, looks = module(name), style(name)
    if isinstance(still, bytes):
        still = base64.b64encode(still).decode()
    if still.startswith("iVBOR"):  # how every PNG begins, in base64
        still = "data:image/png;base64," + "".join(still.split())
    picture, words = _html.escape(still, quote=True), _html.escape(alt, quote=True)
    return f"""<div class="cnncourse-figure-place" data-figure="{name}">
<div class="cnncourse-figure-still">
<img src="{picture}" alt="{words}">
</div>
<div class="cnncourse-figure-live" hidden></div>
<script type="text/plain" data-part="module">{_inside_script(code)}</script>
<script type="text/plain" data-part="style">{_inside_script(looks)}</script>
<script type="application/json" data-part="data">{_json(data)}</script>
<script>{_inside_script(_text("_loader.js"))}</script>
</div>
"""


@functools.cache
def module(name: str) -> str:
    """Return the figure `name` as the text of one ES module.

    Each module that it imports stands once, before the first that needs it; the imports themselves
    are left out. So no two modules of a figure may give the same name to things of their own.
    """
    texts: dict[str, str] = {}

    def add(file: str) -> None:
        text = _text(file)
        for other in _IMPORT.findall(text):
            if other not in texts:
                add(other)
        texts[file] = _IMPORT.sub("", text).strip()

    add(f"{_known(name)}.js")
    return "\n\n".join(texts.values()) + "\n"


def style(name: str) -> str:
    """Return the style of the figure `name`: what all share, then its own."""
    return f"{_text('_shared.css')}\n{_text(f'{_known(name)}.css')}"


def pack(array) -> dict:
    """Return an array of floats or of bytes as JSON takes it: its shape and base64.

    uint8 stays; all else becomes float32, in the order of rows. `unpack` is the way back, and
    ``unpack`` of ``_shared.js`` in a module.
    """
    array = np.asarray(array)
    if array.dtype != np.uint8:
        array = array.astype("<f4")
    return {
        "shape": list(array.shape),
        "type": "uint8" if array.dtype == np.uint8 else "float32",
        "base64": base64.b64encode(array.tobytes()).decode(),
    }


def unpack(packed: dict) -> np.ndarray:
    """Return the array that `pack` packed."""
    values = np.frombuffer(base64.b64decode(packed["base64"]), packed["type"])
    return values.reshape(packed["shape"])


# Inside -----------------------------------------------------------------------------------------


def _known(name: str) -> str:
    if name not in names():
        raise ValueError(f"no figure is called {name!r}; expected one of {', '.join(names())}.")
    return name


def _python_side(name: str):
    return importlib.import_module(f".{_known(name)}", __name__)


def _arguments(function) -> list[str]:
    return list(function.__code__.co_varnames[: function.__code__.co_kwonlyargcount])


@functools.cache
def _text(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


def _json(data: dict) -> str:
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _inside_script(text: str) -> str:
    """Code that cannot end the script element it stands in; in strings it means the same."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def _widget_view(figure: Figure) -> dict:
    """The live widget's part of the bundle; nothing where anywidget is not installed."""
    try:
        widget = _widget_class(figure.name)(data=figure.data)
    except ImportError:
        return {}
    bundle = widget._repr_mimebundle_()
    view = bundle[0] if isinstance(bundle, tuple) else bundle
    figure._widget = widget  # lives as long as the figure does
    return {WIDGET_MIME: view[WIDGET_MIME]} if view else {}


@functools.cache
def _widget_class(name: str):
    import anywidget
    import traitlets

    attributes = {
        "_esm": module(name),
        "_css": style(name),
        "data": traitlets.Dict().tag(sync=True),
    }
    return type(f"{name.title()}Widget", (anywidget.AnyWidget,), attributes)
