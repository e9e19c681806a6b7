"""The two workers beyond lesson 06: the notebook's own cells, run as real processes."""

import _thread
import importlib.util
import pathlib
import socket
import threading
import time

import jupytext
import numpy as np
import pytest

NOTEBOOK = pathlib.Path(__file__).parents[1] / "notebooks" / "further" / "two_workers.md"
SHAPES = {
    "conv1": (5, 5, 1, 32),
    "conv2": (5, 5, 32, 64),
    "dense1": (3136, 1024),
    "dense2": (1024, 10),
}
SLEEP = "import time; print('here', flush=True); time.sleep(600)"
RATE = 0.002


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The cells of the notebook that are tagged `workers`, as a module."""
    path = tmp_path_factory.mktemp("workers") / "cells_of_two_workers.py"
    sources = [
        cell.source
        for cell in jupytext.read(NOTEBOOK).cells
        if "workers" in cell.metadata.get("tags", [])
    ]
    path.write_text("\n\n".join(["import numpy as np", *sources]))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def started(cells, monkeypatch):
    """The processes that the cells start; every one of them has ended after the test."""
    processes = []
    start_worker = cells.start_worker

    def start_and_note(*args, **options):
        processes.append(start_worker(*args, **options))
        return processes[-1]

    monkeypatch.setattr(cells, "start_worker", start_and_note)
    yield processes
    left = [process.pid for process in processes if process.poll() is None]
    for process in processes:
        process.kill()
        process.wait()
    assert not left, f"still running: {left}"


def task(cells, folder, steps, batch_size):
    """Write a task of random images and weights for the workers, and return it."""
    random = np.random.default_rng(6)
    w = {
        layer: random.normal(0, (2 / np.prod(shape[:-1])) ** 0.5, shape).astype("float32")
        for layer, shape in SHAPES.items()
    }
    b = {layer: np.zeros(shape[-1], "float32") for layer, shape in SHAPES.items()}
    images = random.random((steps * batch_size, 28, 28, 1), dtype="float32")
    labels = random.integers(0, 10, len(images))
    cells.write_task(folder, w, b, images, labels, batch_size, RATE)
    return w, b, images, labels


@pytest.mark.more
def test_two_workers_have_the_losses_of_one_keras_model(cells, started, tmp_path):
    w, b, images, labels = task(cells, tmp_path, steps=4, batch_size=16)
    cells.run_workers(tmp_path)
    assert len({process.pid for process in started}) == 2
    assert [process.returncode for process in started] == [0, 0]

    import keras

    model = keras.Sequential(
        [
            keras.Input([28, 28, 1]),
            keras.layers.Conv2D(32, 5, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(64, 5, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(1024, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    model.set_weights([values[layer] for layer in SHAPES for values in (w, b)])
    model.compile(
        keras.optimizers.SGD(RATE), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    expected = []
    for start in range(0, len(images), 16):
        model.reset_metrics()
        batch = slice(start, start + 16)
        expected.append(float(model.train_on_batch(images[batch], labels[batch])))
    for worker in (0, 1):
        losses = np.load(tmp_path / f"losses{worker}.npy")
        np.testing.assert_allclose(losses[0], expected[0], rtol=1e-5)
        np.testing.assert_allclose(losses, expected, rtol=1e-3)  # rounding grows with the steps


def test_a_worker_killed_in_the_middle_ends_the_run_with_its_name(cells, started, tmp_path):
    task(cells, tmp_path, steps=1_500, batch_size=2)
    log = tmp_path / "worker1.log"

    def kill_in_the_middle():
        while not (log.exists() and "step 2" in log.read_text()):
            time.sleep(0.05)
        started[1].kill()

    threading.Thread(target=kill_in_the_middle, daemon=True).start()
    with pytest.raises(RuntimeError, match=r"failed, so the run was ended \(exit codes: .*-9"):
        cells.run_workers(tmp_path)
    assert "step 1499" not in log.read_text()


def test_a_worker_that_waits_in_vain_ends_itself(cells, started, tmp_path):
    """As when the notebook is killed: nobody is left to end it."""
    task(cells, tmp_path, steps=1, batch_size=2)
    addresses = [f"127.0.0.1:{port}" for port in cells.free_ports(2)]
    alone = cells.start_worker(tmp_path, addresses, 1, limit=1)
    assert alone.wait(timeout=120) != 0
    assert "Timeout" in (tmp_path / "worker1.log").read_text()


def test_workers_that_do_not_end_are_ended_after_the_limit(cells, started, tmp_path):
    (tmp_path / "worker.py").write_text(SLEEP)
    with pytest.raises(TimeoutError, match=r"not done after 0.5 s.*\[None, None\]"):
        cells.run_workers(tmp_path, limit=0.5)
    assert len(started) == 2


def test_interrupting_the_cell_ends_the_workers(cells, started, tmp_path):
    (tmp_path / "worker.py").write_text(SLEEP)
    log = tmp_path / "worker1.log"

    def interrupt_when_both_run():
        while not (log.exists() and "here" in log.read_text()):
            time.sleep(0.05)
        _thread.interrupt_main()

    threading.Thread(target=interrupt_when_both_run, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        cells.run_workers(tmp_path)
    assert len(started) == 2


def test_where_one_worker_does_not_start_the_other_is_ended(cells, started, tmp_path, monkeypatch):
    (tmp_path / "worker.py").write_text(SLEEP)
    start_worker = cells.start_worker

    def no_second(folder, addresses, index, limit):
        if index == 1:
            raise OSError("no more processes")
        return start_worker(folder, addresses, index, limit)

    monkeypatch.setattr(cells, "start_worker", no_second)
    with pytest.raises(OSError, match="no more processes"):
        cells.run_workers(tmp_path)
    assert len(started) == 1


def test_a_program_that_fails_is_told_with_its_last_words(cells, started, tmp_path):
    (tmp_path / "worker.py").write_text("raise SystemExit('the task is missing')")
    with pytest.raises(RuntimeError, match=r"worker [01] failed(.|\n)*the task is missing"):
        cells.run_workers(tmp_path)


def test_free_ports_are_different_and_free(cells):
    ports = cells.free_ports(8)
    assert len(set(ports)) == 8
    for port in ports:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
