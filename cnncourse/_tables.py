"""A table of texts, its first row the head: as text for a terminal, as HTML for a notebook."""

import html
from collections.abc import Collection, Sequence

Rows = Sequence[Sequence[str]]


def as_text(rows: Rows, right: Collection[int] = ()) -> str:
    """Return lines of columns as wide as their widest cell; those in `right` end flush."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def as_html(rows: Rows) -> str:
    """Return a <table> with the cells' texts escaped."""
    lines = ""
    for tag, row in zip(["th", *["td"] * (len(rows) - 1)], rows, strict=True):
        cells = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
        lines += f"<tr>{cells}</tr>"
    return f"<table>{lines}</table>"
