#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever a peer types, it gets a clear reply and the daemon lives."""

from support.dialogue import Closed
from support.receiving_host import TO, ReceivingHost
from support.scenario import main


class BadInputIsAnswered(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.start()
        self.client = self.connect()

    def tearDown(self):
        self.assert_still_works()

    def test_unknown_commands(self):
        for line in ("FOO", "FOO bar", "", " ", "  EHLO x"):
            self.client.say(line, r"5\d\d 5\.5\.[12]")
        self.client.say("EHLO client.example", "250")

    def test_a_web_browser_is_sent_away(self):
        self.client.send(b"GET / HTTP/1.1\r\nHost: mail.xyz.example\r\nCookie: RCPT TO:<victim@elsewhere.example>\r\n\r\n")
        self.client.expect(r"5\d\d 5\.5\.[12]|421")
        self.client.expect_close()

    def test_misordered_commands(self):
        say = self.client.say
        say("MAIL FROM:<mod@abc.example>", "503 5.5.1")
        say("EHLO client.example", "250")
        say(f"RCPT TO:<{TO}>", "503 5.5.1")
        say("DATA", "503 5.5.1")
        say("MAIL FROM:<mod@abc.example>", "250")
        say("MAIL FROM:<mod@abc.example>", "503 5.5.1")
        say("DATA", r"(503|554) 5\.5\.1")
        say(f"RCPT TO:<{TO}>", "250")
        say("STARTTLS", r"5\d\d 5\.5\.1")
        say("AUTH PLAIN AAAA", r"5\d\d 5\.")

    def test_syntax_of_paths(self):
        self.client.say("EHLO client.example", "250")
        for path in ("mod@abc.example", "<mod@abc.example", "<mod@>", "<@abc.example>", "<mod@abc..example>", "", "<a b@c.example>",
                     "<mod@abc.example>x"):
            self.client.say(f"MAIL FROM:{path}", r"5\d\d 5\.(1\.7|5\.[24])")

    def test_missing_arguments(self):
        for line in ("EHLO", "HELO", "MAIL", "MAIL FROM", "RCPT TO:"):
            self.client.say(line, r"50[13] (5\.5\.[124]|Syntax: HELO)")

    def test_lines_that_are_too_long(self):
        self.client.say("EHLO client.example", "250")
        self.client.say("NOOP " + "x" * 3000, r"500 5\.5\.[26]")
        self.client.say("NOOP", "250")
        self.client.say("MAIL FROM:<" + "a" * 65 + "@abc.example>", "5")
        self.client.say("MAIL FROM:<a@" + "b." * 200 + "example>", "5")
        self.client.say("NOOP", "250")

    def test_a_line_without_end_is_cut_off(self):
        self.client.say("EHLO client.example", "250")
        try:
            for _ in range(64):
                self.client.send(b"x" * 65536)
            self.client.send(b"\r\n")
            self.client.expect("500|421")
        except (Closed, ConnectionError):
            pass  # hanging up on it is as good

    def test_nul_and_eight_bit_bytes_in_commands(self):
        self.client.say("EHLO client.example", "250")
        self.client.say(b"NOOP\0", r"50[01] 5\.5\.[24]")
        self.client.say(b"MAIL FROM:<m\0d@abc.example>", r"5\d\d 5\.")
        self.client.say(b"MAIL FROM:<m\xf6d@abc.example>", r"5\d\d 5\.")
        self.client.say(b"\xff\xfe\xfd", r"500 5\.5\.2")
        self.client.say("MAIL FROM:<mod@abc.example>", "250")

    def test_odd_bytes_in_the_greeting_are_refused_and_reach_no_log_unescaped(self):
        for name in (b"\xff\xfe.example", b"cli\0ent.example", b"client\x1b[31m.example", b"a\x7fb"):
            self.client.say(b"EHLO " + name, r"50[01] (5\.5\.2|Syntax: HELO)")
        self.client.say("EHLO client.example", "250")
        self.client.say(b'MAIL FROM:<"m\x1b[31m"@abc.example>', r"5\d\d 5\.")
        self.godwit.events()  # the log is whole then
        self.assertNotIn(b"\x1b", self.godwit.log_file.read_bytes())
        self.assertNotIn(b"\0", self.godwit.log_file.read_bytes())

    def test_domains_that_are_none(self):
        for domain in ('"abc.example"', "abc .example", "-abc.example", "abc.example-", "abc..example", ".", "[127.0.0.999]",
                       "[IPv6:::g]", "[IPv6:127.0.0.1]", "[127.0.0.1", "a" * 64 + ".example", "abc@def.example", "abc\\.example"):
            with self.subTest(domain), self.connect() as client:
                client.say("EHLO client.example", "250")
                client.say(f"MAIL FROM:<mod@{domain}>", r"5\d\d 5\.")
                client.say("MAIL FROM:<mod@abc.example>", "250")

    def test_bare_line_ends_in_a_command(self):
        self.client.send(b"EHLO client.example\n")
        self.client.send(b"\r\n")
        self.client.expect("500 5.5.2")
        self.client.say(b"EHLO a\rNOOP", "500 5.5.2")
        self.client.say("EHLO client.example", "250")

    def test_parameters(self):
        self.client.say("EHLO client.example", "250")
        self.client.say("MAIL FROM:<mod@abc.example> FOO=bar", r"555 5\.5\.4")
        self.client.say("MAIL FROM:<mod@abc.example> BODY=9BIT", r"50[14] 5\.5\.4")
        self.client.say("MAIL FROM:<mod@abc.example> SIZE=abc", r"501 5\.5\.4")
        self.client.say("MAIL FROM:<mod@abc.example> SIZE=99999999999999999999999", r"(501 5\.5\.4|552 5\.3\.4)")
        self.client.say("MAIL FROM:<mod@abc.example> SIZE=999999999999", r"552 5\.3\.4")
        self.client.say("MAIL FROM:<mod@abc.example> SIZE=1000 BODY=8BITMIME", "250")
        self.client.say(f"RCPT TO:<{TO}> FOO=bar", r"555 5\.5\.4")

    def test_ten_errors_end_the_connection(self):
        replies = []
        try:
            for _ in range(30):
                replies.append(self.client.say("FOO"))
        except (Closed, ConnectionError):
            pass
        self.assertTrue(replies[-1].startswith("421 "), replies)
        self.assertLessEqual(len(replies), 12)

    def refused_in_data(self, content, reply):
        self.client.envelope("mod@abc.example", TO)
        self.client.say("DATA", "354")
        self.client.send(content + b"\r\n.\r\n")
        self.client.expect(reply)
        # The connection is in step: the next command gets its own reply.
        self.client.say("NOOP", "250 2.0.0")

    def test_bare_line_ends_in_data_refuse_the_whole_message(self):
        for content in (b"Subject: x\n\nbody", b"Subject: x\r\n\r\na\rb", b"Subject: x\r\n\r\na\n.\nb", b"\r\r\n", b"a\r\n\nb"):
            with self.subTest(content):
                self.client = self.connect()
                self.refused_in_data(content, r"550 5\.6\.0")

    def test_nul_in_data(self):
        self.refused_in_data(b"Subject: x\r\n\r\na\0b", r"550 5\.6\.0")

    def test_more_than_the_size_offered(self):
        self.godwit.config["limits"]["message_size"] = "10KiB"
        self.godwit.restart()
        self.client = self.connect()
        self.refused_in_data(b"x" * 70 + b"\r\n" * 10 + b"\r\n".join([b"y" * 70] * 400), r"552 5\.3\.4")

    def test_exactly_the_size_offered_is_taken(self):
        self.godwit.config["limits"]["message_size"] = "10KiB"
        self.godwit.restart()
        self.client = self.connect()
        content = b"Subject: x\r\n\r\n".ljust(10 * 1024 - 2, b"y") + b"\r\n"
        self.client.envelope("mod@abc.example", TO)
        self.client.say("DATA", "354")
        self.client.send(content + b".\r\n")
        self.client.expect("250 2.0.0")

    def test_too_many_recipients(self):
        self.godwit.config["limits"]["recipients"] = 3
        self.godwit.restart()
        client = self.connect()
        client.envelope("mod@abc.example", TO, TO, TO)
        client.say(f"RCPT TO:<{TO}>", r"452 4\.5\.3")


if __name__ == "__main__":
    main()
