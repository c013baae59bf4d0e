"""The page in a real browser: picture, readings, slider, search, token, restart, drawing pad by pointer and by touch.

Needs Chromium and the package playwright (its own browsers are not needed); CHROMIUM names another one.
"""

import base64
import os
import shutil
import threading
import time
from contextlib import contextmanager
from itertools import count

import cv2
import numpy as np
import pytest
from conftest import FakePipeline, make_frame, make_image, make_result, make_track

pytest.importorskip("aiohttp")
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")

from realtime.sinks.web.server import Web
from realtime.values import LOST

pytestmark = pytest.mark.browser
TOKEN = "correct horse"
CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


class Pad:
    """Tells in which quarter the drawing is, and gets an eighth of its pixels."""

    def __init__(self, mode):
        self.mode = mode

    def classify(self, image):
        ink = np.argwhere(image != image[0, 0])
        quarter = "".join("01"[int(c > s / 2)] for c, s in zip(ink.mean(0), image.shape, strict=True))
        return [(self.mode[0], 0.9), (quarter, 0.06), ("", 0.02), ("3", 0.01), ("4", 0.01)]

    def network_input(self, image):
        return cv2.resize(image, (40, 40), interpolation=cv2.INTER_AREA)


class Records:
    """A database with one record."""

    def summary(self, query, span):
        found = self.search(query, 1)
        counts = [{"start": "2024-05-04", "count": 1}, {"start": "2024-05-06", "count": 2}] if found else []
        return {"cameras": ["gate", "yard"], "modes": ["plates"], "lists": [], "counts": counts}

    def csv(self, query, limit):
        return b"text"

    def search(self, query, limit):
        text = query.text if query.camera != "yard" else "nothing"
        row = {
            "text": "OLD1",
            "confidence": 0.8,
            "confidences": [0.8] * 4,
            "first_time": 1.0,
            "last_time": 2.0,
            "count": 3,
        }
        more = {"region": "DE", "source": "/videos/gate.mp4", "written": "2024-05-06T07:08:09.123Z", "crop": ""}
        return [row | more] if text.lower() in "old1" else []

    def crop(self, number):
        return None


class Run:
    """A program that goes on: a grey that rises with each frame, a track in every tenth."""

    def __init__(self, port=0, token="", host="127.0.0.1"):
        self.pipeline = FakePipeline()
        self.web = Web(
            f"{host}:{port}",
            token,
            pipeline=self.pipeline,
            draw=lambda r: r.frame.image,
            history=Records(),
            open_pad=Pad,
        )
        self.event = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def _go_on(self):
        for index in count():
            if self._stop.wait(0.04):
                return
            image = make_image(160, 120, 20 + index % 200)
            frame = make_frame(index, image=image, event=self.event)
            track = make_track(index // 10, f"AB{index // 10}")
            self.web.write(
                make_result(frame, confirmed=(track,) if index % 10 == 0 else (), fps=25.0, timings={"read": 2})
            )

    def __enter__(self):
        self.web.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.web.__exit__()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.web.port}/"


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt install chromium, or set CHROMIUM to its path")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def opened(browser, url, **options):
    """A page that may not log any error."""
    context = browser.new_context(**options)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    yield page
    context.close()
    assert errors == []


def gray(page):
    """The value in the middle of the live picture."""
    return page.evaluate(
        "(() => { const c = document.getElementById('picture');"
        " return c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data[0] })()"
    )


def eventually(condition):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.025)
    raise AssertionError("it never came to that")


def test_picture_moves_and_readings_appear(browser):
    with Run() as run, opened(browser, run.url) as page:
        eventually(lambda: page.locator("#readings li[data-here]").count() > 0)  # each is soon replaced
        first = gray(page)
        eventually(lambda: abs(gray(page) - first) > 5)
        eventually(lambda: page.locator("#readings li").count() >= 3)
        texts = page.locator("#readings .text").all_inner_texts()
        numbers = [int(text[2:]) for text in texts]
        assert numbers == sorted(numbers, reverse=True)
        eventually(lambda: page.evaluate("[...document.images].some((i) => i.naturalWidth > 0)"))
        eventually(lambda: page.evaluate("[...document.images].every((i) => !i.complete || i.naturalWidth > 0)"))
        assert page.inner_text("#status") == "live 25 fps" and page.inner_text("#legend") == "read2.0"
        assert page.inner_text("#veil") == ""


def test_the_slider_moves_the_threshold_and_follows_it(browser):
    with Run() as run, opened(browser, run.url) as page:
        eventually(lambda: page.input_value("#threshold") == "0.5")
        page.fill("#threshold", "0.85")
        eventually(lambda: run.pipeline.threshold == 0.85)
        run.pipeline.set_threshold(0.2)
        eventually(lambda: page.input_value("#threshold") == "0.2")
        assert page.inner_text("#threshold-value") == "0.20"


def test_the_history_is_searched_filtered_plotted_and_exported(browser):
    with Run() as run, opened(browser, run.url) as page:
        page.click("#history-tab")
        page.fill(".filters [type=search]", "old")
        eventually(lambda: page.locator("#history-view .readings .text").all_inner_texts() == ["OLD1"])
        assert "gate.mp4" in page.inner_text("#history-view .readings .meta")
        assert page.inner_text("#history-view h2") == "1 of 3 readings"
        assert page.locator(".plot i").count() == 3  # two days with readings and the one between them
        page.select_option(".camera select", "yard")
        eventually(lambda: page.inner_text("#history-view .empty") == "Nothing found.")
        address = page.get_attribute(".filters a", "href")
        assert address.startswith("api/records.csv?") and "camera=yard" in address and "text=old" in address
        page.fill(".since input", "2024-05-06")
        eventually(lambda: "since=2024-05-0" in page.get_attribute(".filters a", "href"))


def test_a_part_of_the_picture_is_marked_and_said_as_an_option(browser):
    with Run() as run, opened(browser, run.url) as page:
        eventually(lambda: page.evaluate("document.getElementById('picture').width") == 160)
        page.click("#mask-begin")
        frame = page.locator("#mask").bounding_box()
        scale = min(frame["width"] / 160, frame["height"] / 120)  # there may be bars beside the picture
        left, top = (frame["width"] - 160 * scale) / 2, (frame["height"] - 120 * scale) / 2
        for x, y in ((40, 30), (120, 30), (120, 90)):
            page.click("#mask", position={"x": left + x * scale, "y": top + y * scale})
        assert page.inner_text("#mask-option") == "--roi 40,30,120,30,120,90"
        assert page.inner_text("#mask-config") == 'roi = "40,30,120,30,120,90"'
        page.click("#mask-undo")
        assert "Click three" in page.inner_text("#mask-option") and page.is_disabled("#copy-option")
        page.click("#mask-turn")
        eventually(lambda: page.evaluate("document.getElementById('picture').width") == 120)
        assert page.inner_text("#mask-option") == "--rotate 90"
        page.click("#mask-begin")
        assert page.is_hidden("#mask")


def test_a_text_is_never_markup(browser):
    evil = "<img src=x onerror=alert(1)>"
    with Run() as run, opened(browser, run.url) as page:
        run.web.write(make_result(confirmed=(make_track(9999, evil),)))
        eventually(lambda: evil in page.locator("#readings .text").all_inner_texts())
        assert page.locator("#readings .text img").count() == 0


def test_a_lost_source_is_said(browser):
    with Run() as run, opened(browser, run.url) as page:
        run.event = LOST
        page.wait_for_selector("#status[data-status=lost]")
        assert "lost" in page.inner_text("#veil") and "source lost" in page.inner_text("#events")


def test_a_wrong_token_is_refused_and_the_right_one_kept(browser):
    with Run(token=TOKEN) as run, opened(browser, run.url) as page:
        page.wait_for_selector("#login[open]")
        page.fill("#token", "wrong horse")
        page.press("#token", "Enter")
        eventually(lambda: page.inner_text("#login-error") == "Wrong token.")
        assert page.locator("#readings li").count() == 0
        page.fill("#token", TOKEN)
        page.press("#token", "Enter")
        page.wait_for_selector("#readings li")
        page.reload()
        page.wait_for_selector("#readings li")
        assert page.locator("#login[open]").count() == 0


def test_a_printed_address_with_its_token_opens_the_page(browser):
    with Run(host="0.0.0.0") as run, opened(browser, f"{run.url}#token={run.web.token}") as page:
        page.wait_for_selector("#readings li")
        assert "token" not in page.url


def test_it_reconnects_after_a_restart(browser):
    with Run() as run, opened(browser, run.url) as page:
        port = run.web.port
        page.wait_for_selector("#readings li")
        run.__exit__()
        page.wait_for_selector("#status[data-status=gone]")
        with Run(port) as again:
            page.wait_for_selector("#status[data-status=live]")
            again.pipeline.set_threshold(0.33)
            eventually(lambda: page.input_value("#threshold") == "0.33")
            first = gray(page)
            eventually(lambda: gray(page) != first)
        run._stop.clear()  # so that leaving the first run again does no harm
        run._thread = threading.Thread(target=lambda: None)
        run._thread.start()


def test_no_picture_is_sent_to_a_page_that_shows_none(browser):
    drawn = []
    with Run() as run, opened(browser, run.url) as page:
        run.web._site._draw = lambda result: drawn.append(result) or result.frame.image
        eventually(lambda: len(drawn) > 2)
        page.goto(f"{run.url}#draw")
        time.sleep(0.3)
        before = len(drawn)
        time.sleep(0.3)
        assert len(drawn) == before
        page.goto(f"{run.url}#live")
        eventually(lambda: len(drawn) > before)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_nothing_is_cut_off_at_any_width(browser, width, scheme):
    with Run() as run, opened(browser, run.url, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        page.wait_for_selector("#readings li")
        for view in ("#live", "#draw"):
            page.goto(run.url + view)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, ground[4:-1].split(","))) < 384) == (scheme == "dark")


def test_light_and_dark_by_hand(browser):
    with Run() as run, opened(browser, run.url, color_scheme="light") as page:
        page.click("#theme")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.reload()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"


# ---- drawing pad


def draw_line(page, *points):
    """Press, move and release a real pointer; points are shares of the pad's size."""
    frame = page.locator("#pad").bounding_box()
    places = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def pixels(page, name):
    """A canvas of the page as gray (h, w)."""
    url = page.evaluate("(name) => document.getElementById(name).toDataURL('image/png')", name)
    png = base64.b64decode(url.partition(",")[2])
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., 0]


def said(page):
    return page.locator("#top b").all_inner_texts()


@pytest.fixture
def pad(browser):
    with Run() as run, opened(browser, f"{run.url}#draw", viewport={"width": 1000, "height": 900}) as page:
        page.wait_for_selector("#pad:visible")
        yield page


def test_a_drawn_line_is_classified_and_shown_as_the_network_gets_it(pad):
    draw_line(pad, (0.6, 0.1), (0.9, 0.1), (0.9, 0.4))
    eventually(lambda: said(pad) == ["d", "01", "none", "3", "4"])
    expected = cv2.resize(pixels(pad, "pad"), (40, 40), interpolation=cv2.INTER_AREA)
    assert np.array_equal(pixels(pad, "seen"), expected)
    assert pad.locator("#top span").all_inner_texts()[:2] == ["90.0 %", "6.0 %"]


def test_undo_clear_invert_and_alphabet(pad):
    draw_line(pad, (0.1, 0.1), (0.3, 0.1))
    eventually(lambda: said(pad)[1:2] == ["00"])
    one = pixels(pad, "pad")
    draw_line(pad, (0.7, 0.95), (0.9, 0.95))
    draw_line(pad, (0.7, 0.85), (0.9, 0.85))
    draw_line(pad, (0.7, 0.75), (0.9, 0.75))
    eventually(lambda: said(pad)[1:2] == ["11"])
    for _ in range(3):
        pad.click("#undo")
    eventually(lambda: said(pad)[1:2] == ["00"])
    assert np.array_equal(pixels(pad, "pad"), one)
    pad.click("#invert")
    assert np.abs(pixels(pad, "pad") - (255.0 - one)).max() <= 1
    pad.click("text=Characters")
    eventually(lambda: said(pad)[:1] == ["c"])
    pad.click("#clear")
    eventually(lambda: said(pad) == [])
    assert (pixels(pad, "pad") == 0).all()


@pytest.mark.parametrize("width", [1, 24, 60])
def test_pen_width(pad, width):
    pad.fill("#pen", str(width))
    draw_line(pad, (0.2, 0.5), (0.8, 0.5))
    column = pixels(pad, "pad")[:, 160].astype(int)
    assert abs((255 - column).sum() / 255 - width) < 0.1 and pad.inner_text("#pen-value") == str(width)


def test_by_touch_on_a_phone(browser):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with Run() as run, opened(browser, f"{run.url}#draw", **phone) as page:
        frame = page.locator("#pad").bounding_box()
        session = page.context.new_cdp_session(page)
        for kind, places in (("touchStart", [(0.2, 0.7)]), ("touchMove", [(0.2, 0.9)]), ("touchEnd", [])):
            points = [{"x": frame["x"] + x * frame["width"], "y": frame["y"] + y * frame["height"]} for x, y in places]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        eventually(lambda: said(page)[1:2] == ["10"])
        assert page.evaluate("scrollY") == 0
