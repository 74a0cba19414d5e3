"""Texts are searched with and without their case, and joined."""

import pytest
from arrays_of_pixels import call
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.texts import MOST_CHARACTERS

TEXT = "Lorem ipsum dolor sit amet"


@pytest.mark.parametrize(
    ("process_id", "pattern", "expected", "without_case"),
    [
        ("text_begins", "lorem", False, True),
        ("text_begins", "ipsum", False, False),
        ("text_ends", "AMET", False, True),
        ("text_contains", "ipsum dolor", True, True),
        ("text_contains", ".", False, False),
        ("text_find", "ipsum", 6, 6),
        ("text_find", "SIT", None, 18),
    ],
)
def test_patterns(process_id, pattern, expected, without_case):
    assert call(process_id, TEXT, pattern) == expected
    assert call(process_id, TEXT, pattern, case_sensitive=False) == without_case
    assert call(process_id, None, pattern) is None


def test_position_is_that_in_the_text_itself():
    assert call("text_find", "Straße nach Köln", "NACH", case_sensitive=False) == 7
    assert call("text_find", "Straße", "SS", case_sensitive=False) == 4
    assert call("text_find", "", "", case_sensitive=False) == 0


@given(st.text(max_size=20), st.text(max_size=3))
def test_found_where_python_finds_it(text, pattern):
    position = text.find(pattern)
    assert call("text_find", text, pattern) == (None if position < 0 else position)
    assert call("text_contains", text, pattern) == (pattern in text)
    assert call("text_begins", text + pattern, text) is True
    assert call("text_ends", text + pattern, pattern.swapcase(), case_sensitive=False) == (
        (text + pattern).casefold().endswith(pattern.swapcase().casefold())
    )


def test_joined():
    assert call("text_concat", [None, True, False, 1, -1.5, 2.0, "ß"], "\n") == "null\ntrue\nfalse\n1\n-1.5\n2\nß"
    assert call("text_concat", [2, 0], 1) == "210"
    assert call("text_concat", []) == ""


def test_texts_have_a_limit():
    with pytest.raises(GdcError, match="too long"):
        call("text_concat", ["x" * (MOST_CHARACTERS // 2)] * 3)
    with pytest.raises(GdcError, match="Only texts"):
        call("text_concat", [["a"]])
    with pytest.raises(GdcError, match="text is needed"):
        call("text_begins", 5, "5")
