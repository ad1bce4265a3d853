"""The page in a browser: what can be clicked, typed and read aloud. Without Chromium these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from nmt_attn.reporting.report_page import page
from tests.reporting.sample_labels import label_contents
from tests.reporting.sample_page import HOSTILE, contents

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="no chromium with chromedriver (Debian: apt install chromium-driver)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,1000",
    ):
        options.add_argument(argument)
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, sample in {
        "one": contents(),
        "two": contents(systems=("first", "second")),
        "many": contents(count=10_000),
        "labels": label_contents(folder),
    }.items():
        (folder / f"{name}.html").write_text(page(sample), encoding="utf-8")
    return folder


def opened(browser: webdriver.Chrome, folder: Path, name: str, width: int = 1280, theme: str = "light") -> None:
    screen = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 500}
    media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get((folder / f"{name}.html").as_uri())


def at(browser: webdriver.Chrome, selector: str) -> Any:
    return browser.find_element(By.CSS_SELECTOR, selector)


def texts(browser: webdriver.Chrome, selector: str) -> list[str]:
    return [one.text for one in browser.find_elements(By.CSS_SELECTOR, selector)]


def lines(browser: webdriver.Chrome) -> list[int]:
    return [int(text) for text in texts(browser, ".rows tbody td:first-child")]


def type_into(browser: webdriver.Chrome, selector: str, text: str) -> None:
    field = at(browser, selector)
    field.clear()
    field.send_keys(text)


@pytest.mark.parametrize("name", ["one", "two", "labels"])
def test_nothing_is_said_in_the_console_and_nothing_is_asked_of_a_network(browser, folder, name):
    browser.get_log("browser"), browser.get_log("performance")
    opened(browser, folder, name)
    assert browser.get_log("browser") == []
    asked = [
        entry["message"] for entry in browser.get_log("performance") if 'Network.requestWillBeSent"' in entry["message"]
    ]
    assert len(asked) == 1, asked  # the page itself
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_code_in_texts_is_not_run(browser, folder):
    opened(browser, folder, "one")
    assert browser.title.startswith("night-owl <script>")
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    assert browser.execute_script("return document.scripts.length") == 2
    type_into(browser, "#search", "onerror")
    assert HOSTILE.replace("\u2028", "")[:60] in at(browser, ".rows tbody").text


@pytest.mark.parametrize(
    ("name", "width", "theme"),
    [
        ("one", 360, "light"), ("one", 360, "dark"), ("two", 1280, "light"), ("two", 1280, "dark"),
        ("labels", 360, "dark"),
    ],
)  # fmt: skip
def test_axe_finds_no_serious_fault_and_nothing_is_wider_than_the_screen(browser, folder, name, width, theme):
    opened(browser, folder, name, width, theme)
    found = Axe().run(browser)
    serious = [
        (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_the_page_of_a_classifier_is_searched_and_walked_through(browser, folder):
    opened(browser, folder, "labels")
    assert not browser.title.startswith("taken")
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    assert at(browser, "#count").text == "60 of 60 texts"
    Select(at(browser, "#exact")).select_by_visible_text("wrong")
    assert at(browser, "#count").text == "29 of 60 texts"
    assert len(browser.find_elements(By.CSS_SELECTOR, ".rows .lost")) == 29
    assert "Every hypothesis" not in at(browser, "#attention").text
    at(browser, ".heat [role=gridcell]").click()
    assert ": attention on ‘text’ 100 %" in at(browser, ".info").text
    browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert texts(browser, ".heat th.on")[0] == browser.find_elements(By.CSS_SELECTOR, ".heat thead th")[1].text


def test_the_theme_is_that_of_the_system_until_the_button_is_pressed(browser, folder):
    def background() -> str:
        return browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    opened(browser, folder, "one", theme="dark")
    dark, button = background(), at(browser, "#theme-button")
    assert button.text == "Light"
    button.click()
    light = background()
    assert light != dark
    assert button.text == "Dark"
    opened(browser, folder, "one", theme="light")
    assert background() == light


def test_a_word_is_found_whatever_its_case_and_accents(browser, folder):
    opened(browser, folder, "one")
    assert at(browser, "#count").text == "60 of 60 sentences"
    type_into(browser, "#search", "OU EST cle")
    found = lines(browser)
    assert found
    assert all("Où est la clé" in text for text in texts(browser, ".rows tbody tr"))
    type_into(browser, "#search", "猫")
    assert lines(browser)
    type_into(browser, "#search", "no such words")
    assert at(browser, "#count").text == "0 of 60 sentences"


def test_filters_and_sorting(browser, folder):
    opened(browser, folder, "two")
    Select(at(browser, "#exact")).select_by_value("yes")
    assert lines(browser) == list(range(5, 61, 5))
    Select(at(browser, "#exact")).select_by_value("")
    Select(at(browser, "#tag")).select_by_value("question")
    assert lines(browser)
    assert all("question" in text for text in texts(browser, ".rows tbody tr"))
    Select(at(browser, "#tag")).select_by_value("")
    type_into(browser, "#low", "90")
    assert all(float(text.split(" / ")[0]) >= 89.5 for text in texts(browser, ".rows tbody td:nth-child(3)"))
    type_into(browser, "#low", "0")
    Select(at(browser, "#better")).select_by_value("second")
    gains = [float(text) for text in texts(browser, ".rows tbody td:nth-child(4)")]
    assert gains
    assert min(gains) >= 0
    heading = at(browser, ".rows th:nth-child(4)")
    heading.find_element(By.TAG_NAME, "button").click()
    gains = [float(text) for text in texts(browser, ".rows tbody td:nth-child(4)")]
    assert gains == sorted(gains, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert heading.get_attribute("aria-sort") == "ascending"


def test_the_heat_map_says_where_a_piece_looked_by_mouse_and_by_keys(browser, folder):
    opened(browser, folder, "one")
    cells = browser.find_elements(By.CSS_SELECTOR, ".heat [role=gridcell]")
    assert len(cells) == 3 * 4
    ActionChains(browser).move_to_element(cells[3]).perform()
    assert at(browser, ".info").text.startswith("‘eule’ looked at ")
    assert len([cell for cell in cells if cell.get_attribute("tabindex") == "0"]) == 1
    cells[3].click()
    keys: Sequence[str] = (Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.END, Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.HOME)
    for key, expected in zip(keys, (4, 7, 8, 7, 4, 3), strict=True):
        browser.switch_to.active_element.send_keys(key)
        assert browser.switch_to.active_element == cells[expected]
    assert texts(browser, ".heat th.on") == ["the", "eule"]


def test_another_sentence_and_one_without_attention_can_be_chosen(browser, folder):
    opened(browser, folder, "one")
    choice = Select(at(browser, "#map-choice"))
    choice.select_by_index(1)
    assert len(browser.find_elements(By.CSS_SELECTOR, ".heat [role=gridcell]")) == 30 * 25
    choice.select_by_index(2)
    assert "no attention" in at(browser, ".info").text
    assert not at(browser, ".tree").is_displayed()
    choice.select_by_index(0)
    assert texts(browser, ".tree .chosen") == ["eine", " eule", "⏎"]
    assert HOSTILE[:40] in at(browser, ".tree").text


def test_a_plot_can_be_looked_at_along_time(browser, folder):
    opened(browser, folder, "one")
    by_step, by_time = browser.find_elements(By.CSS_SELECTOR, ".views button")
    drawings = browser.find_elements(By.CSS_SELECTOR, ".plot .view")
    by_time.click()
    assert [by_step.get_attribute("aria-pressed"), by_time.get_attribute("aria-pressed")] == ["false", "true"]
    assert [one.is_displayed() for one in drawings[:2]] == [False, True]


def test_ten_thousand_sentences_are_searched_in_a_moment(browser, folder):
    opened(browser, folder, "many")
    assert at(browser, "#count").text == "10,000 of 10,000 sentences"
    assert len(lines(browser)) == 50
    took = browser.execute_script(
        """const field = document.getElementById("search"), times = [];
        for (const text of ["line", "9999", "owl garden", ""]) {
            const tries = [1, 2, 3].map(() => {  // of which a busy neighbour slows some down, but hardly all
                const began = performance.now();
                field.value = text;
                field.dispatchEvent(new Event("input"));
                document.body.offsetHeight;
                return performance.now() - began;
            });
            times.push(Math.min(...tries));
        }
        return times;"""
    )
    assert max(took) < 200, took
    at(browser, ".more").click()
    assert len(lines(browser)) == 100


def test_without_scripts_the_first_sentences_are_there(browser, folder):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(browser, folder, "one")
        assert "The first sentences" in at(browser, "#sentences").text
        assert len(browser.find_elements(By.CSS_SELECTOR, "#sentences noscript tbody tr")) == 50
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
