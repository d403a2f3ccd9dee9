# SPDX-License-Identifier: Apache-2.0
"""The real Chromium without a screen, driven over its own protocol (DevTools) through a pair of pipes."""

import base64
import itertools
import json
import os
import pathlib
import subprocess
import threading

from .scenario import kill_after, wait_until

# Nothing that the browser does by itself may be taken for something that a page did.
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions",
            "--disable-sync", "--log-level=3", "--no-default-browser-check", "--password-store=basic", "--disable-search-engine-choice-screen"]

KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35, "Backspace": 8}


class Browser:
    def __init__(self, case):
        self.case = case
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        words = ["chromium", *SWITCHES, f"--user-data-dir={case.folder / 'chromium'}", "about:blank"]
        with open(case.folder / "chromium.err", "ab") as errors:
            # The protocol is spoken on descriptors 3 and 4.
            process = subprocess.Popen(["bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "chromium", *words], stdout=errors,
                                       stderr=errors, stdin=subprocess.DEVNULL, pass_fds=(commands, answers), cwd=case.folder,
                                       env={**os.environ, "HOME": str(case.folder)})
        self.process = kill_after(case, process, "chromium")
        os.close(commands)
        os.close(answers)
        case.addCleanup(os.close, self.commands)
        self.numbers = itertools.count(1)
        self.waiting, self.pages = {}, {}
        self.lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with os.fdopen(self.answers, "rb") as answers:
            pending = b""
            while data := answers.read1(1 << 16):
                *whole, pending = (pending + data).split(b"\0")
                for message in whole:
                    self._take(json.loads(message))

    def _take(self, message):
        if "id" in message:
            with self.lock:
                self.waiting[message["id"]] = message
        elif page := self.pages.get(message.get("sessionId")):
            page.take(message["method"], message["params"])

    def ask(self, method, session=None, timeout=30, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        wait_until(lambda: number in self.waiting, f"chromium answers {method}", timeout)
        answer = self.waiting.pop(number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def page(self):
        """A new one, that shares nothing with the others."""
        context = self.ask("Target.createBrowserContext")["browserContextId"]
        target = self.ask("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        page.prepare()
        return page


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.problems = []  # what the console of the browser complains of
        self.requests = []

    def ask(self, method, **parameters):
        return self.browser.ask(method, self.session, **parameters)

    def prepare(self):
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.ask(domain + ".enable")
        self.ask("Page.addScriptToEvaluateOnNewDocument", source="""window.violations = [];
            addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective + " " + event.blockedURI));""")
        self.size(1280, 900)

    def take(self, method, parameters):
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.problems.append(json.dumps(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.problems.append(parameters["entry"]["text"])

    def size(self, width, height, mobile=False):
        self.ask("Emulation.setTouchEmulationEnabled", enabled=mobile)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if mobile else 1, mobile=mobile)

    def dark(self, wanted=True):
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if wanted else "light"}])

    def open(self, url):
        self.ask("Page.navigate", url=url)

    def run(self, script):
        """The value of an expression in the page; true for an element."""
        answer = self.ask("Runtime.evaluate", returnByValue=True,
                          expression=f"((value) => (value instanceof Node ? true : value))({script})")
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, script, timeout=20):
        """The first true value of an expression."""
        try:
            return wait_until(lambda: self.run(script), script, timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\nthe page says: {self.text()}") from None

    def text(self, selector="body"):
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText")

    def wait_text(self, text, selector="body"):
        self.wait(f"document.querySelector({json.dumps(selector)})?.innerText.includes({json.dumps(text)})")

    def place_of(self, selector):
        """The middle of an element, which is brought into view."""
        return self.wait(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            if (!element) return null;
            element.scrollIntoView({{block: "center"}});
            const box = element.getBoundingClientRect();
            return box.width ? [box.x + box.width / 2, box.y + box.height / 2] : null; }})()""")

    def click(self, selector):
        """As the mouse does it: what lies above takes the click."""
        x, y = self.place_of(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def tap(self, selector):
        """As a finger does it."""
        x, y = self.place_of(selector)
        self.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def press(self, key, shift=False):
        """One of KEYS, a digit or a letter."""
        same = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS.get(key) or ord(key.upper()),
                "modifiers": 8 if shift else 0}
        text = "\r" if key == "Enter" else key if len(key) == 1 else None
        self.ask("Input.dispatchKeyEvent", type="keyDown", **same, **({"text": text} if text else {}))
        self.ask("Input.dispatchKeyEvent", type="keyUp", **same)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def fill(self, selector, text):
        self.click(selector)
        self.run(f"document.querySelector({json.dumps(selector)}).select?.()")
        self.type(text)

    def choose(self, selector, value):
        """In a select."""
        self.run(f"""(() => {{ const element = document.querySelector({json.dumps(selector)}); element.value = {json.dumps(value)};
            for (const name of ["input", "change"]) element.dispatchEvent(new Event(name, {{bubbles: true}})); }})()""")

    def focused(self):
        """What it says, its label or its name."""
        return self.run("""((one) => (one.matches("input, select, textarea") ? "" : one.innerText) || one.getAttribute("aria-label") || one.name || one.id)(
            document.activeElement)""")

    def screenshot(self, name, whole=True):
        """Into the folder $GODWIT_SCREENSHOTS, where it is set."""
        folder = os.environ.get("GODWIT_SCREENSHOTS")
        if folder:
            picture = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
            pathlib.Path(folder, name + ".png").write_bytes(base64.b64decode(picture))
