"""python -m benchmarks: see benchmarks/__init__.py."""

import importlib
import json
import os
import sys

from benchmarks import LOCAL
from cnncourse import results


def one(name: str, row: str, side: str, number: str) -> int:
    """Measure one side once, in this process; the last line of the output is what was found."""
    row = importlib.import_module(f"benchmarks.{name}").ROWS[row]
    numbers = row.sides[side].measure(int(number))
    found = {
        "numbers": {key: float(value) for key, value in numbers.items()},
        "machine": results.machine(),
        "peak_mib": results.peak_mib(),
        # With those of processes that it has started; a sandbox's are known to its row alone.
        "cpu_seconds": max(sum(os.times()[:4]), numbers.get("cpu", 0)),
    }
    print("\n" + json.dumps(found))
    return 0


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or those without network; return 0, 1 where one fails, or 130."""
    if arguments[:1] == ["--one"]:
        return one(*arguments[1:])
    from benchmarks import runner

    return runner.main(arguments or LOCAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
