"""One visit to a page of the console at Chromium: wide and narrow, light and dark, by keyboard, without scripts."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from playwright.sync_api import Page as Tab

from tests.journeys.console_pages import Console, axe_source

_SCHEMES: Final[tuple[Literal["dark", "light"], ...]] = ("dark", "light")
_OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"
_AXE = "async () => (await axe.run({ resultTypes: ['violations'] })).violations"

# Everything that a keyboard must reach; of radio buttons with one name it reaches one. What gets the focus is kept.
_CONTROLS = """() => {
  const seen = new Set(), found = [];
  for (const one of document.querySelectorAll(
      "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
    if (one.tabIndex < 0) continue;
    if (!one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) || one.disabled) continue;
    if (one.type === "radio") { if (seen.has(one.name)) continue; seen.add(one.name); }
    found.push(one);
  }
  window.controls = found;
  window.reached = new Set();
  window.withoutRing = [];
  document.addEventListener("focusin", ({ target: one }) => {
    let place = found.indexOf(one);
    if (one.type === "radio") place = found.findIndex(other => other.name === one.name);
    if (place < 0) return;
    window.reached.add(place);
    const look = getComputedStyle(one);
    if (look.outlineStyle === "none" || parseFloat(look.outlineWidth) < 2)
      window.withoutRing.push(one.outerHTML.slice(0, 160));
  });
  return found.length;
}"""
_OUT_OF_REACH = """() => window.controls.filter((_, place) => !window.reached.has(place))
  .map(one => one.outerHTML.slice(0, 160))"""


@dataclass(frozen=True)
class Visit:
    """What was found on a page; lists of what should not be are empty on a good one."""

    violations: list[Any]
    """What axe-core finds, light and dark, with all that can be opened open."""
    violations_on_a_phone: list[Any]
    too_wide: dict[int, int]
    """By how many pixels the page is wider than a window of that width; with all that can be opened open."""
    said: list[str]
    """What stood on the browser's console when the page had come to rest."""
    foreign: list[str]
    """The addresses elsewhere that were asked for till then."""
    text: str
    text_without_scripts: str
    headings_without_scripts: int
    forms_without_a_button: list[str]
    out_of_reach: list[str]
    """The controls that the Tab key does not come to."""
    without_ring: list[str]
    """Those that do not show that they have the focus."""


def visited(console: Console, page: str) -> Visit:
    """Open a page in each way, and look; `page` is a route's path."""
    seen = console.open(page)
    wide = seen.tab
    # While the wide page comes to rest, the others are looked at.
    plain = console.open(page, scripts=False).tab
    phone, too_wide = _on_a_phone(console, page)
    wide.wait_for_load_state("networkidle")
    said, foreign = list(seen.said), list(seen.foreign)
    text = wide.locator("main").inner_text()
    out_of_reach, without_ring = _by_keyboard(wide)
    wide.evaluate("document.activeElement.blur()")
    wide.evaluate(_OPEN_ALL)
    return Visit(
        violations=violations(wide),
        violations_on_a_phone=phone,
        too_wide=too_wide,
        said=said,
        foreign=foreign,
        text=text,
        text_without_scripts=plain.locator("main").inner_text(),
        headings_without_scripts=plain.get_by_role("heading", level=1).count(),
        forms_without_a_button=_forms_without_a_button(plain),
        out_of_reach=out_of_reach,
        without_ring=without_ring,
    )


def overflow(tab: Tab) -> int:
    """By how many pixels the page is wider than its window."""
    return int(tab.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def violations(tab: Tab) -> list[Any]:
    """What axe-core finds in the page, dark and light."""
    tab.evaluate(axe_source())
    told: list[Any] = []
    for scheme in _SCHEMES:
        tab.emulate_media(color_scheme=scheme)
        told += [
            (scheme, one["id"], [(node["html"][:200], node["failureSummary"]) for node in one["nodes"][:3]])
            for one in tab.evaluate(_AXE)
        ]
    return told


def _forms_without_a_button(tab: Tab) -> list[str]:
    sends = tab.locator("button:not([type=button]), input[type=submit], input[type=search]")
    return [form.inner_html()[:200] for form in tab.locator("form").filter(has_not=sends).all()]


def _on_a_phone(console: Console, page: str) -> tuple[list[Any], dict[int, int]]:
    tab = console.open(page, width=360).tab
    found = violations(tab)
    tab.evaluate(_OPEN_ALL)
    too_wide = {360: overflow(tab)}
    tab.set_viewport_size({"width": 320, "height": 800})
    too_wide[320] = overflow(tab)
    tab.set_viewport_size({"width": 360, "height": 800})
    return found, too_wide


def _by_keyboard(tab: Tab) -> tuple[list[str], list[str]]:
    number = tab.evaluate(_CONTROLS)
    missed: list[str] = []
    # Many stops need more presses than there are controls: the browser's own window is a stop too.
    for presses in (number, *[1] * (number + 20)):
        for _ in range(presses):
            tab.keyboard.press("Tab")
        missed = tab.evaluate(_OUT_OF_REACH)
        if not missed:
            break
    return missed, tab.evaluate("window.withoutRing")
