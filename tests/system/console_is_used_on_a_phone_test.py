#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web console in the real Chromium, on a phone."""

from support.console import PAGES, Console, token_of
from support.scenario import main


class ConsoleIsUsedOnAPhone(Console):
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
