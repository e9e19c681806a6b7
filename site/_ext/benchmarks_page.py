"""The page of benchmarks, from `results/bench_*.json`: tables, two figures, what they say.

Every function returns MyST text. Of a number that was measured once a round the page gives the
median and the lowest and highest; a ratio is that of two sides of one round.
"""

import html
import math
import re
import statistics

from course_facts import Figure, Record
from results_page import escape, made, one, small, table

KERAS, TORCH, OURS = "reported in Keras", "reported in PyTorch", "ours"
SETS_BESIDE = {TORCH: "PyTorch / Keras", OURS: "ours / reported"}


def section(name: str, records: list[Record]) -> str:
    """What the page says of a benchmark: that it is missing, or its machine, tables and figure."""
    record = next((r for r in records if r.name == f"bench_{name}"), None)
    if record is None:
        return (
            f"*Not measured yet: `results/bench_{name}.json` is not there. "
            f"`.venv/bin/python -m benchmarks {name}` measures it.*"
        )
    return "\n\n".join(filter(None, [*SECTIONS[name](record), machine(record)]))


def others(records: list[Record]) -> str:
    """Benchmarks that have no section of their own, in full."""
    return "\n\n".join(one(r) for r in records if r.name.removeprefix("bench_") not in SECTIONS)


def machine(record: Record) -> str:
    """On what the record was measured, what else ran meanwhile, and what is missing in it."""
    raw = record.raw
    said = (
        f"{escape(raw['processor'])}, {raw['cores']} cores, {times(rounds(record))}. Meanwhile "
        f"other programs kept {raw['others']:.1f} of the cores busy (median)"
    )
    if raw["others"] > raw["cores"] / 8:
        said += (
            ", so **the machine was not quiet**: programs that share its cores and caches make CPU "
            "time longer and time on the clock much longer; ratios suffer less"
        )
    lines = [f"{said}. {made(record)}"]
    lines += [f"Not measured: {escape(k)} ({escape(v)})." for k, v in raw["left_out"].items()]
    return "\n\n".join(lines)


def times(rounds: int) -> str:
    return f"{rounds} round{'s' if rounds > 1 else ''}"


def rounds(record: Record) -> int:
    return max(len(figure.values) for figure in record.figures)


def median(figure: Figure) -> float:
    return statistics.median(figure.values)


def brief(value: float, unit: str = "") -> str:
    """A quantity with two or three digits: seconds below one as milliseconds, where they are."""
    if unit == "s" and abs(value) < 0.1:
        return f"{brief(1000 * value)} ms"
    digits = 0 if abs(value) >= 100 or value == 0 else 1 - math.floor(math.log10(abs(value)))
    text = f"{value:,.{max(0, digits)}f}"
    return f"{text} {unit}".strip()


def cell(values, unit: str = "") -> str:
    """The median, and below it the lowest and the highest round."""
    values = list(values)
    text = brief(statistics.median(values), unit)
    if len(set(values)) > 1:
        low, high = brief(min(values), unit), brief(max(values), unit)
        if low.split()[1:] == high.split()[1:]:
            low = low.split()[0]
        text += small(f"{low} to {high}")
    return text


# The recipes


def recipes(record: Record) -> list[str]:
    found = {f.name: f for f in record.figures}
    names = list(dict.fromkeys(f.row.rpartition(", ")[0] for f in record.figures))
    rows, ratios = [], {}
    for name in names:
        base = found[f"{name}, {KERAS}, epoch"]
        line = [escape(name), cell(base.values, "s")]
        for side in (TORCH, OURS):
            other = found.get(f"{name}, {side}, epoch")
            if other is None:
                line += ["", ""]
                continue
            pairs = zip(other.values, base.values, strict=True)
            ratios[name, side] = [one / two for one, two in pairs]
            line += [cell(other.values, "s"), cell(ratios[name, side])]
        rows.append(line)
    header = ["recipe", KERAS, TORCH, SETS_BESIDE[TORCH], OURS, SETS_BESIDE[OURS]]
    return [
        _said_of_recipes(found, names, ratios),
        table(header, rows, "lrrrrr"),
        _ratios_drawn(names, ratios),
    ]


def _said_of_recipes(found, names, ratios) -> str:
    said = [f"An epoch here is {max(f.images or 0 for f in found.values()):,} images."]
    beside = {name: statistics.median(r) for (name, side), r in ratios.items() if side == TORCH}
    if beside:
        low, high = min(beside, key=beside.get), max(beside, key=beside.get)
        cheaper = sum(ratio < 1 for ratio in beside.values())
        said.append(
            f"An epoch in PyTorch costs from {brief(beside[low])} ({escape(low)}) to "
            f"{brief(beside[high])} times ({escape(high)}) what it costs in Keras; it is cheaper "
            f"for {cheaper} of {len(beside)} recipes."
        )
    starts = {
        words: [median(f) for name in names if (f := found.get(f"{name}, {side}, start"))]
        for side, words in ((KERAS, "Keras"), (TORCH, "PyTorch"))
    }
    spent = " and ".join(
        f"{brief(statistics.median(values), 's')} with {words}"
        for words, values in starts.items()
        if values
    )
    if spent:
        said.append(
            f"Before the first counted step a process has used {spent}, for imports, the network "
            "and a few steps."
        )
    ours = {name: statistics.median(r) for (name, side), r in ratios.items() if side == OURS}
    if ours:
        low, high = min(ours, key=ours.get), max(ours, key=ours.get)
        said.append(
            f"The course's own networks cost from {brief(ours[low])} ({escape(low)}) to "
            f"{brief(ours[high])} times ({escape(high)}) an epoch of the reported recipe."
        )
    return " ".join(said)


# Whole trainings


def better(record: Record) -> list[str]:
    base = record.figure("training, recipe, cpu")
    rows = []
    for figure in record.figures:
        ratios = [one / two for one, two in zip(figure.values, base.values, strict=True)]
        side = figure.row.removeprefix("training, ")
        rows.append([escape(side), cell(figure.values, "s"), cell(ratios)])
    return [table(["training", "CPU time", "times the recipe's"], rows, "lrr")]


# Growth

STEPS = {"images": "images an epoch", "maps": "maps a convolution", "batch": "images a batch"}


def growth(record: Record) -> list[str]:
    found = {f.name: f for f in record.figures}
    points = {
        kind: sorted(
            (int(m[1].replace(",", "")), f.row)
            for f in record.figures
            if f.measure == "epoch" and (m := re.fullmatch(rf"{kind} ([\d,]+)", f.row))
        )
        for kind in STEPS
    }
    rows = []
    for kind, places in points.items():
        for size, row in places:
            epoch, share = found[f"{row}, epoch"], found[f"{row}, share"]
            memory = found.get(f"{row}, memory")
            rows.append(
                [
                    f"{kind}: {size:,}",
                    cell(epoch.values, "s"),
                    brief(1000 * median(epoch) / epoch.images, "ms"),
                    f"{100 * median(share):.0f} %",
                    f"{median(memory):,.0f}" if memory else "",
                ]
            )
    header = ["", "CPU time of an epoch", "of an image", "of the matrix peak", "MiB at the peak"]
    return [
        _said_of_growth(found, points),
        _growth_drawn(found, points),
        table(header, rows, "lrrrr"),
    ]


def _said_of_growth(found, points) -> str:
    said = []
    for kind, places in points.items():
        if len(places) < 2:
            continue
        (least, first), (most, last) = places[0], places[-1]
        costs = [median(found[f"{r}, epoch"]) / found[f"{r}, epoch"].images for r in (first, last)]
        shares = [100 * median(found[f"{r}, share"]) for r in (first, last)]
        sentence = (
            f"From {least:,} to {most:,} {STEPS[kind]}, an image costs "
            f"{brief(costs[1] / costs[0])} times as much and training goes from {shares[0]:.0f} % "
            f"to {shares[1]:.0f} % of the matrix peak"
        )
        memories = [found.get(f"{r}, memory") for r in (first, last)]
        if all(memories):
            sentence += f"; memory goes from {median(memories[0]):,.0f} to "
            sentence += f"{median(memories[1]):,.0f} MiB"
        said.append(f"{sentence}.")
    peaks = [v for f in found.values() if f.measure == "peak" for v in f.values]
    said.append(
        f"The peak itself is {brief(statistics.median(peaks))} billion multiply-adds in a CPU "
        f"second ({brief(min(peaks))} to {brief(max(peaks))})."
    )
    return " ".join(said)


# Waits


def waits(record: Record) -> list[str]:
    rows = []
    for f in record.figures:
        if f.measure == "cpu":
            clock = record.figure(f"{f.row}, seconds")
            rows.append([escape(f.row), cell(f.values, "s"), cell(clock.values, "s")])
    slowest = sorted((f for f in record.figures if f.measure == "cpu"), key=median, reverse=True)[
        :3
    ]
    said = "; ".join(f"{escape(f.row)}, {brief(median(f), 's')}" for f in slowest)
    return [
        f"The three that cost most: {said}.",
        table(["", "CPU time", "on the clock"], rows, "lrr"),
    ]


# Grading


def grading(record: Record) -> list[str]:
    found = {f.name: f for f in record.figures}
    rows, classes = [], {}
    for f in record.figures:
        if f.measure != "cpu":
            continue
        lesson, count, jobs = re.fullmatch(
            r"lesson (\d\d), ([\d,]+) submissions, (\d+) workers?", f.row
        ).groups()
        count = int(count.replace(",", ""))
        classes[lesson, count, int(jobs)] = f.row
        clock = found[f"{f.row}, seconds"]
        rows.append(
            [
                f"{lesson}: {count:,}",
                jobs,
                cell(clock.values, "s"),
                brief(60 * count / median(clock)),
                cell(f.values, "s"),
                f"{median(found[f'{f.row}, MiB']):,.0f}",
            ]
        )
    header = ["lesson: submissions", "workers", "on the clock", "a minute", "CPU time", "MiB"]
    return [_said_of_grading(found, classes), table(header, rows, "lrrrrr")]


def _said_of_grading(found, classes) -> str:
    said = []
    for (lesson, count, jobs), row in classes.items():
        if jobs > 1 and (lesson, count, 1) in classes:
            alone = found[f"{classes[lesson, count, 1]}, seconds"]
            pairs = zip(found[f"{row}, seconds"].values, alone.values, strict=True)
            share = brief(statistics.median(one / two for one, two in pairs))
            said.append(
                f"With {jobs} workers, {count:,} submissions of lesson {lesson} take {share} of "
                "the time that one worker takes."
            )
    for lesson in dict.fromkeys(lesson for lesson, _, _ in classes):
        sizes = sorted(
            (count, row)
            for (one, count, jobs), row in classes.items()
            if (one, jobs) == (lesson, 2)
        )
        if len(sizes) > 1:
            (least, first), (most, last) = sizes[0], sizes[-1]
            costs = [median(found[f"{r}, cpu"]) / n for n, r in ((least, first), (most, last))]
            said.append(
                f"From {least:,} to {most:,} submissions of lesson {lesson}, one costs "
                f"{brief(costs[1] / costs[0])} times as much CPU time."
            )
    return " ".join(said)


# The first set-up


def first_setup(record: Record) -> list[str]:
    rows = []
    for setup in [f.row for f in record.figures if f.measure == "cpu"]:
        fetched, disk, clock, cpu = (
            record.figure(f"{setup}, {number}")
            for number in ("MB fetched", "MB on disk", "seconds", "cpu")
        )
        sizes = [f"{median(figure):,.0f}" for figure in (fetched, disk)]
        rows.append([f"`{setup}`", *sizes, cell(clock.values, "s"), cell(cpu.values, "s")])
    heads = ["set-up", "MB fetched", "MB on disk", "on the clock", "CPU time"]
    return [table(heads, rows, "lrrrr")]


SECTIONS = {
    "recipes": recipes,
    "better": better,
    "growth": growth,
    "waits": waits,
    "grading": grading,
    "first_setup": first_setup,
}


# Figures


def _along(low, high, start, end):
    """A function from a value to its place on a logarithmic axis, and the ticks of the axis."""
    lowest, highest = math.log10(low), math.log10(high)

    def place(value):
        return start + (end - start) * (math.log10(value) - lowest) / (highest - lowest)

    exponents = range(math.floor(lowest) - 1, math.ceil(highest) + 1)
    ticks = [d * 10.0**e for e in exponents for d in (1, 2, 5)]
    return place, [tick for tick in ticks if low <= tick <= high]


def _svg(width, height, words, parts) -> str:
    return (
        f'<svg class="bench" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(words)}">{"".join(parts)}</svg>'
    )


def _text(x, y, text, anchor="middle", kind="tick") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">'
        f"{html.escape(text)}</text>"
    )


def _line(x1, y1, x2, y2, kind) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _dot(x, y, kind) -> str:
    if kind == "second":
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" class="second"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" class="{kind}"/>'


def _ratios_drawn(names, ratios) -> str:
    """Dots with their range, a row a recipe, on a logarithmic axis around 1."""
    if not ratios:
        return ""
    left, right, row, top = 170, 630, 34, 34
    every = [value for values in ratios.values() for value in values]
    place, ticks = _along(min(0.5, *every) / 1.1, max(2, *every) * 1.1, left, right)
    bottom = top + row * len(names)
    kinds = {TORCH: "first", OURS: "second"}
    parts, x = [], left
    for side, kind in kinds.items():
        if any(s == side for _, s in ratios):
            parts += [_dot(x, 12, kind), _text(x + 10, 16, SETS_BESIDE[side], "start", "label")]
            x += 150
    for tick in ticks:
        parts.append(_line(place(tick), top, place(tick), bottom, "one" if tick == 1 else "grid"))
        parts.append(_text(place(tick), bottom + 16, f"{tick:g}"))
    for number, name in enumerate(names):
        middle = top + row * (number + 0.5)
        parts.append(_text(left - 12, middle + 4, name, "end", "label"))
        for offset, (side, kind) in zip((-7, 7), kinds.items(), strict=True):
            if values := ratios.get((name, side)):
                y = middle + offset
                parts.append(_line(place(min(values)), y, place(max(values)), y, f"range {kind}"))
                parts.append(_dot(place(statistics.median(values)), y, kind))
    parts.append(
        _text((left + right) / 2, bottom + 34, "CPU time of an epoch, reported in Keras = 1")
    )
    words = "Ratios of CPU time, as in the table above, on a logarithmic axis."
    return _svg(640, bottom + 42, words, parts)


def _growth_drawn(found, points) -> str:
    """CPU time of an image over images, maps and batch: three panels with one logarithmic axis."""
    every = {
        row: [value / found[f"{row}, epoch"].images * 1000 for value in f.values]
        for places in points.values()
        for _, row in places
        if (f := found[f"{row}, epoch"])
    }
    if not every:
        return ""
    top, bottom, left, width, gap = 22, 230, 48, 180, 20
    values = [value for of_row in every.values() for value in of_row]
    high, ticks = _along(min(values) / 1.3, max(values) * 1.3, bottom, top)
    parts = [_text(left - 40, 12, "CPU time of an image, ms", "start", "label")]
    for tick in ticks:
        parts.append(_text(left - 6, high(tick) + 4, f"{tick:g}", "end"))
    for number, (kind, places) in enumerate(points.items()):
        if not places:
            continue
        start = left + number * (width + gap)
        sizes = [size for size, _ in places]
        across, _ = _along(min(sizes) / 1.4, max(sizes) * 1.4, start, start + width)
        parts += [_line(start, high(tick), start + width, high(tick), "grid") for tick in ticks]
        dots = [(across(size), statistics.median(every[row])) for size, row in places]
        corners = " ".join(f"{x:.1f},{high(y):.1f}" for x, y in dots)
        parts.append(f'<polyline points="{corners}" class="curve first"/>')
        for (x, y), (size, row) in zip(dots, places, strict=True):
            low, most = min(every[row]), max(every[row])
            parts.append(_line(x, high(low), x, high(most), "range first"))
            parts.append(_dot(x, high(y), "first"))
            parts.append(_text(x, bottom + 16, f"{size:,}" if size % 1000 else f"{size // 1000}k"))
        parts.append(_text(start + width / 2, bottom + 34, STEPS[kind], kind="label"))
    words = "CPU time of an image over images, maps and batch size, as in the table below."
    return _svg(left + 3 * width + 2 * gap + 6, bottom + 42, words, parts)
