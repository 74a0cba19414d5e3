"""What keeps people out is found by axe-core, and only within the element in question."""

from __future__ import annotations

import pytest


def test_a_button_without_a_name_is_found(browser, axe):
    page = browser.new_page()
    page.set_content("<main><section><button>Go</button></section><p><button></button></p></main>")
    axe(page.locator("section"))
    with pytest.raises(AssertionError, match="critical button-name"):
        axe(page.locator("main"))
    page.close()
