"""Pages for students and for the class: one file each, nothing in them from elsewhere.

Whatever a student wrote is text there: every piece of it goes through `html.escape`.
"""

import collections
import html
import re
import unicodedata

from .marks import score

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --dim: #55606b; --ground: #fff; --line: #c9d1d9;
  --right: #1f6f43; --wrong: #a33b12; --code: #f3f5f7 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --dim: #a9b4be; --ground: #14181e;
  --line: #3a444e; --right: #7fd3a5; --wrong: #f0a184; --code: #20262d } }
body { color: var(--ink); background: var(--ground); font: 1rem/1.5 system-ui, sans-serif;
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; line-height: 1.25 } h2 { font-size: 1.15rem; margin: 2rem 0 0.3rem }
h3 { font-size: 1rem; margin: 1.2rem 0 0.3rem }
p { margin: 0.4rem 0 } .dim { color: var(--dim) } code { background: var(--code); padding: 0 0.2em }
pre { background: var(--code); padding: 0.6rem 0.8rem; margin: 0.2rem 0 0.7rem;
  white-space: pre-wrap; overflow-wrap: anywhere }
section { border-left: 0.3rem solid var(--line); padding-left: 1rem; margin: 1.5rem 0;
  break-inside: avoid }
section.right { border-color: var(--right) } section.wrong { border-color: var(--wrong) }
.right .status { color: var(--right) } .wrong .status { color: var(--wrong) }
.status { font-weight: 600 }
.alarm { border: 0.2rem solid var(--wrong); padding: 0.6rem 1rem; font-weight: 600 }
table { border-collapse: collapse; width: 100% } caption { text-align: left; padding: 0.4rem 0 }
th, td { border-bottom: 1px solid var(--line); padding: 0.35rem 0.6rem; text-align: left;
  vertical-align: top } td.number, th.number { text-align: right }
@media print { body { max-width: none; margin: 0 } a { color: inherit } }
"""
_MARKS = {
    "right": "✓ Right",
    "wrong": "✗ Not right",
    "not attempted": "… Not attempted",
    "missing": "– Missing",
    "to look at": "? To be looked at",
    "not graded": "? Not graded here",
}
_ALARM = "WITHOUT ISOLATION: the code of this class ran with all that the instructor may do."


def pages(records: list[dict], points: dict[str, float], banks: dict) -> dict[str, str]:
    """Return the pages by their names below the folder of what is written: HTML texts."""
    names = page_names(records)
    found = {
        names[place]: student_page(record, points, banks) for place, record in enumerate(records)
    }
    return found | {"class.html": class_page(records, points, banks, names)}


def page_names(records: list[dict]) -> list[str]:
    """Return a name for each record's page: ASCII, and none like another in any capitals."""
    names, used = [], collections.Counter()
    for record in records:
        text = " ".join(filter(None, (record["student"], record["id"], record["lesson"])))
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:80].lower() or "student"
        used[name] += 1
        names.append(f"feedback/{name}{f'--{used[name]}' if used[name] > 1 else ''}.html")
    return names


def _page(title: str, body: list[str], isolated: bool) -> str:
    alarm = "" if isolated else f'<p class="alarm" role="note">{html.escape(_ALARM)}</p>'
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main><h1>{html.escape(title)}</h1>{alarm}\n" + "\n".join(body) + "</main></body>"
        "</html>\n"
    )


def sentence(text: str) -> str:
    """A paragraph; what stands between `backticks` is code."""
    told = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return f"<p>{told}</p>"


# A student ----------------------------------------------------------------------------------------


def student_page(record: dict, points: dict[str, float], banks: dict) -> str:
    """Return the page of one submission: for each exercise what the check says."""
    lesson = f"lesson {record['lesson']}" if record["lesson"] else "no lesson"
    title = f"{record['student']}, {lesson}"
    body = [f'<p class="dim">{html.escape(record["path"])}</p>']
    if record["error"]:
        body.append(sentence(f"This notebook could not be graded: {record['error']}."))
        return _page(title, body, record["isolated"])
    got, of = score(record, points)
    body.append(f"<p><strong>{got:g} of {of:g} points</strong></p>")
    body += [f"<p>{html.escape(note)}</p>" for note in record["notes"]]
    known = {one.name: one for one in banks[record["lesson"]]}
    for one in record["results"]:
        body.append(_section(one, known.get(one["name"]), points))
    return _page(title, body, record["isolated"])


def _section(one: dict, exercise, points: dict[str, float]) -> str:
    kind = one["status"] if one["status"] in ("right", "wrong") else "other"
    worth = points.get(one["name"], 1.0)
    got = worth if kind == "right" else 0
    told = "" if one["status"] == "not graded" else f", {got:g} of {worth:g}"
    lines = [
        f'<section class="{kind}"><h2>{html.escape(one["name"])}</h2>',
        f'<p><span class="status">{_MARKS[one["status"]]}</span>{told}</p>',
    ]
    if one["status"] == "missing":
        lines.append("<p>The notebook has no cell with the tag of this blank.</p>")
    if exercise is not None and kind != "right":
        lines.append(f'<div class="dim">{sentence(exercise.task)}</div>')
    for label, text in one["parts"]:
        if exercise is not None and not label and text == exercise.task:
            continue
        lines.append(
            f"<p>{html.escape(label)}:</p><pre>{html.escape(text)}</pre>"
            if label
            else sentence(text)
        )
    return "".join([*lines, "</section>"])


# The class ----------------------------------------------------------------------------------------


def class_page(records: list[dict], points: dict[str, float], banks: dict, names) -> str:
    """Return the page on all: who has which marks, what was right how often, which mistakes."""
    lessons = sorted({record["lesson"] for record in records if record["lesson"]})
    unread = [record for record in records if record["error"]]
    isolated = all(record["isolated"] for record in records)
    body = []
    for lesson in lessons:
        own = [record for record in records if record["lesson"] == lesson]
        body += _exercises_table(lesson, own, banks[lesson])
        for exercise in banks[lesson]:
            body += _mistakes(exercise, own)
    body += ["<h2>Students</h2>", _students(records, points, names)]
    if unread:
        body.append(f"<p>Could not be graded: {len(unread)}. Their pages say why.</p>")
    return _page("The class", body, isolated)


def _exercises_table(lesson: str, records: list[dict], exercises: list) -> list[str]:
    met = {one["status"] for record in records for one in record["results"]}
    statuses = [status for status in _MARKS if status in met]
    rows = []
    for exercise in exercises:
        counts = collections.Counter(
            one["status"]
            for record in records
            for one in record["results"]
            if one["name"] == exercise.name
        )
        cells = "".join(f'<td class="number">{counts[status]}</td>' for status in statuses)
        rows.append(f'<tr><th scope="row">{html.escape(exercise.name)}</th>{cells}</tr>')
    head = "".join(f'<th scope="col" class="number">{status}</th>' for status in statuses)
    return [
        f"<h2>Lesson {html.escape(lesson)}</h2>",
        f"<table><caption>How many of {len(records)} answers are right, wrong and so on</caption>"
        f'<tr><th scope="col">exercise</th>{head}</tr>{"".join(rows)}</table>',
    ]


def _mistakes(exercise, records: list[dict]) -> list[str]:
    """Which mistakes an exercise met, how often, and what was said of them; most first."""
    counts = collections.Counter(
        one["mistake"]
        for record in records
        for one in record["results"]
        if one["name"] == exercise.name and one["status"] == "wrong"
    )
    if not counts:
        return []
    lines = [f"<h3>{html.escape(exercise.name)}</h3><ul>"]
    for number, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        known = exercise.mistakes[number - 1].message if number else "The students' pages say how."
        name = f"mistake {number}" if number else "wrong in another way"
        lines.append(f"<li><strong>{count}</strong> × {name}{sentence(known)}</li>")
    return [*lines, "</ul>"]


def _students(records: list[dict], points: dict[str, float], names: list[str]) -> str:
    rows = []
    for record, name in zip(records, names, strict=True):
        got, of = score(record, points)
        marks = f"{got:g} of {of:g}" if record["lesson"] else "not graded"
        who = " ".join(filter(None, (record["student"], record["id"])))
        rows.append(
            f'<tr><th scope="row"><a href="{html.escape(name)}">{html.escape(who)}</a></th>'
            f"<td>{html.escape(record['lesson'])}</td><td>{marks}</td></tr>"
        )
    head = "".join(f'<th scope="col">{one}</th>' for one in ("student", "lesson", "points"))
    return f"<table><caption>All submissions</caption><tr>{head}</tr>{''.join(rows)}</table>"
