#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much a token may hand in; what is beyond it is answered 429 with the time to wait, and harms nobody else."""

from support.posting_host import ALICE, APP, BOB, CAROL, ROBOT, PostingHost, letter
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

    def test_a_token_that_submits_needs_an_account(self):
        self.tokens[APP] = {"scopes": "submit"}
        self.write_tokens()
        process = self.godwit.spawn()
        self.assertEqual(process.wait(20), 2)
        self.assertIn("needs an account to send as", self.godwit.errors())


if __name__ == "__main__":
    main()
