"""Hand work to a Dask scheduler: submissions, whose workers grade each in a sandbox of their own.

The connection is TLS as Dask sets it up: `distributed.comm.tls` in its configuration, or
DASK_DISTRIBUTED__COMM__TLS__CA_FILE and so on in the environment. Scheduler and workers believe
each other; answers run below them, in the sandbox.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from . import work
from .collect import Submission
from .sandbox import SandboxError


def spread(
    address: str, function: Callable, jobs: Iterable[tuple[Any, tuple]]
) -> Iterator[tuple[Any, Any]]:
    """Yield the key and what function(*arguments) gives elsewhere, for each (key, arguments).

    In the order in which they are done; jobs are asked for as workers become free. A worker that
    dies costs a repeat elsewhere; a job of which several died gives None. What a function raises
    is raised here. Raises ValueError for an address without TLS, or without Dask.
    """
    if not address.startswith("tls://"):
        raise ValueError(f"--cluster {address}: expected tls://HOST:PORT, so that nobody reads it.")
    try:
        import distributed
    except ImportError as error:
        raise ValueError("--cluster needs Dask: pip install 'cnncourse[grade]'") from error

    todo, running = iter(jobs), {}
    with distributed.Client(address) as client:
        done = distributed.as_completed()

        def hand_out():
            for key, arguments in todo:
                future = client.submit(function, *arguments, pure=False)
                running[future] = key
                done.add(future)
                if len(running) >= 2 * max(1, len(client.scheduler_info()["workers"])):
                    return

        hand_out()
        for future in done:
            key = running.pop(future)
            try:
                found = future.result()
            except distributed.KilledWorker:
                found = None
            yield key, found
            hand_out()


def run(
    address: str, settings: work.Settings, waiting: list[tuple[int, Submission]]
) -> Iterator[tuple[int, dict]]:
    """Yield the number and the record of each submission, in the order in which they are done.

    Raises SandboxError where a worker cannot isolate answers or has another version of the course.
    """

    def jobs():
        for number, submission in waiting:
            submission, content = work.with_content(submission)
            yield number, (settings, settings.digest, submission, content)

    known = dict(waiting)
    for number, record in spread(address, grade_there, jobs()):
        yield number, record or work.unreadable(settings, known[number], "workers died of it")


def grade_there(settings: work.Settings, digest: str, submission: Submission, content) -> dict:
    """Grade on a worker, after a look at whether it is fit for that."""
    here = work.Settings(settings.seed, settings.lesson, settings.bank, settings.isolated)
    if here.digest != digest:
        raise SandboxError(f"a worker has another version of the course than {digest[:12]}")
    _expect_fit(settings)
    return work.grade_one(here, submission, content)


@functools.cache
def _expect_fit(settings: work.Settings) -> None:
    work.refuse_unsafe(settings, [])
