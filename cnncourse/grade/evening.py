"""The command `grade`: from what a class has handed in to the files for the instructor."""

import functools
import pathlib
import sys

from cnncourse._files import given_path, written_whole

from . import bank, marks, report, work


def grade(chosen) -> int:
    """Do what the command line asks for; return 0, or 1 where some submissions are not graded."""
    given, out = given_path(chosen.files), given_path(chosen.out)
    own = given_path(chosen.bank).read_bytes() if chosen.bank else None
    if chosen.jobs < 1:
        raise ValueError(f"--jobs {chosen.jobs}: expected 1 or more.")
    points = marks.read_points(chosen.points)
    known = bank.all_banks(own, chosen.lesson)
    unknown = points.keys() - {one.name for exercises in known.values() for one in exercises}
    if unknown:
        raise ValueError(f"{chosen.points}: there is no {', '.join(sorted(unknown))}.")
    out.mkdir(parents=True, exist_ok=True)
    seed = work.seed_of(out, chosen.seed)
    print(f"hidden inputs are drawn from seed {seed}, kept in {out / 'seed.json'}")
    if chosen.without_isolation:
        print("WITHOUT ISOLATION: their code may do all that you may do", file=sys.stderr)
    settings = work.Settings(seed, chosen.lesson, own, not chosen.without_isolation)
    run = None
    if chosen.cluster:
        from . import cluster

        run = functools.partial(cluster.run, chosen.cluster, settings)
    else:
        work.refuse_unsafe(settings, [given, out, *filter(None, [chosen.bank])])
    records = work.graded(
        given,
        out,
        settings,
        names=chosen.names,
        jobs=chosen.jobs,
        run=run,
        progress=lambda text: print(text, file=sys.stderr, flush=True),
    )
    _write(out / "grades.csv", marks.table(records, points, known))
    pages = report.pages(records, points, known)
    for name, page in pages.items():
        _write(out / name, page.encode())
    _remove_others(out / "feedback", pages)
    failed = sum(bool(record["error"]) for record in records)
    print(f"{len(records)} submissions: {out / 'grades.csv'}, {out / 'class.html'}")
    if failed:
        print(f"{failed} of them could not be read; the table says why")
    return int(failed > 0)


def _write(file: pathlib.Path, content: bytes) -> None:
    with written_whole(file) as stream:
        stream.write(content)


def _remove_others(folder: pathlib.Path, pages: dict[str, str]) -> None:
    """Remove the pages of an earlier run that are none of this one."""
    for file in folder.glob("*.html"):
        if f"feedback/{file.name}" not in pages:
            file.unlink()
