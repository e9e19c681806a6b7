"""Formulas as MathML, made when the site is built: no script, no fonts, no weight.

latex2mathml lets much pass that it does not understand. A formula that did not come through whole
is an error of the build, with the formula and the reason.
"""

import functools
import re
import xml.etree.ElementTree as ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import ExtensionError

CHILDREN = {
    **dict.fromkeys(("mfrac", "msub", "msup", "munder", "mover", "mroot"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}


class FormulaError(ValueError):
    """A formula that cannot be shown as it stands."""


def mathml(latex: str, *, display: bool) -> str:
    """Return the MathML of a formula; FormulaError, naming it, where it would not be whole."""
    text = latex.strip()
    shown = " ".join(text.split())
    # latex2mathml adds a brace where one is missing.
    depth = 0
    for sign in re.sub(r"\\[{}\\]", "", text):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            break
    if depth:
        raise FormulaError(f"formula {shown!r}: the braces do not match.")
    if not text:
        raise FormulaError("formula '': nothing is between the dollar signs.")
    try:
        markup = convert(text, display="block" if display else "inline")
        tree = ElementTree.fromstring(markup.replace("&", "&amp;").replace("&amp;#x", "&#x"))
    except Exception as failure:
        reason = f"{type(failure).__name__} {failure}".strip()
        raise FormulaError(
            f"formula {shown!r}: cannot be converted to MathML ({reason})."
        ) from None
    for element in tree.iter():
        tag = element.tag.rpartition("}")[2]
        content = (element.text or "").strip()
        sign = content in ("&", "{", "}", "$") and "\\" + content not in text
        if tag != "mtext" and ("\\" in content or sign):
            raise FormulaError(
                f"formula {shown!r}: {content!r} is not understood by latex2mathml; "
                "write it in commands that it has."
            )
        wanted = CHILDREN.get(tag)
        if wanted and len(element) != wanted:
            raise FormulaError(
                f"formula {shown!r}: a part of it is missing ({tag} has {len(element)} parts, "
                f"not {wanted})."
            )
    # As LaTeX sets them: a name, a slash and a bar are no operators with space around them.
    markup = re.sub(r"<mo>([A-Za-z]{2,})</mo>", r"<mi>\1</mi>", markup)
    tight = r'<mo lspace="0" rspace="0"\1>\2</mo>'
    return re.sub(r"<mo([^>]*)>(&#x0002F;|&#x0007C;|\|)</mo>", tight, markup)


def visit(self, node, *, display):
    try:
        markup = mathml(node.astext(), display=display)
    except FormulaError as failure:
        raise ExtensionError(f"{node.source}:{node.line or '?'}: {failure}") from None
    self.body.append(f'<div class="formula">{markup}</div>' if display else markup)
    raise nodes.SkipNode


def setup(app):
    inline = functools.partial(visit, display=False)
    block = functools.partial(visit, display=True)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
