#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web console in the real Chromium: every page, with the mouse; and nothing that a peer says is run."""

from support.console import EVIL, TO, Console, token_of
from support.scenario import main


class ConsoleIsUsed(Console):
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


if __name__ == "__main__":
    main()
