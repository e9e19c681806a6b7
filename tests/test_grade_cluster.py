"""Grading on many machines: a Dask scheduler and two workers on loopback, with TLS."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from cnncourse import __main__, exercises
from cnncourse.grade import cluster, work

import grading
import pytest
from conftest import missing
from grading import as_bytes, small

ROOT = pathlib.Path(__file__).parents[1]
isolation = grading.isolation


def certificate(folder):
    """A certificate that signs itself, for this machine and a day, and its key."""
    if shutil.which("openssl") is None:
        missing("openssl: apt-get install openssl")
    names = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
               "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
               "-out", names[0], "-keyout", names[1]]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return names


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """The address of a scheduler, the processes of its two workers, and the environment."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        missing("Dask distributed: pip install 'cnncourse[grade]'")
    folder = tmp_path_factory.mktemp("dask")
    signed, key = certificate(folder)
    tls = {"CA_FILE": signed}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        tls |= {f"{role}__CERT": signed, f"{role}__KEY": key}
    tls = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(file) for name, file in tls.items()}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | tls | {
        "PYTHONPATH": path,
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5",
    }  # fmt: skip
    about = folder / "scheduler.json"
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", *arguments, "--scheduler-file", str(about)]
        with open(folder / "log.txt", "a") as log:
            started.append(subprocess.Popen(command, env=environment, cwd=folder, stdout=log,
                                            stderr=log))  # fmt: skip
        return started[-1]

    start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
          "--protocol", "tls", "--no-dashboard", "--no-show")  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not about.exists():
            assert time.monotonic() < deadline, (folder / "log.txt").read_text()
            time.sleep(0.1)
        workers = [
            start(
                "distributed.cli.dask_worker",
                "--no-nanny",
                "--nthreads",
                "1",
                "--no-dashboard",
                "--local-directory",
                str(folder),
            )
            for _ in range(2)
        ]
        yield json.loads(about.read_text())["address"], workers, environment
    finally:
        for process in started:
            process.kill()
            process.wait()


def write_class(folder, count):
    exercise = exercises.find("01/output_size")
    code = [exercise.filled, exercise.filled, exercise.mistakes[0].code]
    for i in range(count):
        (folder / f"s{i:03}").mkdir(parents=True)
        (folder / f"s{i:03}" / "01.ipynb").write_bytes(as_bytes(small(f"# {i}", code[i % 3])))
    return folder


def test_a_worker_is_killed_in_the_middle_of_sixty_and_there_are_sixty_marks(
    dask, tmp_path, isolation
):
    address, workers, environment = dask
    assert address.startswith("tls://")
    given = write_class(tmp_path / "class", 60)
    command = [sys.executable, "-m", "cnncourse", "grade", str(given), "--seed", "4"]
    process = subprocess.Popen(
        [*command, "--cluster", address, "--out", "out"], cwd=tmp_path, env=environment
    )
    records = tmp_path / "out" / "records"
    while process.poll() is None and not (
        records.is_dir() and len(list(records.glob("*.json"))) >= 15
    ):
        time.sleep(0.02)
    assert process.poll() is None, "it ended before a worker could be killed"
    workers[0].send_signal(signal.SIGKILL)
    assert process.wait(300) == 0
    assert len(list(records.glob("*.json"))) == 60
    subprocess.run([*command, "--out", "here"], cwd=tmp_path, env=environment, check=True)
    there, here = ((tmp_path / out / "grades.csv").read_bytes() for out in ("out", "here"))
    assert there == here


def test_a_worker_with_another_course_or_without_a_sandbox_refuses(monkeypatch):
    settings = work.Settings(1)
    with pytest.raises(cluster.SandboxError, match="another version of the course"):
        cluster.grade_there(settings, "0" * 64, None, None)
    monkeypatch.setattr(work, "problem", lambda: "there is no bubblewrap")
    cluster._expect_fit.cache_clear()
    with pytest.raises(cluster.SandboxError, match="there is no bubblewrap"):
        cluster.grade_there(settings, settings.digest, None, None)


def test_an_address_without_tls_is_refused(tmp_path, capsys):
    write_class(tmp_path / "class", 1)
    arguments = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")]
    assert __main__.main([*arguments, "--cluster", "tcp://127.0.0.1:8786"]) == 2
    assert "expected tls://HOST:PORT" in capsys.readouterr().err


def test_without_dask_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    write_class(tmp_path / "class", 1)
    monkeypatch.setitem(sys.modules, "distributed", None)
    arguments = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")]
    assert __main__.main([*arguments, "--cluster", "tls://127.0.0.1:8786"]) == 2
    assert "pip install 'cnncourse[grade]'" in capsys.readouterr().err
