"""The exercises of lesson 05: connections, a row of C3's table, a distance, and sizes."""

from cnncourse.exercises import Exercise, Mistake

import numpy as np

_CODE = np.array([1, -1, -1, 1])
_LONG_CODE = np.array([1, -1, 1, 1, -1, -1, 1])


def _draw_connections(random):
    """The side of the maps, that of the kernels, and of each map how many maps it reads."""
    reads = random.integers(1, 9, random.integers(1, 7)).tolist()
    return int(random.integers(1, 13)), int(random.integers(1, 8)), reads


def _draw_distance(random):
    """Outputs between -1.8 and 1.8, as F6 gives them, and a code of +1 and -1."""
    length = random.integers(1, 13)
    return random.uniform(-1.8, 1.8, length).round(2), random.choice([-1, 1], length)


def _draw_sides(random):
    """The side of an image and layers through which it goes without being used up."""
    side = left = int(random.integers(20, 61))
    layers = []
    for kind in random.choice(["convolution", "subsampling"], random.integers(1, 6)).tolist():
        size = int(random.integers(1, 6))
        if size > left:
            break
        left = left - size + 1 if kind == "convolution" else left // size
        layers.append((kind, size))
    return side, layers


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
        draw=_draw_connections,
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
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        total = 0
                        for n in reads:
                            total += (kernel * kernel * n + 1) * side * side
                            return total
                """,
                message=(
                    "These are the connections of the first map alone: a `return` inside of the "
                    "loop ends it in the first round, and `reads[0]` is the first entry."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        for n in reads:
                            total = (kernel * kernel * n + 1) * side * side
                        return total
                """,
                message=(
                    "These are the connections of the last map alone. The maps have to be added "
                    "up: begin with 0, and `+=`."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return [(kernel * kernel * n + 1) * side * side for n in reads]
                """,
                message="This is a list with an entry for each map. Add them up: `sum`.",
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return (kernel * kernel * sum(reads) + 1) * side * side
                """,
                message=(
                    "This gives all the maps together one bias. Each output map has its own, so "
                    "there are `len(reads)` of them at each place."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum(
                            (kernel * kernel * n + 1) * (side - kernel + 1) ** 2 for n in reads
                        )
                """,
                message=(
                    "`side` is the side of the output maps already: nothing is to be taken off "
                    "for the kernel any more."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * kernel * n - 1) * side * side for n in reads)
                """,
                message="The bias is taken away here. It is one connection more: `+ 1`.",
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum(kernel * kernel * (n + 1) * side * side for n in reads)
                """,
                message=(
                    "This counts a whole kernel where the bias should stand, as if each map read "
                    "one map more. The bias is one number: `kernel * kernel * n + 1`."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum(kernel * kernel * n for n in reads)
                """,
                message=(
                    "These are the weights, counted once. The biases are missing, and each of "
                    "both is used at every pixel of a map: times `side * side`."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum(kernel * kernel * n + 1 * side * side for n in reads)
                """,
                message=(
                    "Only the bias is multiplied by `side * side` here: `*` goes before `+`. Put "
                    "parentheses around the sum."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * kernel * n + 1) * side**3 for n in reads)
                """,
                message=("A map has two sides, and so many pixels: `side ** 2`."),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return len(reads) * kernel * kernel * side * side
                """,
                message=(
                    "This has no biases, and lets every map read one input map. `reads` says how "
                    "many it reads."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return len(reads) * (kernel * kernel * reads[0] + 1) * side * side
                """,
                message=(
                    "This takes every map to read as many as the first does. Each has an entry of"
                    " its own in `reads`."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return len(reads) * (kernel * kernel * max(reads) + 1) * side * side
                """,
                message=(
                    "This takes every map to read as many as the one that reads most. Each has an"
                    " entry of its own in `reads`."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return (kernel * kernel * sum(reads) / len(reads) + 1) * side * side
                """,
                message=(
                    "These are the connections of one map, on average. Those of all are asked for."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return (kernel * kernel * reads + 1) * side * side
                """,
                message=(
                    "`reads` is a list, and `*` repeats a list. Go through its entries: `sum(... "
                    "for n in reads)`."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        print(sum((kernel * kernel * n + 1) * side * side for n in reads))
                """,
                message=(
                    "Nothing came back (None). What is counted has to be returned; `print` only "
                    "shows it."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * kernel * n + 2) * side * side for n in reads)
                """,
                message=("Two biases a pixel are counted here. It is one."),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * kernel + n + 1) * side * side for n in reads)
                """,
                message=(
                    "The number of maps that are read is added here. Each has a kernel of its "
                    "own: `kernel * kernel * n`."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((n + 1) * side * side for n in reads)
                """,
                message=(
                    "The kernel is missing: each map that is read gives `kernel * kernel` "
                    "connections to a pixel."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return len(reads) * side * side
                """,
                message=(
                    "These are the biases alone, or the pixels. Each pixel has a connection for "
                    "every number of its kernels besides."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return 156
                """,
                message=(
                    "This is a number for one layer: C1 has 156 parameters. The function counts "
                    "the connections of any."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return 122304
                """,
                message=(
                    "These are the connections of C1. The function counts those of any layer, "
                    "from what it gets."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * kernel * n + 1) * side * 2 for n in reads)
                """,
                message="A map has `side * side` pixels: `side ** 2`, and not `side * 2`.",
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return sum((kernel * 2 * n + 1) * side * side for n in reads)
                """,
                message=(
                    "A kernel has `kernel * kernel` numbers: `kernel ** 2`, and not `kernel * 2`."
                ),
            ),
            Mistake(
                code="""
                    def connections(side, kernel, reads):
                        return (kernel * kernel * len(reads) + 1) * side * side
                """,
                message=(
                    "`len(reads)` is how many output maps there are. How many maps each of them "
                    "reads are the entries of `reads`: go through them."
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
        cases=tuple((number,) for number in range(12)),
        draw=lambda random: (int(random.integers(12)),),
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
                code="""
                    def c3_row(number):
                        return {(number + s) % 6 for s in range(3 if number < 6 else 4)}
                """,
                message="These are the right maps, as a set. `sorted` makes a list of it.",
            ),
            Mistake(
                code="def c3_row(number): return sorted((number + s) % 6 for s in range(4))",
                message="Maps 0 to 5 read three neighbours; this gives four to all.",
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(4 if number < 6 else 3))
                """,
                message="It is the other way round: maps 0 to 5 read three, 6 to 11 read four.",
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(3 if number < 5 else 4))
                """,
                message="Map 5 is the last that reads three: `number < 6` has three neighbours.",
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(2 if number < 6 else 3))
                """,
                message=(
                    "One neighbour is missing in each row. `range(3)` is 0, 1, 2, three numbers: "
                    "the end is not among them."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 5 for s in range(3 if number < 6 else 4))
                """,
                message="There are six maps, 0 to 5, so the ring has six places: `% 6`.",
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + 1 + s) % 6 for s in range(3 if number < 6 else 4))
                """,
                message=(
                    "This begins one map too late: the first map that is read has the same number "
                    "as the row, and 0 for row 6."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number - s) % 6 for s in range(3 if number < 6 else 4))
                """,
                message=(
                    "This goes down from the first map. In the paper's table the neighbours go up: "
                    "map 0 reads 0, 1, 2."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        if number < 6:
                            return sorted((number + s) % 6 for s in range(3))
                        return sorted((number + s) % 6 for s in (0, 1, 3, 4))
                """,
                message=(
                    "Maps 6 to 11 read four neighbours in a row. The four with a gap in the middle "
                    "are those of the maps 12 to 14."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return [(number + s) % 6 for s in range(3)]
                """,
                message=("Maps 6 to 11 read four neighbours; and asked for is a sorted list."),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return list(range(number, number + 3))
                """,
                message=(
                    "This runs past the last map, 5, after which 0 comes; and maps 6 to 11 read "
                    "four."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        row = [(number + s) % 6 for s in range(3 if number < 6 else 4)]
                        return row.sort()
                """,
                message=(
                    "Nothing came back (None). `row.sort()` sorts in its place and gives nothing "
                    "back; `sorted(row)` gives a sorted list."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(3 if number < 6 else 4))[::-1]
                """,
                message=("The right maps, from the last to the first. A sorted list goes up."),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 + 1 for s in range(3 if number < 6 else 4))
                """,
                message=("These are counted from 1. The maps have the numbers 0 to 5."),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 12 for s in range(3 if number < 6 else 4))
                """,
                message=(
                    "12 is how many rows this rule has. The ring is that of S2's six maps: `% 6`."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(3 if number < 6 else 5))
                """,
                message=("Maps 6 to 11 read four neighbours; this gives them five."),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 7 for s in range(3 if number < 6 else 4))
                """,
                message=(
                    "The ring has six places, 0 to 5. With `% 7` there is a map 6, which S2 has "
                    "not."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(2 if number < 6 else 4))
                """,
                message=("Maps 0 to 5 read three neighbours; this gives them two."),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return [number % 6] * (3 if number < 6 else 4)
                """,
                message=(
                    "This is the same map several times. The neighbours go up by one: `number + "
                    "step`."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return list(range(3 if number < 6 else 4))
                """,
                message=(
                    "This begins at map 0 in every row. The first map goes up by one from row to "
                    "row."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) // 6 for s in range(3 if number < 6 else 4))
                """,
                message=(
                    "`//` says how many times 6 goes into the number. What is left over, the "
                    "place in the ring, is `%`."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        if number < 6:
                            return sorted((number + s) % 6 for s in range(3))
                """,
                message=(
                    "From map 6 on nothing comes back (None): those maps read four neighbours."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number * s) % 6 for s in range(3 if number < 6 else 4))
                """,
                message=(
                    "The steps are multiplied with the number here. Neighbours are one step "
                    "apart: `number + step`."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(3 if number > 6 else 4))
                """,
                message=(
                    "The comparison is turned round: maps below 6 read three, those from 6 on four."
                ),
            ),
            Mistake(
                code="""
                    def c3_row(number):
                        return sorted((number + s) % 6 for s in range(3 if number != 6 else 4))
                """,
                message=("Only map 6 reads four here. All from 6 to 11 do."),
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
        draw=_draw_distance,
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
                code="def distance(outputs, code): return np.sum((outputs + code) ** 2)",
                message=(
                    "This is the distance to the opposite code: the two are added here. Subtract "
                    "one from the other."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum(outputs - code)",
                message=(
                    "These are the differences, added up without being squared: those above and "
                    "those below 0 cancel."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return abs(np.sum(outputs - code))",
                message=(
                    "The sign is taken off after adding, when what is above and what is below 0 "
                    "has cancelled. Square each difference, then add."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum(outputs ** 2 - code ** 2)",
                message=(
                    "This squares first and subtracts then, so that the sign of the outputs is "
                    "lost. The difference is squared: `(outputs - code) ** 2`."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum(outputs ** 2)",
                message="This is the distance to a code of zeros: `code` has no part in it.",
            ),
            Mistake(
                code="def distance(outputs, code): return np.linalg.norm(outputs - code) ** 4",
                message=(
                    "This is the square of what is asked for: the sum of the squares is the "
                    "squared distance already."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum((outputs - code) ** 2) / 2",
                message="This is half of the sum. The paper's unit has no factor before it.",
            ),
            Mistake(
                code="def distance(outputs, code): return np.max((outputs - code) ** 2)",
                message="This is the square of the largest difference. Add the squares of all.",
            ),
            Mistake(
                code="def distance(outputs, code): return np.sum((outputs - code) * 2)",
                message=(
                    "This doubles the differences, `* 2`; squared is `** 2`. Without the square "
                    "those above and those below 0 cancel."
                ),
            ),
            Mistake(
                code="def distance(outputs, code): return -np.sum((outputs - code) ** 2)",
                message="The sign is wrong: a distance is not below 0.",
            ),
            Mistake(
                code="def distance(outputs, code): return (outputs - code) ^ 2",
                message=(
                    "`^` is no power in Python: it compares the bits of whole numbers. A square is "
                    "`** 2`."
                ),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        for one, other in zip(outputs, code):
                            return (one - other) ** 2
                """,
                message=(
                    "This is the square of the first difference alone: a `return` inside of the "
                    "loop ends it in the first round."
                ),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        return np.max(np.abs(outputs - code))
                """,
                message=("This is the largest difference. Add up the squares of all of them."),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        return np.sum(np.abs(outputs - code)) ** 2
                """,
                message=("This adds first and squares the sum. Square each difference, then add."),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        return np.sum((np.sign(outputs) - code) ** 2)
                """,
                message=(
                    "This looks at the signs of the outputs alone. How far each is from +1 or -1 "
                    "counts too."
                ),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        return np.sqrt(np.mean((outputs - code) ** 2))
                """,
                message=(
                    "This is the root of the mean of the squares. Asked for is their sum, without"
                    " a root."
                ),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        return np.var(outputs - code)
                """,
                message=(
                    "The variance takes the mean off first, and divides by the number of places. "
                    "Asked for is the sum of the squares as they are."
                ),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        return np.sum((outputs - code) ** 3)
                """,
                message=("This is the third power, which keeps the sign. Squared is `** 2`."),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        print(np.sum((outputs - code) ** 2))
                """,
                message=(
                    "Nothing came back (None). What is computed has to be returned; `print` only "
                    "shows it."
                ),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        outputs -= code
                        return np.sum(outputs**2)
                """,
                message=(
                    "The number is right, but `-=` changes the array that was handed over, and "
                    "its outputs are gone. Make a new one: `outputs - code`."
                ),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        return np.sum(code**2)
                """,
                message=(
                    "This is the same for all codes of a length: the outputs have no part in it."
                ),
            ),
            Mistake(
                code="""
                    def distance(outputs, code):
                        return np.sum(2 ** (outputs - code))
                """,
                message=(
                    "Basis and exponent are exchanged: the difference is squared, `(outputs - "
                    "code) ** 2`."
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
            (22, [("subsampling", 3), ("convolution", 1), ("subsampling", 4)]),
        ),
        draw=_draw_sides,
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
                        found = []
                        for kind, size in layers:
                            found.append(side)
                            side = side - size + 1 if kind == "convolution" else side // size
                        return found
                """,
                message=(
                    "These are the sides before each layer. Change `side` first, and append it "
                    "then."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side // size
                            found.append(side)
                            return found
                """,
                message=(
                    "The list ends after the first layer. A `return` that stands inside of the "
                    "loop ends the function in the first round: move it out to the left."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else -(-side // size)
                            found.append(side)
                        return found
                """,
                message=(
                    "This rounds up. A window that does not lie on the map as a whole is left out: "
                    "divide with `//`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else round(side / size)
                            found.append(side)
                        return found
                """,
                message=(
                    "This rounds to the nearest. A window that does not lie on the map as a whole"
                    " is left out, however little is missing: `//`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "Every layer divides the side here, convolutions as well. Is their kind "
                    'spelled as in `layers`, `"convolution"`? For them it is `side - size + 1`.'
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side - size
                            found.append(side)
                        return found
                """,
                message=(
                    "Subsampling takes the window off the side once here. Its windows lie side by"
                    " side all along the map: `side // size` of them."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - 2 * (size // 2) if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "Half a kernel is taken off on both sides, which is right for kernels of odd "
                    "sides alone: `side - size + 1`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 2 if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "One too many after a convolution: a kernel as large as the map fits once, "
                    "and `side - size + 1` is 1 then."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side + size + 1 if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "The maps grow through a convolution here. Without padding they get smaller: "
                    "`side - size + 1`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side * size
                            found.append(side)
                        return found
                """,
                message=(
                    "Subsampling makes the maps larger here. It makes them smaller: `side // size`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side % size
                            found.append(side)
                        return found
                """,
                message=(
                    "`%` is what is left over beside the windows. How many windows there are is "
                    "`//`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side // size
                        return found
                """,
                message=(
                    "The list stays empty: the sides are worked out and not put into it. "
                    "`found.append(side)` in each round."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side // size
                            found.append(side)
                """,
                message=("Nothing came back (None). The list is to be returned after the loop."),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            found.append(side)
                        return found
                """,
                message=("The side stays that of the image: no layer changes it."),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = size if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "After a convolution the side is that of the kernel here. It is how many "
                    "places the kernel has on the map: `side - size + 1`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = size + 1 if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "The side of the maps has no part in what a convolution leaves here. It is "
                    "`side - size + 1`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side + 1 if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "The kernel has no part in what a convolution leaves here. It is `side - size"
                    " + 1`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else size
                            found.append(side)
                        return found
                """,
                message=(
                    "After a subsampling the side is that of the window here. It is how many "
                    "windows lie on the map: `side // size`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size + 1 if kind == "convolution" else side // 2
                            found.append(side)
                        return found
                """,
                message=(
                    "Subsampling halves the side here, whatever its window is. The window's side "
                    "stands beside the kind: `side // size`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - 4 if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "A convolution takes 4 off the side here, which is right for a kernel of 5 "
                    "alone. Use the size that stands beside the kind: `side - size + 1`."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side // size if kind == "convolution" else side - size + 1
                            found.append(side)
                        return found
                """,
                message=(
                    "The two rules are exchanged: a kernel fits `side - size + 1` times, and there "
                    "are `side // size` windows that do not overlap."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            side = side - size - 1 if kind == "convolution" else side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "The 1 is taken off instead of added: a kernel as large as the map fits once, "
                    "and `side - size + 1` is 1 then."
                ),
            ),
            Mistake(
                code="""
                    def sides(side, layers):
                        found = []
                        for kind, size in layers:
                            if kind == "convolution":
                                side = side - size + 1
                            elif kind == "pooling":
                                side = side // size
                            found.append(side)
                        return found
                """,
                message=(
                    "This keeps the side through a subsampling layer. Is its kind spelled as in "
                    '`layers`, `"subsampling"`?'
                ),
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
