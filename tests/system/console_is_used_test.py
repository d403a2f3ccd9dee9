#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web console in the real Chromium: every page, with the mouse, with keys alone, on a phone; and nothing that a peer says is run."""

import time

from support.browser import Browser
from support.certificate import Certificate
from support.dialogue import Dialogue
from support.godwit import Godwit
from support.message import message
from support.peer import ScriptedPeer
from support.scenario import MX_PORT, Scenario, main

PORT = 20825
TOKENS = {"reader": ["read"], "operator": ["read", "queue"], "chief": ["read", "admin"]}
SENDER, TO = "mod@abc.example", "somchai@xyz.example"
EVIL = "<script>pwned=1</script><img src=x onerror=pwned=1>"
PAGES = ("overview", "queue", "history", "destinations", "route", "configuration", "certificates", "log")


def token_of(name):
    return f"{name}-0123456789abcdef"


class ConsoleIsUsed(Scenario):
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

    def test_a_token_signs_in(self):
        page = self.page
        page.open(self.url)
        page.wait("document.querySelector('#token')")
        page.screenshot("sign-in")
        page.type("wrong-0123456789abcdef")
        page.press("Enter")
        page.wait_text("There is no such token.")
        self.assertEqual(len(page.problems), 1, page.problems)  # Chromium notes the 401
        page.problems.clear()
        self.assertIsNone(page.run("sessionStorage.getItem('godwit-token')"))
        page.fill("#token", token_of("reader"))
        page.press("Enter")
        page.wait_text("healthy")
        page.run("location.reload()")  # the token is kept for this tab
        page.wait_text("healthy")
        page.click("#leave")
        page.wait("document.querySelector('#token')")
        self.assertIsNone(page.run("sessionStorage.getItem('godwit-token')"))
        self.assert_clean()

    def test_a_token_that_is_withdrawn_is_asked_for_again(self):
        self.sign_in("reader")
        (self.folder / "reader.token").write_text("another-0123456789abcdef\n")
        self.godwit.control("reload")
        self.page.wait_text("does not count any more")

    def test_who_may_only_read_sees_no_orders(self):
        [id] = self.hold(1)
        page = self.page
        for name, orders in (("reader", False), ("operator", True)):
            self.sign_in(name, f"#/queue?{name}")
            page.wait_text(id)
            self.assertEqual(page.run("document.querySelectorAll('[data-verb], [data-all], [type=checkbox]').length > 0"), orders)
            self.go(f"message/{id}", ".timeline li")
            self.assertEqual(page.run("document.querySelectorAll('[data-verb]').length > 0"), orders)
            self.go("destinations")
            page.wait_text("held.example")
            self.assertEqual(page.run("[...document.querySelectorAll('main button')].some((one) => one.innerText.startsWith('Suspend'))"), orders)
            self.go("configuration")
            page.wait_text("scope admin")
            page.click("#leave")
        self.assert_clean()

    def test_the_overview_is_live(self):
        self.sign_in()
        page = self.page
        for _ in range(3):
            self.send(TO)
        self.send("bob@late.example")
        page.wait_text("delivered", ".lines")
        page.wait_text("deferred", ".lines")
        page.wait("[...document.querySelectorAll('.line')].every((line) => line.points.length >= 2)")
        page.wait("document.querySelector('.chart svg').getAttribute('aria-label').startsWith('Mail: in ')")
        page.wait("[...document.querySelectorAll('table td')].some((cell) => cell.innerText.includes('late') || cell.innerText.includes('127.'))")
        page.screenshot("overview")
        page.dark()
        page.screenshot("overview-dark")
        self.assert_clean()

    def test_the_queue_is_filtered_and_changed(self):
        first, second, third = self.hold(2) + self.hold(1, "news@abc.example")
        page = self.page
        self.sign_in("operator", "#/queue")
        page.wait_text(first)
        page.screenshot("queue")
        page.fill("[name=sender]", "news@*")
        page.press("Enter")
        page.wait(f"!document.body.innerText.includes('{first}') && document.body.innerText.includes('{third}')")
        self.assertIn("sender=news", page.run("location.hash"))

        page.click("[data-verb=release]")
        page.wait_text("Choose messages first.")
        page.click(f"[aria-label='Choose {third}']")
        page.click("[data-verb=hold]")
        page.wait_text("1 message held.")
        page.click(f"[aria-label='Choose {third}']")
        page.click("[data-verb=delete]")
        page.wait("document.querySelector('dialog[open]')")
        page.screenshot("delete")
        page.press("Escape")
        page.wait("!document.querySelector('dialog')")
        self.assertEqual(self.state_of(third), "held")
        page.click("[data-verb=delete]")
        page.click("dialog .danger")
        page.wait_text("1 message deleted.")
        page.wait_text("No such message is in the queue.")
        self.assertIsNone(self.state_of(third))

        self.go("queue?state=held", "table")
        page.click(f"[aria-label='Choose {first}']")
        page.click("[data-verb=bounce]")
        page.fill("dialog input", "not wanted")
        page.press("Enter")
        page.wait_text("returned to the sender")
        self.godwit.wait_event("bounced", id=first)
        page.click("details.all summary")
        page.click("[data-all=release]")
        page.wait_text("all messages that the filter means?", "dialog")
        page.click("dialog .danger")
        page.wait_text("released.")
        self.godwit.wait_event("released", id=second)
        self.assert_clean()

    def test_a_long_queue_has_pages(self):
        ids = self.hold(53)
        page = self.page
        self.sign_in("reader", "#/queue")
        page.wait_text(ids[0])
        self.assertNotIn(ids[50], page.text())
        page.run("[...document.querySelectorAll('a')].find((one) => one.innerText === 'Next page').click()")
        page.wait_text(ids[50])
        self.assertNotIn(ids[0], page.text())
        page.run("[...document.querySelectorAll('a')].find((one) => one.innerText === 'First page').click()")
        page.wait_text(ids[0])
        self.assert_clean()

    def test_a_message_tells_its_story(self):
        id = self.send("bob@late.example")
        self.godwit.wait_event("deferred", id=id)
        page = self.page
        self.sign_in("operator")
        page.fill("#find-what", id.lower())
        page.press("Enter")
        page.wait_text("What happens next")
        for said in ("EHLO mail.xyz.example", "RCPT TO:<bob@late.example>", "accepted", "deferred"):
            page.wait_text(said, ".timeline")
        page.screenshot("message")
        # It follows what happens.
        page.click("[data-verb=hold]")
        page.wait_text("held", ".facts")
        page.click("[data-verb=release]")
        page.wait("document.querySelectorAll('.transcript').length >= 2")
        page.click("[data-verb=delete]")
        page.click("dialog .danger")
        page.wait_text("Nothing more happens")
        page.fill("#find-what", "bob@late.example")
        page.press("Enter")
        page.wait_text(id, "table")
        page.screenshot("history")
        self.assert_clean()

    def test_nothing_that_others_say_is_run(self):
        sender = '"<script>pwned=1</script>"@abc.example'
        id = self.send(f'"{EVIL}"@late.example', sender, hello="EHLO [127.0.0.1]")
        self.godwit.wait_event("deferred", id=id)
        page = self.page
        self.sign_in("chief", f"#/message/{id}")
        page.wait_text(EVIL, ".timeline")
        page.wait_text("<script>", ".facts")
        page.screenshot("markup")
        for place in ("queue", "history?recipient=*late.example", "destinations", "route?why=late.example"):
            self.go(place, "table")
            page.wait_text("<script>" if place != "destinations" else "127.")
        self.go("log", ".lines li")
        page.choose("[name=level]", "debug")
        page.wait_text("<script>", ".lines")
        self.go("route?address=" + "%22%3Cb%3Ex%3C/b%3E%22@late.example", ".way")
        page.wait_text("<b>x</b>")
        self.go("queue?sender=%3Cimg%20src=x%20onerror=pwned=1%3E", ".filter")
        page.wait_text("No such message")
        self.assertEqual(page.run("typeof pwned"), "undefined")
        self.assertEqual(page.run("document.querySelectorAll('main script, main img, main b > b').length"), 0)
        self.assert_clean()

    def test_delivery_is_suspended_and_resumed(self):
        self.hold(1)
        page = self.page
        self.sign_in("operator", "#/destinations")
        page.wait_text("held.example")
        page.fill(".filter [name=name]", "late.example")
        page.press("Enter")
        page.wait("document.querySelector('dialog[open]')")
        page.fill("dialog [name=for]", "2h")
        page.fill("dialog [name=reason]", "they <i>asked</i>")
        page.click("dialog .danger")
        page.wait_text("they <i>asked</i>", ".alert.warn")
        page.screenshot("destinations")
        self.assertEqual(self.godwit.control_json("destinations")["suspensions"][0]["destination"], "late.example")
        page.click(".alert.warn button")
        page.wait("!document.querySelector('.alert.warn')")
        self.assertEqual(self.godwit.control_json("destinations")["suspensions"], [])
        self.assert_clean()

    def test_a_route_is_tested(self):
        page = self.page
        self.sign_in("reader", "#/route")
        page.fill("[name=address]", "bob@late.example")
        page.press("Enter")
        page.wait_text(self.peer.address)
        page.screenshot("route")
        page.fill("[name=address]", "nobody@xyz.example")
        page.press("Enter")
        page.wait_text("Refused: 550")
        page.fill("[name=address]", TO)
        page.press("Enter")
        page.wait_text("is an address of this host")
        self.hold(1)
        page.fill("[name=why]", "held.example")
        page.press("Enter")
        page.wait_text("held by a rule", "table")
        self.assert_clean()

    def test_a_configuration_is_checked_and_compared(self):
        page = self.page
        self.sign_in("chief", "#/configuration")
        page.wait_text("mail.xyz.example")
        before = self.godwit.config_file.read_text()
        self.assertEqual(page.run("document.querySelector('#draft').value"), before)
        page.fill("#draft", before.replace('"hostname"', '"hostnam"'))
        page.click("#draft ~ .actions button")
        page.wait_text("did you mean hostname?")
        page.wait_text("A reload would refuse it.")
        page.click(".complaints button")
        self.assertIn("hostnam", page.run("""(() => { const draft = document.querySelector("#draft");
            return draft.value.slice(draft.selectionStart, draft.selectionEnd); })()"""))
        page.fill("#draft", before.replace('"connections_per_client": 500', '"connections_per_client": 501').replace(
            '"threads": 2', '"threads": 3'))
        page.click("#draft ~ .actions button")
        page.wait_text("The configuration is right.")
        page.wait_text("limits.connections_per_client")
        page.wait_text("501")
        page.screenshot("configuration")
        self.assertEqual(self.godwit.config_file.read_text(), before)
        # More than one may nest, and what is not included now.
        page.run('document.querySelector("#draft").value = "[".repeat(100000)')
        page.click("#draft ~ .actions button")
        page.wait_text("A reload would refuse it.")
        (self.folder / "secret.yaml").write_text("this is: secret\n")
        page.fill("#draft", f'include: ["{self.folder / "secret.yaml"}"]\nhostname: mail.xyz.example\n')
        page.click("#draft ~ .actions button")
        page.wait_text("includes only what the configuration includes now")
        self.assertNotIn("this is", page.text("section:nth-of-type(2)"))

        self.godwit.config["limits"]["connections_per_client"] = 502
        self.godwit.write_config()
        page.click("section:first-of-type .actions button")
        page.wait_text("502")
        page.click("section:first-of-type .danger")
        page.click("dialog .danger")
        page.wait_text("It is in force.")
        self.go("log")
        self.go("configuration")
        page.fill("[name=key]", "connections_per_client")
        page.wait_text("502", "section:last-of-type table")
        self.assert_clean()

    def test_certificates_and_the_log_are_shown(self):
        page = self.page
        self.sign_in("reader", "#/certificates")
        page.wait_text("mail.xyz.example")
        page.screenshot("certificates")
        self.go("log", ".lines li")
        page.wait_text("listening", ".lines")
        id = self.send(TO)
        page.wait_text(id, ".lines")
        page.fill("[name=words]", "no such words")
        page.wait("!document.querySelector('.lines li')")
        page.fill("[name=words]", id)
        page.wait("document.querySelectorAll('.lines li').length >= 2")
        page.screenshot("log")
        page.choose("[name=level]", "error")
        page.wait("!document.querySelector('.lines li')")
        self.assert_clean()

    def tab_to(self, name, most=60):
        """Presses Tab until what has this text, label or name has the focus, and shows it."""
        for _ in range(most):
            self.page.press("Tab")
            if (self.page.focused() or "").strip() == name:
                outline = self.page.run("getComputedStyle(document.activeElement).outlineStyle")
                self.assertNotEqual(outline, "none", name)
                return
        self.fail(f"Tab does not come to {name}")

    def test_keys_are_enough_for_every_page(self):
        page = self.page
        self.send("bob@late.example")
        self.sign_in("chief")
        for name in PAGES:
            title = {"route": "Route tester"}.get(name, name.capitalize())
            self.tab_to(title)
            page.press("Enter")
            page.wait(f"document.querySelector('.page.{name}')")

        self.tab_to("Route tester")
        page.press("Enter")
        page.wait("document.querySelector('.page.route [name=address]')")
        self.tab_to("address")
        page.type("bob@late.example")
        self.tab_to("Find the route")
        page.press("Enter")
        page.wait_text(self.peer.address)

        self.tab_to("Destinations")
        page.press("Enter")
        page.wait("document.querySelector('.page.destinations [name=name]')")
        self.tab_to("name")
        page.type("late.example")
        page.press("Enter")
        page.wait("document.querySelector('dialog[open]')")
        self.tab_to("Suspend", 5)
        page.press("Enter")
        page.wait_text("is suspended", ".alert.warn")
        self.tab_to("Resume")
        page.press("Enter")
        page.wait("!document.querySelector('.alert.warn')")
        self.assertEqual(self.godwit.control_json("destinations")["suspensions"], [])
        self.assert_clean()

    def test_keys_are_enough(self):
        ids = self.hold(2)
        page = self.page
        tab_to = self.tab_to
        self.sign_in("operator")
        tab_to("Queue")
        page.press("Enter")
        page.wait_text(ids[1])
        tab_to(f"Choose {ids[1]}")
        page.press(" ")
        for _ in range(60):
            page.press("Tab", shift=True)
            if page.focused() == "Delete":
                break
        page.press("Enter")
        page.wait("document.querySelector('dialog[open]')")
        self.assertTrue(page.run("document.querySelector('dialog').contains(document.activeElement)"))
        tab_to("Delete", 5)
        page.press("Enter")
        page.wait_text("1 message deleted.")
        self.assertIsNone(self.state_of(ids[1]))
        tab_to(ids[0])
        page.press("Enter")
        page.wait_text("What happens next")
        self.assertEqual(page.focused(), "Message")
        self.assert_clean()

    def dialog_is_open(self):
        """And holds the focus, wholly within the screen."""
        self.page.wait("document.querySelector('dialog[open]')")
        self.assertTrue(self.page.run("document.querySelector('dialog').contains(document.activeElement)"))
        self.assertTrue(self.page.run("""(() => { const box = document.querySelector("dialog").getBoundingClientRect();
            return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight; })()"""))

    def test_keys_are_enough_to_change_the_configuration(self):
        page, tab_to = self.page, self.tab_to
        self.sign_in("chief", "#/configuration")
        page.wait("document.querySelector('#draft')")
        tab_to("Check the files")
        page.press("Enter")
        page.wait_text("It is what is in force.")
        tab_to("draft", 2)
        page.type("nonsense: [\n")
        tab_to("Check the draft", 1)
        page.press("Enter")
        page.wait_text("A reload would refuse it.")
        page.screenshot("configuration-refused", whole=False)
        page.press("Tab")
        self.assertRegex(page.focused(), r"^Go to line \d+$")
        page.press("Enter")
        self.assertEqual(page.focused(), "draft")

        self.godwit.config["limits"]["connections_per_client"] = 502
        self.godwit.write_config()
        for way, says in (("Escape", None), ("Enter", "It is in force.")):
            page.run("document.querySelector('h1').focus()")
            tab_to("Reload", 3)
            page.press("Enter")
            self.dialog_is_open()
            if says:
                tab_to("Reload", 2)
            page.press(way)
            page.wait("!document.querySelector('dialog')")
            self.assertEqual(page.focused(), "Reload")  # where it was before
            if says:
                page.wait_text(says)
        tab_to("key")
        page.type("connections")
        page.wait("document.querySelectorAll('section:last-of-type tbody tr').length === 1")
        page.wait_text("502", "section:last-of-type tbody")  # what is in force now
        tab_to("which", 1)
        page.press("ArrowDown")
        page.wait("document.querySelectorAll('section:last-of-type tbody tr').length > 1")
        page.screenshot("configuration-reloaded")
        self.assert_clean()

    def test_keys_are_enough_to_search_the_history(self):
        id = self.send("bob@late.example")
        self.godwit.wait_event("deferred", id=id)
        self.send(TO, "news@abc.example")
        self.godwit.wait_event("delivered")
        page, tab_to = self.page, self.tab_to
        self.sign_in("reader", "#/history")
        page.wait("document.querySelectorAll('tbody tr').length === 2")

        def by(name, *keys, text=""):
            """What one field says; the others have what they had."""
            tab_to(name)
            page.type(text)
            for key in keys:
                page.press(key)

        by("recipient", "Enter", text="bob@*")
        page.wait("location.hash.includes('recipient') && document.querySelectorAll('tbody tr').length === 1")
        self.assertEqual(page.focused(), "History")
        by("outcome", *["ArrowDown"] * 2)  # delivered
        tab_to("Search")
        page.press("Enter")
        page.wait_text("No such message is in the history.")
        by("outcome", "Home", "End", "Home")
        by("since", *"01022020", "Tab", *"030405", "a", "Enter")
        page.wait_text(id, "tbody")
        self.assertIn("since=2020-01-02T03%3A04%3A05", page.run("location.hash"))
        page.screenshot("history-since")
        by("until", *"01022020", "Tab", *"030406", "p", "Enter")
        page.wait_text("No such message is in the history.")
        self.assertIn("until=2020-01-02T15%3A04%3A06", page.run("location.hash"))
        self.go("history?recipient=bob@*", "tbody")
        tab_to(id)
        page.press("Enter")
        page.wait_text("What happens next")
        self.assert_clean()

    def test_keys_are_enough_to_read_the_log(self):
        self.sign_in("reader", "#/log")
        page, tab_to = self.page, self.tab_to
        first = self.send(TO)
        page.wait_text(first, ".lines")
        tab_to("level")
        page.press("ArrowUp")  # debug
        page.wait("document.querySelector('.lines .debug')")
        page.press("End")  # error
        page.wait("!document.querySelector('.lines li')")
        page.press("ArrowUp")
        page.press("ArrowUp")
        page.wait_text(first, ".lines")
        tab_to("words", 1)
        page.type(first.lower())
        page.wait(f"[...document.querySelectorAll('.lines li')].every((line) => line.innerText.includes('{first}'))")
        for _ in range(len(first)):
            page.press("Backspace")
        page.wait_text("listening", ".lines")

        tab_to("follow", 2)  # there may be a cross that empties the field
        page.press(" ")
        second = self.send(TO)
        self.godwit.wait_event("delivered", id=second)
        until = time.monotonic() + 2.5  # it looks each second
        self.wait_until(lambda: time.monotonic() > until or second in page.text(".lines"), "nothing comes")
        self.assertNotIn(second, page.text(".lines"))
        page.press(" ")
        page.wait_text(second, ".lines")
        page.press("Tab")
        page.wait("document.activeElement.matches('.lines')")
        self.assertTrue(page.run("(({scrollTop, clientHeight, scrollHeight}) => scrollTop + clientHeight > scrollHeight - 2)(document.activeElement)"))
        page.press("Home")  # it scrolls by keys
        page.wait("document.activeElement.scrollTop === 0")
        tab_to(first, 20)
        page.press("Enter")
        page.wait_text("Nothing more happens")
        self.assert_clean()

    def test_a_finger_is_enough_on_a_phone(self):
        first, second = self.hold(2)
        page = self.page
        page.size(360, 740, mobile=True)
        page.open(self.url)
        page.wait("document.querySelector('#token')")
        page.tap("#token")
        page.type(token_of("chief"))
        page.tap("[type=submit]")
        page.wait_text("healthy")
        page.tap("#nav [href='#/queue']")
        page.wait_text(second)
        page.tap(f"[aria-label='Choose {second}']")
        page.tap("[data-verb=delete]")
        self.dialog_is_open()
        page.screenshot("phone-dialog", whole=False)
        page.tap("dialog button[type=button]")
        page.wait("!document.querySelector('dialog')")
        page.tap("[data-verb=delete]")
        page.tap("dialog .danger")
        page.wait_text("1 message deleted.")
        self.assertIsNone(self.state_of(second))
        page.tap(f"a[href='#/message/{first}']")
        page.wait_text("What happens next")
        page.tap("[data-verb=bounce]")
        self.dialog_is_open()
        page.tap("dialog input")
        page.type("not wanted")
        page.screenshot("phone-bounce", whole=False)
        page.tap("dialog .danger")
        self.assertEqual(self.godwit.wait_event("bounced", id=first)["id"], first)
        page.wait_text("Nothing more happens")

        page.tap("#nav [href='#/destinations']")
        page.wait("document.querySelector('.page.destinations [name=name]')")
        page.tap(".filter [name=name]")
        page.type("late.example")
        page.tap(".filter [type=submit]")
        self.dialog_is_open()
        page.tap("dialog [name=reason]")
        page.type("asked")
        page.tap("dialog .danger")
        page.wait_text("asked", ".alert.warn")
        page.tap(".alert.warn button")
        page.wait("!document.querySelector('.alert.warn')")
        page.tap("#nav [href='#/configuration']")
        page.wait("document.querySelector('#draft')")
        page.tap("#draft ~ .actions button")
        page.wait_text("It is what is in force.")
        page.tap("section:first-of-type .danger")
        self.dialog_is_open()
        page.tap("dialog .danger")
        page.wait_text("It is in force.")
        page.tap("#nav [href='#/log']")
        page.wait_text("reloaded", ".lines")
        page.tap("[name=follow]")
        self.assertFalse(page.run("document.querySelector('[name=follow]').checked"))
        page.tap("#leave")
        page.wait("document.querySelector('#token')")
        self.assert_clean()

    # WCAG 2.5.8; links in tables and sentences are exempt.
    SMALL = """[...document.querySelectorAll("button, input, select, summary, textarea, #nav a, .brand")].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width && (box.width < 24 || box.height < 24); }).map((one) => one.outerHTML)"""

    def test_a_phone_is_wide_enough(self):
        id = self.send(f'"{"long" * 12}"@late.example', f'{"v" * 60}@{"w" * 50}.example')
        self.godwit.wait_event("deferred", id=id)
        self.hold(1)
        page = self.page
        page.size(360, 740, mobile=True)
        self.sign_in()
        for place in (*PAGES, f"message/{id}", "route?address=bob@late.example", "history?recipient=bob@*"):
            with self.subTest(place):
                self.go(place)
                page.wait("document.querySelector('.page').children.length > 0")
                page.wait("!document.querySelector('.page.message') || document.querySelector('.timeline li')")
                self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 360)
                self.assertEqual(page.run(self.SMALL), [], "too small for a finger")
                page.screenshot("phone-" + place.split("/")[0].split("?")[0] + ("-more" if "?" in place else ""))
        self.assert_clean()


if __name__ == "__main__":
    main()
