#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""30 oldisp, 20 newisp; newisp is not up yet.  Mail arrives through oldisp, and through newisp once that is up; no restart."""

from support.scenario import main
from support.sending_host import SendingHost

TO = "me@moving.example"


class MovingHouse(SendingHost):
    def test_the_new_host_gets_mail_as_soon_as_it_is_up(self):
        old = self.mx("moving.example", 30, "oldisp.example", 2)
        new = self.mx("moving.example", 20, "newisp.example", 3, up=False)
        # No connection is kept: the next message looks for its host again.
        self.start(delivery={"messages_per_connection": 1})
        _, content = self.send(TO)
        self.assert_arrived(old, content)
        new.up()

        def reaches_new():
            self.send(TO)
            return new.transactions

        # A host found down may be left alone for a while, but not for long.
        self.wait_until(reaches_new, "newisp gets mail", 60)
        self.godwit.wait_empty_queue()
        before, count = len(old.transactions), len(new.transactions)
        _, content = self.send(TO)
        self.assert_arrived(new, content, count + 1)
        self.assertEqual(len(old.transactions), before)


if __name__ == "__main__":
    main()
