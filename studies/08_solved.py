"""Lesson 08 solved: the course's own solutions of its exercises, trained in full, three seeds.

Run: python studies/08_solved.py (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data, exercises, results, study

import keras
import numpy as np

SEEDS = (1, 2, 3)
EPOCHS = 10


def solution(name):
    """The function that the bank's solution of an exercise of lesson 08 defines."""
    exercise = exercises.find(f"08/{name}")
    return exercise.fill(exercise.solution)


def train(images, seed):
    x_train, x_test = (
        solution("add_channel")(solution("normalise")(x)) for x in (images.x_train, images.x_test)
    )
    y_train, y_test = (solution("one_hot")(y) for y in (images.y_train, images.y_test))
    keras.utils.set_random_seed(seed)
    network = solution("compile_network")(solution("build_network")())
    solution("train")(network, x_train, y_train, EPOCHS)
    predicted = network.predict(x_test, batch_size=500, verbose=0).argmax(axis=1)
    right = {
        f"{name}_right": np.mean(predicted[images.y_test == digit] == digit)
        for digit, name in enumerate(images.class_names)
    }
    worst = images.class_names[solution("worst_digit")(images.y_test, predicted)]
    assert right[f"{worst}_right"] == min(right.values())
    return {
        "test_accuracy": solution("test_accuracy")(network, x_test, y_test),
        **right,
        "parameters": network.count_params(),
    }


def main():
    study.storing()
    mnist = data.load("mnist")
    runs = study.measure("08_solved", {"solutions": partial(train, mnist)}, SEEDS)["solutions"]
    book = results.Book("08_solved")
    for number in [number for number in runs[0] if number != "cpu_seconds"]:
        book.add(
            number,
            [run[number] for run in runs],
            data=mnist,
            seeds=list(SEEDS),
            epochs=EPOCHS,
            images=len(mnist.x_train) - len(mnist.x_train) // 10,
            cpu_seconds=round(sum(run["cpu_seconds"] for run in runs), 1),
        )
    print(book.close("test_accuracy", sum(run["cpu_seconds"] for run in runs)))


if __name__ == "__main__":
    main()
