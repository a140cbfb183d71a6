"""The report in a browser, as an instructor opens it: from a file, without a network, with a class that is hostile."""

import itertools
import re
import shutil

import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright

from grader.report import page as page_module
from grader.report import publish
from tests.classes import HOSTILE, a_class, hostile, pairs_and_changes

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SEEN = "async image => { image.scrollIntoView(); await image.decode(); return image.naturalWidth; }"


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium here: make system-deps")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def grades(assignment, tmp_path_factory):
    """The folder of a class of 30."""
    folder = tmp_path_factory.mktemp("grades")
    class_ = a_class(assignment, 30, folder / "pictures", seed=6)
    publish.write(folder, class_, assignment, **pairs_and_changes(class_))
    return folder


@pytest.fixture
def visit(browser):
    """visit(file) opens it; at the end nothing was loaded, run or complained of that should not have been."""
    seen, pages = [], []

    def open_(path, **options):
        page = browser.new_page(**options)
        pages.append(page)
        page.on("console", lambda message: seen.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: seen.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request", lambda request: seen.append(f"request: {request.url}") if outside(request.url, path) else None
        )
        page.goto(path.as_uri())
        return page

    yield open_
    assert seen == []
    for page in pages:
        page.close()


def outside(url, path):
    return not url.startswith("data:") and url.split("#")[0] != path.as_uri()


def names(page):
    return page.locator("#submissions tbody tr[data-record]:visible button.open").all_inner_texts()


def column(page, number):
    cells = page.locator(f"#submissions tbody tr[data-record]:visible > :nth-child({number})")
    return [None if text == "—" else sum(map(float, text.split())) for text in cells.all_inner_texts()]  # 15.50 +3.5


def test_the_table_is_sorted_by_click_and_by_key(grades, visit):
    page = visit(grades / "report.html")
    header = page.locator("thead th", has_text="Points")
    known = sorted(value for value in column(page, 2) if value is not None)
    unknown = [None] * (30 - len(known))
    assert column(page, 2) not in (known + unknown, known[::-1] + unknown)
    header.locator("button").click()
    assert column(page, 2) == known[::-1] + unknown
    assert header.get_attribute("aria-sort") == "descending"
    header.locator("button").press("Enter")
    assert column(page, 2) == known + unknown
    assert header.get_attribute("aria-sort") == "ascending"
    page.locator("thead button", has_text="Students").press("Space")
    assert names(page) == page.evaluate(
        "names => names.sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase()))", names(page)
    )
    assert header.get_attribute("aria-sort") == "none"


def test_the_table_is_filtered_by_name_outcome_case_mistake_and_reason(grades, visit):
    page = visit(grades / "report.html")
    everyone = names(page)
    assert len(everyone) == 30
    chosen = everyone[4].split(",")[0]
    page.get_by_label("Name, email or submission").fill(chosen.upper())
    # A pair may have one word from each of its two.
    assert names(page) == [name for name in everyone if all(word in name.lower() for word in chosen.lower().split())]
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#count")).to_have_text("30 of 30 submissions")
    page.get_by_label("Outcome").select_option("INFRASTRUCTURE")
    assert len(names(page)) == column(page, 2).count(None) > 0
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#count")).to_have_text("30 of 30 submissions")
    for button in (page.locator("button[data-case]").first, page.locator("button[data-mistake]").first):
        promised = int(re.search(r"show (\d+)", button.inner_text())[1])
        button.click()
        assert page.locator("#count").inner_text() == f"{promised} of 30 submissions"
        assert len(names(page)) == promised < 30
        assert page.locator("#samples figure:visible").count() <= promised
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#count")).to_have_text("30 of 30 submissions")
    page.locator("#kind").select_option(label="Similar to another submission")
    assert len(names(page)) == 2


def test_a_submission_opens_with_its_cases_mistakes_and_pictures(grades, visit):
    page = visit(grades / "report.html")
    similar = page.locator("#attention details", has_text="Similar to another")
    similar.evaluate("group => { group.open = false }")
    similar.locator("summary").press("Enter")
    similar.locator("a", has_text=names(page)[0]).click()
    row, detail = page.locator("tr.open"), page.locator("tr.detail")
    assert row.locator("button").get_attribute("aria-expanded") == "true"
    assert detail.locator(".chips li").count() > 100
    assert "Similar to another submission: 93% the same" in detail.inner_text()
    pictures = detail.locator("img")
    widths = [pictures.nth(i).evaluate(SEEN) for i in range(pictures.count())]
    assert len(widths) > 3
    assert min(widths) > 50
    page.keyboard.press("Enter")  # the focus is on its button
    assert detail.count() == 0


def test_pictures_of_the_chosen_model_are_shown(grades, visit):
    page = visit(grades / "report.html")
    page.get_by_label("Model").select_option("4.vae_accuracy")
    first = page.locator("#samples figure:visible img").first
    assert first.evaluate(SEEN) == 160
    assert "4.vae_accuracy" in first.get_attribute("alt")
    assert (grades / first.locator("..").get_attribute("href")).is_file()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_scrolls_tables_and_not_the_page(scheme, grades, visit):
    page = visit(grades / "report.html", viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page.locator("button.open").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    ink, paper = page.evaluate("(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))")
    brightness = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
    assert (brightness[0] < brightness[1]) == (scheme == "light")


def test_paper_has_the_table_but_nothing_to_click(grades, visit):
    page = visit(grades / "report.html")
    page.emulate_media(media="print")
    assert page.locator("#filters").is_hidden()
    assert page.locator("#submissions").is_visible()
    box = page.locator(".scroll").evaluate("box => [box.scrollHeight, box.clientHeight]")
    assert box[0] == box[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_text_stands_out_from_what_it_is_on(scheme):
    """By the contrast that WCAG 2.1 asks of text at level AA: 4.5."""

    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return np.dot(linear, (0.2126, 0.7152, 0.0722))

    style = (page_module.TEMPLATES / "style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", blocks[["light", "dark"].index(scheme)]))
    texts = ("ink", "soft", "accent", "passed", "failed", "error", "missing", "ours", "marked", "waiting")
    for text, under in itertools.product(texts, ("paper", "card", "shade")):
        dark, bright = sorted(luminance(colours[name]) for name in (text, under))
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, f"{text} on {under}"


def test_a_hostile_class_is_shown_and_does_nothing(assignment, tmp_path, visit):
    class_ = hostile(assignment, tmp_path / "pictures")
    publish.write(tmp_path, class_, assignment, **pairs_and_changes(class_))
    page = visit(tmp_path / "report.html")
    for button in page.locator("button.open").all():
        button.click()
    for summary in page.locator("summary").all():
        summary.click()
    shown = names(page)
    assert shown[:4] == list(HOSTILE[:4])
    assert shown[4] == "\\u202eecilA"
    assert all(len(name) <= 80 for name in shown)
    assert page.title() == "Deep generative models: grades of a class"
    for record in class_:
        feedback = visit(tmp_path / "submissions" / record.id / "feedback.html")
        assert feedback.locator("article").count() > 3


def test_a_script_that_escaping_would_miss_is_not_run(grades, browser, tmp_path):
    injected = (
        "<script>window.owned = 1</script><img src=x onerror='window.owned = 2'><p style='color: red' id=injected>"
    )
    copy = tmp_path / "report.html"
    copy.write_text((grades / "report.html").read_text().replace("<main>", f"<main>{injected}"))
    page = browser.new_page()
    page.goto(copy.as_uri())
    assert page.locator("#count").inner_text() == "30 of 30 submissions"  # ours has run
    assert page.evaluate("window.owned") is None
    assert page.locator("#injected").evaluate("p => getComputedStyle(p).color") != "rgb(255, 0, 0)"
    page.close()


def test_a_feedback_page_shows_its_pictures(grades, visit):
    path = next(p.parent for p in (grades / "submissions").glob("*/4.ddpm_accuracy.png")) / "feedback.html"
    page = visit(path)
    widths = page.locator("img").evaluate_all("images => images.map(i => i.naturalWidth)")
    assert widths
    assert min(widths) > 50
