#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Firewalls that rewrite the dialogue: the mail still arrives."""

from support.scenario import main
from support.sending_host import SendingHost

TO = "user@fw.example"


class FirewallManglesSmtp(SendingHost):
    def arrives(self, **options):
        self.peer = self.mx("fw.example", 10, "mx.fw.example", 2, **options)
        self.start()
        _, content = self.send(TO)
        return self.assert_arrived(self.peer, content)

    def test_ehlo_is_refused(self):
        transaction = self.arrives(script={"EHLO": "500 #5.5.1 command not recognized"})
        self.assertEqual(transaction.hello, "HELO")
        # Nothing that an EHLO would have offered is used.
        self.assertNotIn("SIZE=", transaction.mail_line)

    def test_the_banner_is_masked(self):
        self.arrives(script={"banner": "220 ****************************************"})

    def test_starttls_is_masked(self):
        transaction = self.arrives(capabilities=("PIPELINING", "XXXXXXXA", "8BITMIME"))
        self.assertFalse(transaction.tls)


if __name__ == "__main__":
    main()
