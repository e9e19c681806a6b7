"""Runs of studies on many machines: what a Dask worker does with one of them.

A worker is started in the course's folder, with the same study. Each run has a process of its own,
as what a training leaves in memory would be there for the next one.
"""

import json
import os
import subprocess
import sys

from cnncourse import budget, results

ONE = "CNNCOURSE_STUDY_ONE"  # the row and the seed that a process is to run, as JSON


def there(name: str, digest: str, row: str, seed: int) -> dict:
    """Run one row with one seed; return its numbers, its CPU seconds and this machine.

    Raises ResultError where the worker has another study, or it fails.
    """
    base = results.root()
    path = base and base / "studies" / f"{name}.py"
    if not path or not path.is_file() or results.code_digest(path) != digest:
        raise results.ResultError(f"a worker has another studies/{name}.py, or none, where it runs")
    environment = os.environ | {budget.VARIABLE: "full", ONE: json.dumps([row, seed])}
    command = [sys.executable, "-m", "tools.study", name]
    done = subprocess.run(command, cwd=base, env=environment, capture_output=True, text=True)
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        raise results.ResultError(f"{row}, seed {seed}, cannot be run there: {last}") from None
    return found
