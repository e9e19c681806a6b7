"""The exercises of lesson 05: connections, a row of C3's table, a distance, and sizes."""

from cnncourse.exercises import Exercise, Mistake

import numpy as np

_CODE = np.array([1, -1, -1, 1])
_LONG_CODE = np.array([1, -1, 1, 1, -1, -1, 1])

EXERCISES = (
    Exercise(
        name="05/connections",
        task=(
            "Write `connections(side, kernel, reads)`: the connections of a convolution. `side` is "
            "the side of its output maps, `kernel` that of its kernels, and `reads` a list that "
            "says for each output map how many input maps it reads."
        ),
        hints=(
            "Begin with one pixel of one output map that reads one map: it meets kernel · kernel "
            "pixels and one bias.",
            "A map that reads n input maps has n such kernels, and one bias all the same.",
            "Each of the `side * side` pixels of a map has that many: sum "
            "`(kernel * kernel * n + 1) * side * side` over the `n` in `reads`.",
        ),
        solution="""
            def connections(side, kernel, reads):
                return sum((kernel * kernel * n + 1) * side * side for n in reads)
        """,
        right=(
            "connections = lambda side, kernel, reads: "
            "side**2 * (kernel**2 * sum(reads) + len(reads))",
            """
            def connections(side, kernel, reads):
                total = 0
                for n in reads:
                    for row in range(side):
                        total += side * (n * kernel**2 + 1)
                return total
            """,
        ),
        cases=(
            (2, 3, [1]),
            (28, 5, [1] * 6),
            (10, 5, [3] * 6 + [4] * 9 + [6]),
            (1, 5, [16] * 120),
        ),
        mistakes=(
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum(kernel * kernel * n * side * side for n in reads)
                """,
                message="The bias is missing: at every output pixel it is one more connection.",
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum(kernel * kernel * n + 1 for n in reads)
                """,
                message=(
                    "These are the parameters. Each of them is used again at every pixel of its "
                    "map, and each use is a connection."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * kernel + 1) * n * side * side for n in reads)
                """,
                message=(
                    "This gives a map one bias for each input map that it reads. An output map "
                    "has one bias, however many maps it reads."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum(kernel * kernel * n * side * side + 1 for n in reads)
                """,
                message=(
                    "This counts the bias once a map. It is added at every pixel of the map, and "
                    "is a connection each time."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * n + 1) * side * side for n in reads)
                """,
                message="A kernel has `kernel * kernel` numbers: it is a square.",
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * kernel * n + 1) * side for n in reads)
                """,
                message="A map has `side * side` pixels: this counts one row of each map.",
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return len(reads) * (kernel * kernel + 1) * side * side
                """,
                message=(
                    "This lets every map read one input map. `reads` says how many it is, and each "
                    "has a kernel of its own."
                ),
            ),
        ),
        shows=(
            "Parameters, used once at every pixel: connections are the work, parameters the "
            "memory. Sharing is what sets them apart; in C5, with one pixel a map, they are the "
            "same number."
        ),
    ),
    Exercise(
        name="05/c3_row",
        task=(
            "Write `c3_row(number)` for C3's maps 0 to 11: the sorted list of the S2 maps, 0 to 5, "
            "that it reads. Maps 0 to 5 read three neighbours, maps 6 to 11 four; the first of "
            "them goes up by one from map to map, and after 5 comes 0."
        ),
        hints=(
            "Map 0 reads 0, 1, 2, and map 6 reads 0, 1, 2, 3: both begin at 0. Which arithmetic "
            "makes 0 of 6, 1 of 7, ... 5 of 11?",
            "`% 6` does, and the same `% 6` makes 0 of the neighbour after 5.",
            "`sorted((number + step) % 6 for step in range(3 if number < 6 else 4))`",
        ),
        solution="""
            def c3_row(number):
                neighbours = 3 if number < 6 else 4
                return sorted((number + step) % 6 for step in range(neighbours))
        """,
        right=(
            """
            def c3_row(number):
                ring = list(range(6)) * 2
                if number < 6:
                    return sorted(ring[number : number + 3])
                return sorted(ring[number - 6 : number - 2])
            """,
        ),
        cases=((0,), (3,), (4,), (5,), (6,), (8,), (9,), (11,)),
        mistakes=(
            Mistake(
                code="""
                    def c3_row(number):
                        first = number % 6
                        return list(range(first, first + (3 if number < 6 else 4)))
                """,
                message=(
                    "This runs past the last map: S2 has the maps 0 to 5. They stand in a ring, "
                    "so after 5 comes 0."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        first = number % 6
                        last = first + (3 if number < 6 else 4)
                        return [m for m in range(first, last) if m < 6]
                """,
                message=(
                    "This cuts off what runs past map 5. The maps stand in a ring: after 5 comes "
                    "0, and every row has three or four entries."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return [(number + s) % 6 for s in range(3 if number < 6 else 4)]
                """,
                message="The right maps, in the order of the ring. Asked for is a sorted list.",
            ),
            Mistake(
                code="def c3_row(number): return sorted((number + s) % 6 for s in range(3))",
                message="Maps 6 to 11 read four neighbours; this gives three to all.",
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(3 if number <= 6 else 4))
                """,
                message="Map 6 is the first that reads four: `number < 6` has three neighbours.",
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 16 for s in range(3 if number < 6 else 4))
                """,
                message=(
                    "The ring is that of S2's maps, and S2 has 6 of them; 16 is the number of "
                    "C3's maps."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted(
                            (number - 1 + s) % 6 for s in range(3 if number < 6 else 4)
                        )
                """,
                message=(
                    "This puts the map in the middle of its neighbours. In the paper's table, map "
                    "0 begins at S2's map 0: its neighbours follow."
                ),
            ),
        ),
        shows=(
            "No two of C3's maps read the same S2 maps, so no two can learn the same thing. Twelve "
            "of the sixteen rows follow this rule."
        ),
    ),
    Exercise(
        name="05/distance",
        task=(
            "Write `distance(outputs, code)`: the squared Euclidean distance of a list of outputs "
            "to a code of the same length, two NumPy arrays of one axis."
        ),
        hints=(
            "Take the difference place by place first: NumPy subtracts whole arrays.",
            "Square each difference, then add them up. No root: the distance is squared.",
            "`np.sum((outputs - code) ** 2)`",
        ),
        solution="""
            def distance(outputs, code):
                return np.sum((outputs - code) ** 2)
        """,
        right=(
            "distance = lambda outputs, code: float((outputs - code) @ (outputs - code))",
            """
            def distance(outputs, code):
                return np.linalg.norm(np.subtract(outputs, code)) ** 2
            """,
            """
            def distance(outputs, code):
                return sum((a - b) ** 2 for a, b in zip(outputs, code))
            """,
        ),
        cases=(
            (np.array([0.5, -1.0, 0.0, 1.0]), _CODE),
            (np.array([1.0, -1.0, -1.0, 1.0]), _CODE),
            (np.array([-1.5, 0.2, 0.0, 1.7, -1.0, 0.3, -0.4]), _LONG_CODE),
        ),
        mistakes=(
            Mistake(
                code="def distance(outputs, code): return np.sqrt(np.sum((outputs - code) ** 2))",
                message=(
                    "This is the Euclidean distance. LeNet-5's output is its square: leave the "
                    "root out."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum(np.abs(outputs - code))",
                message=(
                    "This adds up how far each place is off. Square each difference before adding: "
                    "one place that is far off then counts more than several that are a little off."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return np.mean((outputs - code) ** 2)",
                message="This is the mean of the squares; asked for is their sum.",
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum(outputs - code) ** 2",
                message=(
                    "This adds first and squares the sum, where +1 and -1 cancel. Square each "
                    "difference, then add."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return (outputs - code) ** 2",
                message="These are the squares, place by place. Add them up to get one number.",
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum(outputs * code)",
                message=(
                    "This is the dot product, which says how alike the two are. The distance says "
                    "how unlike: squares of differences."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum(np.sign(outputs) != code)",
                message=(
                    "This counts the places with the wrong sign. The distance also says how far "
                    "each place is from +1 or -1."
                ),
            ),
        ),
        shows=(
            "Ten of these numbers are the output of LeNet-5, one for each code; the smallest is "
            "the answer."
        ),
    ),
    Exercise(
        name="05/sides",
        task=(
            "Write `sides(side, layers)`: the side of the maps after each layer, as a list. "
            '`layers` is a list such as `[("convolution", 5), ("subsampling", 2)]`: the kind, and '
            "the side of the kernel or of the window. No padding; windows do not overlap."
        ),
        hints=(
            "Lesson 01: a kernel of 5 fits along 32 pixels at 28 places.",
            "A convolution leaves `side - kernel + 1`, a subsampling `side // window`. What comes "
            "out of a layer goes into the next one.",
            "In a loop `for kind, size in layers`, change `side` by the rule of its kind, and "
            "append it to a list.",
        ),
        solution="""
            def sides(side, layers):
                found = []
                for kind, size in layers:
                    if kind == "convolution":
                        side = side - size + 1
                    else:
                        side = side // size
                    found.append(side)
                return found
        """,
        right=(
            """
            def sides(side, layers):
                if not layers:
                    return []
                (kind, size), *rest = layers
                after = side // size if kind == "subsampling" else side - (size - 1)
                return [after, *sides(after, rest)]
            """,
        ),
        cases=(
            (32, [("convolution", 5)]),
            (28, [("convolution", 5), ("subsampling", 2)]),
            (
                32,
                [
                    ("convolution", 5),
                    ("subsampling", 2),
                    ("convolution", 5),
                    ("subsampling", 2),
                    ("convolution", 5),
                ],
            ),
            (20, [("subsampling", 3), ("convolution", 3), ("convolution", 2)]),
        ),
        mistakes=(
            Mistake(
                code="""
                    def sides(side, layers):
                        return [
                            side - size + 1 if kind == "convolution" else side // size
                            for kind, size in layers
                        ]
                """,
                message=(
                    "Every layer starts from the image here. A layer takes what the one before it "
                    "puts out: change `side` as you go."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "One too few after a convolution: a kernel of 5 fits once along 5 pixels, "
                    "which is `side - size + 1`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "This keeps the side through a convolution, as padding would. LeNet-5 has no "
                    "padding: its kernels stay on the maps."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1
                            found.append(side)
                        return found
                """,
                message=(
                    "Subsampling is treated as a convolution here. Its windows lie side by side, "
                    "so there are `side // size` of them."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side / size
                            found.append(side)
                        return found
                """,
                message=(
                    "A map has a whole number of pixels: what is left over beside the last whole "
                    "window is not read. Divide with `//`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = [side]
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message="The first entry is the image itself. Asked for is the side after each "
                "layer: as many entries as there are layers.",
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side // size
                        return side
                """,
                message="This is the side after the last layer. Asked for is the whole list.",
            ),
        ),
        shows=(
            "32 goes to 28, 14, 10, 5 and 1. An image of 28 would end at 4 and the last kernel of "
            "5 would not fit: that is why LeNet-5 takes 32."
        ),
    ),
)
