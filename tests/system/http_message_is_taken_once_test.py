#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Idempotency-Key: whoever comes again with one gets the first answer and makes no second message, across kill -9 and at any moment of it."""

import http.client
import random
import sqlite3
import threading

from support.godwit import ApiConnection
from support.posting_host import ALICE, APP, BOB, HTTP_PORT, ROBOT, Posted, PostingHost, letter
from support.scenario import main

HELD = "bob@held.example"


class HttpMessageIsTakenOnce(PostingHost):
    def forget_answers(self):
        """As a crash leaves the keys that comes before the answers are kept."""
        with sqlite3.connect(self.godwit.folder / "state" / "submissions.sqlite") as file:
            file.execute("UPDATE submissions SET answer = ''")
        file.close()

    def test_the_first_answer_is_given_again(self):
        self.start()
        first = self.post(letter(), key="order-1")
        self.assert_taken(first)
        again = self.post(letter(), key="order-1")
        self.assertEqual((again.status, again.text, again.replayed), (202, first.text, True))
        self.assertFalse(first.replayed)
        self.assertEqual(self.post(letter(), key='"order-1"').text, first.text)
        # Another body, another token, another key.
        self.assertEqual(self.post(letter(text="other"), key="order-1").status, 422)
        self.assertEqual(self.post(letter(), "?x=1", key="order-2").status, 400)
        self.assert_taken(self.post(letter(**{"from": "a@robots.example"}), key="order-1", token=ROBOT))
        self.assert_taken(self.post(letter(), key="order-2"))
        raw = f"From: {ALICE}\nTo: {BOB}\n\nraw\n".encode()
        first = self.post_raw(raw, key="raw-1")
        self.assert_taken(first)
        self.assertEqual(self.post_raw(raw, key="raw-1").text, first.text)
        self.assertEqual(self.post_raw(raw, f"?to={ALICE}", key="raw-1").status, 422)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(BOB).count(), 4)
        for key in ("a b", "é".encode(), "x" * 256):
            self.assertEqual(self.post(letter(), key=key).status, 400)

    def test_what_was_refused_may_be_tried_again(self):
        self.start()
        refused = self.post(letter(to="nobody@example.com"), key="k")
        self.assertEqual(refused.status, 422)
        self.assert_taken(self.post(letter(), key="k"))
        self.assertEqual(self.post(letter(to="nobody@example.com"), key="k").status, 422)

    def test_a_restart_forgets_nothing(self):
        self.start()
        delivered, held = self.post(letter(), key="delivered"), self.post(letter(to=HELD), key="held")
        self.godwit.wait_event("delivered", id=delivered.body["id"])
        self.godwit.restart()
        self.assertEqual(self.post(letter(), key="delivered").text, delivered.text)
        self.assertEqual(self.post(letter(to=HELD), key="held").text, held.text)
        self.assertEqual(self.post(letter(to=BOB, text="x"), key="held").status, 422)
        self.assertEqual(self.godwit.queued(), 1)

    def test_a_crash_before_the_answer_was_kept_makes_no_second_message(self):
        self.start()
        delivered, held = self.post(letter(), key="delivered"), self.post(letter(to=HELD), key="held")
        self.godwit.wait_event("delivered", id=delivered.body["id"])
        # The history is written a tenth of a second behind.
        self.wait_until(lambda: self.godwit.control("--json", "trace", delivered.body["id"]).returncode == 0, "it has a history")
        self.godwit.stop()
        self.forget_answers()
        self.godwit.start()
        self.assertEqual(self.post(letter(text="x"), key="held").status, 422)
        for key, body, first in (("delivered", letter(), delivered), ("held", letter(to=HELD), held)):
            again = self.post(body, key=key)
            self.assertEqual((again.status, again.body["id"], again.replayed), (202, first.body["id"], True))
            self.assertEqual(again.body["recipients"][0]["status"], "accepted")
            self.assertEqual(self.post(body, key=key).text, again.text)
        self.assertEqual((self.godwit.queued(), self.godwit.mailbox(BOB).count()), (1, 1))

    def test_a_key_whose_message_never_was_is_free(self):
        self.start()
        self.post(letter(to=HELD), key="k")
        self.godwit.stop()
        self.forget_answers()
        with sqlite3.connect(self.godwit.folder / "state" / "submissions.sqlite") as file:
            file.execute("UPDATE submissions SET id = id - 1")
        file.close()
        self.godwit.start()
        again = self.post(letter(to=HELD), key="k")
        self.assertEqual((again.status, again.replayed), (202, False))
        self.assertEqual(self.godwit.queued(), 2)

    def test_one_under_way_is_not_begun_again(self):
        self.start()
        body = f"From: {ALICE}\nTo: {BOB}\n\nslow\n".encode()
        slow = ApiConnection(self.net.host(1), HTTP_PORT, timeout=20)
        self.addCleanup(slow.close)
        slow.putrequest("POST", "/v1/messages")
        for name, value in (("Content-Type", "message/rfc822"), ("Authorization", f"Bearer {APP}"),
                            ("Content-Length", len(body)), ("Idempotency-Key", "k")):
            slow.putheader(name, value)
        slow.endheaders(body[:-1])
        self.godwit.status()  # the same thread answers: what was sent before was seen
        busy = self.post_raw(body, key="k")
        self.assertEqual(busy.status, 409, busy)
        self.assertGreater(busy.retry_after, 0)
        slow.send(body[-1:])
        first = Posted(slow.getresponse())
        self.assert_taken(first)
        self.assertEqual(self.post_raw(body, key="k").text, first.text)

    def test_a_promise_that_cannot_be_kept_is_not_made(self):
        (self.godwit.folder / "state" / "submissions.sqlite").mkdir(parents=True)
        self.start()
        posted = self.post(letter(), key="k")
        self.assertEqual(posted.status, 503, posted)
        self.assertGreater(posted.retry_after, 0)
        self.assert_taken(self.post(letter()))
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(BOB).count(), 1)

    # Whoever never saw an answer asks again: in the end each message is there, and none twice.
    def test_kill9_at_any_moment_loses_and_doubles_nothing(self):
        self.start()
        keys, seed = [f"key-{i}" for i in range(60)], random.randrange(1 << 30)
        print("seed", seed)
        chance, answers = random.Random(seed), {}

        def hand_in(mine):
            for key in mine:
                try:
                    posted = self.post(letter(to=HELD, subject=key), key=key)
                except (OSError, http.client.HTTPException):
                    return
                if posted.status == 202:
                    answers[key] = posted.body["id"]

        for _ in range(5):
            before = dict(answers)
            threads = [threading.Thread(target=hand_in, args=(keys[i::4],)) for i in range(4)]
            for thread in threads:
                thread.start()
            enough = len(before) + chance.randrange(1, 15)
            self.wait_until(lambda: len(answers) >= min(enough, len(keys)) or not any(t.is_alive() for t in threads), "some are taken")
            self.godwit.kill()
            for thread in threads:
                thread.join()
            self.assertEqual({key: answers[key] for key in before}, before)
            self.godwit.start()
        hand_in(keys)
        self.assertEqual(sorted(answers), sorted(keys))
        self.assertEqual(len(set(answers.values())), len(keys))
        self.assertEqual(self.godwit.queued(), len(keys))


if __name__ == "__main__":
    main()
