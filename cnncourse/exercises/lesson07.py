"""Exercises of lesson 07: class order, augmentation that keeps the label, flattened size, costs."""

from collections.abc import Collection

from cnncourse.exercises import Exercise, Mistake, Wrong

import numpy as np

PROBABILITIES = np.array([0.1, 0.3, 0.5, 0.6, 0.8, 0.9])
IS_DOG = np.array([False, True, False, True, False, True])
CHANGES = ("mirror", "turn", "colour")
SPELLED = {"color": "colour"}
PICTURES = ("cat or dog", "arrows", "tomatoes", "hands", "upright")


def draw_which_class(random):
    """Two names of folders in any order, some with a capital letter, and an output from 0 to 1."""
    names = random.choice(["cats", "Dogs", "dogs", "ants", "Bees", "owl", "zebras", "a"], 2, False)
    output = random.choice([0.0, 0.5, 1.0, *random.uniform(0, 1, 5).round(3)])
    return names.tolist(), float(output)


def name_facts(value):
    """A name, and its letters by their numbers, since texts are compared without capitals."""
    letters = [ord(letter) for letter in value] if isinstance(value, str) else []
    return {"name": value, "capital and small letters": letters}


def draw_flattened_size(random):
    """Sides from which something is left after the convolution and after the pooling."""
    kernel, pool, kernels = (int(n) for n in random.integers(1, 8, 3))
    return kernel - 1 + pool + int(random.integers(0, 60)), kernel, pool, kernels


def draw_total_cost(random):
    """Probabilities in steps of a twentieth, so that some are the threshold itself."""
    count = random.integers(1, 30)
    probabilities = random.integers(0, 21, count) / 20
    is_dog = random.random(count) < 0.5
    threshold = float(random.choice(probabilities))
    return probabilities, is_dog, threshold, *(int(n) for n in random.integers(1, 12, 2))


def label_facts(answer):
    """What each kind of picture allows, change by change, so that mistakes are found one by one."""
    if not isinstance(answer, (list, tuple)) or len(answer) != len(PICTURES):
        raise Wrong(f"Five lists are wanted, for {', '.join(PICTURES)}.")
    facts = {}
    for picture, words in zip(PICTURES, answer, strict=True):
        words = words.split(",") if isinstance(words, str) else words
        words = list(words)[:99] if isinstance(words, (Collection, np.ndarray)) else [None]
        if not all(isinstance(word, str) for word in words):
            raise Wrong(f'{picture}: a list of words is wanted, such as `["mirror", "turn"]`.')
        words = {SPELLED.get(word.strip().casefold(), word.strip().casefold()) for word in words}
        unknown = sorted(words - set(CHANGES))
        if unknown:
            raise Wrong(
                f'{picture}: the words are "mirror", "turn" and "colour"; found "{unknown[0]}".'
            )
        facts |= {f"{picture}: {change}": change in words for change in CHANGES}
        facts[picture] = ", ".join(change for change in CHANGES if change in words) or "none"
    return facts


def keeps(
    cat_or_dog=CHANGES,
    arrows=("colour",),
    tomatoes=("mirror", "turn"),
    hands=("turn", "colour"),
    upright=("mirror", "colour"),
):
    """The code of the blank cell with one answer exchanged."""
    return f"""
cat_or_dog = {list(cat_or_dog)}
arrows = {list(arrows)}
tomatoes = {list(tomatoes)}
hands = {list(hands)}
upright = {list(upright)}
"""


EXERCISES = (
    Exercise(
        name="07/which_class",
        task=(
            "Write `which_class(folders, output)`: the name of the class that a sigmoid output "
            "stands for. `folders` are the two class folders in any order; an output of 0.5 or "
            "more stands for class 1."
        ),
        hints=(
            "Two steps: put the names into the order that Keras gives them, then take the first "
            "or the second.",
            "Keras numbers the folders in sorted order, and Python's `sorted` sorts as Keras does: "
            "capital letters come before small ones.",
            "A comparison is `True` or `False`, and `int(True)` is 1: "
            "`sorted(folders)[int(output >= 0.5)]`.",
        ),
        solution='''
            def which_class(folders, output):
                """The name of the class that the output of a sigmoid stands for."""
                return sorted(folders)[int(output >= 0.5)]
        ''',
        right=(
            """
            def which_class(folders, output):
                first, second = sorted(folders)
                if output < 0.5:
                    return first
                return second
            """,
            "which_class = lambda folders, output: (max if output >= 0.5 else min)(folders)",
        ),
        cases=(
            (["cats", "dogs"], 0.2),
            (["dogs", "cats"], 0.9),
            (["cats", "dogs"], 0.7),
            (["dogs", "cats"], 0.1),
            (["cats", "dogs"], 1.0),
            (["cats", "dogs"], 0.5),
            (["cats", "Dogs"], 0.9),
            (["pears", "apples"], 0.4),
            (["pears", "apples"], 0.6),
            (["owls", "ants"], 0.99),
            (["tulips", "fir"], 0.0),
            (["Owls", "ants"], 0.2),
            (["cats", "dogs"], 0.55),
        ),
        facts=name_facts,
        draw=draw_which_class,
        mistakes=(
            Mistake(
                code="""
                    def which_class(folders, output):
                        return folders[int(output >= 0.5)]
                """,
                message=(
                    "This takes the folders in the order in which they came. Keras sorts them "
                    "first, so cats come before dogs wherever they lie in the list."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[int(output == 1)]
                """,
                message=(
                    "This gives the second class for an output of exactly 1 alone. A sigmoid comes "
                    "near to 1 and hardly ever reaches it: 0.9 must already be the second class."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[int(output < 0.5)]
                """,
                message=(
                    "The two classes are exchanged: the output is the probability of class 1, the "
                    "second in sorted order, so a large output stands for the second."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return "dogs" if output >= 0.5 else "cats"
                """,
                message=(
                    "This knows cats and dogs alone. The function gets the names of any two "
                    "folders: take one of `sorted(folders)`."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders, key=len)[int(output >= 0.5)]
                """,
                message=(
                    "This goes by how long the names are, and Keras by the alphabet: "
                    "`sorted(folders)` without `key`."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[np.argmax(output)]
                """,
                message=(
                    "This is the first class whatever the output is. The `argmax` of a single "
                    "number is 0: one output needs a comparison with 0.5. (`argmax` is for a "
                    "network with an output for each class.)"
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[int(output > 0)]
                """,
                message=(
                    "This is the second class for every output above 0, and a sigmoid is nearly "
                    "always above 0. Half-way, where both classes are as likely, is 0.5."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[1]
                """,
                message=("This is the second class whatever the output is."),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return folders[int(output < 0.5)]
                """,
                message=(
                    "This takes the folders as they came, and a small output for the second. Sort"
                    " them first, and let the larger output stand for the second."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return int(output >= 0.5)
                """,
                message=(
                    "This is the number of the class. Its name is asked for: "
                    "`sorted(folders)[...]` with the number in the brackets."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)
                """,
                message=("These are both names in order. Asked for is one of them, by the output."),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return [sorted(folders)[int(output >= 0.5)]]
                """,
                message=("This is the name in a list. The name itself is asked for."),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[output >= 0.5 and 2]
                """,
                message=("There are two classes, with the numbers 0 and 1: this asks for a third."),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[output]
                """,
                message=(
                    "The output is a number like 0.7, and a place in a list is a whole number. "
                    "Make one of it by a comparison: `int(output >= 0.5)`."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        folders.sort()
                        return folders[int(output >= 0.5)]
                """,
                message=(
                    "`folders.sort()` changes the list that was handed over, also for the cell it"
                    " came from. `sorted(folders)` makes a new one."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return folders.sort()[int(output >= 0.5)]
                """,
                message=(
                    "`folders.sort()` sorts the list in its place and gives back `None`. "
                    "`sorted(folders)` gives back a sorted list."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[int(output <= 0.5)]
                """,
                message=(
                    "A small output stands for the second class here. The output is the "
                    "probability of class 1, so it is a large one that stands for it, from 0.5 "
                    "on."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[int(output >= 0.5)].lower()
                """,
                message=(
                    "The name comes back in small letters. It is the name of a folder: give it "
                    "back as it is."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return "cats" if output >= 0.5 else "dogs"
                """,
                message=(
                    "This knows cats and dogs alone, and exchanges them. The function gets the "
                    "names of any two folders: of `sorted(folders)`, a large output stands for "
                    "the second."
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[int(output >= 0.9)]
                """,
                message=("The second class begins too late: from 0.5 on it is the likelier one."),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders, key=str.lower)[int(output >= 0.5)]
                """,
                message=(
                    "This sorts as a dictionary does, without regard to capital letters. Keras "
                    'compares characters, and capital letters come first: "Dogs" before "cats".'
                ),
            ),
            Mistake(
                code="""
                    def which_class(folders, output):
                        return sorted(folders)[round(output)]
                """,
                message=(
                    "At exactly 0.5 this gives the first class, and the task says the second "
                    "(Python's `round(0.5)` is 0; a comparison with `>` does the same)."
                ),
            ),
        ),
        shows=(
            "The order of the classes is stored nowhere in the network: it is the order of the "
            "folder names on the day of the training. A saved file has to keep the names too."
        ),
    ),
    Exercise(
        name="07/keeps_label",
        answer="[cat_or_dog, arrows, tomatoes, hands, upright]",
        task=(
            "For five kinds of pictures, list the changes among mirror, turn and colour that keep "
            "the label of every picture."
        ),
        hints=(
            "Take one picture of each class, change it in your mind, and ask a person who sees "
            "only the changed picture for its label. Is it the label it had?",
            "An arrow to the left, mirrored, is an arrow to the right. Turned by 180 degrees?",
            "A left hand turned by 180 degrees is still a left hand; in a mirror it is a right "
            "one. What tells a green tomato from a ripe one?",
        ),
        solution="""
            cat_or_dog = ["mirror", "turn", "colour"]
            arrows = ["colour"]
            tomatoes = ["mirror", "turn"]
            hands = ["turn", "colour"]
            upright = ["mirror", "colour"]
        """,
        right=(
            """
            cat_or_dog = ["colour", "turn", "mirror"]
            arrows = "colour"
            tomatoes = ("turn", "mirror")
            hands = {"turn", "colour"}
            upright = ["colour", "mirror"]
            """,
            """
            cat_or_dog = ["Mirror", "Turn", "Colour"]
            arrows = np.array(["COLOUR"])
            tomatoes = ["turn ", "mirror", "mirror"]
            hands = frozenset(["turn", "color"])
            upright = "mirror", "colour"
            """,
        ),
        facts=label_facts,
        reveal=False,
        mistakes=(
            Mistake(
                code=keeps(cat_or_dog=("mirror",)),
                by=("cat or dog",),
                message=(
                    "Cat or dog: a dog upside down or in strange colours is still a dog, so these"
                    " changes keep the label. (Whether they help is another question: if nobody "
                    "will ever show such a picture, the network learns something useless.)"
                ),
            ),
            Mistake(
                code=keeps(cat_or_dog=("mirror", "colour")),
                by=("cat or dog: turn",),
                message=(
                    "Cat or dog: a dog upside down is still a dog. The turn is of little use, "
                    "since few such photographs will come, but it keeps the label."
                ),
            ),
            Mistake(
                code=keeps(cat_or_dog=("mirror", "turn")),
                by=("cat or dog: colour",),
                message=(
                    "Cat or dog: a green dog is still a dog. The colour may tell something about "
                    "the class, but it does not decide it."
                ),
            ),
            Mistake(
                code=keeps(cat_or_dog=("turn", "colour")),
                by=("cat or dog: mirror",),
                message=(
                    "Cat or dog: a dog that looks to the left is a dog, and in the mirror it "
                    "looks to the right. The label stays."
                ),
            ),
            Mistake(
                code=keeps(arrows=CHANGES),
                by=("arrows: mirror", "arrows: turn"),
                message=(
                    "Arrows: mirrored or turned by 180 degrees, an arrow to the left points to "
                    "the right, and the label says left."
                ),
            ),
            Mistake(
                code=keeps(arrows=("mirror", "colour")),
                by=("arrows: mirror",),
                message=("Arrows: in a mirror, an arrow to the left points to the right."),
            ),
            Mistake(
                code=keeps(arrows=("turn", "colour")),
                by=("arrows: turn",),
                message=(
                    "Arrows: turned by 180 degrees, an arrow to the left points to the right, "
                    "just as in a mirror."
                ),
            ),
            Mistake(
                code=keeps(arrows=()),
                by=("arrows: colour",),
                message=(
                    "Arrows: a red arrow and a green one point the same way. Which of the changes"
                    " leaves the direction alone?"
                ),
            ),
            Mistake(
                code=keeps(tomatoes=CHANGES),
                by=("tomatoes: colour",),
                message=(
                    "Tomatoes: the colour is what tells a green one from a ripe one. A network "
                    "trained with shifted colours is told that colour means nothing."
                ),
            ),
            Mistake(
                code=keeps(tomatoes=("turn",)),
                by=("tomatoes: mirror",),
                message=(
                    "Tomatoes: a ripe tomato is a ripe tomato in the mirror too. The mirror "
                    "changes no colour."
                ),
            ),
            Mistake(
                code=keeps(tomatoes=("mirror",)),
                by=("tomatoes: turn",),
                message=(
                    "Tomatoes: a tomato that is turned keeps its colour, and the colour is the "
                    "label."
                ),
            ),
            Mistake(
                code=keeps(hands=("mirror", "colour")),
                by=("hands: mirror", "hands: turn"),
                message=(
                    "Hands: it is the other way round. A turn on the table leaves a left hand a "
                    "left hand; a mirror makes a right hand of it."
                ),
            ),
            Mistake(
                code=keeps(hands=CHANGES),
                by=("hands: mirror",),
                message=(
                    "Hands: hold your left hand before a mirror. What you see is a right hand."
                ),
            ),
            Mistake(
                code=keeps(hands=("colour",)),
                by=("hands: turn",),
                message=(
                    "Hands: turn your left hand on the table by half a turn. It is still your "
                    "left hand, and the photograph of it too."
                ),
            ),
            Mistake(
                code=keeps(hands=("turn",)),
                by=("hands: colour",),
                message=(
                    "Hands: a left hand in a green light is a left hand. Left and right are no "
                    "question of colour."
                ),
            ),
            Mistake(
                code=keeps(upright=CHANGES),
                by=("upright: turn",),
                message=(
                    "Upright: a turn by 180 degrees is the very thing that the two classes differ"
                    " in. It makes an upright photograph one that is upside down."
                ),
            ),
            Mistake(
                code=keeps(upright=("colour",)),
                by=("upright: mirror",),
                message=(
                    "Upright: the mirror exchanges left and right. What was above is above still."
                ),
            ),
            Mistake(
                code=keeps(upright=("mirror",)),
                by=("upright: colour",),
                message=(
                    "Upright: a photograph with other colours has its sky where it was. The label"
                    " stays."
                ),
            ),
        ),
        shows=(
            "There is no augmentation that is right for all pictures. Before each one, the "
            "question is: would a person still give the changed picture the same label?"
        ),
    ),
    Exercise(
        name="07/flattened_size",
        task=(
            "Write `flattened_size(side, kernel, pool, kernels)`: how many numbers leave Flatten "
            "after one convolution without padding and one max pooling."
        ),
        hints=(
            "Follow one side of the photograph: first the convolution, then the pooling. Lesson "
            "01 has both sizes.",
            "A kernel fits `side - kernel + 1` times along the side; the pooling divides that by "
            "`pool` and drops what is left over: `//`.",
            "Two sides, and a map for each kernel: `((side - kernel + 1) // pool) ** 2 * kernels`.",
        ),
        solution='''
            def flattened_size(side, kernel, pool, kernels):
                """How many numbers Flatten passes on after convolution and pooling."""
                return ((side - kernel + 1) // pool) ** 2 * kernels
        ''',
        right=(
            """
            def flattened_size(side, kernel, pool, kernels):
                maps = side - (kernel - 1)
                pooled = int(maps / pool)
                return pooled * pooled * kernels
            """,
        ),
        cases=(
            (6, 3, 2, 1),
            (7, 3, 2, 2),
            (9, 4, 2, 5),
            (12, 3, 1, 2),
            (19, 7, 3, 4),
            (32, 4, 4, 6),
            (64, 3, 2, 32),
            (150, 5, 3, 16),
        ),
        draw=draw_flattened_size,
        mistakes=(
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return (side // pool) ** 2 * kernels
                """,
                message=(
                    "This leaves out the border: without padding, the maps are smaller than the "
                    'photograph by `kernel - 1`. What you have holds for `padding="same"`.'
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return (side - kernel + 1) // pool * kernels
                """,
                message="This is one row of each map. A map has as many rows as columns: square.",
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) ** 2
                """,
                message="This is one map. Each kernel makes one.",
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) ** 2 * kernels * 3
                """,
                message=(
                    "The three colours are gone after the first convolution: each kernel reads all "
                    "three and makes one map of them."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return (side - kernel + 1) ** 2 * kernels
                """,
                message="This is what leaves the convolution. The pooling is still missing.",
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return (-(-(side - kernel + 1) // pool)) ** 2 * kernels
                """,
                message=(
                    "This rounds up. Pooling without padding drops the row and column that do not "
                    "fill a window: round down."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel) // pool) ** 2 * kernels
                """,
                message=(
                    "One place is missing along the side: a kernel of 3 fits over 3 pixels once, "
                    "which is `side - kernel + 1`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel - 1) // pool) ** 2 * kernels
                """,
                message=(
                    "The 1 is taken off instead of added: a kernel of 3 fits over 3 pixels once, "
                    "which is `side - kernel + 1`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1 - pool) + 1) ** 2 * kernels
                """,
                message=(
                    "This is a pooling that moves by one pixel. Its windows lie side by side, so "
                    "the side is divided by `pool`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) / pool) ** 2 * kernels
                """,
                message=(
                    "A map has no part of a pixel: what does not fill a window is dropped. Divide"
                    " with `//`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return (side // pool - kernel + 1) ** 2 * kernels
                """,
                message=("This pools first and convolves then. The convolution comes first."),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) * 2 * kernels
                """,
                message=(
                    "This doubles the side. The numbers of a map are its side squared: `** 2`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return side ** 2 * kernels
                """,
                message=(
                    "This is the size of the photograph times the kernels: neither the border of "
                    "the convolution nor the pooling is counted."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // 2) ** 2 * kernels
                """,
                message=("The pooling is by 2 here, whatever `pool` is."),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - 2) // pool) ** 2 * kernels
                """,
                message=(
                    "2 is taken off here, which is right for a kernel of 3 alone: `kernel - 1`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) ** kernels
                """,
                message=("The number of kernels multiplies the map's numbers; it is no power."),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) ** 2 + kernels
                """,
                message=(
                    "The number of kernels is added here. Each kernel makes a whole map: multiply."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) ** 2 * kernels + kernels
                """,
                message=(
                    "This adds the biases, which are parameters. Flatten passes the numbers of "
                    "the maps on, and those alone."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool ** 2) * kernels
                """,
                message=(
                    "The power stands at `pool` alone. Divide first, then square: the division "
                    "needs parentheses around it."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side + kernel - 1) // pool) ** 2 * kernels
                """,
                message=(
                    "The side grows here. Without padding the maps are smaller than the "
                    "photograph: `side - kernel + 1`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return (((side - kernel + 1) // pool) * kernels) ** 2
                """,
                message=(
                    "The number of kernels is squared too. Square the side alone, then multiply "
                    "by the kernels."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return round((side - kernel + 1) / pool) ** 2 * kernels
                """,
                message=(
                    "This rounds to the nearest. What does not fill a window is dropped, however "
                    "much it is: `//`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return int(((side - kernel + 1) / pool) ** 2) * kernels
                """,
                message=(
                    "This rounds after squaring. The rows that do not fill a window are dropped, "
                    "and the columns: round the side down, then square it."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return int(((side - kernel + 1) / pool) ** 2 * kernels)
                """,
                message=(
                    "This rounds at the very end. The rows that do not fill a window are dropped,"
                    " and the columns: round the side down first, then square it and multiply."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - 2 * (kernel // 2)) // pool) ** 2 * kernels
                """,
                message=(
                    "Half a kernel is taken off on both sides, which is right for kernels of odd "
                    "sides alone: `kernel - 1` is lost in all."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 2) // pool) ** 2 * kernels
                """,
                message=(
                    "One place too many along the side: a kernel fits `side - kernel + 1` times."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) ** 2 * kernel
                """,
                message=(
                    "The last factor is the side of the kernel here. It is how many kernels there"
                    " are: `kernels`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) * pool) ** 2 * kernels
                """,
                message=(
                    "The pooling makes the maps larger here. It makes them smaller: divide by "
                    "`pool`, with `//`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) % pool) ** 2 * kernels
                """,
                message=(
                    "`%` is what is left over of the division, the pixels that are dropped. How "
                    "many windows there are is `//`."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) ** 2 / kernels
                """,
                message=(
                    "This divides by the number of kernels. Each makes a map of its own: multiply."
                ),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return ((side - kernel + 1) // pool) ** 3 * kernels
                """,
                message=("A map has two sides: its numbers are the side squared, `** 2`."),
            ),
            Mistake(
                code="""
                    def flattened_size(side, kernel, pool, kernels):
                        return (side - kernel + 1) ** 2 * kernels // pool
                """,
                message=(
                    "Pooling by 2 halves the rows and the columns: a quarter of the numbers is "
                    "left, not half. Divide the side before it is squared."
                ),
            ),
        ),
        shows=(
            "Almost all parameters of the recipe hang on this number: it is multiplied by the "
            "units of the dense layer that follows."
        ),
    ),
    Exercise(
        name="07/total_cost",
        task=(
            "Write `total_cost(probabilities, is_dog, threshold, false_alarm, miss)`: what all "
            "mistakes together cost. It says dog from the threshold on."
        ),
        hints=(
            "Split the photographs by two questions: is it a dog, and does the network say dog?",
            "`says_dog = probabilities >= threshold`. A false alarm is `says_dog & ~is_dog`; what "
            "is a miss?",
            "Count both with `.sum()`, multiply each by its price, and add.",
        ),
        solution='''
            def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                """The price of all false alarms and misses together."""
                says_dog = probabilities >= threshold
                false_alarms = (says_dog & ~is_dog).sum()
                misses = (~says_dog & is_dog).sum()
                return false_alarm * false_alarms + miss * misses
        ''',
        right=(
            """
            def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                cost = 0
                for probability, dog in zip(probabilities, is_dog):
                    if probability >= threshold and not dog:
                        cost += false_alarm
                    if probability < threshold and dog:
                        cost += miss
                return cost
            """,
        ),
        cases=tuple(
            (PROBABILITIES, IS_DOG, threshold, false_alarm, miss)
            for threshold, false_alarm, miss in (
                (0.7, 1, 1),
                (0.5, 2, 10),
                (0.2, 3, 1),
                (0.6, 3, 4),
                (0.85, 2, 5),
            )
        ),
        draw=draw_total_cost,
        mistakes=(
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        false_alarms = (says_dog & ~is_dog).sum()
                        misses = (~says_dog & is_dog).sum()
                        return miss * false_alarms + false_alarm * misses
                """,
                message=(
                    "The prices are exchanged. A false alarm is a cat that is called dog; a miss "
                    "is a dog that is not."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities > threshold
                        false_alarms = (says_dog & ~is_dog).sum()
                        misses = (~says_dog & is_dog).sum()
                        return false_alarm * false_alarms + miss * misses
                """,
                message=(
                    "At exactly the threshold this does not say dog yet; the task says from the "
                    "threshold on (`>=`)."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        false_alarms = (says_dog & ~is_dog).sum()
                        misses = (~says_dog & is_dog).sum()
                        return (false_alarm * false_alarms + miss * misses) / len(is_dog)
                """,
                message="This is the cost a photograph. Asked for is the cost of all together.",
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return (says_dog != is_dog).sum()
                """,
                message="This counts the mistakes, as if each had the price of 1.",
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= 0.5
                        false_alarms = (says_dog & ~is_dog).sum()
                        misses = (~says_dog & is_dog).sum()
                        return false_alarm * false_alarms + miss * misses
                """,
                message="This has the threshold fixed at 0.5 and does not look at `threshold`.",
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        return false_alarm * (~is_dog).sum() + miss * is_dog.sum()
                """,
                message=(
                    "This charges for every cat and every dog. Only those on the wrong side of "
                    "the threshold cost something."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return false_alarm * (says_dog & ~is_dog).sum()
                """,
                message=(
                    "These are the false alarms alone. The misses, dogs that are not called so, "
                    "cost something too."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return miss * (~says_dog & is_dog).sum()
                """,
                message=(
                    "These are the misses alone. The false alarms, cats that are called dog, cost"
                    " something too."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * says_dog.sum()
                        return cost + miss * (~says_dog).sum()
                """,
                message=(
                    "This charges for everything that is said. Only what is wrong costs "
                    "something: `is_dog` has a part in it."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost - miss * (~says_dog & is_dog).sum()
                """,
                message=(
                    "The misses are taken away. Both kinds of mistake cost something: add them."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return false_alarm * (says_dog & ~is_dog) + miss * (~says_dog & is_dog)
                """,
                message=(
                    "These are the costs of each photograph. Asked for is the cost of all "
                    "together: `.sum()`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return (says_dog & ~is_dog).sum(), (~says_dog & is_dog).sum()
                """,
                message=(
                    "These are the two numbers of mistakes. Multiply each by its price, and add."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return (false_alarm + miss) * (says_dog != is_dog).sum()
                """,
                message=(
                    "This charges both prices for every mistake. A photograph is a false alarm or"
                    " a miss, and has one price."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * (says_dog & is_dog).sum()
                        return cost + miss * (~says_dog & is_dog).sum()
                """,
                message=(
                    "Among the alarms the dogs are counted here. A false alarm is a cat that is "
                    "called dog: `says_dog & ~is_dog`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost + miss * (~says_dog & ~is_dog).sum()
                """,
                message=(
                    "Among the misses the cats are counted here. A miss is a dog that is not "
                    "called so: `~says_dog & is_dog`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * (~is_dog).sum()
                        return cost + miss * (~says_dog & is_dog).sum()
                """,
                message=(
                    "Every cat is charged for here. A cat costs something where it is called dog "
                    "alone."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost + miss * is_dog.sum()
                """,
                message=(
                    "Every dog is charged for here. A dog costs something where it is not called "
                    "so alone."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * says_dog.sum()
                        return cost + miss * (~says_dog & is_dog).sum()
                """,
                message=(
                    "Every alarm is charged for here, those for dogs as well. A false one is for "
                    "a cat: `says_dog & ~is_dog`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost + miss * (~says_dog).sum()
                """,
                message=(
                    "Everything that is not called dog is charged for here, cats as well. A miss "
                    "is a dog: `~says_dog & is_dog`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return false_alarm * miss * (says_dog != is_dog).sum()
                """,
                message=(
                    "The two prices are multiplied. Each kind of mistake has its own number and "
                    "its own price: two products, added."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        alarms, misses = says_dog & ~is_dog, ~says_dog & is_dog
                        return (false_alarm + alarms.sum()) * (miss + misses.sum())
                """,
                message=(
                    "Sum and product are exchanged: a number of mistakes is multiplied by its "
                    "price, and the two are added."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        alarms = (probabilities >= threshold) & ~is_dog
                        misses = (probabilities <= threshold) & is_dog
                        return false_alarm * alarms.sum() + miss * misses.sum()
                """,
                message=(
                    "A dog at exactly the threshold is taken for a miss here, and it is called "
                    "dog: a miss lies below, `<`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities < threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost + miss * (~says_dog & is_dog).sum()
                """,
                message=(
                    "Dog is said below the threshold here, so this charges for the cats and dogs "
                    "that are named rightly: each for what it would cost to get them wrong the "
                    "other way."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return (says_dog != is_dog).mean()
                """,
                message=(
                    "This is the share of mistakes, as if each had the price of 1. Asked for is "
                    "what all of them cost."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return false_alarm * (says_dog != is_dog).sum()
                """,
                message=(
                    "This charges the price of a false alarm for every mistake. A miss has another."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return miss * (says_dog != is_dog).sum()
                """,
                message=(
                    "This charges the price of a miss for every mistake. A false alarm has another."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        alarms = (probabilities[~is_dog] >= threshold).mean()
                        misses = (probabilities[is_dog] < threshold).mean()
                        return false_alarm * alarms + miss * misses
                """,
                message=(
                    "These are shares, of the cats and of the dogs. Asked for is what all "
                    "mistakes cost: count them, `.sum()`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost, miss * (~says_dog & is_dog).sum()
                """,
                message=("These are the two costs side by side. Asked for is their sum."),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        cost = false_alarm * probabilities[~is_dog].sum()
                        return cost + miss * (1 - probabilities[is_dog]).sum()
                """,
                message=(
                    "This adds up probabilities, without the threshold. Count the mistakes that "
                    "the threshold makes."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm + (says_dog & ~is_dog).sum()
                        return cost + miss * (~says_dog & is_dog).sum()
                """,
                message=("The false alarms are added to their price. Each costs it: multiply."),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost + miss + (~says_dog & is_dog).sum()
                """,
                message=("The misses are added to their price. Each costs it: multiply."),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return (says_dog & ~is_dog).sum() + miss * (~says_dog & is_dog).sum()
                """,
                message=("The false alarms have no price here. Each costs `false_alarm`."),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return false_alarm * (says_dog & ~is_dog).sum() + (~says_dog & is_dog).sum()
                """,
                message=("The misses have no price here. Each costs `miss`."),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return false_alarm + miss * (~says_dog & is_dog).sum()
                """,
                message=("The price of a false alarm is paid once here, however many there are."),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return false_alarm * (says_dog & ~is_dog).sum() + miss
                """,
                message=("The price of a miss is paid once here, however many there are."),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities <= threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost + miss * (~says_dog & is_dog).sum()
                """,
                message=(
                    "Dog is said up to the threshold here. It is said from the threshold on: `>=`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities == threshold
                        cost = false_alarm * (says_dog & ~is_dog).sum()
                        return cost + miss * (~says_dog & is_dog).sum()
                """,
                message=(
                    "Dog is said at exactly the threshold alone. It is said above it as well: `>=`."
                ),
            ),
            Mistake(
                code="""
                    def total_cost(probabilities, is_dog, threshold, false_alarm, miss):
                        says_dog = probabilities >= threshold
                        return false_alarm * (says_dog & is_dog).sum() + miss * (
                            ~says_dog & ~is_dog
                        ).sum()
                """,
                message=(
                    "This charges for the right answers: dogs that are called dog, and cats that "
                    "are not."
                ),
            ),
        ),
        shows=(
            "The network gives probabilities; which of them is enough to act is decided by what "
            "the two kinds of mistake cost, and that the network cannot know."
        ),
    ),
)
