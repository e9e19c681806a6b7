"""A network to take one training step with, and what is judged of the step."""

import functools
import types

from cnncourse.exercises import Wrong
from cnncourse.exercises._networks import FreshNetwork, named

import numpy as np


def small_network(inputs, outputs, seed):
    """A dense layer in the form of lesson 06's network: variables, velocities, `training`.

    In training it drops the same inputs each time, so that there is one right answer.
    """
    import tensorflow as tf

    random = np.random.default_rng(seed)

    def halves(shape, trainable=True):
        numbers = random.integers(-4, 5, tuple(shape)) / 2
        return tf.Variable(numbers.astype(np.float32), trainable=trainable)

    class Network(tf.Module):
        def __init__(self):
            super().__init__()
            self.w, self.b = halves((inputs, outputs)), halves((outputs,))
            self.velocities = [halves(v.shape, trainable=False) for v in self.trainable_variables]

        def __call__(self, images, training=False):
            kept = 2 * (np.arange(inputs) % 2) if training else np.ones(inputs)
            return tf.matmul(images * kept.astype(np.float32), self.w) + self.b

    return Network()


class FreshStep(FreshNetwork):
    """A network that is not Keras's, made anew for every call."""

    def state(self, lent):
        return step_state(lent)

    def restore(self, lent, state):
        made = {name: [Number(one) for one in state[name]] for name in state}
        FreshNetwork.lent = types.SimpleNamespace(
            velocities=made["velocities"], trainable_variables=made["variables"]
        )


class Number:
    """Stands for a variable of TensorFlow, of which nothing but its numbers is asked."""

    def __init__(self, value):
        self.value = value

    def numpy(self):
        return self.value


def case(random, batch=2, inputs=2, outputs=3, rate=0.1, momentum=0.9):
    """One call of `train_step`: a network of its own, images (batch, inputs), labels, numbers."""
    seed = int(random.integers(1000))
    network = FreshStep(functools.partial(small_network, inputs, outputs, seed), "network")
    images = random.random((batch, inputs), dtype=np.float32).round(2)
    labels = np.arange(outputs - 1, outputs - 1 - batch, -1) % outputs  # the last class first
    return network, *named(images, labels), rate, momentum


def drawn_case(random):
    """A further call, of a network of other sizes."""
    sizes = [int(n) for n in random.integers(2, 6, 3)]
    rate, momentum = round(random.uniform(0.01, 0.5), 2), round(random.uniform(0.3, 0.95), 2)
    return case(random, *sizes, rate, momentum)


def step_facts(loss):
    """What a step has left in the network that it was given, and the loss that came back."""
    network = FreshNetwork.lent
    loss = np.asarray(loss)
    if loss.dtype.kind not in "biuf":
        raise Wrong("What comes back is no number; the loss is wanted.")
    return step_state(network) | {"loss": loss}


def step_state(network):
    """What a step may have changed in a network."""
    return {
        "velocities": [v.numpy() for v in network.velocities],
        "variables": [v.numpy() for v in network.trainable_variables],
    }
