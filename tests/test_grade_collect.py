"""Whose notebooks there are: the forms of Moodle, Canvas and nbgrader, and zips made to harm."""

import io
import json
import os
import pathlib
import stat
import zipfile

from cnncourse import exercises
from cnncourse.grade import collect as module
from cnncourse.grade import notebook
from cnncourse.grade.collect import CollectError, collect

import pytest

BANKS = {lesson: exercises.names(lesson) for lesson in exercises.lessons()}
NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def zipped(path, files):
    """A zip of {name: content}; a name may be a ZipInfo."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def found(path, names=None):
    return [(one.student, one.id) for one in collect(path, names)]


def errors(path):
    return {one.path: one.error for one in collect(path)}


# The forms ----------------------------------------------------------------------------------------


def test_moodle_with_folders_without_and_as_it_was(tmp_path):
    names = {
        "Jane Doe_101_assignsubmission_file/08_mnist_exercise.ipynb": ("Jane Doe", "101"),
        "Jane Doe_102_assignsubmission_file/08_mnist_exercise.ipynb": ("Jane Doe", "102"),
        "Łucja Żółć-Ørsted_103_assignsubmission_file/sub/a.ipynb": ("Łucja Żółć-Ørsted", "103"),
        "李 小龍_104_assignsubmission_file_/08.ipynb": ("李 小龍", "104"),
        "Participant_105_assignsubmission_file_08.ipynb": ("Participant", "105"),
        "Group A-Jo_106_assignsubmission_file_my_08_1.ipynb": ("Group A-Jo", "106"),
    }
    others = {"Jane Doe_101_assignsubmission_onlinetext/onlinetext.html": b"<p>hello"}
    path = zipped(tmp_path / "moodle.zip", dict.fromkeys(names, NOTEBOOK) | others)
    assert sorted(found(path)) == sorted(names.values())
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert sorted(found(tmp_path / "unpacked")) == sorted(names.values())
    path = zipped(tmp_path / "z.zip", {"Jane\nDoe_9_assignsubmission_file/8.ipynb": NOTEBOOK})
    assert found(path) == [("Jane\N{REPLACEMENT CHARACTER}Doe", "9")]


def test_canvas_late_anonymous_and_handed_in_again(tmp_path):
    names = {
        "doejane_101_5501_08_mnist_exercise.ipynb": ("doejane", "101"),
        "doejane_102_5502_08_mnist_exercise.ipynb": ("doejane", "102"),
        "żółćłucja_LATE_103_5503_08_mnist_exercise-1.ipynb": ("żółćłucja", "103"),
        "o_brien_104_5504_my notebook.ipynb": ("o_brien", "104"),
        "anon_aB3dE_5505_08.ipynb": ("anon_aB3dE", "anon_aB3dE"),
        "LATE_anon_xY9_5506_08.ipynb": ("anon_xY9", "anon_xY9"),
    }
    path = zipped(tmp_path / "submissions.zip", dict.fromkeys(names, NOTEBOOK))
    assert sorted(found(path)) == sorted(names.values())


@pytest.mark.parametrize("top", ["", "course/", "submitted"])
def test_nbgraders_folders(tmp_path, top):
    base = tmp_path if top == "submitted" else tmp_path / top
    for student in ("bitdiddle", "hacker"):
        folder = base / "submitted" / student / "ps1"
        folder.mkdir(parents=True)
        (folder / "08_mnist_exercise.ipynb").write_bytes(NOTEBOOK)
        (folder / "timestamp.txt").write_text("2015-02-02 15:58:23.948203 America/Los_Angeles")
    given = base / "submitted" if top == "submitted" else tmp_path
    assert found(given) == [("bitdiddle", ""), ("hacker", "")]


def test_nbgraders_folders_of_two_courses_are_one_class(tmp_path):
    names = ("a/submitted/bitdiddle/ps1/8.ipynb", "b/submitted/hacker/ps1/8.ipynb")
    path = zipped(tmp_path / "z.zip", dict.fromkeys(names, NOTEBOOK))
    assert found(path) == [("bitdiddle", ""), ("hacker", "")]


def test_a_folder_a_student_in_a_folder_around_them_and_what_is_not_theirs(tmp_path):
    for name in (
        "class/Åsa/08.ipynb",
        "class/Åsa/.ipynb_checkpoints/08.ipynb",
        "class/Bo/x/8.ipynb",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(NOTEBOOK)
    assert found(tmp_path) == [("Bo", ""), ("Åsa", "")]
    path = zipped(tmp_path / "z.zip", {"a/08.ipynb": NOTEBOOK, "__MACOSX/a/._08.ipynb": b"junk",
                                       "b/08.ipynb": NOTEBOOK})  # fmt: skip
    assert found(path) == [("a", ""), ("b", "")]
    assert found(tmp_path / "class") == [("Bo", ""), ("Åsa", "")]
    os.rename(tmp_path / "class", tmp_path / "autumn")
    (tmp_path / "around").mkdir()
    os.rename(tmp_path / "autumn", tmp_path / "around" / "autumn")
    assert found(tmp_path / "around") == [("Bo", ""), ("Åsa", "")], "whatever its own name is"


def test_loose_notebooks_are_called_by_what_tells_them_apart(tmp_path):
    for name in ("08_mnist_exercise_anna", "08_mnist_exercise_an ton", "08_mnist_exercise_zoe"):
        (tmp_path / f"{name}.ipynb").write_bytes(NOTEBOOK)
    assert found(tmp_path) == [("an ton", ""), ("anna", ""), ("zoe", "")]
    (only,) = collect(tmp_path / "08_mnist_exercise_zoe.ipynb")
    assert only.student == "08_mnist_exercise_zoe"


@pytest.mark.parametrize(
    ("files", "students"),
    [
        (("08_mnist_anna", "08_mnist_anton"), ["anna", "anton"]),
        (("anna_final", "joanna_final"), ["anna", "joanna"]),
        (("ana_08", "eva_08"), ["ana", "eva"]),
        (("08_an", "08_anna"), ["an", "anna"]),
        (("class/08_anna", "class/08_bo"), ["anna", "bo"]),
        (("08_anna", "bo/08"), ["08_anna", "bo"]),
    ],
)
def test_what_names_of_loose_notebooks_share_ends_where_a_word_does(tmp_path, files, students):
    path = zipped(tmp_path / "z.zip", {f"{name}.ipynb": NOTEBOOK for name in files})
    assert [student for student, _ in found(path)] == students


def test_what_was_changed_later_has_a_later_time(tmp_path):
    later = [
        (2026, 11, 30, 23, 59, 58),
        (2026, 12, 1, 0, 0, 0),
        (2026, 12, 1, 0, 0, 2),
        (2026, 12, 1, 0, 1, 0),
        (2026, 12, 1, 1, 0, 0),
        (2027, 1, 1, 0, 0, 0),
    ]
    files = {zipfile.ZipInfo(f"{n}/a.ipynb", when): NOTEBOOK for n, when in enumerate(later)}
    times = [one.time for one in collect(zipped(tmp_path / "z.zip", files))]
    assert times == sorted(times)
    assert len(set(times)) == len(later)
    assert times[4] - times[1] == 3_600


def test_a_pattern_names_them(tmp_path):
    names = ("08-s123-Ada.ipynb", "08-s124-Bob.ipynb", "readme.ipynb")
    path = zipped(tmp_path / "z.zip", dict.fromkeys(names, NOTEBOOK))
    pattern = r"-(?P<id>s\d+)-(?P<student>\w+)\.ipynb"
    assert found(path, pattern)[:2] == [("Ada", "s123"), ("Bob", "s124")]
    assert collect(path, pattern)[2].error == "its path does not fit --names"
    with pytest.raises(CollectError, match=r"expected a group \(\?P<student>"):
        collect(path, r"(\w+)")
    with pytest.raises(CollectError, match="no regular expression"):
        collect(path, "(")


def test_names_of_zips_that_do_not_say_that_they_are_in_utf_8(tmp_path):
    path = zipped(tmp_path / "z.zip", {"XXXX_1_assignsubmission_file/a.ipynb": NOTEBOOK})
    old = path.read_bytes().replace(b"XXXX", "Zoë".encode())  # as long, and no flag
    path.write_bytes(old)
    assert found(path) == [("Zoë", "1")]


def test_decomposed_and_composed_letters_are_one_name(tmp_path):
    path = zipped(tmp_path / "z.zip", {"Zoe\u0308/a.ipynb": NOTEBOOK, "b/a.ipynb": NOTEBOOK})
    assert ("Zoë", "") in found(path)


def test_what_a_student_has_zipped_is_looked_into(tmp_path):
    inner = io.BytesIO()
    zipped(inner, {"work/08.ipynb": NOTEBOOK, "work/data.csv": b"1"})
    files = {"Jo_7_assignsubmission_file/my work.zip": inner.getvalue(),
             "Al_8_assignsubmission_file/my work.zip": b"PK no zip"}  # fmt: skip
    jo, al = sorted(collect(zipped(tmp_path / "z.zip", files)), key=lambda one: one.id)
    assert (jo.student, jo.read()) == ("Jo", NOTEBOOK)
    assert "damaged zip" in al.error


def test_a_damaged_zip_of_a_student_costs_her_alone(tmp_path):
    for name, content in {"Al/work.zip": b"PK no zip", "Bo/08.ipynb": NOTEBOOK}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    told = errors(tmp_path)
    assert told.pop("Bo/08.ipynb") is None
    assert [("damaged zip" in error, path) for path, error in told.items()] == [
        (True, "Al/work.zip")
    ]


def test_a_zip_that_was_damaged_in_the_zip_of_a_class_costs_one_line(tmp_path):
    files = {"Al_8_assignsubmission_file/work.zip": bytes(10**4),
             "Bo_9_assignsubmission_file/08.ipynb": NOTEBOOK}  # fmt: skip
    path = zipped(tmp_path / "z.zip", files)
    with zipfile.ZipFile(path) as archive:
        member = archive.infolist()[0]
    content = bytearray(path.read_bytes())
    content[member.header_offset + 30 + len(member.filename)] = 0x07  # no kind of block
    path.write_bytes(content)
    al, bo = collect(path)
    assert ("damaged zip" in al.error, bo.error) == (True, None)


@pytest.mark.parametrize("what", ["empty", "text", "nothing"])
def test_what_is_no_class_is_refused(tmp_path, what):
    path = tmp_path / "given"
    if what == "empty":
        path.mkdir()
    elif what == "text":
        path.write_text("hello")
    with pytest.raises(CollectError, match="expected"):
        collect(path)


# Made to harm -------------------------------------------------------------------------------------


def test_paths_that_leave_the_zip_are_lines_and_write_nothing(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    names = ["../x.ipynb", "/etc/x.ipynb", "a/../../x.ipynb", "C:/x.ipynb", "ok/x.ipynb"]
    path = zipped(inside / "z.zip", dict.fromkeys(names, NOTEBOOK))
    assert sorted(filter(None, errors(path).values())) == ["its path leaves the zip"] * 4
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["z.zip"]


def test_symbolic_links_are_not_followed(tmp_path):
    link = zipfile.ZipInfo("eve/08.ipynb")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    path = zipped(tmp_path / "z.zip", {link: b"/etc/passwd", "bo/08.ipynb": NOTEBOOK})
    assert "symbolic link" in errors(path)["eve/08.ipynb"]
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(NOTEBOOK)
    folder = tmp_path / "class"
    (folder / "bo").mkdir(parents=True)
    (folder / "bo" / "08.ipynb").write_bytes(NOTEBOOK)
    (folder / "bo" / "link.ipynb").symlink_to(secret)
    (folder / "eve").symlink_to(tmp_path)
    assert errors(folder) == {
        "bo/08.ipynb": None,
        "bo/link.ipynb": "it is a symbolic link, and is not followed",
    }
    (one,) = [one for one in collect(folder) if one.error is None]
    os.unlink(folder / "bo" / "08.ipynb")
    (folder / "bo" / "08.ipynb").symlink_to(secret)  # after it was looked at
    with pytest.raises(CollectError, match="symbolic link"):
        one.read()


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10**6)
    path = zipped(tmp_path / "z.zip", {"eve/08.ipynb": bytes(2 * 10**6), "bo/08.ipynb": NOTEBOOK})
    assert "at most 1 are read" in errors(path)["eve/08.ipynb"]
    # One that lies about its size, which stands at two places.
    lying = path.read_bytes().replace((2 * 10**6).to_bytes(4, "little"), (99).to_bytes(4, "little"))
    path.write_bytes(lying)
    (eve,) = [one for one in collect(path) if one.student == "eve"]
    with pytest.raises(CollectError):
        eve.read()


def test_too_many_files_are_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 10)
    path = zipped(tmp_path / "z.zip", {f"s{i}/a.ipynb": NOTEBOOK for i in range(11)})
    assert list(errors(path).values()) == ["there are more than 10 files in it"]


def test_a_name_with_a_newline_or_a_formula_is_text_on_one_line(tmp_path):
    path = zipped(
        tmp_path / "z.zip", {"a\nb\x1b[2J\u202e/08.ipynb": NOTEBOOK, "c/8.ipynb": NOTEBOOK}
    )
    (name, _), _ = sorted(found(path))
    assert name.isprintable()
    assert name.startswith("a")


def test_an_encrypted_member_is_a_line(tmp_path):
    path = zipped(tmp_path / "z.zip", {"a/08.ipynb": NOTEBOOK, "b/08.ipynb": NOTEBOOK})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert errors(path)["a/08.ipynb"] == "it is encrypted"


# Notebooks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is empty"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"[]", "no notebook"),
        (b"[" * 10**6, "lists in lists"),
        (b'{"nbformat": 3, "worksheets": []}', "its format is 3"),
        (b'{"nbformat": 5, "cells": []}', "its format is 5"),
        (b'{"nbformat": 4}', "without cells"),
        (b'{"nbformat": 4, "cells": [], "metadata": {"language_info": {"name": "R"}}}', "is R"),
        (
            b'{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"language": "julia"}}}',
            "julia",
        ),
    ],
)
def test_what_is_no_notebook_of_python_says_so(content, told):
    with pytest.raises(notebook.NotebookError, match=told):
        notebook.read(content)


def test_cells_of_odd_forms_are_read_for_what_they_are():
    cells = [
        {"cell_type": "code", "source": ["a\n", "b"], "metadata": {"tags": ["exercise", 3, "x"]}},
        {"cell_type": "code"},
        {"cell_type": "markdown", "source": "no"},
        "no cell",
        {"cell_type": "code", "source": {"no": "text"}, "metadata": []},
    ]
    found = notebook.read(json.dumps({"nbformat": 4, "cells": cells}).encode())
    assert [(cell.number, cell.source, cell.tags) for cell in found] == [
        (1, "a\nb", ("exercise", "x")),
        (2, "", ()),
        (5, "", ()),
    ]


def test_two_megabytes_of_code_are_read_and_no_more():
    cell = {"cell_type": "code", "source": ["x" * 2**20] * 2}
    whole = {"nbformat": 4, "cells": [cell], "metadata": ["odd"]}
    (one,) = notebook.read(json.dumps(whole).encode())
    assert len(one.source) == 2**21
    whole["cells"].append({"cell_type": "code", "source": "x"})
    with pytest.raises(notebook.NotebookError, match="more than 2,097,152 characters of code"):
        notebook.read(json.dumps(whole).encode())


def test_forty_megabytes_of_outputs_cost_nothing_but_reading():
    outputs = [{"output_type": "stream", "text": "x" * (40 * 2**20)}]
    cell = {"cell_type": "code", "source": "a = 1", "metadata": {}, "outputs": outputs}
    (one,) = notebook.read(json.dumps({"nbformat": 4, "cells": [cell]}).encode())
    assert one.source == "a = 1"


def test_the_lesson_is_that_of_the_most_tags_and_of_the_checks():
    def of(*sources_and_tags):
        cells = [notebook.Cell(1, s, ("exercise", t) if t else ()) for s, t in sources_and_tags]
        return notebook.lesson_of(cells, BANKS)

    assert of(("", "prepare"), ("", "build_network")) == "08"
    assert of(("", "conv2d"), ('exercises.check("06/conv2d", conv2d)', "")) == "06"
    assert of(('exercises.check("06/conv2d", conv2d)', "")) == "06"
    assert of(("x = 1", "")) is None


def test_duplicates_other_orders_and_renamed_tags_are_told():
    names = ["01/a", "01/b", "01/c"]
    tags = ["b", "a", "a", "zz"]
    cells = [notebook.Cell(n, "", ("exercise", tag)) for n, tag in enumerate(tags, 1)]
    answers = notebook.answers([*cells, notebook.Cell(9, "", ("exercise",))], "01", names)
    assert answers.found == {"01/a": [1, 2], "01/b": [0]}
    assert answers.missing == ["01/c"]
    assert answers.notes == [
        "Cell 4 is tagged zz: no blank of lesson 01 is called so.",
        "Cell 9 is without a name among its tags: no blank of lesson 01 is called so.",
        "01/a stands in cells 2 and 3: they are run one after the other.",
        "The blanks are in another order: 01/b, 01/a.",
    ]


def test_every_blank_of_every_lesson_is_found_by_its_tag():
    for path in sorted(pathlib.Path(__file__).parents[1].glob("notebooks/[0-9][0-9]_*.ipynb")):
        cells = notebook.read(path.read_bytes())
        lesson = path.name[:2]
        assert notebook.lesson_of(cells, BANKS) == lesson
        answers = notebook.answers(cells, lesson, BANKS[lesson])
        assert answers.missing == []
        assert all(len(places) == 1 for places in answers.found.values())


def test_a_zip_of_a_students_own_holds_no_class(tmp_path):
    """Each notebook may cost minutes, so that one student could take up the evening."""
    inner = io.BytesIO()
    zipped(inner, {f"{n:03}.ipynb": NOTEBOOK for n in range(200)})
    zipped(tmp_path / "z.zip", {"Jo_7_assignsubmission_file/all.zip": inner.getvalue()})
    found = collect(tmp_path / "z.zip")
    assert sum(one.error is None for one in found) == 50
    assert [one.error for one in found if one.error] == [
        "there are more than 50 notebooks in it, and these are left out"
    ]


def test_a_notebook_of_nothing_but_lists_is_not_read():
    """100 MB of `[],` would take up two GiB."""
    with pytest.raises(notebook.NotebookError, match="more than 4,000,000 brackets"):
        notebook.read(b'{"nbformat": 4, "cells": [' + b"[]," * 4_000_000 + b"[]]}")


def test_remarks_on_a_notebook_are_few_and_short():
    tags = ("exercise", "t" * 10**5, *map(str, range(999)))
    cells = [notebook.Cell(n, "x", tags) for n in range(99)]
    cells += [notebook.Cell(n, "x", ("exercise", "conv2d")) for n in range(999)]
    found = notebook.answers(cells, "01", ["01/conv2d"])
    assert len(found.notes) <= 11
    assert sum(map(len, found.notes)) < 5_000
