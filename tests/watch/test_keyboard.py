"""Keys on Windows, whose console is not here; `test_watch.py` presses those of a terminal."""

from types import SimpleNamespace

import pytest

from grader.watch import keyboard


def test_the_console_of_windows_tells_characters_and_leaves_out_arrows(monkeypatch):
    typed, looks, told = iter("l\xe0Hh\x00;q"), iter([False, True, False, *[True] * 9]), []
    monkeypatch.setitem(
        keyboard.sys.modules, "msvcrt", SimpleNamespace(kbhit=lambda: next(looks), getwch=lambda: next(typed))
    )
    with pytest.raises(StopIteration):  # or it would go on as long as the process
        keyboard._read_console(told.append)
    assert told == ["l", "h", "q"]
