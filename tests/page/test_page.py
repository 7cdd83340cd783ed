"""The status page in a browser: Chromium, without a window, driven by
Selenium. Its proxy and Engine are those of tests/flow."""

import contextlib
import json
import os
import pathlib
import signal
import sys

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

FLOW = pathlib.Path(__file__).resolve().parents[1] / "flow"
sys.path.insert(0, str(FLOW))

from fixtures import *  # noqa: E402,F401,F403
import wire  # noqa: E402
from proxy_process import DENIALS, free_port  # noqa: E402

TOKEN = "ä-tökén-of-söme-length-€"
HOSTILE = '<img src=x onerror="document.title=1">'
HOSTILE_RULE = {"name": HOSTILE, "action": "deny", "message": HOSTILE,
                "conditions": [{"field": "path", "operator": "equals",
                                "value": "/hostile"}]}
# Where to leave pictures of it; nowhere unless it is said.
PICTURES = os.environ.get("PICTURES")


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu",
                 "--disable-dev-shm-usage", "--window-size=1280,1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options,
                              service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


class Page:
    def __init__(self, browser, proxy, wait=True):
        self.browser = browser
        self.proxy = proxy
        browser.get(f"http://127.0.0.1:{proxy.admin}/")
        browser.execute_script("sessionStorage.clear()")
        browser.get_log("browser")  # of the page before
        browser.refresh()
        if wait:
            self.until("#live", "live")

    def text(self, selector):
        with contextlib.suppress(StaleElementReferenceException):
            return " ".join(e.text for e in self.all(selector))
        return ""

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def until(self, selector, text):
        wire.wait_until(lambda: text in self.text(selector),
                        f"{selector} says {text!r}: {self.text(selector)!r}",
                        timeout=2 * wire.TIMEOUT)

    def picture(self, name):
        if PICTURES:
            self.browser.save_screenshot(
                str(pathlib.Path(PICTURES) / f"{name}.png"))

    def complaints(self):
        """What the browser logged, a refused token apart."""
        return [e["message"] for e in self.browser.get_log("browser")
                if "401 (Unauthorized)" not in e["message"]]


@pytest.fixture
def started(own_proxy):
    """Starts a proxy with an admin listener, at proxy.admin."""
    def start(admin=None, **overrides):
        port = free_port()
        proxy = own_proxy(global_={
            "admin": {"listen": f"127.0.0.1:{port}", **(admin or {})}},
            **overrides)
        proxy.admin = port
        return proxy
    return start


def test_it_shows_what_happens_as_it_happens(browser, started):
    proxy = started(rules=[*DENIALS, HOSTILE_RULE])
    page = Page(browser, proxy)
    page.until("#no-denials", "Nothing has been denied")
    page.until("#engine", "Engine up")
    page.until("#rule-count", "4, 4 never hit")
    with proxy.connect("tcp") as c:
        for path in ("/images/json", "/secrets?token=hush", "/hostile"):
            c.get(path)
        page.until("#denial-rows", "GET /secrets?token=***")
        page.until("#t-total", "66.7 % denied")
        page.until("#t-connections", "1\n")
    page.until("#denial-rows", "secrets are closed")
    page.until("#rule-count", "4, 2 never hit")
    page.until("#rule-rows tr:first-child", "1")
    page.until("#refusal-rows", "DENIED 2")
    assert sum(int(s.text or 0)
               for s in page.all("#histogram span:nth-child(3n)")) == 1
    # Foreign text stays text, and nothing has broken the page's own policy.
    page.until("#denial-rows", HOSTILE)
    page.until("#rule-rows", HOSTILE)
    assert browser.title == "docker-proxy" and not page.all("img")
    page.one("#only-never").click()
    page.until("#rule-rows", "no-kill")
    assert "no-secrets" not in page.text("#rule-rows")
    page.picture("page")
    assert page.complaints() == []


def test_explain(browser, started):
    page = Page(browser, started())
    form = page.one("#question")
    form.find_element(By.NAME, "method").send_keys("POST")
    target = form.find_element(By.NAME, "target")
    target.clear()
    target.send_keys("/v1.41/containers/create")
    form.find_element(By.NAME, "body").send_keys(
        json.dumps({"HostConfig": {"Privileged": True}}))
    form.find_element(By.CSS_SELECTOR, "button").click()
    page.until("#answer", "deny 403")
    page.until("#answer", "by rule no-privileged")
    page.until("#answer",
               "yes body.HostConfig.Privileged equals true; it is \"true\"")
    # A denial asks for itself.
    with page.proxy.connect("tcp") as c:
        c.get("/secrets/a")
    page.until("#denial-rows", "/secrets/a")
    page.one("#denial-rows button").click()
    page.until("#answer", "by rule no-secrets")
    assert target.get_attribute("value") == "/secrets/a"
    assert page.complaints() == []


def test_a_denial_is_shown_and_asked_as_it_was(browser, started):
    page = Page(browser, started(rules=[*DENIALS, {
        "name": "\u200babc", "action": "deny", "conditions": [
            {"field": "path", "operator": "equals", "value": "/hidden"}]}]))
    path = "/secrets/a%3Fb%23c%25d%20e%E2%80%AEf%F3%A0%80%81"
    with page.proxy.connect("tcp") as c:
        c.get(path + "?x=%E2%80%8B%26")
        page.until("#denial-rows", path + "?x=%E2%80%8B%26")
        page.one("#denial-rows button").click()
        page.until("#answer", "by rule no-secrets")
        assert (page.one("#question [name=target]").get_attribute("value")
                == path + "?x=%E2%80%8B%26")
        assert c.get("/hidden").status == 403
        page.until("#denial-rows", "\\u{200b}abc")
        # Of half a request nobody asks.
        buttons = len(page.all("#denial-rows button"))
        c.get("/secrets/" + "x" * 2000)
        page.until("#denial-rows", "...[cut:")
    assert len(page.all("#denial-rows button")) == buttons == 2
    assert page.complaints() == []


def test_token(browser, started):
    page = Page(browser, started(admin={"token": TOKEN}), wait=False)

    def give(token):
        wire.wait_until(page.one("#token").is_displayed, "it is asked for")
        page.one("#token").send_keys(token)
        page.one("#login button").click()
    give("wrong")
    page.until("#login-error", "This token is wrong")
    give("wröng-€")
    page.until("#login-error", "This token is wrong")
    give(TOKEN)
    page.until("#live", "live")
    page.until("#engine", "Engine up")
    browser.refresh()  # it is kept for the tab, and nowhere else
    page.until("#live", "live")
    assert browser.get_cookies() == []
    assert browser.execute_script("return localStorage.length") == 0
    assert TOKEN not in browser.current_url
    assert page.complaints() == []


def test_it_comes_back_after_a_reload(browser, started):
    import signal
    proxy = started()
    page = Page(browser, proxy)
    page.until("#generation", "policy 1")
    proxy.signal(signal.SIGHUP)
    page.until("#generation", "policy 2")
    page.until("#policy-list", "in force")
    page.until("#live", "live")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1440])
def test_it_fits(browser, started, width, scheme):
    """Nothing stands out at the side, and what is read can be."""
    proxy = started(rules=[*DENIALS, HOSTILE_RULE])
    for command, arguments in (
            ("setEmulatedMedia", {"features": [
                {"name": "prefers-color-scheme", "value": scheme}]}),
            ("setDeviceMetricsOverride", {
                "width": width, "height": 1000, "deviceScaleFactor": 1,
                "mobile": width < 500})):
        browser.execute_cdp_cmd(f"Emulation.{command}", arguments)
    try:
        page = Page(browser, proxy)
        with proxy.connect("tcp") as c:
            c.get("/secrets/" + "x" * 300)
            c.get("/hostile")
        page.until("#denial-rows", "xxx")
        assert browser.execute_script(
            "const e = document.documentElement;"
            "return e.scrollWidth <= e.clientWidth && innerWidth") == width
        assert contrast(browser) == []
        assert nameless(browser) == []
        page.picture(f"{scheme}-{width}")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                {"features": []})


def contrast(browser):
    """Texts whose contrast is below 4.5 to 1 (WCAG 2.1, 1.4.3)."""
    return browser.execute_script("""
        const channel = v => (v /= 255) <= .03928 ? v / 12.92
            : ((v + .055) / 1.055) ** 2.4;
        const luminance = c => {
            const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(channel);
            return .2126 * r + .7152 * g + .0722 * b;
        };
        const paper = e => {
            for (; e; e = e.parentElement) {
                const c = getComputedStyle(e).backgroundColor;
                if (!c.startsWith("rgba"))
                    return c;
            }
            return "rgb(255, 255, 255)";
        };
        return [...document.querySelectorAll("body *")].filter(e => {
            const own = [...e.childNodes].some(n => n.nodeType === 3 &&
                n.data.trim());
            if (!own || !e.checkVisibility() || e.closest("svg,script"))
                return false;
            const a = luminance(getComputedStyle(e).color);
            const b = luminance(paper(e));
            return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5;
        }).map(e => e.outerHTML.slice(0, 120));""")


def nameless(browser):
    """Controls that a screen reader would have no name for."""
    return browser.execute_script("""
        return [...document.querySelectorAll("input,select,textarea,button")]
            .filter(e => !(e.labels && e.labels.length) &&
                !e.textContent.trim() && !e.getAttribute("aria-label"))
            .map(e => e.outerHTML);""")
