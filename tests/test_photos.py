"""Photographs in folders: every kind of broken file, and where each file of a folder goes."""

import contextlib
import dataclasses
import hashlib
import io
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

from cnncourse import __main__ as command
from cnncourse import data, photos
from cnncourse.data import catalogue, sources
from cnncourse.data.folders import folder_digest, photograph_files
from cnncourse.photos import copy as copies
from cnncourse.photos import decode
from cnncourse.photos import folder as folder_of_photos

import numpy as np
import PIL.features
import PIL.Image
import PIL.JpegImagePlugin
import pytest


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch, tmp_path_factory):
    """An empty cache, no classroom folder and no network."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("CNNCOURSE_DATA", "CNNCOURSE_SOURCES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(home / "keras"))
    monkeypatch.setattr(sources, "_offline", ("no network in this test", math.inf))
    return home


def picture(seed, height=30, width=40):
    """A smooth random picture, uint8 (height, width, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(PIL.Image.fromarray(coarse).resize((width, height), PIL.Image.BICUBIC))


def packed(image, kind="PNG", **options):
    """The bytes of a file with this image (an array or a Pillow image)."""
    if isinstance(image, np.ndarray):
        image = PIL.Image.fromarray(image)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(values, colour_type, claimed=None):
    """A PNG with 16 bits a channel, which Pillow does not write: values (H, W[, C]) uint16.

    claimed: the (height, width) that its header names, where they are not the true ones.
    """
    height, width = claimed or values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    head = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def put(folder, files):
    """Write {name: bytes or image array} into a folder and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed(content) if isinstance(content, np.ndarray) else content)
    return folder


def classes(folder, per_class=5, names=("cats", "dogs"), start=0):
    """A folder with `per_class` pictures of each class."""
    for k, name in enumerate(names):
        put(folder / name, {f"{i}.png": picture(start + 100 * k + i) for i in range(per_class)})
    return folder


def everything_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def pixels_in(folder):
    """{file: its pixels as bytes} of a clean copy, read with Pillow alone."""
    found = {}
    for path in sorted(folder.rglob("*.*")):
        if path.name != "copy.json":
            with PIL.Image.open(path) as image:
                assert image.mode == "RGB", path
                found[path.relative_to(folder).as_posix()] = image.tobytes()
    return found


def read(tmp_path, content, name="file"):
    put(tmp_path, {name: content})
    return photos.read(tmp_path / name)


# One file, against what it must be


# Where row 0 and column 0 of the stored picture belong, from the EXIF standard (tag 0x0112).
EXIF = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


@pytest.mark.parametrize("orientation", EXIF)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_a_photograph_is_turned_as_its_exif_says(tmp_path, orientation, kind):
    stored = picture(orientation)
    row, column = EXIF[orientation]
    upright = stored
    if row in ("left", "right"):
        upright, row, column = stored.swapaxes(0, 1), column, row
    upright = upright[::-1] if row == "bottom" else upright
    upright = upright[:, ::-1] if column == "right" else upright
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if kind == "WEBP" else {}
    content = packed(stored, kind, exif=exif, **lossless)
    np.testing.assert_array_equal(read(tmp_path, content), upright)
    assert ("turned" in str(decode.decoded(content)[1])) == (orientation > 1)


def test_an_orientation_that_makes_no_sense_turns_nothing(tmp_path):
    stored = picture(1)
    for value in (0, 9, 65_535):
        exif = PIL.Image.Exif()
        exif[0x0112] = value
        np.testing.assert_array_equal(read(tmp_path, packed(stored, exif=exif)), stored)
    np.testing.assert_array_equal(read(tmp_path, packed(stored, exif=b"Exif\0\0junk")), stored)


def flat(mode, colour):
    return PIL.Image.new(mode, (9, 7), colour)


@pytest.mark.parametrize(
    ("content", "colour", "done"),
    [
        (packed(flat("CMYK", (0, 0, 0, 0)), "TIFF"), (255, 255, 255), "CMYK to RGB"),
        (packed(flat("CMYK", (255, 0, 0, 0)), "TIFF"), (0, 255, 255), "CMYK to RGB"),
        (packed(flat("CMYK", (0, 255, 0, 0)), "JPEG", quality=100), (255, 0, 255), "CMYK to RGB"),
        (packed(flat("CMYK", (0, 0, 255, 0)), "JPEG", quality=100), (255, 255, 0), "CMYK to RGB"),
        (packed(flat("CMYK", (9, 50, 7, 255)), "TIFF"), (0, 0, 0), "CMYK to RGB"),
        (packed(flat("1", 1)), (255, 255, 255), "1 bit to RGB"),
        (packed(flat("1", 0)), (0, 0, 0), "1 bit to RGB"),
        (packed(flat("L", 77)), (77, 77, 77), "grey to RGB"),
        (packed(flat("LA", (77, 255))), (77, 77, 77), "opaque alpha channel removed"),
        (packed(flat("LA", (77, 0))), (255, 255, 255), "put on white"),
        (packed(flat("RGBA", (10, 20, 30, 255))), (10, 20, 30), "opaque alpha channel removed"),
        (packed(flat("RGBA", (10, 20, 30, 0))), (255, 255, 255), "put on white"),
        (packed(flat("RGBA", (0, 100, 200, 51))), (204, 224, 244), "put on white"),
        (packed(flat("RGB", (1, 2, 3)), transparency=(1, 2, 3)), (255, 255, 255), "put on white"),
        (packed(flat("I;16", 257 * 99)), (99, 99, 99), "16 bits to 8; grey to RGB"),
        (packed(flat("I;16", 65_535), "TIFF"), (255, 255, 255), "16 bits to 8; grey to RGB"),
        (packed(flat("I;16B", 257 * 99), "TIFF"), (99, 99, 99), "16 bits to 8; grey to RGB"),
        (packed(flat("I;16", 500), transparency=500), (255, 255, 255), "16 bits to 8"),
        (png(np.full((7, 9, 3), 257 * 99), 2), (99, 99, 99), "16 bits to 8"),
        (png(np.full((7, 9, 4), 0), 6), (255, 255, 255), "16 bits to 8; transparent"),
        (packed(flat("RGB", (1, 2, 3)), "BMP"), (1, 2, 3), ""),
        (packed(flat("RGB", (1, 2, 3)), "PPM"), (1, 2, 3), ""),
    ],
)
def test_every_kind_of_colour_becomes_rgb(tmp_path, content, colour, done):
    image = read(tmp_path, content)
    assert (image.shape, image.dtype) == ((7, 9, 3), np.uint8)
    assert np.abs(image.astype(int) - colour).max() <= 1
    assert done in "; ".join(decode.decoded(content)[1])


def test_a_palette_keeps_its_colours_and_loses_its_holes(tmp_path):
    colours = np.array([[200, 10, 30], [10, 220, 40], [0, 0, 255]], np.uint8)
    image = PIL.Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4) % 3).convert("P")
    image.putpalette(colours.tobytes())
    truth = colours[np.arange(12).reshape(3, 4) % 3]
    np.testing.assert_array_equal(read(tmp_path, packed(image)), truth)
    truth[(np.arange(12) % 3 == 1).reshape(3, 4)] = 255
    np.testing.assert_array_equal(read(tmp_path, packed(image, transparency=1)), truth)
    np.testing.assert_array_equal(read(tmp_path, packed(image, "GIF", transparency=1)), truth)


def test_sixteen_bits_are_scaled_not_cut(tmp_path):
    values = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    image = read(tmp_path, packed(PIL.Image.fromarray(values)))
    assert np.abs(image[..., 0] - values / 257).max() <= 0.5
    assert (image[..., 0] == image[..., 2]).all()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_is_kept(tmp_path, kind):
    frames = [flat("RGB", colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = packed(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert (read(tmp_path, content) == (255, 0, 0)).all()
    assert "first frame kept (of 3)" in decode.decoded(content)[1]


def test_previews_of_a_telephone_s_photograph_are_no_animation(tmp_path):
    preview = PIL.Image.new("RGB", (8, 6))
    content = packed(NOISE, "MPO", save_all=True, append_images=[preview])
    assert decode.decoded(content)[1:] == ([], "MPO")
    assert read(tmp_path, content).shape == NOISE.shape


def test_a_palette_with_transparency_is_put_on_white():
    done = []
    image = decode._rgb(PIL.Image.new("PA", (2, 2), (0, 0)), done)
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert done == ["palette to RGB", "transparent parts put on white"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "damaged: asks for more memory than there is"),
        (EOFError(), "truncated: the file ends before the picture does"),
        (OSError("image file is Truncated (3)"), "truncated: the file ends before the picture"),
        (OSError("bad \x1b[31m block\nsecond line"), r"damaged (bad \x1b[31m block)"),
        (OSError(), "damaged (OSError)"),
    ],
)
def test_what_a_decoder_raises_is_told_on_one_line(monkeypatch, error, told):
    def load(self):
        raise error

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    with pytest.raises(photos.PhotoError) as caught:
        decode.decoded(packed(NOISE))
    assert str(caught.value).startswith(told)
    assert str(caught.value).isprintable()


def cut(content, share):
    return content[: int(len(content) * share)]


NOISE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def bomb(height, width):
    return png(np.zeros((1, 1, 3)), 2, claimed=(height, width))


BROKEN = {
    "empty": (b"", "^empty file$"),
    "text": (b"This is not a picture.\n" * 9, "^not an image$"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "^not an image$"),
    "script": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "^not an image$"),
    "pickle": (b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07sprung\x94.", "not an image"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "HEIC.*export it as JPEG"),
    "half a JPEG": (cut(packed(NOISE, "JPEG"), 0.5), "^truncated"),
    "half a PNG": (cut(packed(NOISE), 0.5), "^truncated"),
    "half a GIF": (cut(packed(NOISE, "GIF"), 0.5), "^truncated"),
    "half a BMP": (cut(packed(NOISE, "BMP"), 0.5), "^truncated"),
    "half a WebP": (cut(packed(NOISE, "WEBP"), 0.5), "^(truncated|damaged)"),
    "half a TIFF": (cut(packed(NOISE, "TIFF"), 0.5), "^(truncated|damaged)"),
    "start of a JPEG": (packed(NOISE, "JPEG")[:20], "^(truncated|damaged)"),
    "start of a PNG": (packed(NOISE)[:20], "^(truncated|damaged)"),
    "start of a GIF": (b"GIF89a" + bytes(40), "^damaged: begins as GIF and cannot be read$"),
    "start of a TIFF": (b"II*\0" + bytes(40), "^damaged: begins as TIFF and cannot be read$"),
    "big-endian TIFF": (b"MM\0*" + bytes(40), "^damaged: begins as TIFF and cannot be read$"),
    "PNG of zeros": (packed(NOISE)[:60] + bytes(9_000), "^(truncated|damaged)"),
    # Pillow itself warns from 89 million pixels and refuses from 179 million.
    "bomb": (bomb(7_000, 8_000), r"^beyond the limit of 50 million pixels.*\(8,000 x 7,000\)$"),
    "large bomb": (bomb(10_000, 10_000), r"^beyond the limit.*\(10,000 x 10,000\)$"),
    "vast bomb": (bomb(30_000, 30_000), "^beyond the limit of 50 million pixels"),
    "vastest bomb": (bomb(2**31 - 1, 2**31 - 1), "^beyond the limit of 50 million pixels"),
    "floats": (packed(flat("F", 0.5), "TIFF"), "kind F, for which there is no one way"),
    "32 bits": (packed(flat("I", 70_000), "TIFF"), "beyond 16 bits"),
    "Lab": (packed(flat("LAB", (50, 0, 0)), "TIFF"), "kind LAB"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_gives_its_reason_and_nothing_else(tmp_path, capfd, recwarn, name):
    content, reason = BROKEN[name]
    with pytest.raises(photos.PhotoError, match=reason):
        read(tmp_path, content)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_a_bomb_is_never_decoded(monkeypatch, tmp_path):
    def explodes(image):
        raise AssertionError("decoded")

    with PIL.Image.open(io.BytesIO(packed(NOISE))) as image:
        monkeypatch.setattr(type(image), "load", explodes)
    with pytest.raises(photos.PhotoError, match="beyond the limit"):
        read(tmp_path, bomb(7_000, 8_000))
    with pytest.raises(photos.PhotoError, match="decoded"):
        read(tmp_path, packed(NOISE))


def test_no_bytes_crash_it(tmp_path):
    random = np.random.default_rng(3)
    kinds = ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000"]
    kinds += ["AVIF"] if PIL.features.check("avif") else []
    for kind in kinds:
        whole = np.frombuffer(packed(picture(1), kind), np.uint8)
        for _ in range(40):
            content = whole.copy()
            places = random.integers(0, min(len(content), 400), random.integers(1, 9))
            content[places] = random.integers(0, 256, len(places))
            with contextlib.suppress(photos.PhotoError):
                image, _, _ = decode.decoded(content.tobytes())
                assert image.mode == "RGB"


def test_what_is_no_readable_file(tmp_path, monkeypatch):
    put(tmp_path, {"there.png": picture(1), "locked.png": picture(2)})
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "good link").symlink_to("there.png")
    os.mkfifo(tmp_path / "pipe")
    with open(tmp_path / "large", "wb") as stream:
        stream.truncate(photos.FILE_LIMIT + 1)
    for name, reason in {
        "missing": "no such file",
        "folder": "a folder",
        "link": "a link to a file that is not there",
        "pipe": "no regular file",
        "large": r"beyond the limit of 256 MiB",
        "nul\0": "cannot be read",
    }.items():
        with pytest.raises(photos.PhotoError, match=reason):
            photos.read(tmp_path / name)
    np.testing.assert_array_equal(photos.read(tmp_path / "good link"), picture(1))


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX users")
def test_files_and_folders_without_permission_are_listed():
    script = """
        import os, pathlib, sys, tempfile
        from cnncourse import photos
        folder = pathlib.Path(sys.argv[1])
        photos.prepare(folder)
        (folder / "cats/0.png").chmod(0)
        (folder / "cats/shut").chmod(0)
        if os.geteuid() == 0: os.seteuid(65534)
        cache = tempfile.TemporaryDirectory()
        os.environ["XDG_CACHE_HOME"] = cache.name
        print(photos.prepare(folder).left_out)
    """
    with tempfile.TemporaryDirectory() as name:
        folder = classes(pathlib.Path(name))
        put(folder, {"cats/shut/9.png": picture(9)})
        for path in (folder, folder / "cats", folder / "dogs"):
            path.chmod(0o755)
        script = "\n".join(line.strip() for line in script.splitlines())
        said = subprocess.run(
            [sys.executable, "-c", script, name], capture_output=True, text=True, check=True
        ).stdout
        (folder / "cats/shut").chmod(0o755)
    assert "'cats/0.png': 'may not be read (permission denied)'" in said
    assert "'cats/shut/': 'a folder that cannot be opened (Permission denied)'" in said


def test_a_setting_of_the_notebook_changes_nothing(tmp_path, monkeypatch):
    import PIL.ImageFile

    monkeypatch.setattr(PIL.ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(photos.PhotoError, match="truncated"):
        read(tmp_path, BROKEN["half a JPEG"][0])
    assert PIL.ImageFile.LOAD_TRUNCATED_IMAGES


# A folder


@pytest.fixture
def mixed(tmp_path):
    """Three classes, with every broken file, and every odd one that is kept."""
    folder = classes(tmp_path / "mine", 6, ("cats", "dogs", "owls"))
    long = "x" * 200 + ".png"
    red, blue = flat("RGB", "red"), flat("RGB", "blue")
    put(folder / "owls", {f"broken {i}.jpg": c for i, (c, _) in enumerate(BROKEN.values())})
    put(
        folder,
        {
            "readme.txt": b"about these",
            ".DS_Store": b"\0\0",
            "cats/.DS_Store": b"\0\0",
            "cats/Thumbs.db": b"\0\0",
            "cats/._0.png": b"\0\0",
            ".cache/cats/1.png": picture(1),
            "__MACOSX/cats/1.png": picture(1),
            "cats/deeper/and deeper/1.png": picture(50),
            "cats/a.png": picture(51),
            "cats/A.PNG": picture(52),
            "cats/Ｆｏｔｏ 猫 é.png": picture(53),
            f"cats/{long}": picture(54),
            "cats/new\nline.png": picture(55),
            "dogs/is a PNG.jpg": picture(56),
            "dogs/no ending": picture(57),
            "dogs/large.jpg": packed(picture(58, 600, 900), "JPEG"),
            "dogs/thin.png": picture(59, 3, 3000),
            "dogs/moves.gif": packed(red, "GIF", save_all=True, append_images=[blue]),
            "dogs/ink.jpg": packed(PIL.Image.fromarray(picture(60)).convert("CMYK"), "JPEG"),
            "dogs/trailer.jpg": packed(picture(61), "JPEG") + b"video",
            "dogs/again.bmp": packed(picture(100), "BMP"),
            "dogs/renamed.png": picture(101),
            "owls/a cat.png": picture(2),
            "owls/plain.jpg": packed(picture(62), "JPEG"),
        },
    )  # fmt: skip
    (folder / "owls/link.png").symlink_to("0.png")
    (folder / "owls/other link.png").symlink_to("nowhere")
    (folder / "owls/folder link").symlink_to("../cats")
    (folder / "empty").mkdir()
    put(folder, {"notes/todo.txt": b"buy film"})
    return folder


def test_every_file_of_a_mixed_folder_is_accounted_for(mixed, capfd, recwarn):
    before = everything_in(mixed)
    tidy = photos.prepare(mixed)
    assert everything_in(mixed) == before, "the folder itself is not touched"
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list

    on_disk = [
        os.path.relpath(os.path.join(top, name), mixed)
        for top, folders, files in os.walk(mixed)
        for name in [*files, *(f for f in folders if os.path.islink(os.path.join(top, f)))]
    ]
    fates = [*tidy.as_is, *tidy.converted, *tidy.left_out]
    assert sorted(fates) == sorted(on_disk)
    assert tidy.files == len(on_disk)
    used = sum(sum(part.values()) for part in tidy.counts.values())
    assert used == len(tidy.as_is) + len(tidy.converted) == len(tidy.origin)
    assert sorted(tidy.origin.values()) == sorted([*tidy.as_is, *tidy.converted])
    assert tidy.class_names == ("cats", "dogs", "owls")

    expected = {
        "readme.txt": "not in the folder of a class",
        ".DS_Store": "hidden",
        "cats/Thumbs.db": "hidden",
        "cats/._0.png": "hidden",
        ".cache/cats/1.png": "hidden",
        "__MACOSX/cats/1.png": "hidden",
        "dogs/again.bmp": r"the same pixels as another file \(dogs/0.png\)",
        "dogs/renamed.png": r"the same pixels as another file \(dogs/1.png\)",
        "owls/link.png": r"the same pixels as another file \(owls/0.png\)",
        "owls/a cat.png": r"the same picture is in another class \(cats/2.png\)",
        "cats/2.png": r"the same picture is in another class \(owls/a cat.png\)",
        "owls/other link.png": "a link to a file that is not there",
        "owls/folder link": "a link to a folder, which is not followed",
        "notes/todo.txt": "not an image",
    }
    expected |= {f"owls/broken {i}.jpg": why for i, (_, why) in enumerate(BROKEN.values())}
    for name, why in expected.items():
        assert re.search(why, tidy.left_out[name]), (name, tidy.left_out[name])
    assert set(tidy.left_out) == {*expected, "cats/.DS_Store"}
    expected = {
        "cats/A.PNG": None,
        "dogs/is a PNG.jpg": "a PNG file with another ending (named .jpg)",
        "dogs/no ending": "a PNG file with another ending (named without)",
        "dogs/large.jpg": "made smaller (from 900 x 600 pixels)",
        "dogs/thin.png": "made smaller (from 3,000 x 3 pixels)",
        "dogs/moves.gif": "palette to RGB; first frame kept (of 2)",
        "dogs/ink.jpg": "CMYK to RGB",
        "dogs/trailer.jpg": "bytes after the picture removed",
    }
    for name, done in expected.items():
        assert tidy.converted.get(name) == done
    assert set(tidy.notes) == {
        "notes/ has no usable photograph, so it is no class.",
        "empty/ is empty.",
    }
    for text in (repr(tidy), tidy._repr_html_()):
        assert f"{tidy.files} files in mine/" in text
        assert "left out: empty file" in text
        assert "owls/broken 0.jpg" in text
        assert "new\nline" not in text
        assert str(mixed.parent) not in text, "a stored notebook names no path of a machine"


REPORT = """\
8 files in mine/ (Photographs of the folder mine)
class  train  validation
cats   1      2
dogs   1,200  0
all    1,201  2
files  what became of them           for example
1      used as they are              cats/a.png
3      converted: CMYK to RGB        dogs/0.jpg, dogs/1.jpg, ...
1      converted: GIF to JPEG (red)  ...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.gif
2      left out: empty file          z0.txt, z1.txt
1      left out: not an image        yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy.txt
Mind the <gap>."""


def test_a_report_as_it_is_read():
    tidy = photos.Tidy(
        folder=pathlib.Path("mine"),
        class_names=("cats", "dogs"),
        counts={"train": {"cats": 1, "dogs": 1_200}, "validation": {"cats": 2, "dogs": 0}},
        as_is=("cats/a.png",),
        converted={f"dogs/{i}.jpg": f"CMYK to RGB ({i})" for i in range(3)}
        | {f"{'x' * 37}.gif": "GIF to JPEG (red)"},
        left_out={
            "z1.txt": "empty file",
            "z0.txt": "empty file",
            f"{'y' * 36}.txt": "not an image",
        },
        near_duplicates=(),
        notes=("Mind the <gap>.",),
        path=pathlib.Path("copy"),
        origin={},
        name="mine",
        caption="Photographs of the folder mine",
        stand_in=False,
        provenance={},
    )
    assert repr(tidy) == REPORT
    cells = [re.split(r"  +", line) for line in REPORT.splitlines()]
    page = tidy._repr_html_()
    assert re.findall(r"<t[hd]>(.*?)</t[hd]>", page) == [x for row in cells[1:-1] for x in row]
    assert re.sub(r"<table>.*?</table>", "|", page) == (
        f"<p>{cells[0][0]}</p>||<p>Mind the &lt;gap&gt;.</p>"
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        tidy.notes = ()


def test_the_fate_of_every_file_is_told(mixed):
    tidy = photos.prepare(mixed)
    assert list(tidy.fates) == sorted([*tidy.as_is, *tidy.converted, *tidy.left_out])
    assert tidy.fates["cats/A.PNG"] == "used as they are"
    assert tidy.fates["dogs/ink.jpg"] == "converted: CMYK to RGB"
    assert tidy.fates["readme.txt"] == "left out: not in the folder of a class"
    assert len(tidy.fates) == tidy.files


def test_a_home_is_meant_by_its_sign(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    classes(tmp_path / "photos", 2)
    assert photos.prepare("~/photos").folder == (tmp_path / "photos").resolve()
    assert photos.read("~/photos/cats/0.png").shape == (30, 40, 3)
    assert photos.files("~/photos/cats") == [str(tmp_path / f"photos/cats/{i}.png") for i in (0, 1)]
    assert len(photos.files(tmp_path / "photos")) == 4, "a path in place of its name"
    with pytest.raises(photos.PhotoError, match="no home folder is known"):
        photos.prepare("~nobody-of-that-name/photos")
    long = "x" * 300 + ".jpg"
    assert photos.files(long) == [long]
    with pytest.raises(photos.PhotoError, match=r"cannot be read \(File name too long\)"):
        photos.read(long)


def test_the_clean_copy_holds_the_same_pictures(mixed):
    tidy = photos.prepare(mixed)
    copied = pixels_in(tidy.path)
    assert copied.keys() == tidy.origin.keys()
    for clean, name in tidy.origin.items():
        with PIL.Image.open(tidy.path / clean) as image:
            height, width = image.height, image.width
            if name in tidy.as_is:
                assert (tidy.path / clean).read_bytes() == (mixed / name).read_bytes()
            else:
                small = photos.read(mixed / name, small=True).astype(int)
                assert np.abs(small - np.asarray(image)).mean() < 3, name
        assert min(height, width) <= photos.SHORTER_SIDE
        assert max(height, width) <= photos.LONGER_SIDE
        assert clean.split("/")[1] == name.split("/")[0]
        slug = re.sub(r"[^A-Za-z0-9_-]+", "_", os.path.splitext(os.path.basename(name))[0])[:40]
        assert re.fullmatch(rf"\d{{5}}_{slug}\.(jpg|png)", clean.split("/")[2])
        assert re.fullmatch(r"[\w./-]+", clean, re.ASCII)
    (of_ink,) = (clean for clean, name in tidy.origin.items() if name == "dogs/ink.jpg")
    as_saved = packed(PIL.Image.new("RGB", (8, 8)), "JPEG", quality=95, subsampling=0)
    with (
        PIL.Image.open(tidy.path / of_ink) as image,
        PIL.Image.open(io.BytesIO(as_saved)) as fine,
    ):
        assert image.quantization == fine.quantization
        assert PIL.JpegImagePlugin.get_sampling(image) == 0, "colours at full size"
    assert photos.read(mixed / "dogs/large.jpg").shape == (600, 900, 3)
    assert photos.read(mixed / "dogs/large.jpg", small=True).shape == (256, 384, 3)
    assert photos.read(mixed / "dogs/thin.png", small=True).shape == (1, 1024, 3)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_in_a_folder_the_counts_add_up(tmp_path, seed):
    random = np.random.default_rng(seed)
    contents = [c for c, _ in BROKEN.values()] + [b"\0" * 40, packed(picture(7), "JPEG")]
    endings = [".png", ".jpg", "", ".JPEG", ".txt"]
    labels = ["a", "b", "c"][: random.integers(2, 4)]
    for label in labels:
        for i in range(random.integers(6, 20)):
            drawn = random.random()
            deep = "deep/" if random.random() < 0.2 else ""
            name = f"{deep}{i}{random.choice(endings)}"
            if drawn < 0.3:
                content = contents[random.integers(len(contents))]
            elif drawn < 0.5:
                content = packed(picture(int(random.integers(4))), random.choice(["PNG", "BMP"]))
            else:
                content = picture(int(random.integers(10**6)))
            put(tmp_path / label, {name: content})
        put(tmp_path / label, {f"own {k}.png": picture(ord(label) * 10 + k) for k in range(2)})
    tidy = photos.prepare(tmp_path, validation=0.3, seed=seed)
    fates = [*tidy.as_is, *tidy.converted, *tidy.left_out]
    assert sorted(fates) == sorted(everything_in(tmp_path))
    copied = pixels_in(tidy.path)
    assert len(set(copied.values())) == len(copied), "no picture twice, on no side and in no class"
    found = {part: dict.fromkeys(tidy.class_names, 0) for part in ("train", "validation")}
    for name in copied:
        part, label, _ = name.split("/")
        found[part][label] += 1
    assert found == tidy.counts
    assert all(n >= 1 for part in found.values() for n in part.values())


# The split


def sides(tidy, folder):
    """{digest of the source's pixels: part}"""
    return {
        hashlib.sha256(photos.read(folder / name).tobytes()).hexdigest(): clean.split("/")[0]
        for clean, name in tidy.origin.items()
    }


def test_the_split_is_stratified_seeded_and_blind_to_names(tmp_path):
    folder = classes(tmp_path / "a", 20)
    tidy = photos.prepare(folder, validation=0.25)
    assert tidy.counts == {"train": {"cats": 15, "dogs": 15}, "validation": {"cats": 5, "dogs": 5}}
    first = sides(tidy, folder)
    assert sides(photos.prepare(folder, validation=0.25, seed=2), folder) != first
    renamed = tmp_path / "b"
    for path in folder.rglob("*.png"):
        number = 99 - int(path.stem)
        put(renamed, {f"{path.parent.name}/photo {number}.png": path.read_bytes()})
    assert sides(photos.prepare(renamed, validation=0.25), renamed) == first
    put(folder, {"owls/0.png": picture(900), "owls/1.png": picture(901)})
    now = sides(photos.prepare(folder, validation=0.25), folder)
    assert {key: now[key] for key in first} == first, "a new class moves no photograph of another"
    for wrong in (0, 1, -0.1, 20):
        with pytest.raises(ValueError, match=r"expected a part of each class, such as 0\.2"):
            photos.prepare(folder, validation=wrong)


def test_the_split_is_the_same_in_every_version(tmp_path):
    tidy = photos.prepare(classes(tmp_path, 10))
    held = [name for clean, name in tidy.origin.items() if clean.startswith("validation")]
    assert held == ["cats/1.png", "cats/3.png", "dogs/1.png", "dogs/6.png"]


def test_near_duplicates_stay_on_one_side(tmp_path):
    folder = classes(tmp_path, 10)
    for i in range(10):
        image = PIL.Image.fromarray(picture(i))
        put(folder / "cats", {f"{i} saved again.jpg": packed(image, "JPEG", quality=60)})
        put(folder / "cats", {f"{i} larger.png": packed(image.resize((120, 90), 1))})
    tidy = photos.prepare(folder, validation=0.4)
    part_of = {name: clean.split("/")[0] for clean, name in tidy.origin.items()}
    for i in range(10):
        names = [f"cats/{i}{ending}" for ending in (".png", " saved again.jpg", " larger.png")]
        assert len({part_of[name] for name in names}) == 1
    assert len(tidy.near_duplicates) == 20, "each joined once"
    assert tidy.counts["validation"]["cats"] == 12
    assert not tidy.notes


def test_of_a_thumbnail_a_pixel_is_the_mean_of_its_block(tmp_path):
    random = np.random.default_rng(4)
    blocks = random.choice([0, 255], (32, 32, 4))
    two = (one.reshape(32, 32, 2, 2) for one in (blocks, random.permuted(blocks, axis=2)))
    same = [one.swapaxes(1, 2).reshape(64, 64).astype(np.uint8) for one in two]
    put(classes(tmp_path, 2), {f"cats/noise {i}.png": one for i, one in enumerate(same)})
    assert photos.prepare(tmp_path).near_duplicates == (("cats/noise 0.png", "cats/noise 1.png"),)


def test_pictures_that_are_unlike_are_no_near_duplicates(tmp_path):
    folder = classes(tmp_path, 30)
    shifted = {f"{i} moved.png": np.roll(picture(i), 4, axis=1) for i in range(30)}
    assert photos.prepare(put(folder / "cats", shifted).parent).near_duplicates == ()


def test_a_class_of_near_duplicates_alone_is_split_all_the_same(tmp_path):
    folder = classes(tmp_path, 4)
    base = picture(7).astype(int)
    put(folder / "same", {f"{i}.png": np.clip(base + i, 0, 255).astype(np.uint8) for i in range(3)})
    tidy = photos.prepare(folder)
    assert tidy.counts["validation"]["same"] == 1
    assert re.search("near duplicates, one to train on, one to validate with", tidy.notes[0])


@pytest.mark.parametrize(
    ("train", "validation"),
    [("train", "validation"), ("Train", "valid"), ("training", "val"), ("train", "test")],
)
def test_a_folder_that_is_split_stays_split(tmp_path, train, validation):
    classes(tmp_path / train, 4)
    classes(tmp_path / validation, 2, start=1000)
    put(tmp_path, {f"{validation}/cats/twin.bmp": packed(picture(0), "BMP")})
    put(tmp_path, {"ATTRIBUTION.txt": b"by me"})
    tidy = photos.prepare(tmp_path, validation=0.9)
    assert tidy.counts == {"train": {"cats": 3, "dogs": 4}, "validation": {"cats": 3, "dogs": 2}}
    assert f"({validation}/cats/twin.bmp)" in tidy.left_out[f"{train}/cats/0.png"]
    for clean, name in tidy.origin.items():
        assert clean.split("/")[0] == ("train" if name.startswith(train) else "validation")
    said = [f"{validation}/ is used for validation" in note for note in tidy.notes]
    assert any(said) == (validation == "test")


def test_train_with_test_or_alone(tmp_path):
    classes(tmp_path / "train", 5)
    tidy = photos.prepare(tmp_path)
    assert tidy.counts["validation"] == {"cats": 1, "dogs": 1}
    assert tidy.notes == ("train/ alone is there: validation is held out of it.",)
    classes(tmp_path / "val", 2, start=1000)
    classes(tmp_path / "test", 2, start=2000)
    tidy = photos.prepare(tmp_path)
    assert {tidy.left_out[f"test/cats/{i}.png"] for i in range(2)} == {
        "in test/, which is not used here"
    }


def test_a_class_may_be_called_train(tmp_path):
    tidy = photos.prepare(classes(tmp_path, 5, ("train", "test", "car")))
    assert tidy.class_names == ("car", "test", "train")


def test_near_duplicates_across_a_given_split_are_told(tmp_path):
    classes(tmp_path / "train", 3)
    classes(tmp_path / "validation", 3, start=1000)
    put(tmp_path, {"validation/cats/again.jpg": packed(picture(0), "JPEG", quality=70)})
    tidy = photos.prepare(tmp_path)
    assert tidy.near_duplicates == (("train/cats/0.png", "validation/cats/again.jpg"),)
    assert "1 pair of near duplicates, one to train on, one to validate with" in tidy.notes[0]
    assert tidy.notes[0] in repr(tidy)


# Folders that cannot be used


def refusal(folder):
    with pytest.raises(photos.PhotoError) as caught:
        photos.prepare(folder)
    said = str(caught.value)
    assert "FOLDER/train/cats/*.jpg" in said, "the layout expected is shown"
    return said


def test_one_class_is_too_few_before_a_file_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("cnncourse.photos.copy.contents", lambda path: pytest.fail("opened"))
    for names, told in (((), "no usable class"), (("cats",), "one usable class, cats")):
        said = refusal(classes(tmp_path, 2, names))
        assert told in said
        assert "\nFound:\n  " in said


def test_a_folder_without_classes_is_refused_with_what_was_found(tmp_path):
    assert "found nothing there" in refusal(tmp_path / "nowhere")
    put(tmp_path, {"file": b"x"})
    assert "found a file" in refusal(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert re.search(r"no usable class(?s:.*)no files", refusal(tmp_path / "empty"))
    put(tmp_path / "flat", {"1.png": picture(1), "2.png": picture(2)})
    said = refusal(tmp_path / "flat")
    assert "./  2 files, 0 usable; 2 not in the folder of a class" in said
    classes(tmp_path / "one", 3, ("cats",))
    assert "one usable class, cats" in refusal(tmp_path / "one")
    put(classes(tmp_path / "outer/inner", 3).parent, {"read me.txt": b"by me"})
    assert f"Perhaps you mean the folder {tmp_path / 'outer/inner'}" in refusal(tmp_path / "outer")
    put(classes(tmp_path / "single", 3), {"owls/1.png": picture(5)})
    assert "one usable photograph of owls" in refusal(tmp_path / "single")
    classes(tmp_path / "half/train", 3, ("cats", "dogs", "owls"))
    classes(tmp_path / "half/validation", 3, start=500)
    assert "no usable photograph of owls for validation" in refusal(tmp_path / "half")


MANY = ("text", "bomb", "floats", "32 bits", "Lab")  # reasons, one more than are told


def test_a_folder_of_broken_files_says_what_they_are(tmp_path):
    classes(tmp_path, 3)
    for path in (tmp_path / "dogs").iterdir():
        path.write_bytes(b"")
    assert "dogs/  3 files, 0 usable; 3 empty file" in refusal(tmp_path)
    (tmp_path / "dogs/0.png").write_bytes(packed(picture(0, 31)))
    assert "one usable photograph of dogs" in refusal(tmp_path)
    put(tmp_path / "dogs", {f"{i} {name}": BROKEN[name][0] for i in "12" for name in MANY})
    said = next(line for line in refusal(tmp_path).splitlines() if line.startswith("  dogs/"))
    assert re.match("  dogs/  13 files, 1 usable; 2 [^;]+; 2 [^;]+; 2 [^;]+; 2 [^;]+$", said)


def test_class_folders_that_cannot_be_told_apart(tmp_path):
    classes(tmp_path / "a", 2, ("Cats", "cats", "dogs"))
    with pytest.raises(photos.PhotoError, match="Cats and cats are one on many systems"):
        photos.prepare(tmp_path / "a")
    classes(tmp_path / "b", 2, ("caf\u00e9", "cafe\u0301"))
    with pytest.raises(photos.PhotoError, match="are one on many systems"):
        photos.prepare(tmp_path / "b")
    classes(tmp_path / "c", 2, ("cats\n", "dogs"))
    with pytest.raises(photos.PhotoError, match=r"cats\\n cannot be printed. Rename it"):
        photos.prepare(tmp_path / "c")
    for part in ("val", "valid"):
        classes(tmp_path / "d" / part, 2)
    classes(tmp_path / "d/train", 2)
    with pytest.raises(photos.PhotoError, match="val and valid, which are the same part"):
        photos.prepare(tmp_path / "d")


def test_a_whole_disk_is_not_walked(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_of_photos, "FILES_LIMIT", 5)
    with pytest.raises(photos.PhotoError, match=r"more than 5 files\. Is this the folder\?"):
        photos.prepare(classes(tmp_path, 4))


# The cache


def test_the_second_time_nothing_is_decoded(mixed, monkeypatch):
    first = photos.prepare(mixed)

    def decodes(*arguments):
        raise AssertionError("decoded again")

    monkeypatch.setattr(copies, "decoded", decodes)
    again = photos.prepare(mixed)
    assert again == first
    assert repr(again) == repr(first)
    monkeypatch.undo()


def test_an_original_is_read_once_and_a_copy_written_once(tmp_path, monkeypatch):
    folder = classes(tmp_path, 5)
    contents, write, read_from, written_to = copies.contents, pathlib.Path.write_bytes, [], []

    def reads(path):
        read_from.append(path)
        return contents(path)

    def writes(path, data):
        written_to.append(path)
        return write(path, data)

    monkeypatch.setattr(copies, "contents", reads)
    monkeypatch.setattr(pathlib.Path, "write_bytes", writes)
    tidy = photos.prepare(folder)
    assert sorted(read_from) == sorted(folder.glob("*/*"))
    assert len(written_to) == len(tidy.origin) == 10
    read_from.clear()
    assert photos.prepare(folder) == tidy
    assert sorted(read_from) == sorted(folder.glob("*/*"))
    assert len(written_to) == 10


def test_folders_of_the_same_names_and_sizes_have_copies_of_their_own(tmp_path):
    def folder(name, seed):
        bmp = {
            f"{label}/{i}.bmp": packed(picture(seed + i), "BMP") for i, label in enumerate("aabb")
        }
        return put(tmp_path / name, bmp)

    first, second = photos.prepare(folder("one", 0)), photos.prepare(folder("two", 50))
    assert first.path != second.path
    assert pixels_in(first.path) != pixels_in(second.path)
    assert photos.prepare(tmp_path / "one").path == first.path
    assert photos.prepare(tmp_path / "two").path == second.path


def test_a_damaged_copy_is_made_again_and_a_changed_folder_gets_its_own(tmp_path):
    folder = classes(tmp_path, 5)
    first = photos.prepare(folder)
    whole = everything_in(first.path)

    def damage():
        victim = first.path / next(iter(first.origin))
        yield victim.unlink
        yield lambda: victim.write_bytes(b"shorter")
        yield lambda: put(first.path, {"train/cats/stranger.png": picture(1)})
        yield (first.path / "copy.json").unlink
        yield lambda: (first.path / "copy.json").write_text("{")

    for action in damage():
        action()
        assert photos.prepare(folder) == first
        assert everything_in(first.path) == whole
    put(folder, {"cats/0.png": picture(777)})
    second = photos.prepare(folder)
    assert second.path != first.path
    assert everything_in(first.path) == whole
    assert photos.prepare(folder, validation=0.4).path not in (first.path, second.path)


def test_an_interrupt_or_a_change_leaves_no_part_of_a_copy(tmp_path, monkeypatch):
    folder = classes(tmp_path, 5)
    unpack, seen = decode.decoded, []

    def interrupted(content):
        seen.append(content)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return unpack(content)

    monkeypatch.setattr(copies, "decoded", interrupted)
    with pytest.raises(KeyboardInterrupt):
        photos.prepare(folder)
    cache = pathlib.Path(os.environ["XDG_CACHE_HOME"]) / "cnncourse" / "photographs"
    assert [p for p in cache.iterdir() if p.is_dir()] == []

    def changed(content):
        put(folder, {"dogs/4.png": picture(4321)})
        return unpack(content)

    monkeypatch.setattr(copies, "decoded", changed)
    with pytest.raises(photos.PhotoError, match=r"4\.png changed while it was looked at"):
        photos.prepare(folder)
    assert [p for p in cache.iterdir() if p.is_dir()] == []


def test_two_processes_make_one_copy(tmp_path):
    folder = classes(tmp_path, 5)
    script = """if True:
        import sys, time
        from cnncourse import photos
        from cnncourse.photos import copy
        write = copy._write
        def slowly(*arguments):
            print("made", end=" ")
            time.sleep(2)
            return write(*arguments)
        copy._write = slowly
        print(photos.prepare(sys.argv[1]).path)
    """
    started = [
        subprocess.Popen([sys.executable, "-c", script, folder], stdout=-1, stderr=-1, text=True)
        for _ in range(2)
    ]
    said, errors = zip(*(process.communicate() for process in started), strict=True)
    assert errors == ("", "")
    path, again = sorted((line.strip() for line in said), key=lambda line: "made" in line)
    assert again == f"made {path}"
    path = pathlib.Path(path)
    assert len(pixels_in(path)) == 10
    assert [p.name for p in path.parent.iterdir() if p.is_dir()] == [path.name]


def test_a_cache_that_cannot_be_written_says_so(tmp_path, monkeypatch):
    folder = classes(tmp_path / "mine", 3)
    put(tmp_path, {"file": b""})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(photos.PhotoError, match=r"clean copy could not be written.*XDG_CACHE_HOME"):
        photos.prepare(folder)


def test_own_photographs_are_named_and_never_pass_for_a_known_set(mixed):
    tidy = photos.prepare(mixed)
    assert (tidy.name, tidy.caption, tidy.stand_in) == (
        "mine",
        "Photographs of the folder mine",
        False,
    )
    assert tidy.provenance["whole"] is False
    assert tidy.provenance["digest"].startswith("sha256:")
    mixed.rename(mixed.with_name("my\nown"))
    assert photos.prepare(mixed.with_name("my\nown")).name == r"my\nown"


# data.photographs


@pytest.fixture
def known(monkeypatch, tmp_path):
    """A small folder of photographs that the course knows by its digest, as a classroom's."""
    folder = tmp_path / "class" / "cats_vs_dogs"
    classes(folder / "train", 4)
    classes(folder / "validation", 2, start=1000)
    put(folder, {"ATTRIBUTION.txt": b"by me", "train/cats/.DS_Store": b"\0"})
    pets, filtered = catalogue.PHOTO_SETS
    facts = {"title": "Pets", "train": 8, "validation": 4, "megabytes": 1, "licence": "CC0"}
    spec = dataclasses.replace(pets, digest=folder_digest(folder), origin="me", **facts)
    monkeypatch.setattr(catalogue, "PHOTO_SETS", (spec, filtered))
    return folder


def test_photographs_of_the_classroom_folder(known, monkeypatch):
    monkeypatch.setenv("CNNCOURSE_DATA", str(known.parent))
    found = data.photographs("cats_vs_dogs")
    assert (found.title, found.source, found.whole, found.licence) == (
        "Pets",
        "folder",
        True,
        "CC0",
    )
    assert found.caption == "Pets, from the classroom folder"
    assert found.class_names == ("cats", "dogs")
    assert found.counts == {"train": {"cats": 4, "dogs": 4}, "validation": {"cats": 2, "dogs": 2}}
    assert "8 train and 4 validation photographs, classes cats, dogs" in repr(found)
    tidy = photos.prepare(found)
    assert tidy.counts == found.counts
    assert (tidy.caption, tidy.provenance) == (found.caption, found.provenance)
    put(known, {"train/cats/0.png": picture(5)})
    other = data.photographs("cats_vs_dogs")
    assert (other.whole, other.title) == (
        False,
        "Photographs called cats_vs_dogs, of unknown origin",
    )
    put(known, {"validation/ants/0.png": picture(7)})
    assert data.photographs("cats_vs_dogs").class_names == ("ants", "cats", "dogs")
    (known / "train").rename(known / "rest")
    (known / "validation").rename(known / "of it")
    with pytest.raises(
        data.DataError, match=r"expected photographs in cats_vs_dogs/train/<class>/"
    ):
        data.photographs("cats_vs_dogs")


def test_a_renamed_photograph_changes_the_digest(known):
    before = folder_digest(known)
    put(known, {"train/cats/deeper/1.png": picture(1), "train/cats.txt": b"not in a class"})
    assert folder_digest(known) == before
    (known / "train/cats/0.png").rename(known / "train/cats/00.png")
    assert folder_digest(known) != before


def test_drawn_faces_say_so_and_can_be_told_apart(capsys):
    found = data.photographs("cats_vs_dogs")
    assert found.stand_in
    assert not found.whole
    assert "STAND-IN" in capsys.readouterr().out
    assert "STAND-IN" in repr(found)
    assert found.caption.startswith("STAND-IN")
    tidy = photos.prepare(found)
    assert tidy.stand_in
    assert tidy.counts["train"] == {"cats": 160, "dogs": 160}
    assert len(tidy.as_is) == 400
    assert not tidy.near_duplicates

    means = {"cats": [], "dogs": []}
    for path in photograph_files(found.path):
        means[path.parent.name].append(photos.read(path).mean(axis=(0, 1)))
    apart = np.abs(np.mean(means["cats"], axis=0) - np.mean(means["dogs"], axis=0)).max()
    assert apart < 12, "no mean colour tells cat from dog"


def test_names_and_kinds_are_not_mixed_up():
    with pytest.raises(ValueError, match=r"data\.photographs\('cats_vs_dogs'\)"):
        data.load("cats_vs_dogs")
    with pytest.raises(
        ValueError, match=r"expected one of cats_vs_dogs\. For a folder of your own"
    ):
        data.photographs("mnist")
    assert "cats_vs_dogs" not in data.names()


@pytest.fixture
def archive(monkeypatch, nothing_here):
    """`archive(members)` puts the tutorials' zip into Keras's cache: 4 + 2 photographs."""
    pets, filtered = catalogue.PHOTO_SETS
    spec = dataclasses.replace(filtered, title="Filtered", train=4, validation=2)
    monkeypatch.setenv("CNNCOURSE_SOURCES", "keras")

    def make(members=None, cut_to=None):
        path = nothing_here / "keras/datasets/cats_and_dogs_filtered.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        contents = {
            f"cats_and_dogs_filtered/{part}/{animal}s/{animal}.{i}.jpg": packed(
                picture(i + 10 * ord(animal[0]) + 100 * count), "JPEG"
            )
            for part, count in (("train", 2), ("validation", 1))
            for animal in ("cat", "dog")
            for i in range(count)
        } | (members or {})
        with zipfile.ZipFile(path, "w") as file:
            for name, content in contents.items():
                file.writestr(name, content)
        path.write_bytes(path.read_bytes()[:cut_to])
        size = dataclasses.replace(spec.archive, bytes=path.stat().st_size)
        monkeypatch.setattr(
            catalogue, "PHOTO_SETS", (pets, dataclasses.replace(spec, archive=size))
        )
        return path

    return make


def test_the_tutorials_archive_is_unpacked_with_care(archive, nothing_here, tmp_path):
    outside = nothing_here / "cache" / "evil.jpg"
    archive(
        {
            "../../evil.jpg": b"x",
            str(outside): b"x",
            "cats_and_dogs_filtered/train/cats/../../../evil.jpg": b"x",
            "cats_and_dogs_filtered/vectorize.py": b"print('run me')",
            "cats_and_dogs_filtered/what a photograph may not take": bytes(3_000_000),
        }
    )
    found = data.photographs("cats_vs_dogs")
    assert (found.source, found.title, found.whole) == ("keras", "Filtered", False)
    assert found.counts == {"train": {"cats": 2, "dogs": 2}, "validation": {"cats": 1, "dogs": 1}}
    unpacked = [p for p in found.path.rglob("*") if p.is_file()]
    assert len(unpacked) == 6
    assert not list(nothing_here.rglob("evil*"))
    assert (
        "written, from Keras's download: " in data.fill(tmp_path, ["cats_vs_dogs"])["cats_vs_dogs"]
    )
    assert sorted(everything_in(tmp_path / "cats_vs_dogs")) == sorted(everything_in(found.path))
    again = data.fill(tmp_path, ["cats_vs_dogs"])["cats_vs_dogs"]
    assert again == "already there, the same as Keras's copy: Filtered"
    next(tmp_path.glob("cats_vs_dogs/*/*/*")).unlink()
    with pytest.raises(data.DataError, match="found 5 photographs"):
        data.fill(tmp_path, ["cats_vs_dogs"])


def test_a_wrong_archive_is_refused(archive, monkeypatch):
    path = archive(cut_to=-200)
    with pytest.raises(data.DataError, match=r"expected a zip archive.*Delete it"):
        data.photographs("cats_vs_dogs")
    archive({"cats_and_dogs_filtered/train/cats/cat.77.jpg": b"one more"})
    with pytest.raises(data.DataError, match="expected 4 photographs in train; found 5"):
        data.photographs("cats_vs_dogs")
    archive({"cats_and_dogs_filtered/train/cats/cat.0.jpg": bytes(3_000_000)})
    with pytest.raises(data.DataError, match=r"cat\.0\.jpg is no photograph"):
        data.photographs("cats_vs_dogs")
    content = bytearray(archive().read_bytes())
    content[400] ^= 1
    path.write_bytes(content)
    with pytest.raises(data.DataError, match=r"cannot be read.*CRC"):
        data.photographs("cats_vs_dogs")
    path.write_bytes(archive().read_bytes() + b"more")
    with pytest.raises(data.DataError, match="bytes; found "):
        data.photographs("cats_vs_dogs")
    path.write_bytes(b"short")
    with pytest.raises(data.DataError, match="bytes; found 5"):
        data.photographs("cats_vs_dogs")
    assert not list(pathlib.Path(os.environ["XDG_CACHE_HOME"]).rglob("*.jpg"))


def test_fill_verify_and_list_know_photographs(known, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder,drawn")
    target = tmp_path / "new"
    assert command.main(["data", "fill", str(target), "cats_vs_dogs"]) == 1
    assert "not found here: folder: CNNCOURSE_DATA is not set" in capsys.readouterr().out
    monkeypatch.setenv("CNNCOURSE_DATA", str(known.parent))
    assert command.main(["data", "fill", str(target), "cats_vs_dogs"]) == 0
    assert "written, from the classroom folder: Pets" in capsys.readouterr().out
    copied = everything_in(target / "cats_vs_dogs")
    original = everything_in(known)
    del original["train/cats/.DS_Store"]
    assert copied == original
    assert sorted(p.name for p in target.iterdir()) == ["cats_vs_dogs"]
    assert data.fill(target, ["cats_vs_dogs"])["cats_vs_dogs"] == "already there, whole"
    assert command.main(["data", "verify", str(target)]) == 0
    assert f"Pets, whole, {folder_digest(known)}" in capsys.readouterr().out
    assert command.main(["data"]) == 0
    said = capsys.readouterr().out
    assert "8 + 4 photographs, 1 MB: Pets" in said
    (target / "cats_vs_dogs/train/cats/0.png").unlink()
    assert command.main(["data", "verify", str(target / "cats_vs_dogs")]) == 1
    assert "found 11 photographs" in capsys.readouterr().out


def test_the_real_photographs_are_whole(monkeypatch, real_folder):
    monkeypatch.setenv("CNNCOURSE_DATA", real_folder)
    found = data.photographs("cats_vs_dogs")
    assert found.whole
    assert found.title.startswith("Cats and dogs of the Oxford-IIIT Pet Dataset")
    assert sum(found.counts["train"].values()) == data.photo_sets("cats_vs_dogs")[0].train
    tidy = photos.prepare(found)
    assert tidy.left_out == {"ATTRIBUTION.txt": "not in the folder of a class"}
    assert not tidy.converted
    assert tidy.counts == found.counts


@pytest.fixture(scope="module")
def real_folder():
    from conftest import missing

    folder = os.environ.get("CNNCOURSE_DATA", "")
    if not (pathlib.Path(folder) / "cats_vs_dogs").is_dir() or not folder:
        missing("CNNCOURSE_DATA with cats_vs_dogs")
    return folder
