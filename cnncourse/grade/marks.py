"""Points, and the table of marks: grades.csv."""

import csv
import io
import pathlib


def read_points(file: pathlib.Path | None) -> dict[str, float]:
    """Return the points of exercises from a file of lines `01/conv2d, 2`; others have 1."""
    if file is None:
        return {}
    points = {}
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, value = (part.strip() for part in line.partition(","))
        try:
            points[name] = float(value)
        except ValueError:
            raise ValueError(
                f"{file}, line {number}: {line!r}; expected an exercise and its points, as in "
                "01/conv2d, 2"
            ) from None
    return points


def score(record: dict, points: dict[str, float]) -> tuple[float, float]:
    """Return the points of a record, and how many there are for it."""
    worth = [(points.get(one["name"], 1.0), one["status"]) for one in record["results"]]
    counted = [(value, status) for value, status in worth if status != "not graded"]
    return (
        sum(value for value, status in counted if status == "right"),
        sum(value for value, _ in counted),
    )


def table(records: list[dict], points: dict[str, float], banks: dict) -> bytes:
    """Return grades.csv: one row a submission, the same bytes for the same records."""
    lessons = sorted({record["lesson"] for record in records if record["lesson"]})
    names = [one.name for lesson in lessons for one in banks[lesson]]
    head = ["student", "id", "notebook", "lesson", "points", "of"]
    head += [column for name in names for column in (name, f"{name} mistake")]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*head, "isolated", "remarks"])
    messages = {one.name: one.mistakes for bank in banks.values() for one in bank}
    for record in records:
        got, of = score(record, points)
        row = [record["student"], record["id"], record["path"], record["lesson"]]
        row += [f"{got:g}", f"{of:g}"] if record["lesson"] else ["", ""]
        by_name = {one["name"]: one for one in record["results"]}
        for name in names:
            one = by_name.get(name)
            row += [one["status"], called(messages[name], one["mistake"])] if one else ["", ""]
        remarks = [record["error"]] if record["error"] else record["notes"]
        row += ["yes" if record["isolated"] else "WITHOUT ISOLATION", " ".join(remarks)]
        writer.writerow([harmless(cell) for cell in row])
    return stream.getvalue().encode("utf-8-sig")


def called(mistakes, number: int) -> str:
    """The name of a mistake: its number in the bank, and how its message begins."""
    if not number:
        return ""
    first = mistakes[number - 1].message.partition(". ")[0].partition(": ")[0]
    return f"{number}: {first[:70]}"


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
