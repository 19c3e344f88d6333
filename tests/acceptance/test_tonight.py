"""At three in the morning: one button, kept at once, and what helps while it hurts."""

from __future__ import annotations

from typing import Any

import pytest

from nightcramp.knowledge.loader import knowledge

SMALL = {"width": 320, "height": 568}


def cramps(app: Any) -> int:
    """Return how many cramps this night has."""
    return len(app.get("/api/tonight").json()["cramps"])


def press_again_later(app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Press when the seconds are over in which a press is the one before."""
    import datetime as dt

    from nightcramp.app.pages import tonight

    monkeypatch.setattr(tonight, "AGAIN", dt.timedelta())
    return app.post("/tonight")


def test_one_press_keeps_the_cramp_and_shows_what_helps(app: Any) -> None:
    answer = app.post("/tonight")
    assert answer.url.path == "/tonight/relief"
    assert "toes towards the shin" in answer.text
    assert "Kept: a cramp at" in answer.text
    assert cramps(app) == 1


def test_the_cramp_says_where_and_how_it_was_told(app: Any) -> None:
    from nightcramp.store.database import opened
    from nightcramp.store.entries import all_entries

    app.post("/tonight")
    with opened() as store:
        (entry,) = all_entries(store)
    assert entry.origin == "app"
    assert entry.zone
    assert entry.made_at.tzinfo is not None


def test_pressing_twice_counts_once_and_is_said(app: Any) -> None:
    app.post("/tonight")
    assert "You pressed twice. It counts once." in app.post("/tonight").text
    assert cramps(app) == 1


def test_another_cramp_later_counts(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app.post("/tonight")
    assert "You pressed twice" not in press_again_later(app, monkeypatch).text
    assert cramps(app) == 2


def test_a_press_can_be_taken_back_and_stays_in_the_history(app: Any) -> None:
    app.post("/tonight")
    press = app.get("/api/tonight/relief").json()["press"]
    answer = app.post("/tonight/undo", data={"entry": press["entry"]})
    assert "Taken back. That press does not count." in answer.text
    assert cramps(app) == 0
    again = app.post("/tonight/undo", data={"entry": press["entry"]})
    assert again.status_code == 422
    assert "taken back already" in again.text
    app.post("/tonight")
    assert cramps(app) == 1


def test_what_helps_is_the_knowledge_in_its_order(app: Any) -> None:
    page = app.get("/api/tonight/relief").json()
    action = knowledge().actions["relief_stretch_now"]
    said = [f"{step['now']} {step['more']}".strip() for step in page["steps"]]
    assert said == action.how
    assert "newly swollen, warm or red" in page["not_when"]
    assert "be seen the same day" in page["be_seen"]
    assert "999" in page["call"]
    assert any("chest pain" in when for when in page["call_when"])


def test_the_drawings_have_words(app: Any) -> None:
    text = app.get("/tonight/relief").text
    assert text.count('<svg class="drawing"') == 4
    for words in (
        "pulls the toes towards the shin",
        "towel lies",
        "hands on a wall",
        "crossed out",
    ):
        assert words in text


def test_the_button_works_on_a_phone(phone: Any) -> None:
    phone.goto("/tonight")
    phone.get_by_role("button", name="Cramp now").tap()
    phone.wait_for_url("**/tonight/relief")
    assert phone.get_by_text("Kept: a cramp").is_visible()
    phone.get_by_role("button", name="Undo").tap()
    phone.wait_for_url("**/tonight")
    phone.get_by_text("Taken back. That press does not count.").wait_for()
    assert phone.get_by_text("cramp this night").count() == 0


def test_two_quick_presses_on_a_phone_are_one(phone: Any) -> None:
    phone.goto("/tonight")
    phone.get_by_role("button", name="Cramp now").dblclick()
    phone.wait_for_url("**/tonight/relief")
    phone.goto("/tonight")
    phone.get_by_role("button", name="Cramp now").tap()
    phone.wait_for_url("**/tonight/relief")
    phone.get_by_text("You pressed twice. It counts once.").wait_for()
    assert len(phone.request.get("/api/tonight").json()["cramps"]) == 1


def test_a_finger_that_slips_off_the_button_has_pressed_it(phone: Any) -> None:
    phone.goto("/tonight")
    box = phone.get_by_role("button", name="Cramp now").bounding_box()
    touch = phone.context.new_cdp_session(phone)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, at in (
        ("touchStart", y),
        ("touchMove", y - 90),
        ("touchMove", 20),
        ("touchEnd", None),
    ):
        points = [] if at is None else [{"x": x, "y": at}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    phone.wait_for_url("**/tonight/relief")
    assert len(phone.request.get("/api/tonight").json()["cramps"]) == 1


def test_tonight_needs_no_scrolling_and_nothing_on_it_is_bright(phone: Any) -> None:
    phone.goto("/tonight")
    for size in (SMALL, {"width": 390, "height": 844}):
        phone.set_viewport_size(size)
        seen = phone.evaluate(
            """() => ({ tall: document.documentElement.scrollHeight - innerHeight,
              wide: document.documentElement.scrollWidth - innerWidth,
              ground: getComputedStyle(document.documentElement).backgroundColor,
              scheme: getComputedStyle(document.documentElement).colorScheme,
              button: document.querySelector(".now").getBoundingClientRect().height })"""
        )
        assert seen["tall"] <= 0
        assert seen["wide"] <= 0
        assert (seen["ground"], seen["scheme"]) == ("rgb(0, 0, 0)", "dark")
        assert seen["button"] > size["height"] * 0.4


def test_without_script_one_press_works_too(chromium: Any, served: Any) -> None:
    context = chromium.new_context(base_url=served.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/tonight")
    page.get_by_role("button", name="Cramp now").click()
    page.wait_for_url("**/tonight/relief")
    assert page.get_by_text("Kept: a cramp").is_visible()
    context.close()


def test_with_less_motion_the_countdown_is_words(chromium: Any, served: Any) -> None:
    context = chromium.new_context(base_url=served.address, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/tonight/relief")
    assert page.get_by_text("Hold for about a minute").is_visible()
    assert not page.locator(".seconds").is_visible()
    context.close()


BRIGHTEST = """async (frames) => {
  let most = 0;
  for (const frame of frames) {
    const image = new Image();
    image.src = `data:image/png;base64,${frame}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    for (let at = 0; at < data.length; at += 4) most = Math.max(most, data[at + 1], data[at + 2]);
  }
  return most;
}"""


def test_nothing_white_flashes_from_press_to_relief(phone: Any) -> None:
    """Every frame the browser draws on the way is black and red, with a phone set to light too."""
    phone.emulate_media(color_scheme="light")
    phone.goto("/tonight")
    frames: list[str] = []
    screen = phone.context.new_cdp_session(phone)

    def drawn(frame: dict[str, Any]) -> None:
        frames.append(frame["data"])
        screen.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    screen.on("Page.screencastFrame", drawn)
    screen.send("Page.startScreencast", {"format": "png", "maxWidth": 195, "maxHeight": 422})
    phone.get_by_role("button", name="Cramp now").tap()
    phone.wait_for_url("**/tonight/relief")
    phone.get_by_role("link", name="Back").tap()
    phone.wait_for_url("**/tonight")
    screen.send("Page.stopScreencast")
    phone.goto("about:blank")
    assert frames
    assert phone.evaluate(BRIGHTEST, frames[:60]) == 0
