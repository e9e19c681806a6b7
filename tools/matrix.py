"""Run the quick suite with the lowest versions that pyproject.toml admits, and with the newest.

    python -m tools.matrix                   both, in build/matrix/, some 3 GB each
    python -m tools.matrix lowest --resolve  only say which versions the lowest are

uv resolves, and fetches a Python where there is none. By hand and not in CI; it ends with a table
of the versions for the documentation.
"""

import argparse
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
# uv's resolution and the Python to try it with. What the course's dependencies need in turn is
# the newest in both, as an installation today would have it.
ENDS = {"lowest": ("lowest-direct", "3.11"), "newest": ("highest", "3.13")}


def resolved(end: str) -> dict[str, str]:
    """Return {package: version} of one end, the dependencies of dependencies among them."""
    resolution, python = ENDS[end]
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--resolution", resolution, "--python-version", python, "--only-binary", ":all:"]
    # TensorFlow first: uv gives way where what it meets later would need an older one.
    command += ["--all-extras", "-", "pyproject.toml"]
    first = "\n".join(text for text in requirements() if text.startswith("tensorflow"))
    done = subprocess.run(command, cwd=ROOT, input=first, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{end}: uv resolves nothing:\n{done.stderr.strip()}")
    return dict(re.findall(r"(?m)^([\w.-]+)==([\w.+!-]+)", done.stdout))


def passes(end: str, versions: dict[str, str]) -> bool:
    """Make the environment of one end, and return whether the quick suite passes in it."""
    place = ROOT / "build" / "matrix" / end
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    pins = [f"{name}=={version}" for name, version in versions.items()]
    uv = ["uv", "pip", "install", "--quiet", "--python", str(python), "--no-deps"]
    for command in (
        ["uv", "venv", "--quiet", "--clear", "--python", ENDS[end][1], str(place)],
        [*uv, "--compile-bytecode", "--only-binary", ":all:", *pins, "setuptools", "pip"],
        [*uv, "--no-build-isolation", "--editable", str(ROOT)],
    ):
        subprocess.run(command, cwd=ROOT, check=True)
    # What CI runs, but that the environment is the pinned one: that is not so here.
    suite = [str(python), "-m", "pytest", "-n", "2", "-m", "not long"]
    suite += ["-k", "not this_environment_is_the_pinned_one"]
    return (
        subprocess.run(suite, cwd=ROOT, env=os.environ | {"CNNCOURSE_BUDGET": "quick"}).returncode
        == 0
    )


def requirements() -> list[str]:
    """Return what pyproject.toml asks for, the extras among it, as it stands there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return list(itertools.chain(*lists))


def table(found: dict[str, tuple[dict[str, str], str]]) -> str:
    """Return a table in Markdown of the packages that pyproject.toml names."""
    rows = [["", *found], ["---"] * (len(found) + 1)]
    rows.append(["Python", *(ENDS[end][1] for end in found)])
    for name in (re.match(r"[\w.-]+", text)[0] for text in requirements()):
        cells = [versions.get(name, "none") for versions, _ in found.values()]
        if set(cells) != {"none"}:  # of TensorFlow's two packages one is for this machine
            rows.append([name, *cells])
    rows.append(["quick suite", *(outcome for _, outcome in found.values())])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ends", nargs="*", help=f"{' or '.join(ENDS)} (default: both)")
    parser.add_argument("--resolve", action="store_true", help="say the versions, install nothing")
    given = parser.parse_args()
    if unknown := set(given.ends) - set(ENDS):
        parser.error(f"{', '.join(unknown)}: expected {' or '.join(ENDS)}")
    found = {}
    for end in given.ends or ENDS:
        versions = resolved(end)
        outcome = "not run"
        if not given.resolve:
            outcome = "passes" if passes(end, versions) else "fails"
        found[end] = versions, outcome
    print(table(found))
    return int(any(outcome == "fails" for _, outcome in found.values()))


if __name__ == "__main__":
    sys.exit(main())
