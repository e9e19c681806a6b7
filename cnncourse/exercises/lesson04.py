"""Exercises of lesson 04: the accuracy of a coin, early stopping, precision by hand, worst pair."""

from cnncourse.exercises import Exercise, Mistake, Wrong
from cnncourse.exercises._values import plain
from cnncourse.exercises._when import differs, each, raises, right_if, some

import numpy as np

PARTS = "all between 0 and 1"


def numbers(answer, names):
    """The answer as named numbers between 0 and 1, so that each mistake is found beside others."""
    values = plain(answer)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        raise Wrong("Numbers are wanted, such as `0.25` or `3 / 12`, without quotes.")
    values = values.astype(float)
    if values.shape != (len(names),):
        raise Wrong(f"{len(names)} numbers are wanted: {', '.join(names)}.")
    between = bool(((values >= 0) & (values <= 1)).all())
    return dict(zip(names, values, strict=True)) | {PARTS: "yes" if between else "no"}


def coin_facts(answer):
    return numbers(answer, ("die", "fair coin", "always cat", "bent coin"))


def by_hand_facts(answer):
    """The three numbers; one that is rounded to two digits or more counts as exact."""
    found = numbers(answer, ("precision", "recall", "F1"))
    precision, recall, f1, between = found.values()
    told = {
        "precision": rounded(precision, 2 / 3, 3 / 4, 23 / 30),
        "recall": rounded(recall, 3 / 4, 2 / 3, 23 / 30),
    }
    exact = 12 / 17
    told["F1"] = rounded(f1, exact, 17 / 24, 6 / 17)
    if (told["precision"], told["recall"]) == (2 / 3, 3 / 4):  # F1 may be made of rounded ones
        made = 2 * precision * recall / (precision + recall)
        if rounded(f1, made) == made:
            told["F1"] = exact
    return told | {PARTS: between}


def rounded(value, *known):
    """The known number that the value is, rounded to two digits or more; else the value."""
    for exact in known:
        if any(abs(value - round(exact, digits)) < 1e-9 for digits in range(2, 17)):
            return exact
    return value


def coins(die=0.1, fair=0.5, always=0.9, bent=0.82):
    """The code of the blank cell with one answer exchanged."""
    return f"die, fair_coin, always_cat, bent_coin = {die}, {fair}, {always}, {bent}"


def by_hand(precision=2 / 3, recall=3 / 4, f1=12 / 17):
    """The code of the blank cell with one answer exchanged."""
    return f"precision, recall, f1 = {precision}, {recall}, {f1}"


def used_up(losses, patience):
    """Whether some `patience` epochs in a row are no better than the best before them."""
    best, wait = losses[0], 0
    for loss in losses[1:]:
        best, wait = (loss, 0) if loss < best else (best, wait + 1)
        if wait >= patience:
            return True
    return False


def small_step(losses):
    """Whether some loss is lower than all before it, and by less than 0.01."""
    before = np.minimum.accumulate(losses)[:-1]
    steps = before - np.asarray(losses[1:])
    return bool(((steps > 0) & (steps < 0.01)).any())


def always_the_last(trials):
    """Whether the training always ends with the list, where it should do so only sometimes."""
    ends = [np.ravel(trial.received)[0] == len(trial.given["losses"]) for trial in trials]
    return all(ends)


def draw_losses(rng):
    """1 to 14 losses, some equal or nearly so, falling and rising; a patience of 1 to 5."""
    epochs = int(rng.integers(1, 15))
    turn = rng.integers(epochs)
    losses = 0.3 + 0.05 * np.abs(np.arange(epochs) - turn) + rng.integers(-2, 4, epochs) / 20
    losses = np.round(losses, 2) + rng.integers(2) * rng.integers(-1, 2, epochs) / 10_000
    return [round(float(loss), 4) for loss in losses], int(rng.integers(1, 6))


CLASSES = ("cat", "dog", "frog", "ship", "deer", "bird", "truck", "horse")


def draw_matrix(rng):
    """A confusion matrix of 2 to 6 classes; no two kinds of mistakes are equally frequent."""
    size = int(rng.integers(2, 7))
    matrix = rng.permutation(np.arange(4 * size * size))[: size * size].reshape(size, size)
    np.fill_diagonal(matrix, rng.integers(0, (3, 300)[rng.integers(2)], size))
    return matrix, tuple(str(name) for name in rng.permutation(CLASSES)[:size])


def not_a_pair(trials):
    """Whether no answer is a list of two texts, and none raises."""
    return not any(
        trial.error or (isinstance(trial.received, list) and len(trial.received) == 2)
        for trial in trials
    )


def pairs(compare):
    """`compare(expected pair, received pair)` is true of every case, and all are two names."""

    def when(trials):
        two_names = all(
            isinstance(trial.received, list)
            and len(trial.received) == 2
            and set(trial.received) <= set(trial.given["class_names"])
            for trial in trials
        )
        return two_names and all(compare(trial.expected, trial.received) for trial in trials)

    return when


EXERCISES = (
    Exercise(
        name="04/coin",
        answer="[die, fair_coin, always_cat, bent_coin]",
        task=(
            "Give the expected accuracy of four guessers who never look: a ten-sided die on "
            'CIFAR-10; and on 900 cats and 100 dogs a fair coin, the answer "cat" every time, and '
            'a bent coin that says "cat" nine times out of ten.'
        ),
        hints=(
            "The accuracy is the part of the images on which guess and label agree. Take one "
            "image: how probable is it that the guess is its label?",
            "Whatever the image is, the die shows its label once in ten throws, and the fair coin "
            "once in two. How many of the thousand images are there does not matter to them.",
            '"cat" every time is right on each cat and wrong on each dog.',
            "The bent coin is right on a cat with probability 0.9 and on a dog with 0.1: weigh "
            "these by how many cats and dogs there are, `0.9 * ... + 0.1 * ...`.",
        ),
        solution="""
            die = 1 / 10
            fair_coin = 0.5
            always_cat = 900 / 1000
            bent_coin = 0.9 * 0.9 + 0.1 * 0.1
        """,
        right=(
            "die, fair_coin, always_cat, bent_coin = 0.1, 0.5, 0.9, 0.82",
            "die, fair_coin, always_cat, bent_coin = np.array([10, 50, 90, 82]) / 100",
        ),
        facts=coin_facts,
        reveal=False,
        mistakes=(
            Mistake(
                code=coins(die=10),
                by=(PARTS,),
                message=(
                    "Asked for is which part of the images is right. Every part lies between 0 and "
                    "1 (0.25 for 25 percent), and here one does not."
                ),
            ),
            Mistake(
                code=coins(die=0.5),
                by=("die",),
                message=(
                    "The die on CIFAR-10: one half would be right for two classes. There are ten, "
                    "and the die shows the right one once in ten throws."
                ),
            ),
            Mistake(
                code=coins(fair=0.1),
                by=("fair coin",),
                message=(
                    "The fair coin: in this set there are two classes, cat and dog, and the coin "
                    "knows no others."
                ),
            ),
            Mistake(
                code=coins(fair=0.9),
                by=("fair coin",),
                message=(
                    'The fair coin: it says "dog" for half of the cats, however many cats there '
                    'are. That most images are cats does not help a guesser who says "cat" no '
                    "more often for it."
                ),
            ),
            Mistake(
                code=coins(always=0.5),
                by=("always cat",),
                message=(
                    'Always "cat": one half would be right if cats and dogs were equally many. '
                    "Here nine images in ten are cats."
                ),
            ),
            Mistake(
                code=coins(always=1.0),
                by=("always cat",),
                message='Always "cat": it is wrong on every dog, and there are 100 of them.',
            ),
            Mistake(
                code=coins(bent=0.9),
                by=("bent coin",),
                message=(
                    'The bent coin: it says "cat" as often as there are cats, but not on the same '
                    "images. One cat in ten it calls a dog, and nine dogs in ten a cat."
                ),
            ),
            Mistake(
                code=coins(bent=0.81),
                by=("bent coin",),
                message=(
                    "The bent coin: these are the cats that it gets right. It is right on some "
                    'dogs too: one tenth of the images are dogs, and it says "dog" to one tenth '
                    "of them."
                ),
            ),
            Mistake(
                code=coins(bent=0.5),
                by=("bent coin",),
                message=(
                    'The bent coin: one half is what a fair coin reaches. This one says "cat" '
                    "nine times out of ten, and most images are cats."
                ),
            ),
            Mistake(
                code=coins(die=0.2),
                by=("die",),
                when=differs("die"),
                message=(
                    "The die: whatever the image is, the right one of its ten sides comes up "
                    "equally often. How often is that?"
                ),
            ),
            Mistake(
                code=coins(fair=0.25),
                by=("fair coin",),
                when=differs("fair coin"),
                message=(
                    "The fair coin: take one image. However many cats there are, how probable is "
                    "it that a coin says what this image is?"
                ),
            ),
            Mistake(
                code=coins(always=0.1),
                by=("always cat",),
                when=differs("always cat"),
                message='Always "cat": it is right on the cats and on nothing else.',
            ),
            Mistake(
                code=coins(bent=0.8),
                by=("bent coin",),
                when=differs("bent coin"),
                message=(
                    "The bent coin: two kinds of images are right, cats called cats and dogs "
                    "called dogs. Work out each part, and add them."
                ),
            ),
        ),
        shows=(
            "Accuracy says nothing by itself: 0.9 can be worth nothing at all, and on ten equal "
            "classes everything above 0.1 was learned. Set a guesser beside every network."
        ),
    ),
    Exercise(
        name="04/stop_and_best",
        task=(
            "Write `stop_and_best(losses, patience)`: the epoch after which early stopping ends "
            "the training, and the epoch with the lowest loss until then, both counted from 1."
        ),
        hints=(
            "Go through the losses in order, as they come in. Remember the lowest so far and the "
            "epoch that it came from.",
            "An epoch that is no better than the lowest so far makes the wait one longer; "
            "a better one sets the wait back to 0.",
            "When the wait reaches the patience, the training ends: `return epoch, best_epoch`. "
            "Where that never happens, it ends with the last epoch of all.",
        ),
        solution='''
            def stop_and_best(losses, patience):
                """The epoch at which training stops and the best one until then."""
                best_epoch, lowest = 0, float("inf")
                for epoch, loss in enumerate(losses, start=1):
                    if loss < lowest:
                        best_epoch, lowest = epoch, loss
                    elif epoch - best_epoch >= patience:
                        break
                return epoch, best_epoch
        ''',
        right=(
            """
            def stop_and_best(losses, patience):
                for epoch in range(1, len(losses) + 1):
                    best = int(np.argmin(losses[:epoch])) + 1
                    if epoch - best == patience:
                        return [epoch, best]
                return [len(losses), best]
            """,
            """
            def stop_and_best(losses, patience):
                wait, best, at = 0, np.inf, 0
                for i, loss in enumerate(losses):
                    wait += 1
                    if loss < best:
                        best, at, wait = loss, i, 0
                    if wait >= patience:
                        return i + 1, at + 1
                return len(losses), at + 1
            """,
        ),
        cases=(
            ([0.9, 0.7, 0.8, 0.75, 0.6], 2),
            ([0.9, 0.7, 0.6], 2),
            ([0.9, 0.6, 0.8, 0.7, 0.65, 0.5], 2),
            ([0.9, 0.7, 0.7, 0.7, 0.7], 2),
            ([0.9, 0.8, 0.85, 0.9, 0.7, 0.75, 0.8], 2),
            ([0.9, 0.7, 0.8, 0.6, 0.7, 0.8, 0.9], 3),
            ([0.9, 0.7, 0.8], 2),
            ([0.5, 0.6, 0.7, 0.4], 2),
            ([0.5, 0.6, 0.4], 1),
            ([0.9], 1),
            ([0.4, 0.6, 0.5, 0.4, 0.3, 0.7, 0.6, 0.5, 0.4, 0.2], 4),
            ([0.9, 0.8, 0.6, 0.7, 0.5, 0.7, 0.7, 0.6, 0.4, 0.3], 3),
            ([0.9, 0.5, 0.7, 0.6], 4),
            ([0.3, 0.5, 0.4, 0.6, 0.5, 0.7], 2),
            ([0.9, 0.7, 0.6999, 0.71, 0.6998, 0.6997], 2),
            ([0.9, 0.7, 0.6999, 0.71, 0.72, 0.73], 2),
        ),
        draw=draw_losses,
        mistakes=(
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest - 0.01:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= patience:
                                break
                        return epoch, best_epoch
                """,
                when=right_if(lambda given: not small_step(given["losses"])),
                message=(
                    "This is right unless a loss is lower by very little. That is progress too: "
                    "only an equal or a higher loss is none."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= patience:
                                break
                        return epoch, best_epoch
                """,
                message=(
                    "These epochs are counted from 0, as Python counts places in a list. Asked for "
                    "is the count from 1, as `fit` prints it."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        wait = 0
                        for epoch in range(1, len(losses)):
                            wait = wait + 1 if losses[epoch] >= losses[epoch - 1] else 0
                            if wait == patience:
                                break
                        return epoch + 1, int(np.argmin(losses[:epoch + 1])) + 1
                """,
                message=(
                    "This compares each epoch with the one before it. Early stopping compares with "
                    "the lowest loss so far: after 0.6, 0.8 and then 0.7 are two epochs without "
                    "progress, although 0.7 is below 0.8."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch > patience:
                                break
                        return epoch, best_epoch
                """,
                message=(
                    "This waits one epoch too long. With a patience of 2 the training ends with "
                    "the second epoch in a row that is no better than the best."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= patience:
                                break
                        return epoch, int(np.argmin(losses)) + 1
                """,
                message=(
                    "This best epoch is the lowest of all losses in the list, also of those after "
                    "the stop. Those epochs never took place."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best = int(np.argmin(losses)) + 1
                        return min(best + patience, len(losses)), best
                """,
                message=(
                    "This looks for the lowest loss in the whole list first. Early stopping does "
                    "not know the future: it decides after each epoch from those it has seen."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss <= lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= patience:
                                break
                        return epoch, best_epoch
                """,
                message=(
                    "This takes an equal loss for progress (`<=`). Keras wants a loss lower than "
                    "the lowest so far; a network that stands still would never stop."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest, bad = 0, float("inf"), 0
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            else:
                                bad += 1
                            if bad == patience:
                                break
                        return epoch, best_epoch
                """,
                message=(
                    "This counts all epochs without progress together. A better epoch sets the "
                    "wait back to 0: the patience is for epochs in a row."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= patience:
                                break
                        return best_epoch, epoch
                """,
                message="The two are exchanged: the epoch of the stop comes first.",
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= patience:
                                return epoch, best_epoch
                        return len(losses), len(losses)
                """,
                when=right_if(lambda given: used_up(**given)),
                message=(
                    "Where the patience is used up this is right; where it never is, it is not. "
                    "Then the training ends with the last epoch of the list, and the best epoch "
                    "is still the one with the lowest loss."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= 2:
                                break
                        return epoch, best_epoch
                """,
                when=right_if(lambda given: given["patience"] == 2),
                message=(
                    "With a patience of 2 this is right, with any other it is not. Is there a 2 "
                    "where `patience` is meant?"
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        return len(losses), int(np.argmin(losses)) + 1
                """,
                when=always_the_last,
                message=(
                    "The training always goes on to the end of the list here. It has to stop "
                    "where `patience` epochs in a row have been no better than the best before."
                ),
            ),
            Mistake(
                code="def stop_and_best(losses, patience): return patience",
                when=some(lambda expected, received: received.shape != (2,)),
                message="Two numbers are to come back: `return epoch, best_epoch`.",
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= patience:
                                break
                        return epoch, best_epoch - 1
                """,
                when=each(lambda expected, received: received[0] == expected[0]),
                message=(
                    "The epoch of the stop is right each time; the best epoch is not. It is the "
                    "one with the lowest loss of those that took place, counted from 1, and of "
                    "two equal ones the first."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= patience:
                                break
                        return min(epoch + 1, len(losses)), best_epoch
                """,
                when=each(lambda expected, received: received[1] == expected[1]),
                message=(
                    "The best epoch is right each time; the epoch of the stop is not. It is the "
                    "epoch in which the wait reaches the patience, or the last of the list."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch >= 2 * patience:
                                break
                        return epoch, best_epoch
                """,
                when=each(lambda expected, received: received[0] >= expected[0]),
                message=(
                    "This never stops too early, and sometimes too late. The wait counts the "
                    "epochs since the lowest loss so far, the present one included; when it "
                    "reaches `patience`, the training ends."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        best_epoch, lowest = 0, float("inf")
                        for epoch, loss in enumerate(losses, start=1):
                            if loss < lowest:
                                best_epoch, lowest = epoch, loss
                            elif epoch - best_epoch + 1 >= patience:
                                break
                        return epoch, best_epoch
                """,
                when=each(lambda expected, received: received[0] <= expected[0]),
                message=(
                    "This never stops too late, and sometimes too early. A loss that is lower "
                    "than all before begins a new wait from 0; only `patience` epochs in a row "
                    "without one end the training."
                ),
            ),
            Mistake(
                code="def stop_and_best(losses, patience): return losses[patience + 1], 1",
                when=raises("IndexError"),
                message=(
                    "A place is asked for that the list does not have: it may be shorter than "
                    "that, even one epoch long. `for epoch, loss in enumerate(losses, start=1)` "
                    "goes through it and never beyond."
                ),
            ),
            Mistake(
                code="""
                    def stop_and_best(losses, patience):
                        for epoch, loss in enumerate(losses):
                            if loss < lowest:
                                lowest = loss
                        return epoch, lowest
                """,
                when=raises("UnboundLocalError", "NameError"),
                message=(
                    "A name is used that has no value yet, or is spelled in two ways. What is "
                    "remembered from epoch to epoch needs a value before the loop begins."
                ),
            ),
        ),
        shows=(
            "Where early stopping ends a training, the best epoch lies as far back as the patience "
            "is long. The network still has the weights of the last epoch, unless "
            "`restore_best_weights=True` is asked for."
        ),
    ),
    Exercise(
        name="04/worst_pair",
        task=(
            "Write `worst_pair(matrix, class_names)`: the names (true, predicted) of the mistake "
            "made most often. Rows are the true classes. Leave the matrix as it was."
        ),
        hints=(
            "The diagonal holds the hits, not mistakes. Work on a copy of the matrix in which the "
            "diagonal is 0: `np.fill_diagonal`.",
            "`mistakes.argmax()` counts through the whole matrix as if it were one row; "
            "`np.unravel_index(place, mistakes.shape)` gives row and column.",
            "The row is the true class, the column the predicted one: "
            "`return class_names[row], class_names[column]`.",
        ),
        solution='''
            def worst_pair(matrix, class_names):
                """The true and the predicted class of the mistake made most often."""
                mistakes = matrix.copy()
                np.fill_diagonal(mistakes, 0)
                row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
                return class_names[row], class_names[column]
        ''',
        right=(
            """
            def worst_pair(matrix, class_names):
                pairs = [(a, b) for a in range(len(matrix)) for b in range(len(matrix)) if a != b]
                a, b = max(pairs, key=lambda pair: matrix[pair])
                return [class_names[a], class_names[b]]
            """,
            """
            def worst_pair(matrix, class_names):
                mistakes = matrix * (1 - np.eye(len(matrix)))
                return tuple(class_names[i] for i in divmod(int(mistakes.argmax()), len(matrix)))
            """,
        ),
        cases=(
            (np.array([[6, 3, 1], [2, 6, 0], [1, 0, 11]]), ("cat", "dog", "frog")),
            (np.array([[2, 0, 8], [3, 1, 0], [6, 0, 40]]), ("ship", "deer", "bird")),
            (np.array([[50, 5, 9], [7, 60, 0], [2, 8, 1]]), ("truck", "frog", "horse")),
            (np.array([[90, 6, 0], [7, 20, 1], [2, 4, 4]]), ("cat", "dog", "deer")),
            (np.array([[1, 7], [9, 30]]), ("frog", "ship")),
            (
                np.array([[5, 2, 3, 30], [4, 80, 6, 7], [10, 21, 90, 11], [12, 13, 14, 3]]),
                ("truck", "cat", "horse", "bird"),
            ),
        ),
        draw=draw_matrix,
        mistakes=(
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        row, column = np.unravel_index(matrix.argmax(), matrix.shape)
                        return class_names[row], class_names[column]
                """,
                message=(
                    "A class is confused with itself: this is the largest number of all, which "
                    "stands on the diagonal, where the hits are."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        mistakes = matrix.copy()
                        np.fill_diagonal(mistakes, 0)
                        row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
                        return class_names[column], class_names[row]
                """,
                message=(
                    "Right pair, wrong way round: the row is the true class and comes first, the "
                    "column is what the network said. Cats called dogs are not dogs called cats."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        mistakes = matrix / matrix.sum(axis=1, keepdims=True)
                        np.fill_diagonal(mistakes, 0)
                        row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
                        return class_names[row], class_names[column]
                """,
                message=(
                    "This looks at each row in percent: the mistake that is the largest part of "
                    "its class. Asked for is the one made most often, in images."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        both = np.triu(matrix + matrix.T, 1)
                        row, column = np.unravel_index(both.argmax(), both.shape)
                        return class_names[row], class_names[column]
                """,
                message=(
                    "This adds both directions together, cats called dogs and dogs called cats. "
                    "A fair question too, but asked for is one direction."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        mistakes = matrix.copy()
                        np.fill_diagonal(mistakes, 0)
                        row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
                        return row, column
                """,
                message="These are the numbers of the classes; give their names.",
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        row = np.argmin(np.diag(matrix))
                        others = matrix[row].copy()
                        others[row] = 0
                        return class_names[row], class_names[others.argmax()]
                """,
                message=(
                    "This takes the class with the fewest hits and looks only in its row. A class "
                    "with many hits can have a larger mistake beside them."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        mistakes = matrix + matrix.max() * np.eye(len(matrix), dtype=int)
                        row, column = np.unravel_index(mistakes.argmin(), mistakes.shape)
                        return class_names[row], class_names[column]
                """,
                message="This is the mistake made least often; asked for is the most frequent.",
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        row = (matrix.sum(axis=1) - np.diag(matrix)).argmax()
                        others = matrix[row].copy()
                        others[row] = 0
                        return class_names[row], class_names[others.argmax()]
                """,
                message=(
                    "This takes the class with the most mistakes in all, and of these the largest. "
                    "The largest number beside the diagonal may stand in another row."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        np.fill_diagonal(matrix, 0)
                        row, column = np.unravel_index(matrix.argmax(), matrix.shape)
                        return class_names[row], class_names[column]
                """,
                message=(
                    "The pair is right, but the diagonal of `matrix` itself is 0 afterwards: what "
                    "is handed over is not copied, so later cells would have lost their hits. "
                    "Change a copy: `mistakes = matrix.copy()`."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        mistakes = np.triu(matrix, 1)
                        row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
                        return class_names[row], class_names[column]
                """,
                message=(
                    "This sees only what lies above the diagonal. Below it stand the same pairs "
                    "the other way round, and they are mistakes as well."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        mistakes = matrix.copy()
                        np.fill_diagonal(mistakes, 0)
                        row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
                        return f"{class_names[row]} {class_names[column]}"
                """,
                when=not_a_pair,
                message=(
                    "Two names are wanted, the true class and the predicted one: "
                    "`return class_names[row], class_names[column]`."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        return class_names[-1], class_names[-1]
                """,
                when=pairs(lambda expected, received: received[0] == received[1]),
                message=(
                    "Both names are the same: that is a place on the diagonal, where the hits are, "
                    "or the row was taken for the column."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        mistakes = matrix.copy()
                        np.fill_diagonal(mistakes, 0)
                        row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
                        return class_names[row], class_names[column - 1]
                """,
                when=pairs(lambda expected, received: received[0] == expected[0]),
                message=(
                    "The true class is right each time; the predicted one is not. It is the "
                    "column in which the largest number beside the diagonal stands."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        mistakes = matrix.copy()
                        np.fill_diagonal(mistakes, 0)
                        row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
                        return class_names[row - 1], class_names[column]
                """,
                when=pairs(lambda expected, received: received[1] == expected[1]),
                message=(
                    "The predicted class is right each time; the true one is not. It is the row "
                    "in which the largest number beside the diagonal stands."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        return class_names[0], class_names[1]
                """,
                when=pairs(lambda expected, received: True),
                message=(
                    "These are names, but not always those that are asked for. Look for the "
                    "largest number that is not on the diagonal: its row gives the true class, its "
                    "column the predicted one."
                ),
            ),
            Mistake(
                code="""
                    def worst_pair(matrix, class_names):
                        return class_names[matrix.argmax()], class_names[0]
                """,
                when=raises("IndexError", "TypeError: only int", "TypeError: tuple indices"),
                message=(
                    "A name is asked for with something that is no place in `class_names`. "
                    "`argmax` of a matrix counts through all its numbers; "
                    "`np.unravel_index(place, matrix.shape)` makes a row and a column of that."
                ),
            ),
        ),
        shows=(
            "The one mistake to look at first. The next step is to look at the images in that "
            "cell, not at more numbers."
        ),
    ),
    Exercise(
        name="04/by_hand",
        answer="[precision, recall, f1]",
        task="Work out precision, recall and F1 of the class dog from the small matrix, on paper.",
        hints=(
            "Three numbers of the matrix are enough: the dogs called dog, all that was called dog, "
            "and all dogs.",
            "All that was called dog is the sum of the column; all dogs are the sum of the row.",
            "Precision is hits by column, recall is hits by row. "
            "F1 is `2 * precision * recall / (precision + recall)`.",
        ),
        solution="""
            precision = 6 / (3 + 6 + 0)
            recall = 6 / (2 + 6 + 0)
            f1 = 2 * precision * recall / (precision + recall)
        """,
        right=(
            "precision, recall, f1 = 2 / 3, 3 / 4, 12 / 17",
            "precision, recall, f1 = 0.667, 0.75, 0.706",
            "precision, recall, f1 = 0.67, 0.75, 0.71",
            "precision, recall, f1 = 0.667, 3 / 4, 0.7059",
            """
            precision, recall = round(6 / 9, 2), 6 / 8
            f1 = 2 / (1 / precision + 1 / recall)
            """,
            """
            from fractions import Fraction

            precision, recall, f1 = Fraction(2, 3), Fraction(3, 4), Fraction(12, 17)
            """,
        ),
        facts=by_hand_facts,
        reveal=False,
        mistakes=(
            Mistake(
                code=by_hand(precision=67, recall=75),
                by=(PARTS,),
                message=(
                    "Precision, recall and F1 lie between 0 and 1 (0.25, not 25 percent), and here "
                    "one does not. What is divided by what?"
                ),
            ),
            Mistake(
                code=by_hand(precision=3 / 4, recall=2 / 3),
                by=("precision", "recall"),
                message=(
                    "Precision and recall are exchanged. Precision asks of all that was called dog "
                    "(the column) how much was dog; recall asks of all dogs (the row) how many "
                    "were found."
                ),
            ),
            Mistake(
                code=by_hand(precision=3 / 4),
                by=("precision",),
                message=(
                    "This precision divides by the row of dog, all dogs: that is the recall. "
                    "Precision divides by all that was called dog, the column."
                ),
            ),
            Mistake(
                code=by_hand(recall=2 / 3),
                by=("recall",),
                message=(
                    "This recall divides by the column of dog: that is the precision. Recall "
                    "divides by all dogs, the row."
                ),
            ),
            Mistake(
                code=by_hand(precision=23 / 30),
                by=("precision",),
                message=(
                    "This is the accuracy: all hits by all images. Precision is about one class, "
                    "and here about what was called dog."
                ),
            ),
            Mistake(
                code=by_hand(recall=23 / 30),
                by=("recall",),
                message=(
                    "This is the accuracy: all hits by all images. Recall is about one class, "
                    "and here about the dogs alone."
                ),
            ),
            Mistake(
                code=by_hand(precision=6 / 30),
                by=("precision",),
                message="This divides by all images. Precision divides by what was called dog.",
            ),
            Mistake(
                code=by_hand(recall=6 / 30),
                by=("recall",),
                message="This divides by all images. Recall divides by the number of dogs.",
            ),
            Mistake(
                code=by_hand(precision=25 / 28),
                by=("precision",),
                message=(
                    "The images that are no dogs and were not called dogs are counted here as hits "
                    "as well. Neither precision nor recall looks at them."
                ),
            ),
            Mistake(
                code=by_hand(f1=17 / 24),
                by=("F1",),
                message=(
                    "F1 is not the ordinary mean of precision and recall but the harmonic mean, "
                    "which lies nearer to the smaller of the two."
                ),
            ),
            Mistake(
                code=by_hand(f1=1 / 2),
                by=("F1",),
                message=(
                    "This is precision times recall. Twice that, divided by their sum, is F1."
                ),
            ),
            Mistake(
                code=by_hand(precision=0.66),
                by=("precision",),
                message="0.66 is cut, not rounded: 2 / 3 is 0.6666..., nearer to 0.67.",
            ),
            Mistake(
                code=by_hand(precision=0.7),
                by=("precision",),
                message="0.7 is too rough for 2 / 3: give two digits behind the point, or a "
                "fraction.",
            ),
            Mistake(
                code=by_hand(f1=0.70),
                by=("F1",),
                message="Nearly: give F1 with two digits or more, rounded, or as a fraction.",
            ),
            Mistake(
                code=by_hand(f1=6 / 17),
                by=("F1",),
                message="The factor 2 is missing: F1 is twice the product, divided by the sum.",
            ),
            Mistake(
                code=by_hand(precision=0.3),
                by=("precision",),
                when=differs("precision"),
                message=(
                    "This is not the precision of dog. Look at the column of what was called dog: "
                    "how many are there in all, and how many of them are dogs?"
                ),
            ),
            Mistake(
                code=by_hand(recall=0.3),
                by=("recall",),
                when=differs("recall"),
                message=(
                    "This is not the recall of dog. Look at the row of the dogs: how many are "
                    "there in all, and how many of them were called dog?"
                ),
            ),
            Mistake(
                code=by_hand(f1=0.3),
                by=("F1",),
                when=differs("F1"),
                message=(
                    "Precision and recall are right, F1 is not: twice their product, divided by "
                    "their sum."
                ),
            ),
        ),
        shows=(
            "One class, two questions: of what was called dog, how much was dog; of all dogs, how "
            "many were found. F1 is high only where both are."
        ),
    ),
)
