"""Make site/_static/font/course-math.woff2: the signs that the course's formulas use.

    python site/make_font.py STIXMath-Regular.otf      (from Debian's fonts-stix; needs brotli)

Browsers lay out formulas with a font that has measures for mathematics; many machines have none.
The STIX fonts are under the SIL Open Font License, which asks that a changed font has another name.
"""

import pathlib
import sys

from fontTools import subset

FONT = pathlib.Path(__file__).parent / "_static" / "font" / "course-math.woff2"
SIGNS = [
    (0x20, 0x7F),  # Latin
    (0xA0, 0x100),
    (0x2C6, 0x2DD),  # accents
    (0x302, 0x308),
    (0x391, 0x3CA),  # Greek
    (0x3D1, 0x3D7),
    (0x3F1, 0x3F6),
    (0x2016, 0x2027),
    (0x2032, 0x2034),
    (0x203E, 0x203F),
    (0x2061, 0x2065),
    (0x20D7, 0x20D8),
    (0x210E, 0x2114),
    (0x2190, 0x2196),
    (0x21A6, 0x21A7),
    (0x21D0, 0x21D5),
    (0x2200, 0x2270),  # operators
    (0x2282, 0x22A6),
    (0x22C5, 0x22C6),
    (0x22EE, 0x22F2),
    (0x2308, 0x230C),  # floor and ceiling
    (0x27E8, 0x27EA),
    (0x1D400, 0x1D468),  # bold and italic letters
    (0x1D6A8, 0x1D714),
]


def main(source: str) -> None:
    options = subset.Options(layout_features=["*"], flavor="woff2", hinting=False)
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[sign for first, last in SIGNS for sign in range(first, last)])
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6):
            record.string = "CourseMath" if record.nameID == 6 else "Course Math"
    outlines = font["CFF "].cff
    outlines.fontNames[0] = "CourseMath"
    outlines.topDictIndex[0].FullName = outlines.topDictIndex[0].FamilyName = "Course Math"
    subset.save_font(font, str(FONT), options)
    print(f"{FONT}: {FONT.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
