#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""POST /v1/messages: messages as they are, or composed of JSON; a mail reader gets what was meant, and the same rules hold as for SMTP."""

import base64
import email.utils
import http.client
import os
import socket

from support.certificate import Certificate
from support.message import large_body
from support.posting_host import ALICE, APP, BOB, CAROL, CHIEF, HTTP_PORT, READER, ROBOT, Posted, PostingHost, letter
from support.scenario import main

RAW = f"From: Alice <{ALICE}>\nTo: Bob <{BOB}>\nBcc: {CAROL}\nSubject: Raw\n\nHello\n.\n..dots\n".encode()


def base64_of(content):
    return base64.b64encode(content).decode()


class MessagesComeOverHttp(PostingHost):
    def test_json_becomes_what_was_meant(self):
        self.start()
        picture, table = os.urandom(3000), os.urandom(100)
        inner = b"From: eve@x.example\nSubject: Inner\n\nforwarded\n"
        posted = self.post({
            "from": {"name": "Älice, of \"Sales\"", "address": ALICE}, "to": [f"Bob <{BOB}>"], "cc": {"address": CAROL},
            "bcc": "alice@example.com", "reply_to": "replies@example.com", "subject": "Grüße aus Köln  – zwei Leerzeichen",
            "text": "Grüße\n.\nFrom here\n" + "long " * 300, "html": "<p>Grüße <img src='cid:logo@example.com'></p>",
            "headers": {"X-Order": "4711", "List-Unsubscribe": "<https://example.com/u?" + "x" * 100 + ">"},
            "attachments": [
                {"filename": "logo.png", "content_type": "image/png", "content_base64": base64_of(picture),
                 "content_id": "logo@example.com"},
                {"filename": "Übersicht für das sehr lange Jahr zweitausendsechsundzwanzig.csv", "content_type": "text/csv; charset=utf-8",
                 "content_base64": base64_of(table)},
                {"content_type": "message/rfc822", "content_base64": base64_of(inner)}]})
        self.assert_taken(posted)
        for reader in (BOB, CAROL, ALICE):
            message = self.stored(reader)
            self.assertEqual(message.defects, [])
            self.assertEqual(email.utils.parseaddr(str(message["From"])), ('Älice, of "Sales"', ALICE))
            self.assertEqual((str(message["To"]), str(message["Cc"]), message["Bcc"]), (f"Bob <{BOB}>", CAROL, None))
            self.assertEqual(message["Subject"], "Grüße aus Köln  – zwei Leerzeichen")
            self.assertEqual((message["X-Order"], message["Reply-To"]), ("4711", "replies@example.com"))
            self.assertIn("u?" + "x" * 100, message["List-Unsubscribe"])
            self.assertTrue(message["Date"] and message["Message-ID"])
            self.assertEqual(message.get_content_type(), "multipart/mixed")
            alternative, csv, forwarded = message.iter_parts()
            plain, related = alternative.iter_parts()
            html, logo = related.iter_parts()
            self.assertEqual(plain.get_content().replace("\r\n", "\n").rstrip("\n"), "Grüße\n.\nFrom here\n" + "long " * 300)
            self.assertEqual(html.get_content().rstrip("\r\n"), "<p>Grüße <img src='cid:logo@example.com'></p>")
            self.assertEqual((logo.get_content(), logo["Content-ID"], logo.get_content_disposition()),
                             (picture, "<logo@example.com>", "inline"))
            self.assertEqual(csv.get_filename(), "Übersicht für das sehr lange Jahr zweitausendsechsundzwanzig.csv")
            self.assertEqual(csv.get_payload(decode=True), table)
            self.assertEqual(forwarded.get_content()["Subject"], "Inner")
        (stored,) = self.godwit.mailbox(BOB).messages()
        self.assertTrue(all(len(line) < 1000 and line.isascii() for line in stored.raw.split(b"\n")))
        self.assertIn("with HTTP", " ".join(stored.header("Received")[0].split()))
        (accepted,) = self.godwit.events("accepted", id=posted.body["id"])
        self.assertEqual((accepted["account"], accepted["protocol"], accepted["tls"]), (ALICE, "HTTP", "none"))

    def test_a_raw_message_passes_as_it_is(self):
        self.start()
        self.assert_taken(self.post_raw(RAW, f"?from={ALICE}&to={BOB}&to={CAROL}&notify=failure&ret=headers&envid=e1"))
        for reader in (BOB, CAROL):
            (stored,) = self.godwit.mailbox(reader).wait()
            self.assertTrue(stored.content.endswith(b"\r\n\r\nHello\r\n.\r\n..dots\r\n"), stored.content)
            self.assertNotIn(b"Bcc", stored.raw)
        self.assertEqual(self.godwit.mailbox(ALICE).count(), 0)
        # Without an envelope its header says who is meant, as for sendmail -t.
        self.assert_taken(self.post_raw(RAW))
        self.godwit.mailbox(BOB).wait(2)
        self.godwit.mailbox(CAROL).wait(2)

    def test_programs_of_this_machine_need_no_token(self):
        self.start()
        id = self.assert_taken(self.post(letter(**{"from": "anybody@elsewhere.example"}), token=None))
        client = self.godwit.wait_event("accepted", id=id)["client"]
        self.assertTrue(client.startswith("user:"), client)
        self.assertIn("(user ", " ".join(self.godwit.mailbox(BOB).wait()[0].header("Received")[0].split()))
        self.assert_taken(self.post_raw(b"From: root\nTo: bob\n\ncron\n", token=None))
        self.assertEqual(self.stored(BOB, 2)["From"], "root@example.com")

    def test_what_is_handed_in_is_signed(self):
        key = self.folder / "key.pem"
        self.godwit.write_config()
        self.godwit.control("dkim", "generate", "example.com", "s1", "--file", key)
        self.start(dkim={"keys": [{"domain": "example.com", "selector": "s1", "private_key": str(key)}]})
        id = self.assert_taken(self.post(letter()))
        self.assertIn("d=example.com; s=s1", " ".join(self.stored(BOB)["DKIM-Signature"].split()))
        self.assertIn("signed", self.godwit.wait_event("accepted", id=id)["verified"])

    def test_the_rules_of_submission_hold(self):
        self.start(rewriting={"senders": {ALICE: "sales@example.com"}},
                   policy={"checks": {"submission": ["mime"]}, "mime": {"programs": "reject"}})
        self.godwit.config["header_rules"] = [{"field": "X-Secret", "action": "remove"}]
        self.godwit.config["copies"] = [{"to": CAROL}]
        self.godwit.write_config()
        self.godwit.control("reload")
        self.assert_taken(self.post(letter(headers={"X-Secret": "1", "X-Open": "2"})))
        message = self.stored(BOB)
        self.assertEqual((message["From"], message["X-Secret"], message["X-Open"]), ("sales@example.com", None, "2"))
        self.assertEqual(self.stored(CAROL)["X-Open"], "2")
        refused = self.post(letter(attachments=[{"filename": "a.exe", "content_base64": base64_of(b"MZ")}]))
        self.assertEqual((refused.status, refused.body["recipients"][0]["status"]), (422, "refused"), refused)

    def test_who_may_not_is_refused(self):
        self.start()
        self.assertEqual(self.post(letter(), token="nobody-0123456789").status, 401)
        self.assertEqual(self.post(letter(), token=READER).status, 403)
        self.assertEqual(self.post(letter(), token=CHIEF).status, 403, "it can do everything, but is nobody")
        connection = self.connection(APP)
        connection.request("GET", "/v1/status", headers={"Authorization": f"Bearer {APP}"})
        self.assertEqual(connection.getresponse().status, 403)
        other = self.post(letter(**{"from": BOB}))
        self.assertEqual(other.status, 403)
        self.assertIn("553 5.7.1", other.body["error"])
        self.assertEqual(self.post_raw(RAW, f"?from={CAROL}&to={BOB}").status, 403)
        for sender in ("any@robots.example", "shop@example.com"):
            self.assert_taken(self.post(letter(**{"from": sender}), token=ROBOT))
        self.assertEqual(self.post(letter(), token=ROBOT).status, 403)
        # Whoever From names, the header tells who it is from.
        self.assert_taken(self.post(letter(**{"from": BOB, "to": CAROL, "envelope": {"from": ALICE, "recipients": [CAROL]}})))
        self.assertEqual(self.stored(CAROL)["Sender"], ALICE)

    def test_each_recipient_has_its_answer(self):
        self.start()
        posted = self.post(letter(to=[BOB, "nobody@example.com"]))
        self.assertEqual(posted.status, 202)
        taken, refused = posted.body["recipients"]
        self.assertEqual((taken["address"], taken["status"], taken["code"], taken["enhanced"]), (BOB, "accepted", 250, "2.0.0"))
        self.assertEqual((refused["address"], refused["status"], refused["code"], refused["enhanced"]),
                         ("nobody@example.com", "refused", 550, "5.1.1"))
        self.godwit.mailbox(BOB).wait()
        posted = self.post(letter(to="nobody@example.com"))
        self.assertEqual((posted.status, posted.body["recipients"][0]["code"]), (422, 550))

    def test_what_is_wrong_is_said_precisely(self):
        self.start(limits={"recipients": 5, "message_size": "1MiB"})
        for body, status, words in (
                ('{"from": "alice@example.com",\n "to": [}', 400, "JSON, line 2, column 9"),
                ("", 400, "JSON, line 1"), ("[]", 400, "expected an object"),
                (letter(subjekt="x"), 400, "subjekt: there is no such member; subject?"),
                (letter(to="bob"), 400, "to: \"bob\" is no address"),
                (letter(attachments=[{"content_base64": "a"}]), 400, "attachments[0].content_base64: this is no base 64"),
                (letter(attachments=[{"content_base64": "", "content_type": "x"}]), 400, "attachments[0].content_type"),
                (letter(to=[]), 422, "no recipients"),
                (letter(to=[f"u{i}@held.example" for i in range(6)]), 422, "6 recipients; a message has at most 5"),
                (letter(text="x" * (1 << 20)), 413, "at most 1048576")):
            posted = self.post(body)
            self.assertEqual(posted.status, status, posted)
            self.assertIn(words, posted.body["error"])
        for evil in ("x\r\nBcc: carol@example.com", "x\nBcc: carol@example.com", "x\r\n\r\nbody", "x\u0000", "x\u0085y"):
            for body in (letter(subject=evil), letter(headers={"X-A": evil}), letter(headers={evil: "a"}),
                         letter(**{"from": {"name": evil, "address": ALICE}}), letter(to=f"{evil} <{BOB}>"),
                         letter(to={"address": f'"{evil}"@example.com'}), letter(envid=evil),
                         letter(attachments=[{"content_base64": "", "filename": evil}]),
                         letter(attachments=[{"content_base64": "", "content_type": "text/plain; a=" + evil}]),
                         letter(envelope={"recipients": [f"<{BOB}> {evil}"]})):
                self.assertEqual(self.post(body).status, 400, body)
        self.assertEqual(self.post(letter(), type="text/plain").status, 415)
        self.assertEqual(self.post(letter(), f"?to={BOB}").status, 400)
        self.assertEqual(self.post_raw(b"").status, 400)
        self.assertEqual(self.post_raw(b"Subject: x\n\nnobody\n").status, 400)
        self.assertEqual(self.post_raw(RAW, "?to=%").status, 400)
        self.assertEqual(self.post_raw(b"From: alice@example.com\nTo: bob@example.com\n\n" + b"x" * 70 + b"\0\n").status, 422)
        self.assertEqual(self.post_raw(RAW + b"x" * (1 << 20)).status, 413)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.events("accepted"), [])

    def test_a_large_message_is_not_held_in_memory(self):
        self.start()
        content = f"From: {ALICE}\r\nTo: {BOB}\r\n\r\n".encode() + large_body(40 << 20)
        self.assert_taken(self.post_raw(RAW))
        self.godwit.mailbox(BOB).wait()
        self.godwit.forget_most_memory()
        before = self.godwit.most_memory()
        self.assert_taken(self.post_raw(content))
        self.assert_memory(self.godwit.most_memory() - before, 16 << 10)
        self.assertTrue(self.godwit.mailbox(BOB).wait(2)[-1].content.endswith(content[-1000:]))

    def test_a_large_attachment_arrives(self):
        self.start()
        content = os.urandom(12 << 20)
        self.assert_taken(self.post(letter(attachments=[{"content_base64": base64_of(content)}])))
        _, attached = self.stored(BOB).iter_parts()
        self.assertEqual(attached.get_content(), content)

    def test_a_body_without_a_length_streams_too(self):
        self.start()
        connection = self.connection(APP)
        connection.request("POST", "/v1/messages", body=iter([RAW[:10], RAW[10:60], RAW[60:]]), encode_chunked=True,
                           headers={"Content-Type": "message/rfc822", "Authorization": f"Bearer {APP}", "Transfer-Encoding": "chunked"})
        self.assert_taken(Posted(connection.getresponse()))
        self.godwit.mailbox(BOB).wait()

    def test_who_asks_before_it_sends_is_answered(self):
        self.start()
        client = socket.create_connection((self.net.host(1), HTTP_PORT), timeout=20)
        self.addCleanup(client.close)
        client.sendall(f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {APP}\r\nContent-Type: message/rfc822\r\n"
                       f"Content-Length: {len(RAW)}\r\nExpect: 100-continue\r\n\r\n".encode())
        self.assertEqual(client.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
        client.sendall(RAW)
        self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 202 "))

    def test_over_tls_it_is_said_so(self):
        certificate = Certificate(self, "mail.example.com", self.net.host(1))
        self.start(tls={"certificates": [certificate.as_config()]}, control={"http_tls": True})
        connection = http.client.HTTPSConnection(self.net.host(1), HTTP_PORT, timeout=20, context=certificate.client_context())
        self.addCleanup(connection.close)
        connection.request("POST", "/v1/messages", body=RAW,
                           headers={"Content-Type": "message/rfc822", "Authorization": f"Bearer {APP}"})
        id = self.assert_taken(Posted(connection.getresponse()))
        self.assertEqual(self.godwit.wait_event("accepted", id=id)["tls"], "TLSv1.3")
        self.assertIn("(TLSv1.3 cipher ", " ".join(self.godwit.mailbox(BOB).wait()[0].header("Received")[0].split()))

    def test_half_a_message_is_none(self):
        self.start()
        for type, body in (("message/rfc822", RAW), ("application/json", b'{"from": "alice@example.com"')):
            connection = http.client.HTTPConnection(self.net.host(1), HTTP_PORT, timeout=20)
            connection.putrequest("POST", "/v1/messages")
            for name, value in (("Content-Type", type), ("Authorization", f"Bearer {APP}"), ("Content-Length", len(body) + 100)):
                connection.putheader(name, value)
            connection.endheaders(body)
            connection.close()
        self.assert_taken(self.post(letter()))
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.godwit.events("accepted")), 1)

    def test_a_full_disk_is_said(self):
        self.start(spool={"min_free": "16TiB"})
        posted = self.post(letter())
        self.assertEqual(posted.status, 507, posted)
        self.assertGreater(posted.retry_after, 0)


if __name__ == "__main__":
    main()
