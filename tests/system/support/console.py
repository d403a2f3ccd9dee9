# SPDX-License-Identifier: Apache-2.0
"""A host with the web console, and the real Chromium on it."""

from .browser import Browser
from .certificate import Certificate
from .dialogue import Dialogue
from .godwit import Godwit
from .message import message
from .peer import ScriptedPeer
from .scenario import MX_PORT, Scenario

PORT = 20825
TOKENS = {"reader": ["read"], "operator": ["read", "queue"], "chief": ["read", "admin"]}
SENDER, TO = "mod@abc.example", "somchai@xyz.example"
EVIL = "<script>pwned=1</script><img src=x onerror=pwned=1>"
PAGES = ("overview", "queue", "history", "destinations", "route", "configuration", "certificates", "log")


def token_of(name):
    return f"{name}-0123456789abcdef"


class Console(Scenario):
    def setUp(self):
        super().setUp()
        self.peer = ScriptedPeer(self, 2, "mx.late.example", script={"RCPT": f"451 4.7.1 {EVIL}"})
        self.address = self.net.host(1)
        certificate = Certificate(self, "mail.xyz.example", self.address)
        self.godwit = Godwit(
            self, hostname="mail.xyz.example", address=self.address, domains={"xyz.example": ["somchai"]}, certificate=certificate,
            routes=[{"domains": ["held.example"], "hold": True},
                    {"domains": ["late.example"], "next_hop": f"[{self.peer.address}]:{MX_PORT}", "tls": "none"}],
            delivery={"retry": {"first": "1h", "max": "1h"}},
            control={"http": f"{self.address}:{PORT}",
                     "tokens": [{"file": self.token_file(name), "scopes": scopes} for name, scopes in TOKENS.items()]}).start()
        self.url = f"http://{self.address}:{PORT}/"
        self.page = Browser(self).page()

    def token_file(self, name):
        path = self.folder / f"{name}.token"
        path.write_text(token_of(name) + "\n")
        path.chmod(0o600)
        return str(path)

    def send(self, recipient, sender=SENDER, hello="EHLO client.abc.example"):
        with Dialogue(self.address) as client:
            identity = client.submit(sender, recipient, message(sender="mod@abc.example"), hello=hello)
            client.quit()
        return identity

    def hold(self, count, sender=SENDER):
        ids = [self.send("bob@held.example", sender) for _ in range(count)]
        for id in ids:
            self.godwit.wait_event("held", id=id)
        return ids

    def state_of(self, id):
        return {one["id"]: one["state"] for one in self.godwit.control_json("queue", "list")["messages"]}.get(id)

    def sign_in(self, name="chief", place=""):
        self.page.open(self.url + place)
        self.page.wait("document.querySelector('#token')")
        self.page.type(token_of(name))  # it has the focus
        self.page.press("Enter")
        self.page.wait("document.querySelector('h1[tabindex]')")

    def go(self, place, waits_for="h1[tabindex]"):
        self.page.run(f"location.hash = '#/{place}'")
        self.page.wait(f"document.querySelector('.page.{place.split('/')[0].split('?')[0]}') && document.querySelector({waits_for!r})")

    def assert_clean(self):
        """No complaint of the browser, no violation of the policy, nothing asked of others."""
        self.assertEqual(self.page.problems, [])
        self.assertEqual(self.page.run("violations"), [])
        self.assertEqual([url for url in self.page.requests if not url.startswith((self.url, "data:"))], [])  # Chromium's own pictures are data:

    def dialog_is_open(self):
        """And holds the focus, wholly within the screen."""
        self.page.wait("document.querySelector('dialog[open]')")
        self.assertTrue(self.page.run("document.querySelector('dialog').contains(document.activeElement)"))
        self.assertTrue(self.page.run("""(() => { const box = document.querySelector("dialog").getBoundingClientRect();
            return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight; })()"""))
