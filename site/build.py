"""Build the site: stage the sources, run Sphinx on them, cut what is not needed, then swap.

    python site/build.py            builds build/site, unless it is what these sources give
    python site/build.py --force    builds it in any case
    python site/build.py --lessons  runs the lessons before, as python -m cnncourse run does
    python site/build.py --slides   says where the decks of slides are

The site that is there stays until the new one is whole.
"""

import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
from importlib.metadata import version

from cnncourse import __main__ as command

import filelock

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

from tools import handout, lessons  # noqa: E402

PACKAGES = ("sphinx", "myst-nb", "sphinx-book-theme", "pydata-sphinx-theme", "latex2mathml")
PACKAGES += ("sphinx-revealjs",)
# Where the course is published, if it is: what the environment may say of it, and where it says
# nothing. Buttons to run a lesson elsewhere need it, and notebooks that fetch the course.
PUBLISHED = {"repository": "", "branch": "main", "pages": "gh-pages"}


def published() -> dict[str, str]:
    """Return what CNNCOURSE_REPOSITORY, CNNCOURSE_BRANCH and CNNCOURSE_PAGES say of it."""
    return {
        key: os.environ.get(f"CNNCOURSE_{key.upper()}", value) for key, value in PUBLISHED.items()
    }


def digest(root: pathlib.Path = ROOT) -> str:
    """Return a digest of everything that the site is made from."""
    total = hashlib.sha256()
    folders = ("site", "notebooks", "cnncourse", "results", "studies", "benchmarks", "tools")
    files = [
        path
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    ]
    files += [*sorted(root.glob("*.*")), root / "build" / f"{handout.TOP}.zip"]
    for path in files:
        if path.is_file():
            total.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
            total.update(path.read_bytes())
    for name in PACKAGES:
        total.update(f"{name}={version(name)}\0".encode())
    for key, value in published().items():
        total.update(f"{key}={value}\0".encode())
    return total.hexdigest()


def build(*, force: bool = False, root: pathlib.Path = ROOT, out: pathlib.Path | None = None):
    """Build the site into `out` (build/site) where it is not up to date, and return the folder.

    Only one process builds at a time; the others wait and find it done. SystemExit with the
    reason where the build fails; the site that was there then stays as it was.
    """
    out = out or root / "build" / "site"
    out.parent.mkdir(parents=True, exist_ok=True)
    stamp = out.with_name(f".{out.name}.digest")
    with filelock.FileLock(out.with_name(f".{out.name}.lock")):
        try:
            handout.write_student(root, root / "build" / f"{handout.TOP}.zip")
        except handout.HandoutError as failure:
            raise SystemExit(f"the site is not built: {failure}") from None
        now = digest(root)
        there = (out / "index.html").is_file() and stamp.is_file()
        if there and not force and stamp.read_text() == now:
            return out
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
            new = _sphinx(root, pathlib.Path(work))
            stamp.unlink(missing_ok=True)
            old = pathlib.Path(work) / "old"
            if out.exists():
                out.rename(old)
            new.rename(out)
        stamp.write_text(now)
    return out


def _sphinx(root, work):
    from stage import SiteError, stage
    from trim import trim

    source, new = work / "source", work / "site"
    source.mkdir()
    try:
        stage(root, source)
    except (SiteError, lessons.LessonError) as failure:
        raise SystemExit(f"the site is not built: {failure}") from None
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    for key, value in published().items():
        command += ["-D", f"course_{key}={value}"]
    command += ["-c", str(root / "site"), "-d", str(work / "doctrees"), str(source), str(new)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    if done.returncode:
        said = (done.stderr or done.stdout).replace(f"{source}{os.sep}", "")
        raise SystemExit(f"{said.strip()}\nthe site is not built; what was in build/site stays")
    trim(source, new, root, published())
    return new


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--force", action="store_true", help="build even where nothing changed")
    parser.add_argument("--lessons", action="store_true", help="run every lesson before")
    parser.add_argument("--slides", action="store_true", help="list the decks of slides")
    given = parser.parse_args()
    # In this process, since make hands a signal on to the one that it has started, and no further.
    ran = command.main(["run"]) if given.lessons else 0
    if ran > 2:
        return ran
    out = build(force=given.force)
    weight = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    pages = len(list(out.rglob("*.html")))
    print(f"the site: {out / 'index.html'} ({pages} pages, {weight / 1e6:.1f} MB)")
    for deck in sorted(out.glob("slides/*.html")) if given.slides else []:
        print(f"slides: {deck}")
    return ran


if __name__ == "__main__":
    sys.exit(main())
