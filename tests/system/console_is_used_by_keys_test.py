#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web console in the real Chromium, with keys alone."""

import time

from support.console import PAGES, TO, Console
from support.scenario import main


class ConsoleIsUsedByKeys(Console):
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


if __name__ == "__main__":
    main()
