"""Saves are noticed however an editor saves, and each is told once."""

import os
import queue
import shutil
import time

import pytest

from grader.watch.saves import LOOK, saves

PATIENCE = 60  # seconds; only a test that fails waits so long


@pytest.fixture
def told(tmp_path):
    """What `saves` has told of a folder `mine`, with models.py in it."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "models.py").write_text("1\n")
    events = queue.SimpleQueue()
    with saves(tmp_path / "mine", lambda: events.put("saved")):
        time.sleep(4 * LOOK)
        yield events


def in_place(file):
    file.write_text("2\n")


def by_renaming(file):
    file.with_suffix(".tmp").write_text("2\n")
    file.with_suffix(".tmp").replace(file)


def by_renaming_a_file_of_the_same_size_and_time(file):
    status = file.stat()
    file.with_suffix(".tmp").write_text("2\n")
    os.utime(file.with_suffix(".tmp"), ns=(status.st_atime_ns, status.st_mtime_ns))
    file.with_suffix(".tmp").replace(file)


def by_a_backup(file):
    file.rename(file.with_suffix(".py~"))
    file.write_text("2\n")


def another(file):
    file.with_name("assignment.py").write_text("2\n")


def removal(file):
    file.unlink()


def removal_of_the_folder(file):
    shutil.rmtree(file.parent)


IN_A_FOLDER = (another, removal, removal_of_the_folder)
SAVES = (in_place, by_renaming, by_renaming_a_file_of_the_same_size_and_time, by_a_backup)


@pytest.mark.parametrize("save", [*SAVES, *IN_A_FOLDER])
def test_a_save_is_told(save, told, tmp_path):
    save(tmp_path / "mine" / "models.py")
    assert told.get(timeout=PATIENCE) == "saved"


def test_a_folder_that_comes_back_is_told(told, tmp_path):
    shutil.move(tmp_path / "mine", tmp_path / "away")
    told.get(timeout=PATIENCE)
    shutil.move(tmp_path / "away", tmp_path / "mine")
    told.get(timeout=PATIENCE)


def test_what_is_no_python_file_is_not_told(told, tmp_path):
    (tmp_path / "mine" / ".models.py.swp").write_text("")
    (tmp_path / "mine" / "4913").write_text("")
    time.sleep(6 * LOOK)
    assert told.empty()


def test_nothing_is_told_after_the_end(tmp_path):
    events = queue.SimpleQueue()
    with saves(tmp_path, lambda: events.put("saved")):
        pass
    (tmp_path / "models.py").write_text("")
    time.sleep(6 * LOOK)
    assert events.empty()
