# SPDX-License-Identifier: Apache-2.0
import dataclasses

from .conversation import (DATA, HELLO, MAIL, RCPT, Theme, fresh, greeted, in_data, line, raw, to_the_end, with_recipient,
                           with_sender)


def offers(name, **options):
    return fresh(name, dataclasses.replace(line("EHLO client.abc.example"), keywords=True), **options)


OPENING = Theme("Greeting, HELO and EHLO", (
    offers("what is offered"),
    offers("what is offered to a client that may relay", trusted=True),
    offers("what is offered for submission, in the clear", submission=True),
    fresh("a plain name", "HELO client.abc.example", "EHLO client.abc.example", "HELO localhost", "HELO mail.xyz.example"),
    fresh("no name", "HELO", "EHLO", "EHLO  "),
    fresh("two words", "HELO client abc", "EHLO client abc"),
    fresh("address literals", "EHLO [192.0.2.1]", "EHLO [IPv6:2001:db8::1]", "EHLO 192.0.2.1", "EHLO [192.0.2.999]", "EHLO []"),
    fresh("names that are none", "EHLO my_pc", "EHLO -", "EHLO client..abc.example", "EHLO client.abc.example.", "EHLO <client>",
          "EHLO mod@abc.example", "EHLO 42"),
    fresh("a name that is too long", line("EHLO " + "a" * 64 + ".example", "EHLO, a label of 64 octets"),
          line("EHLO " + "a." * 150 + "example", "EHLO, a name of 307 octets")),
    fresh("odd bytes in a name", b"EHLO cli\xc3\xa9nt.example", b"EHLO cli\x1bent.example", b"EHLO cli\x7fent.example"),
    fresh("NUL in a name", b"EHLO cli\0ent.example"),
    fresh("letters of any case", "eHlO client.abc.example", "mail from:<mod@abc.example>", "RCPT to:<somchai@XYZ.Example>", "rset",
          "quit"),
    fresh("HELO and then what only EHLO offers", "HELO client.abc.example", "MAIL FROM:<mod@abc.example> SIZE=1000", "RSET",
          "MAIL FROM:<mod@abc.example> BODY=8BITMIME"),
    fresh("a client that speaks before the greeting", to_the_end("EHLO, MAIL, RCPT", b"EHLO client.abc.example\r\n"
          b"MAIL FROM:<mod@abc.example>\r\nRCPT TO:<somchai@xyz.example>\r\n"), early=True),
    fresh("a client that says HELO before the greeting", to_the_end("HELO", b"HELO client.abc.example\r\n"), early=True),
))

ORDER = Theme("Order of commands", (
    fresh("no greeting", "MAIL FROM:<mod@abc.example>", "RCPT TO:<somchai@xyz.example>", "DATA", "RSET", "NOOP", "VRFY somchai"),
    fresh("BDAT without a greeting", raw("BDAT 3, its octets", b"BDAT 3\r\nabc"), "NOOP"),
    greeted("no sender", "RCPT TO:<somchai@xyz.example>", "DATA"),
    greeted("BDAT without a sender", raw("BDAT 3 LAST, its octets", b"BDAT 3 LAST\r\nabc"), "NOOP"),
    with_sender("no recipient", "DATA", "RCPT TO:<somchai@xyz.example>"),
    with_sender("BDAT without a recipient", raw("BDAT 3 LAST, its octets", b"BDAT 3 LAST\r\nabc"), "NOOP"),
    with_sender("DATA after recipients that were all refused", "RCPT TO:<nobody@xyz.example>", "DATA", "NOOP"),
    with_sender("two senders", "MAIL FROM:<other@abc.example>", "RCPT TO:<somchai@xyz.example>"),
    with_recipient("a sender after recipients", "MAIL FROM:<other@abc.example>"),
    with_recipient("RSET forgets", "RSET", "RCPT TO:<malee@xyz.example>", "DATA"),
    with_recipient("EHLO forgets", "EHLO other.abc.example", "RCPT TO:<malee@xyz.example>"),
    with_recipient("HELO forgets", "HELO other.abc.example", "RCPT TO:<malee@xyz.example>"),
    with_recipient("a refused EHLO forgets nothing", "EHLO", "DATA"),
    with_recipient("what may stand between", "NOOP", "VRFY somchai", "RCPT TO:<malee@xyz.example>"),
    with_recipient("a recipient named twice", "RCPT TO:<somchai@xyz.example>"),
    in_data("one message after another", raw("message", b"Subject: x\r\n\r\nx\r\n.\r\n"), "RCPT TO:<somchai@xyz.example>",
            "MAIL FROM:<mod@abc.example>"),
    fresh("a client that hangs up in an orderly way", HELLO, MAIL, RCPT, DATA, to_the_end("message", b"Subject: x\r\n\r\nx\r\n.\r\n")),
))
