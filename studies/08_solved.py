"""Lesson 08 solved: the course's own solutions of its exercises, trained in full, five seeds.

Run: python -m tools.study 08_solved (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data, exercises
from tools import study

import keras
import numpy as np

EPOCHS = 10


def solution(name):
    """The function that the bank's solution of an exercise of lesson 08 defines."""
    exercise = exercises.find(f"08/{name}")
    return exercise.fill(exercise.solution)


def train(images, seed):
    x_train, x_test = (solution("prepare")(x) for x in (images.x_train, images.x_test))
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
    mnist = data.load("mnist")
    row = study.Row(
        train=partial(train, mnist),
        data=mnist,
        images=len(mnist.x_train) - len(mnist.x_train) // 10,
        epochs=EPOCHS,
    )
    study.run("08_solved", {"solutions": row}, key="solutions, test_accuracy")


if __name__ == "__main__":
    main()
