"""What a matplotlib figure has drawn, as lines of text that are the same in every version."""

import re

from cnncourse import plots

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex


def described(figure) -> list[str]:
    """Return a line for each thing that is drawn, in order: where it is, how large, which colour.

    Numbers are rounded to the third decimal. Of an image its shape, and where
    it is grey its mean, its limits and colours.
    """
    found = [f"figure {_numbers(figure.get_size_inches())}"]
    for part in _parts(figure):
        if part is not figure:
            found.append(f"part {_numbers(np.array(part.bbox.bounds) / figure.dpi)}")
        title = part.get_suptitle()
        if title:
            found.append(f"over it: {title!r} {_text(part._suptitle)}")
        others = [text for text in part.texts if text is not part._suptitle]
        found += [f"beside it: {text.get_text()!r}" for text in others]
    for ax in figure.axes:
        found += _axes(ax)
    return found


def _parts(figure):
    """A figure and the figures in it."""
    yield figure
    for part in figure.subfigs:
        yield from _parts(part)


def _axes(ax):
    if not ax.get_visible():
        return ["axes that are not seen"]
    cell = ax.get_subplotspec()  # what layouts move is beside it; a colour bar has none
    place = _numbers(cell.get_position(ax.figure).bounds) if cell else "beside another"
    limits = f"x {_numbers(ax.get_xlim())} y {_numbers(ax.get_ylim())}"
    yield f"axes {place} {limits} aspect {ax.get_aspect()}"
    if ax.axison:
        for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
            labels = [text.get_text() for text in axis.get_ticklabels()]
            size = {text.get_fontsize() for text in axis.get_ticklabels()}
            title = axis.get_label_text()
            if labels or title:
                yield f"  {name} {_numbers(axis.get_ticklocs())} {labels} {size} {title!r}"
        shown = [name for name, spine in ax.spines.items() if spine.get_visible()]
        yield f"  {shown} {sorted({to_hex(ax.spines[name].get_edgecolor()) for name in shown})}"
    if ax.get_title():
        yield f"  title {ax.get_title()!r} {_text(ax.title)}"
    for image in ax.images:
        values = np.asarray(image.get_array(), float)
        sampled = image.get_interpolation().replace("antialiased", "auto")  # before Matplotlib 3.10
        colours = image.get_cmap().name, _numbers([values.mean(), *image.get_clim()])
        yield (
            f"  image {values.shape} in {_numbers(image.get_extent())} "
            f"{sampled} {colours if values.ndim == 2 else 'colours'}"
        )
    for patch in ax.patches:
        corners = patch.get_patch_transform().transform(patch.get_path().vertices)
        ends = [corners.min(axis=0), corners.max(axis=0)]
        if not isinstance(patch, mpl.patches.Rectangle):
            ends = corners
        face = to_hex(patch.get_facecolor(), keep_alpha=True) if patch.get_fill() else "empty"
        yield f"  {_numbers(ends)} {face} {_look(patch)} {patch.get_clip_on()}"
    for line in ax.lines:
        yield (
            f"  line {_numbers(line.get_xdata())} {_numbers(line.get_ydata())} "
            f"{to_hex(line.get_color())} {line.get_linestyle()} {line.get_marker()} "
            f"{line.get_markersize()} {line.get_markeredgewidth()} {line.get_label()}"
        )
    for text in ax.texts:
        if text.get_text():
            yield f"  {text.get_text()!r} at {_numbers(text.get_position())} {_text(text)}"
    legend = ax.get_legend()
    if legend:
        yield f"  legend {[text.get_text() for text in legend.get_texts()]} {legend._loc}"


def _look(patch):
    return (
        f"{to_hex(patch.get_edgecolor())} {patch.get_linewidth():g} {patch.get_linestyle()} "
        f"{patch.get_zorder()}"
    )


def _text(text):
    return (
        f"{text.get_fontsize():g} {text.get_fontweight()} {text.get_ha()} {text.get_va()} "
        f"{to_hex(text.get_color())} {text.get_zorder()}"
    )


def _numbers(values):
    return "[" + " ".join(f"{round(float(v), 3) + 0.0:g}" for v in np.ravel(values)) + "]"


def in_our_style(draw, *given):
    """What `draw` draws in the style of the lessons; the figure is closed."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.use("Agg")
        plots.use_style()
        figure = draw(*given)
        try:
            return described(figure)
        finally:
            plt.close(figure)


def alike(lines, others) -> bool:
    """Whether two descriptions are the same but for rounding: 0.02 of a number, 3 of a colour."""
    pattern = r"#[0-9a-f]{6,8}|[-−]?\d+(?:\.\d+)?"
    texts = [re.split(pattern, "\n".join(each)) for each in (lines, others)]
    numbers = [re.findall(pattern, "\n".join(each)) for each in (lines, others)]
    return texts[0] == texts[1] and all(map(_close, *numbers))


def _close(one, other):
    if "#" not in (one[0], other[0]):
        return abs(float(one.replace("−", "-")) - float(other.replace("−", "-"))) < 0.02
    same_kind = (one[0], len(one)) == (other[0], len(other))
    return same_kind and all(
        abs(a - b) <= 3 for a, b in zip(*(bytes.fromhex(t[1:]) for t in (one, other)), strict=True)
    )
