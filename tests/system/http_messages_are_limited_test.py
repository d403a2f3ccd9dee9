#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much a token may hand in; what is beyond it is answered 429 with the time to wait, and harms nobody else."""

import contextlib
import socket

from support.posting_host import ALICE, APP, BOB, CAROL, HTTP_PORT, ROBOT, PostingHost, letter
from support.scenario import main


class HttpMessagesAreLimited(PostingHost):
    def test_messages_of_a_token(self):
        self.tokens[APP].update(messages=["100/1d", "2/1h"])
        self.start()
        for _ in range(2):
            self.assert_taken(self.post(letter()))
        beyond = self.post(letter())
        self.assertEqual(beyond.status, 429, beyond)
        self.assertIn("2/1h", beyond.body["error"])
        self.assertTrue(1700 < beyond.retry_after <= 1800, beyond.retry_after)
        self.assert_taken(self.post(letter(**{"from": "a@robots.example"}), token=ROBOT))
        self.assert_taken(self.post(letter(), token=None))
        # Who reloads does not begin anew; who asks for an answer again takes nothing.
        self.godwit.control("reload")
        self.assertEqual(self.post(letter()).status, 429)

    def test_an_answer_again_counts_for_nothing(self):
        self.tokens[APP].update(messages="1/1h")
        self.start()
        first = self.post(letter(), key="k")
        self.assert_taken(first)
        self.assertEqual(self.post(letter(), key="k").text, first.text)
        self.assertEqual(self.post(letter(), key="other").status, 429)

    def test_recipients_of_a_token(self):
        self.tokens[APP].update(recipients="3/1h")
        self.start()
        self.assert_taken(self.post(letter(to=[BOB, CAROL])))
        self.assert_taken(self.post(letter(to=[BOB, CAROL])))
        self.assertEqual(self.post(letter()).status, 429)

    def test_limits_of_the_account_count_too(self):
        self.start(policy={"limits": [{"by": "account", "messages": "1/1h"}]})
        self.assert_taken(self.post(letter()))
        beyond = self.post(letter())
        self.assertEqual(beyond.status, 429, beyond)
        self.assertIn("450 4.7.1", beyond.body["error"])
        self.assertGreater(beyond.retry_after, 0)

    def half_a_message(self, token, type="message/rfc822", length=1000):
        """Begins one and leaves it so; the message is waited for when this returns."""
        client = socket.create_connection((self.net.host(1), HTTP_PORT), timeout=20)
        self.addCleanup(client.close)
        client.sendall(f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
                       f"Content-Type: {type}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode())
        self.assertEqual(client.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
        return client

    def test_one_token_does_not_keep_others_out(self):
        self.start()
        begun = [self.half_a_message(APP) for _ in range(8)]
        beyond = self.post(letter())
        self.assertEqual(beyond.status, 503, beyond)
        self.assertGreater(beyond.retry_after, 0)
        self.assert_taken(self.post(letter(**{"from": "a@robots.example"}), token=ROBOT))
        self.assert_taken(self.post(letter(), token=None))
        begun.pop().close()
        self.wait_until(lambda: self.post(letter()).status == 202, "its place is free again")

    def test_slow_messages_of_one_token_leave_memory_to_others(self):
        """Each holds some 48 MiB while the rest of it does not come, until there is less left than that."""
        self.start(limits={"message_size": "50MiB"})
        for _ in range(7):
            client = self.half_a_message(APP, "application/json", 50 << 20)
            with contextlib.suppress(ConnectionError):  # it hears 503 before it is through
                client.sendall(b'{"from": "alice@example.com", "text": "' + b"x" * (20 << 20))
        large = "x" * (25 << 20)
        self.wait_until(lambda: self.post(letter(text=large)).status == 503, "the token has all that it may")
        self.assert_taken(self.post(letter(text=large, **{"from": "a@robots.example"}), token=ROBOT))
        self.assertEqual(self.post(letter(text=large)).status, 503)

    def test_who_may_not_is_told_before_he_sends_it_all(self):
        self.tokens[APP].update(messages="1/1h")
        self.start()
        self.assert_taken(self.post(letter()))
        for type in ("message/rfc822", "application/json"):
            client = socket.create_connection((self.net.host(1), HTTP_PORT), timeout=20)
            self.addCleanup(client.close)
            client.sendall(f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {APP}\r\nContent-Type: {type}\r\n"
                           f"Content-Length: {40 << 20}\r\n\r\n".encode() + b"x" * (1 << 20))
            self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 429 "))

    def test_small_values_without_end_take_no_memory(self):
        self.start()
        self.assert_taken(self.post(letter()))
        for members, status in (('"to": [' + ",".join(['"a@b.example"'] * (1 << 20)) + "]", 422),
                                ('"to": [' + ",".join(["{}"] * (16 << 20)) + "]", 413)):
            self.godwit.forget_most_memory()
            before = self.godwit.most_memory()
            posted = self.post('{"from": "alice@example.com", ' + members + "}")
            self.assertEqual(posted.status, status, posted.text)
            self.assert_memory(self.godwit.most_memory() - before, 300 << 10)

    def test_a_token_that_submits_needs_an_account(self):
        self.tokens[APP] = {"scopes": "submit"}
        self.write_tokens()
        process = self.godwit.spawn()
        self.assertEqual(process.wait(20), 2)
        self.assertIn("needs an account to send as", self.godwit.errors())


if __name__ == "__main__":
    main()
