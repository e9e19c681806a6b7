"""Block quotes that open with a bold word, `> **Predict.** ...`, get a style of their own."""

from tools.lessons import BOXES

from docutils import nodes
from sphinx.transforms import SphinxTransform

KINDS = {name: name.replace(" ", "-") for name in BOXES}


def kind(quote: nodes.block_quote) -> str | None:
    """Return which box a block quote is: that of its bold opening, or None."""
    first = quote.children[0] if quote.children else None
    if not isinstance(first, nodes.paragraph):
        return None
    opening = next((child for child in first.children if child.astext().strip()), None)
    if not isinstance(opening, nodes.strong):
        return None
    return KINDS.get(opening.astext().strip().rstrip(".:").lower())


class Boxes(SphinxTransform):
    """Give each box the classes `course-box` and `course-box-KIND`."""

    default_priority = 500

    def apply(self):
        for quote in self.document.findall(nodes.block_quote):
            found = kind(quote)
            if found:
                quote["classes"] += ["course-box", f"course-box-{found}"]


def setup(app):
    app.add_transform(Boxes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
