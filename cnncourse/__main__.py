"""python -m cnncourse: doctor, data, lab, run, predict, grade, progress."""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import sys
from collections.abc import Iterator

# What takes its time to import is imported inside `main`, where a signal is one line.
from . import __version__, budget


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status, 128 and the signal's number after a signal."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is escaped, not a crash.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")
    command = "run"
    try:
        with _signals_raised():
            chosen = _parsed(arguments)
            command = chosen.command
            status = _COMMANDS[command](chosen)
            sys.stdout.flush()
            return status
    except BrokenPipeError:
        # Python flushes once more at its end, and nobody is to hear of that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt as interrupt:
        ended = "; kernels are ended" if command == "run" else ""
        print(f"\ninterrupted{ended}", file=sys.stderr)
        return 128 + (interrupt.args or (signal.SIGINT,))[0]
    except Exception as error:
        if not isinstance(error, _told()):
            raise
        print(f"cnncourse {command}: {error}", file=sys.stderr)
        return 2


@contextlib.contextmanager
def _signals_raised() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first signal to end, and none at those that follow it."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)  # ignored by the wish of nohup

    def interrupt(number, frame):
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        before.clear()
        raise KeyboardInterrupt(number)

    before = {}
    try:
        with contextlib.suppress(ValueError):  # not in the main thread
            for number in numbers:
                before[number] = signal.signal(number, interrupt)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told() -> tuple[type[Exception], ...]:
    """The errors whose message says what to do; another one is a fault, with its traceback."""
    from . import classifier, data, photos, results

    return (
        classifier.ClassifierError,
        data.DataError,
        photos.PhotoError,
        results.ResultError,
        OSError,
        ValueError,
        *_told_by_grade(),
    )


def _told_by_grade():
    from .grade import sandbox

    return (sandbox.SandboxError,)


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    """What the command line says; what `lab` does not know is for JupyterLab."""
    parser = _parser()
    chosen, options = parser.parse_known_args(arguments)
    if chosen.command == "lab":
        chosen.options = options
    elif options:
        parser.error(f"unrecognized arguments: {' '.join(options)}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    from . import data

    parser = argparse.ArgumentParser(prog="python -m cnncourse", description=__doc__)
    parser.add_argument("--version", action="version", version=f"cnncourse {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("doctor", help="versions, cores, memory, data: what is here, what is amiss")

    data_parser = commands.add_parser(
        "data", help="list sets and weights, fill a folder, verify one"
    )
    actions = data_parser.add_subparsers(dest="action")
    actions.add_parser("list", help="every set with its size, licence and source here (default)")
    fill = actions.add_parser("fill", help="write the real sets into a classroom folder")
    fill.add_argument("folder", type=pathlib.Path)
    known = ", ".join([*data.names(), *data.photo_names(), *data.weight_names()])
    fill.add_argument("names", nargs="*", help=f"some of {known} (default: all)")
    verify = actions.add_parser("verify", help="check classroom files, or a folder of them")
    verify.add_argument("paths", nargs="+", type=pathlib.Path)

    commands.add_parser(
        "lab",
        help="open JupyterLab on copies of the lessons; its own options may follow",
        description="Make or update the copies of the lessons in my_lessons/, and run JupyterLab "
        "on them. A copy that was worked in is never changed. JupyterLab's own options may "
        "follow, such as --no-browser or --port=9000.",
    )

    run = commands.add_parser("run", help="run lessons and print a table")
    run.add_argument("lessons", nargs="*", help="numbers or names (default: all)")
    run.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/notebooks"))
    run.add_argument(
        "--store",
        action="store_true",
        help="keep outputs in notebooks/ and numbers in results/ (full budget, real data)",
    )

    predict = commands.add_parser(
        "predict",
        help="say what is on photographs, with a model that lesson 07 has saved",
        description="Print the likeliest class, its probability and the file name, one line a "
        "photograph. A folder stands for every file in it and in its folders, in the order of "
        "names, without hidden files. What is no usable photograph is named on standard error "
        "with the reason.",
        epilog="exit status: 0 every file predicted; 1 some files could not be; 2 the model or "
        "the command is wrong; 141 nobody reads the output any more",
    )
    predict.add_argument("model", type=pathlib.Path, help="a .keras file of classifier.save")
    predict.add_argument("photographs", nargs="+", metavar="PHOTO", help="a file or a folder")
    predict.add_argument("--json", action="store_true", help="one JSON document instead of lines")

    grade = commands.add_parser(
        "grade",
        help="grade the notebooks of a class, without trust in their code",
        description="Write a table of marks, a page for each student and one on the class. FILES "
        "is a folder or a zip, as Moodle, Canvas and nbgrader make them. Answers run in a sandbox, "
        "on inputs that are drawn from a seed as well as on those of the lesson's checks. What is "
        "graded already is not graded again.",
    )
    grade.add_argument("files", type=pathlib.Path, metavar="FILES")
    grade.add_argument("--lesson", help="two digits (default: found for each notebook by its tags)")
    grade.add_argument("--points", type=pathlib.Path, help="a file of lines: 01/conv2d, 2")
    grade.add_argument("--bank", type=pathlib.Path, help="exercises of your own, as a Python file")
    grade.add_argument(
        "--names", help="a regular expression for paths, with (?P<student>...), perhaps (?P<id>...)"
    )
    grade.add_argument("--seed", type=int, help="of the hidden inputs (default: kept in OUT)")
    grade.add_argument("--jobs", type=int, default=1, help="processes (default: 1; 2 GiB each)")
    grade.add_argument(
        "--cluster", metavar="tls://HOST:8786", help="a Dask scheduler, in the place of --jobs"
    )
    grade.add_argument("--out", type=pathlib.Path, default=pathlib.Path("graded"))
    grade.add_argument(
        "--without-isolation",
        action="store_true",
        help="run their code with all that you may do yourself",
    )

    progress = commands.add_parser("progress", help="which exercises were right, and when first")
    progress.add_argument("lesson", nargs="?", help="two digits (default: all)")

    return parser


def _doctor(chosen) -> int:
    from . import doctor

    return doctor.report()


def _data(chosen) -> int:
    from . import data

    if chosen.action == "fill":
        done = data.fill(chosen.folder, chosen.names)
        for name, what in done.items():
            print(f"{name:14} {what}")
        return int(any(what.startswith("not ") for what in done.values()))
    if chosen.action == "verify":
        return _verify(chosen.paths)
    for name in data.names():
        spec = data.IMAGE_SETS[name]
        print(f"{name:14} {spec.train:,} + {spec.test:,} images, {spec.megabytes:.0f} MB")
        print(f"{'':14} here: {_here(name)}")
        _print_rights(spec)
    for name in data.photo_names():
        for spec in data.photo_sets(name):
            print(
                f"{name:14} {spec.train:,} + {spec.validation:,} photographs, "
                f"{spec.megabytes:.0f} MB: {spec.title}"
            )
            _print_rights(spec)
        print(f"{'':14} here: {_here(name)}")
    for name, spec in data.WEIGHTS.items():
        print(f"{name:14} weights of {spec.title}, {spec.megabytes:.0f} MB")
        print(f"{'':14} here: {_here(name)}")
        _print_rights(spec)
    return 0


def _print_rights(spec) -> None:
    print(f"{'':14} licence: {spec.licence}")
    print(f"{'':14} origin: {spec.origin}")


def _here(name: str) -> str:
    from . import data

    try:
        source, where, _ = data.locate(name)
    except data.DataError as error:
        return f"damaged: {error}"
    lacking = "no" if name in data.weight_names() else "a stand-in would be drawn"
    return lacking if source == "drawn" else where


def _verify(paths: list[pathlib.Path]) -> int:
    from . import data

    files, failed = [], 0
    for path in paths:
        try:
            files += data.classroom_files(path)
        except data.DataError as error:
            print(error)
            failed += 1
    if not files and not failed:
        raise FileNotFoundError(f"{', '.join(map(str, paths))}: expected .npz files; found none.")
    for file in files:
        try:
            spec = data.verify(file)
        except data.DataError as error:
            print(error)
            failed += 1
        else:
            print(f"{file}: {spec.title}, whole, {spec.digest}")
    return int(failed > 0)


def _lab(chosen) -> int:
    from . import lab

    return lab.start(chosen.options)


def _run(chosen) -> int:
    from . import run

    budget.name()
    return min(run.run(chosen.lessons, out=chosen.out, store=chosen.store), 1)


def _predict(chosen) -> int:
    from . import classifier, photos

    loaded = classifier.load(chosen.model, lazily=True)
    files = []
    for given in chosen.photographs:
        try:
            files += photos.files(given)
        except photos.PhotoError:
            if len(chosen.photographs) == 1:
                raise
            files.append(given)
        except OSError:  # reading it will say what is wrong with it
            files.append(given)
    width = max(map(len, loaded.class_names))
    done = []
    for prediction in loaded.each(files):
        name = photos.shown(prediction.path)
        if prediction.error is not None:
            print(f"cnncourse predict: {name}: {prediction.error}", file=sys.stderr)
        elif not chosen.json:
            label = prediction.label.ljust(width)
            print(f"{label}  {prediction.probability:.3f}  {name}", flush=True)
        done.append(dataclasses.asdict(prediction))
    if chosen.json:
        about = {"model": str(chosen.model), "class_names": loaded.class_names}
        print(json.dumps({**about, "photographs": done}, indent=1), flush=True)
    return int(any(prediction["error"] is not None for prediction in done))


def _grade(chosen) -> int:
    from .grade import evening

    return evening.grade(chosen)


def _progress(chosen) -> int:
    from . import exercises

    print(exercises.progress(chosen.lesson))
    print(f"\nkept in: {exercises.progress_file() or 'no file'}")
    return 0


_COMMANDS = {
    "doctor": _doctor,
    "data": _data,
    "lab": _lab,
    "run": _run,
    "predict": _predict,
    "grade": _grade,
    "progress": _progress,
}

if __name__ == "__main__":
    sys.exit(main())
