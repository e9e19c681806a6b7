"""The drawn map of the lessons: which builds on which, as SVG with links.

Drawn for a width of 360 units, so that it is legible on a phone and may be twice as large
elsewhere. Colours come from the page's style sheet (`_static/pages.css`), light or dark.
"""

import html
import itertools
import textwrap

from tools.lessons import Lesson

from course_facts import direct_needs

WIDTH, GAP, PASSAGE = 360, 10, 14
LINE, TITLE_SIZE = 13, 11.5


def levels(lessons: list[Lesson]) -> list[list[str]]:
    """Put each lesson one level below the lowest that it builds on."""
    needs = direct_needs(lessons)
    depth = {}
    for number in needs:  # in order, and a lesson builds on earlier ones alone
        depth[number] = 1 + max((depth[n] for n in needs[number]), default=-1)
    rows = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for number, level in depth.items():
        rows[level].append(number)
    return rows


def draw(lessons: list[Lesson], link) -> str:
    """Return the map as SVG. `link(lesson)` gives an address, or None for no link."""
    by_number = {lesson.number: lesson for lesson in lessons}
    needs = direct_needs(lessons)
    rows = levels(lessons)
    depth = {number: level for level, row in enumerate(rows) for number in row}

    # An arrow that passes a level gets a narrow place of its own there, named (from, to).
    placed: list[list] = [list(row) for row in rows]
    for number, parents in needs.items():
        for parent in parents:
            for level in range(depth[parent] + 1, depth[number]):
                placed[level].append((parent, number))

    x: dict = {}
    boxes: dict[str, tuple[float, float, float, float, list[str]]] = {}
    centre: dict[tuple, tuple[float, float, float]] = {}  # of a passage: x, top, bottom
    top = 4.0
    for row in placed:
        row.sort(key=lambda item: (_middle(item, needs, x), str(item)))
        passages = sum(isinstance(item, tuple) for item in row)
        count = len(row) - passages
        free = WIDTH - 4 - GAP * (len(row) - 1) - PASSAGE * passages
        width = min(free / max(count, 1), 230)
        texts = {
            n: textwrap.wrap(by_number[n].title.replace("`", ""), max(12, int((width - 16) / 5.9)))
            for n in row
            if isinstance(n, str)
        }
        height = 26 + LINE * max((len(lines) for lines in texts.values()), default=1)
        used = width * count + PASSAGE * passages + GAP * (len(row) - 1)
        left = (WIDTH - used) / 2
        for item in row:
            wide = PASSAGE if isinstance(item, tuple) else width
            if isinstance(item, tuple):
                centre[item, top] = (left + wide / 2, top, top + height)
            else:
                boxes[item] = (left, top, wide, height, texts[item])
            x[item] = left + wide / 2
            left += wide + GAP
        top += height + 26
    bottom = top - 26 + 4

    arrows = []
    for number, parents in needs.items():
        for parent in parents:
            arrows.append(_arrow(parent, number, boxes, centre))
    drawn = [_box(by_number[n], *boxes[n], link(by_number[n])) for n in sorted(boxes)]
    return "\n".join(
        [
            f'<svg class="lesson-map" viewBox="0 0 {WIDTH} {bottom:.0f}" '
            'role="group" aria-labelledby="lesson-map-title lesson-map-words" '
            'xmlns="http://www.w3.org/2000/svg">',
            '<title id="lesson-map-title">Which lesson builds on which</title>',
            f'<desc id="lesson-map-words">{html.escape(in_words(lessons))}</desc>',
            '<defs><marker id="lesson-map-tip" viewBox="0 0 8 8" refX="7" refY="4" '
            'markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>'
            "</defs>",
            *arrows,
            *drawn,
            "</svg>",
        ]
    )


def in_words(lessons: list[Lesson]) -> str:
    """The map for those who hear it."""
    needs = direct_needs(lessons)
    said = [
        f"{lesson.number} builds on {' and '.join(needs[lesson.number])}"
        if needs[lesson.number]
        else f"{lesson.number} builds on no other"
        for lesson in lessons
    ]
    return "; ".join(said) + "."


def _middle(item, needs, x) -> float:
    parents = [item[0]] if isinstance(item, tuple) else needs[item]
    known = [x.get((p, item), x.get(p, WIDTH / 2)) for p in parents]
    return sum(known) / len(known) if known else WIDTH / 2


def _arrow(parent, number, boxes, centre) -> str:
    left, top, width, height, _ = boxes[parent]
    points = [(left + width / 2, top + height)]
    for (item, _), (middle, upper, lower) in sorted(centre.items(), key=lambda kv: kv[0][1]):
        if item == (parent, number):
            points += [(middle, upper), (middle, lower)]
    left, top, width, _, _ = boxes[number]
    points.append((left + width / 2, top))
    (x0, y0), path = points[0], ""
    path = f"M{x0:.1f} {y0:.1f}"
    for before, after in itertools.pairwise(points):
        half = (before[1] + after[1]) / 2
        path += (
            f" C{before[0]:.1f} {half:.1f} {after[0]:.1f} {half:.1f} {after[0]:.1f} {after[1]:.1f}"
        )
    return f'<path class="arrow" d="{path}" marker-end="url(#lesson-map-tip)"/>'


def _box(lesson, left, top, width, height, lines, address) -> str:
    inside = [
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="6"/>',
        f'<text class="number" x="{left + 8:.1f}" y="{top + 15:.1f}">{lesson.number}</text>',
        f'<text class="minutes" x="{left + width - 8:.1f}" y="{top + 15:.1f}" '
        f'text-anchor="end">{lesson.minutes} min</text>',
        f'<text class="name" font-size="{TITLE_SIZE}">',
        *(
            f'<tspan x="{left + 8:.1f}" y="{top + 31 + LINE * i:.1f}">{html.escape(line)}</tspan>'
            for i, line in enumerate(lines)
        ),
        "</text>",
    ]
    if address is None:
        return "<g>" + "".join(inside) + "</g>"
    label = f"Lesson {lesson.number}, {lesson.title.replace('`', '')}, {lesson.minutes} minutes"
    return (
        f'<a href="{html.escape(address)}" aria-label="{html.escape(label)}">'
        + "".join(inside)
        + "</a>"
    )
