"""One file with network, preprocessing and class names, and `predict` in a process of its own."""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile

from cnncourse import __main__ as command
from cnncourse import classifier, photos

import h5py
import keras
import numpy as np
import PIL.Image
import pytest

NAMES = ("blue things", "green", "röd")


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    """A cache folder of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def picture(kind, seed, height=40, width=50):
    """A noisy picture in which the colour of class `kind` is the strongest."""
    random = np.random.default_rng([kind, seed])
    pixels = random.integers(0, 120, (height, width, 3))
    pixels[..., 2 - kind] += random.integers(60, 135)
    return PIL.Image.fromarray(pixels.astype(np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of photographs, mixed with files that are none."""
    folder = tmp_path_factory.mktemp("own") / "mine"
    for kind, name in enumerate(NAMES):
        (folder / name).mkdir(parents=True)
        for i in range(12):
            picture(kind, i).save(folder / name / f"{i}.jpg", quality=95)
    picture(2, 90).convert("CMYK").save(folder / "röd/ink.jpg", quality=95)
    picture(1, 91, 700, 900).save(folder / "green/large.png")
    picture(0, 92).save(folder / "blue things/猫\n.png")
    (folder / "green/broken.jpg").write_bytes((folder / "green/0.jpg").read_bytes()[:500])
    (folder / "green/empty.png").touch()
    (folder / "röd/notes.txt").write_text("about red")
    (folder / "röd/.DS_Store").write_bytes(b"\0")
    return folder


def network(classes=3, units=None, activation="softmax", *layers):
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Resizing(24, 24),
            keras.layers.Rescaling(1 / 255),
            *layers,
            keras.layers.Conv2D(6, 3, 2, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(units or classes, activation=activation),
        ]
    )


@pytest.fixture(scope="module")
def tidy(folder):
    return photos.prepare(folder)


@pytest.fixture(scope="module")
def model(tidy):
    train, validation = (
        keras.utils.image_dataset_from_directory(
            tidy.path / part, image_size=(48, 48), batch_size=8, seed=1, verbose=False
        )
        for part in ("train", "validation")
    )
    assert tuple(train.class_names) == tidy.class_names == NAMES
    assert len(train.file_paths) == sum(tidy.counts["train"].values())
    model = network()
    model.compile(
        keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(train, epochs=8, verbose=0)
    assert model.evaluate(validation, verbose=0)[1] == 1
    return model


@pytest.fixture(scope="module")
def saved(model, tidy, tmp_path_factory):
    return classifier.save(model, tmp_path_factory.mktemp("saved") / "own.keras", tidy.class_names)


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "cnncourse", "predict", *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
    )


# The way from a folder to a prediction


def test_a_folder_of_own_photographs_goes_through_to_predict(folder, tidy, saved, model):
    on_disk = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert sorted([*tidy.as_is, *tidy.converted, *tidy.left_out]) == on_disk
    done = run(saved, folder, "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["class_names"] == list(NAMES)
    found = {
        pathlib.Path(entry["path"]).relative_to(folder).as_posix(): entry
        for entry in document["photographs"]
    }
    assert sorted(found) == sorted(set(on_disk) - {"röd/.DS_Store"}), "every file, hidden ones not"
    assert len(found) == len(document["photographs"])
    failed = {name: entry["error"] for name, entry in found.items() if entry["error"]}
    assert failed.keys() == {"green/broken.jpg", "green/empty.png", "röd/notes.txt"}
    for name, reason in failed.items():
        assert tidy.left_out[name] == reason
        assert found[name]["label"] is found[name]["probability"] is None
    assert len(done.stderr.splitlines()) == 3, "a reason each, and no notice of TensorFlow"
    assert f"cnncourse predict: {folder}/green/empty.png: empty file" in done.stderr

    for name, entry in found.items():
        if not entry["error"]:
            assert entry["label"] == name.split("/")[0]
            assert sum(entry["probabilities"].values()) == pytest.approx(1)
            assert entry["probability"] == max(entry["probabilities"].values())
            here = model(photos.read(folder / name, small=True)[None].astype("float32"))
            assert list(entry["probabilities"].values()) == pytest.approx(
                np.asarray(here)[0].tolist(), abs=1e-6
            )


def test_predict_prints_a_line_a_photograph(folder, saved, tmp_path):
    name = os.fsdecode(b"raw \xff.png")
    picture(1, 5).save(tmp_path / "plain.png")
    os.rename(tmp_path / "plain.png", tmp_path / name)
    files = [folder / "röd/1.jpg", folder / "blue things/猫\n.png", tmp_path / name]
    done = run(saved, *files, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["r\\xf6d", "blue", "green"]
    assert lines[1].endswith("\\u732b\\n.png")
    assert lines[2].endswith("raw \\udcff.png")
    for line in lines:
        assert 1 / 3 < float(re.search(r"  ([01]\.\d{3})  /", line)[1]) <= 1


def test_lines_stand_in_columns(folder, saved, capsys):
    assert command.main(["predict", str(saved), *(str(folder / n / "1.jpg") for n in NAMES)]) == 0
    for line, name in zip(capsys.readouterr().out.splitlines(), NAMES, strict=True):
        assert re.fullmatch(rf"{name:11}  [01]\.\d\d\d  {folder}/{name}/1\.jpg", line)


def test_the_file_is_a_keras_file_as_any_other(saved, model):
    again = keras.saving.load_model(saved)
    trial = np.random.default_rng(1).integers(0, 256, (2, 31, 43, 3)).astype("float32")
    np.testing.assert_allclose(again(trial), model(trial), atol=1e-6)
    assert again.optimizer is not None, "training can go on"


def test_a_prediction_sees_what_training_saw(tidy, saved, model, tmp_path):
    loaded = classifier.load(saved)
    # Green, but for the columns that a network of 24 pixels would pick from 24 x 41.
    stripes = np.zeros((984, 984, 3), np.uint8)
    stripes[..., 1] = 150
    stripes[:, 20::41] = (220, 40, 40)
    PIL.Image.fromarray(stripes).save(tmp_path / "stripes.png")
    (found,) = loaded.predict([tmp_path / "stripes.png"])
    assert found.label == "green"
    assert NAMES[int(np.argmax(model(stripes[None].astype("float32"))))] == "röd"
    assert loaded.class_names == NAMES
    for clean, name in tidy.origin.items():
        copied, original = loaded.predict([tidy.path / clean, tidy.folder / name])
        assert copied.label == original.label
        assert copied.probability == pytest.approx(original.probability, abs=0.02)
    with pytest.raises(TypeError, match="put one in brackets"):
        loaded.predict(str(tidy.path))
    assert loaded.predict([]) == []


def test_one_sigmoid_is_the_probability_of_the_second_class(tmp_path, folder):
    model = network(2, 1, "sigmoid")
    path = classifier.save(model, tmp_path / "two.keras", ["cats", "dogs"])
    (found,) = classifier.load(path).predict([folder / "green/1.jpg"])
    image = photos.read(folder / "green/1.jpg")[None].astype("float32")
    second = float(np.asarray(model(image))[0, 0])
    assert found.probabilities == pytest.approx({"cats": 1 - second, "dogs": second})
    assert found.label == ("dogs" if second > 0.5 else "cats")
    assert found.probability == pytest.approx(max(second, 1 - second))
    assert (found.path, found.error) == (str(folder / "green/1.jpg"), None)
    model.layers[-1].bias.assign([40.0])
    (sure,) = classifier.load(classifier.save(model, path, ["cats", "dogs"])).predict(
        [folder / "green/1.jpg"]
    )
    assert (sure.label, sure.probability) == ("dogs", pytest.approx(1))


def test_a_network_of_trained_networks_is_saved_and_loaded(tmp_path, folder):
    layers = keras.layers
    bottom = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D()]
    )
    head = keras.Sequential([keras.Input((3,)), layers.Dense(2, activation="softmax")])
    head.compile("adam", "sparse_categorical_crossentropy")
    head.fit(np.eye(3), np.array([0, 1, 0]), verbose=0)
    whole = keras.Sequential([keras.Input((None, None, 3)), layers.Resizing(32, 32), bottom, head])
    path = classifier.save(whole, tmp_path / "whole.keras", ("cats", "dogs"))
    (told,) = classifier.load(path).predict([next(folder.rglob("*.jpg"))])
    assert told.label in ("cats", "dogs")


def test_a_photograph_that_the_network_cannot_take_is_one_error(tmp_path, folder):
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(3, 9),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Softmax(),
        ]
    )
    path = classifier.save(model, tmp_path / "own.keras", NAMES)
    picture(0, 1, 4, 4).save(tmp_path / "tiny.png")
    tiny, other = classifier.load(path).predict([tmp_path / "tiny.png", folder / "röd/1.jpg"])
    assert (tiny.label, other.error) == (None, None)
    assert tiny.error.startswith("the network cannot take it (")


def test_an_output_that_is_no_number_is_one_error(saved, folder):
    loaded = classifier.load(saved)
    loaded.model.set_weights([np.full_like(w, np.nan) for w in loaded.model.get_weights()])
    (told,) = loaded.predict([folder / "green/1.jpg"])
    assert (told.label, told.probability) == (None, None)
    assert told.error == "the network's output is not a number"


# What save refuses


@pytest.mark.parametrize("way", ["number", "operator", "product", "layer", "batch", "inside"])
def test_pixels_may_be_scaled_in_any_way(way):
    pixels = keras.Input((None, None, 3))
    scaled = {
        "number": lambda: keras.ops.divide(pixels, 255),
        "operator": lambda: pixels / 255,
        "product": lambda: pixels * (1 / 255),
        "layer": lambda: keras.layers.Normalization(mean=[128] * 3, variance=[64**2] * 3)(pixels),
        "batch": lambda: keras.layers.BatchNormalization()(pixels),
        "inside": lambda: network()(pixels),
    }[way]()
    assert classifier._scales(keras.Model(pixels, scaled))
    assert not classifier._scales(keras.Model(pixels, keras.layers.Conv2D(2, 1)(pixels)))


@pytest.mark.parametrize("name", ["own.h5", "own.zip", "own"])
def test_a_file_of_another_ending_is_refused(model, tmp_path, name):
    with pytest.raises(ValueError, match=r"ends in \.keras\. Name it own\.keras"):
        classifier.save(model, tmp_path / name, NAMES)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_says_something_else_than_the_model_is_not_kept(model, tmp_path, monkeypatch):
    other = classifier.load(classifier.save(model, tmp_path / "other.keras", NAMES))
    other.model.set_weights([weight + 0.1 for weight in other.model.get_weights()])
    monkeypatch.setattr(classifier, "load", lambda path: other)
    with pytest.raises(classifier.ClassifierError, match="loaded again, the model gives other num"):
        classifier.save(model, tmp_path / "own.keras", NAMES)
    assert [path.name for path in tmp_path.iterdir()] == ["other.keras"]


@keras.saving.register_keras_serializable("own")
class Own(keras.layers.Layer):
    def call(self, x):
        return x


def resized(*layers):
    return keras.Sequential([keras.Input((None, None, 3)), keras.layers.Resizing(8, 8), *layers])


UNFIT = {
    "size": lambda: keras.Sequential(
        [keras.Input((24, 24, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    ),
    "classes": lambda: network(4),
    "logits": lambda: network(3, None, None),
    "two sigmoids": lambda: network(3, 3, "sigmoid"),
    "scaling": lambda: resized(
        keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, activation="softmax")
    ),
    "lambda": lambda: network(3, None, "softmax", keras.layers.Lambda(lambda x: x)),
    "own layer": lambda: network(3, None, "softmax", Own()),
    "one size": lambda: keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Reshape((24 * 24 * 3,)),
            keras.layers.Dense(3, activation="softmax"),
        ]
    ),
    "unbuilt": lambda: keras.Sequential([keras.layers.Dense(3)]),
    "one side": lambda: network(3, None, "softmax", keras.layers.Resizing(5_000, 8)),
    "one large": lambda: network(3, None, "softmax", keras.layers.UpSampling2D(200)),
    "no model": lambda: "own.keras",
}
REASONS = {
    "size": r"input is \(None, 24, 24, 3\), expected \(None, None, None, 3\).*Resizing",
    "classes": r"output is \(None, 4\); for the 3 classes .* expected \(None, 3\)",
    "logits": "no probabilities. Let its last layer end in activation='softmax'",
    "two sigmoids": "no probabilities",
    "scaling": r"nothing in it scales the pixels.*Rescaling\(1 / 255\)",
    "lambda": r"holds code to run \(a Lambda\)",
    "own layer": "Own of .* is not Keras's",
    "one size": "cannot take a picture of 71 x 53",
    "unbuilt": "not a built Keras model",
    "one side": "a Resizing makes images of a height of 5,000 pixels, beyond the limit of 4,096",
    "one large": r"for a photograph of 256 x 384 pixels it computes [\d,]+ MiB, beyond the limit",
    "no model": "not a built Keras model",
}


@pytest.mark.parametrize("name", UNFIT)
def test_save_refuses_what_another_process_could_not_use(tmp_path, name):
    target = tmp_path / "old.keras"
    target.write_bytes(b"what was there")
    with pytest.raises(classifier.ClassifierError, match=REASONS[name]):
        classifier.save(UNFIT[name](), target, NAMES)
    assert target.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("way", ["activation", "layer", "inside"])
def test_save_refuses_a_softmax_of_one_unit(tmp_path, way):
    model = network(2, 1, None if way == "layer" else "softmax")
    if way == "layer":
        model = keras.Sequential([model, keras.layers.Softmax()])
    if way == "inside":
        inputs = keras.Input((None, None, 3))
        model = keras.Model(inputs, model(inputs))
    with pytest.raises(classifier.ClassifierError, match="is 1 whatever the picture"):
        classifier.save(model, tmp_path / "x.keras", ["cats", "dogs"])
    assert list(tmp_path.iterdir()) == []


def test_a_path_may_begin_at_home(model, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert classifier.save(model, "~/own.keras", NAMES) == tmp_path / "own.keras"
    assert classifier.load("~/own.keras").class_names == NAMES
    picture(0, 1).save(tmp_path / "1.png")
    assert command.main(["predict", "~/own.keras", "~/1.png", "1.png", "~no one/1.png"]) == 1
    out, err = capsys.readouterr()
    assert [line.split()[-1] for line in out.splitlines()] == [f"{tmp_path}/1.png", "1.png"]
    assert err == "cnncourse predict: ~no one/1.png: no such file\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.png", "own.keras"]


def test_save_refuses_numbers_that_are_none(tmp_path):
    model = network()
    model.layers[-1].bias.assign([np.nan] * 3)
    with pytest.raises(classifier.ClassifierError, match="Did its loss become nan in training"):
        classifier.save(model, tmp_path / "x.keras", NAMES)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ("abc", "expected a list of names"),
        (["one"], "expected two or more; found 1"),
        (["a", "a", "b"], "twice"),
        (["a", "b", ""], "expected text on one line each"),
        (["a", "b", "c\n"], "expected text on one line each"),
        ([0, 1, 2], "expected text on one line each"),
    ],
)
def test_save_wants_class_names(model, tmp_path, names, reason):
    with pytest.raises(ValueError, match=reason):
        classifier.save(model, tmp_path / "x.keras", names)
    with pytest.raises(ValueError, match=r"Name it x\.keras"):
        classifier.save(model, tmp_path / "x.h5", NAMES)


# What load refuses, before TensorFlow is asked


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(contents, **options):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def with_about(contents, about):
    metadata = json.loads(contents["metadata.json"])
    metadata["cnncourse"] = about
    return zipped({**contents, "metadata.json": json.dumps(metadata)})


def weights(write):
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        write(file)
    return stream.getvalue()


def bomb(file):
    file.create_dataset("zeros", (30_000, 30_000), "f4", compression="gzip", fillvalue=0)


def elsewhere(file):
    file["secret"] = h5py.ExternalLink("/etc/passwd", "/")


def raw_elsewhere(file):
    file.create_dataset("secret", (9,), "u1", external=[("/etc/passwd", 0, 9)])


def in_two_places(file):
    for depth in range(40):
        above = file.create_group(f"group{depth}")
        if depth:
            above["left"] = above["right"] = file[f"group{depth - 1}"]
            del file[f"group{depth - 1}"]


def lambda_config(contents):
    config = json.loads(contents["config.json"])
    config["config"]["layers"].append({"module": "keras.layers", "class_name": "Lambda"})
    return json.dumps(config)


def vocabulary_config(contents):
    config = json.loads(contents["config.json"])
    vocabulary = {"name": "words", "vocabulary": "/etc/passwd"}
    layer = {"module": "keras.layers", "class_name": "StringLookup", "config": vocabulary}
    config["config"]["layers"].insert(2, layer)
    return json.dumps(config)


def foreign_config(contents):
    config = json.loads(contents["config.json"])
    config["config"]["layers"].append({"module": "os", "class_name": "system", "config": "ls"})
    return json.dumps(config)


def padded(contents):
    return contents["model.weights.h5"] + bytes(2**24 + 2**20)


def resized_config(contents):
    config = json.loads(contents["config.json"])
    layer = next(x for x in config["config"]["layers"] if x["class_name"] == "Resizing")
    layer["config"]["width"] = 16_384
    return json.dumps(config)


WRONG = {
    "empty": (lambda c: b"", "empty"),
    "no zip": (lambda c: b"\x89HDF\r\n\x1a\n" + bytes(99), "not a zip archive"),
    "truncated": (lambda c: zipped(c)[:-300], "not a zip archive, or a truncated one"),
    "flipped": (
        lambda c: zipped(c).replace(c["model.weights.h5"][:64], bytes(64)),
        "not a zip archive, or a truncated one.*CRC",
    ),
    "other zip": (lambda c: zipped({"a.txt": b"x"}), "it is no Keras file, since config.json"),
    "no weights": (
        lambda c: zipped({k: v for k, v in c.items() if k != "model.weights.h5"}),
        "model.weights.h5 is missing",
    ),
    "more inside": (lambda c: zipped({**c, "../x": b""}), r"it holds \.\./x, which no classifier"),
    "plain keras": (
        lambda c: zipped({**c, "metadata.json": b"{}"}),
        "it is a Keras file without class names",
    ),
    "nonsense": (lambda c: with_about(c, [1, 2]), "makes no sense"),
    "no format": (lambda c: with_about(c, {"class_names": NAMES}), "makes no sense"),
    "later": (
        lambda c: with_about(c, {"format": 2, "class_names": NAMES}),
        "its format is 2, and this version of the course reads 1; update",
    ),
    "no names": (lambda c: with_about(c, {"format": 1}), "class names: expected a list"),
    "number": (
        lambda c: with_about(c, {"format": 1, "class_names": [1, 2, 3]}),
        "class names: expected text",
    ),
    "metadata": (lambda c: zipped({**c, "metadata.json": b"{"}), "metadata.json is not JSON"),
    "deep": (lambda c: zipped({**c, "metadata.json": b"[" * 10**5}), "metadata.json is not JSON"),
    "list": (lambda c: zipped({**c, "config.json": b"[]"}), "config.json is not a JSON object"),
    "no model": (lambda c: zipped({**c, "config.json": b"{}"}), "describes no Keras model"),
    "lambda": (
        lambda c: zipped({**c, "config.json": lambda_config(c)}),
        r"it holds code to run \(a Lambda\)",
    ),
    "vocabulary": (
        lambda c: zipped({**c, "config.json": vocabulary_config(c)}),
        r"it may read files \(a StringLookup\)",
    ),
    "foreign": (
        lambda c: zipped({**c, "config.json": foreign_config(c)}),
        "system of os is not Keras's",
    ),
    "zip bomb": (
        lambda c: zipped({**c, "config.json": bytes(2**24 + 1)}, compression=zipfile.ZIP_DEFLATED),
        "config.json unpacks to 16 MiB, beyond the limit of 16 MiB",
    ),
    "weights bomb": (
        lambda c: zipped({**c, "model.weights.h5": weights(bomb)}),
        "its weights unpack to 3,433 MiB, more than is there",
    ),
    "padded": (
        lambda c: zipped({**c, "model.weights.h5": padded(c)}, compression=zipfile.ZIP_DEFLATED),
        "model.weights.h5 has 17 MiB for weights of 0 MiB",
    ),
    "padded far": (
        lambda c: zipped(
            {**c, "model.weights.h5": bytes(2**28 + 1)}, compression=zipfile.ZIP_DEFLATED
        ),
        "model.weights.h5 unpacks to 256 MiB, beyond the limit of 256 MiB",
    ),
    "side": (
        lambda c: zipped({**c, "config.json": resized_config(c)}),
        "a Resizing makes images of a width of 16,384 pixels, beyond the limit of 4,096",
    ),
    "link": (
        lambda c: zipped({**c, "model.weights.h5": weights(elsewhere)}),
        "its weights lead to another file",
    ),
    "raw link": (
        lambda c: zipped({**c, "model.weights.h5": weights(raw_elsewhere)}),
        "its weights lead to another file",
    ),
    "two places": (
        lambda c: zipped({**c, "model.weights.h5": weights(in_two_places)}),
        "its weights hold one thing in two places",
    ),
    "packed": (
        lambda c: zipped(c, compression=zipfile.ZIP_LZMA),
        "is packed as no classifier is",
    ),
    "name": (
        lambda c: zipped({**c, "\xe4": b""}).replace("\xe4".encode(), b"\xff\xff"),
        "not a zip archive, or a truncated one",
    ),
    "no hdf5": (
        lambda c: zipped({**c, "model.weights.h5": b"\x80\x04sprung"}),
        "its weights cannot be read",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_load_refuses_with_the_reason_before_keras_is_asked(saved, tmp_path, monkeypatch, name):
    def asked(*arguments, **options):
        raise AssertionError("Keras was asked")

    monkeypatch.setattr(keras.saving, "load_model", asked)
    make, reason = WRONG[name]
    path = tmp_path / "wrong.keras"
    path.write_bytes(make(members(saved)))
    with pytest.raises(classifier.ClassifierError, match=reason) as caught:
        classifier.load(path)
    assert str(caught.value).startswith(f"{path}: no model of this course: ")
    assert "Expected a file that classifier.save wrote" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_load_names_a_file_that_may_not_be_read(saved, monkeypatch):
    def closed(path):  # as the system says it of another user's file; root may read all
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(zipfile, "ZipFile", closed)
    told = rf"^{re.escape(str(saved))}: .* it may not be read \(permission denied\)"
    with pytest.raises(classifier.ClassifierError, match=told):
        classifier.load(saved)


def test_load_refuses_what_is_no_file(tmp_path, saved):
    for name, reason in {"missing.keras": "there is no such file", ".": "it is a folder"}.items():
        with pytest.raises(classifier.ClassifierError, match=reason):
            classifier.load(tmp_path / name)
    other = tmp_path / "model.h5"
    other.write_bytes(saved.read_bytes())
    with pytest.raises(classifier.ClassifierError, match=r"does not end in \.keras"):
        classifier.load(other)


def test_load_refuses_class_names_that_do_not_fit(saved, tmp_path):
    path = tmp_path / "wrong.keras"
    path.write_bytes(with_about(members(saved), {"format": 1, "class_names": ["a", "b"]}))
    with pytest.raises(
        classifier.ClassifierError, match=r"output is \(None, 3\); for the 2 classes"
    ):
        classifier.load(path)
    assert classifier.load(path, lazily=True).class_names == ("a", "b")
    contents = members(saved)
    contents["model.weights.h5"] = weights(lambda file: file.create_group("layers"))
    path.write_bytes(zipped(contents))
    with pytest.raises(classifier.ClassifierError, match="Keras cannot load it"):
        classifier.load(path)


MEASURED = """
import resource, sys
from cnncourse import classifier
import tensorflow as tf
import keras
tf.nn.conv2d(tf.ones((1, 99, 99, 9)), tf.ones((3, 3, 9, 9)), 1, "SAME")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        classifier.load(path)
    except classifier.ClassifierError as error:
        print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_what_is_refused_takes_less_than_a_gib(saved, tmp_path):
    pytest.importorskip("resource")

    def changed(kind, **settings):
        config = json.loads(members(saved)["config.json"])
        layer = next(x for x in config["config"]["layers"] if x["class_name"] == kind)
        layer["config"].update(settings)
        return {"config.json": json.dumps(config)}

    def large(file):
        file.create_dataset("layers/zeros", data=np.zeros(2**26 - 2**20, np.float32))

    cases = {
        "sides": changed("Resizing", height=4_096, width=4_096),
        "units": changed("Dense", units=2_000_000_000),
        "weights": {"model.weights.h5": weights(large)},
        "both": {"model.weights.h5": weights(large), **changed("Conv2D", kernel_size=[1400, 1400])},
    }
    for name, case in cases.items():
        content = zipped({**members(saved), **case}, compression=zipfile.ZIP_DEFLATED)
        (tmp_path / f"{name}.keras").write_bytes(content)
    paths = [str(tmp_path / f"{name}.keras") for name in cases]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *paths], capture_output=True, text=True, check=True
    )
    *reasons, used = done.stdout.splitlines()
    expected = ["it computes", "MiB of weights, more than is there", "Keras cannot load it", ""]
    for reason, path, words in zip(reasons, paths, expected, strict=True):
        assert reason.startswith(f"{path}: no model of this course: ")
        assert words in reason
    assert int(used) / (2**30 if sys.platform == "darwin" else 2**20) < 1, "GiB"


# The command


def test_the_command_without_tensorflow(tmp_path, folder, saved, capsys, monkeypatch):
    def asked(*arguments, **options):
        raise AssertionError("Keras was asked")

    monkeypatch.setattr(keras.saving, "load_model", asked)
    (tmp_path / "empty").mkdir()
    text = tmp_path / "a.txt"
    text.write_text("x")
    for arguments, status, said in [
        ([text, text], 2, "a.txt: no model of this course: its name does not end in .keras"),
        ([tmp_path / "no.keras", text], 2, "there is no such file"),
        ([saved, tmp_path / "empty"], 2, "a folder without files"),
        ([saved, text], 1, "a.txt: not an image"),
        ([saved, text, "--json"], 1, "a.txt: not an image"),
        ([saved, tmp_path / "no\n.jpg"], 1, "no\\n.jpg: no such file"),
        ([saved, "x" * 300 + ".jpg"], 1, "x.jpg: cannot be read (File name too long)"),
        (["x" * 300 + ".keras", text], 2, "x.keras: no model of this course: File name too long"),
    ]:
        assert command.main(["predict", *map(str, arguments)]) == status
        out, err = capsys.readouterr()
        assert said in err
        assert len(err.splitlines()) == 1
        assert (json.loads(out)["photographs"][0]["error"] if "--json" in arguments else out) in (
            "",
            "not an image",
        )
    with pytest.raises(SystemExit) as caught:
        command.main(["predict", str(saved)])
    assert caught.value.code == 2


def test_one_bad_name_costs_one_line(saved, folder, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    bad = [f"{tmp_path}/{'n' * 300}.jpg", str(tmp_path / "empty")]
    assert command.main(["predict", str(saved), *bad, str(folder / "green/1.jpg")]) == 1
    out, err = capsys.readouterr()
    assert [line.rpartition("/")[2] for line in out.splitlines()] == ["1.jpg"]
    assert [line.rpartition(": ")[2] for line in err.splitlines()] == [
        "cannot be read (File name too long)",
        "a folder, not a photograph",
    ]


def test_the_command_says_how_it_ends(capsys):
    with contextlib.suppress(SystemExit):
        command.main(["predict", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "0 every file predicted; 1 some files could not be; 2 the model or" in said


def test_a_reader_who_goes_away_ends_it_quietly(saved, folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncourse", "predict", saved, folder / "röd/1.jpg"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
