"""Hand submissions to a Dask scheduler, whose workers grade each in a sandbox of their own.

The connection is TLS as Dask sets it up: `distributed.comm.tls` in its configuration, or
DASK_DISTRIBUTED__COMM__TLS__CA_FILE and so on in the environment. Scheduler and workers believe
each other; answers run below them, in the sandbox.
"""

import functools
from collections.abc import Iterator

from . import work
from .collect import Submission
from .sandbox import SandboxError


def run(
    address: str, settings: work.Settings, waiting: list[tuple[int, Submission]]
) -> Iterator[tuple[int, dict]]:
    """Yield the number and the record of each submission, in the order in which they are done.

    A worker that dies costs a repeat elsewhere. Raises SandboxError where a worker cannot isolate
    answers or has another version of the course, ValueError for an address without TLS.
    """
    if not address.startswith("tls://"):
        raise ValueError(f"--cluster {address}: expected tls://HOST:PORT, as notebooks go over it.")
    try:
        import distributed
    except ImportError as error:
        raise SandboxError("--cluster needs Dask: pip install 'cnncourse[grade]'") from error

    todo, running = iter(waiting), {}
    with distributed.Client(address) as client:
        done = distributed.as_completed()

        def hand_out():
            for number, submission in todo:
                submission, content = work.with_content(submission)
                future = client.submit(
                    grade_there, settings, settings.digest, submission, content, pure=False
                )
                running[future] = number, submission
                done.add(future)
                if len(running) >= 2 * max(1, len(client.scheduler_info()["workers"])):
                    return

        hand_out()
        for future in done:
            number, submission = running.pop(future)
            try:
                yield number, future.result()
            except distributed.KilledWorker:
                yield number, work.unreadable(settings, submission, "workers died of it")
            hand_out()


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
