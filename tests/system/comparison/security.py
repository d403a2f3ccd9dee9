# SPDX-License-Identifier: Apache-2.0
import base64
import dataclasses

from .conversation import DATA, HELLO, MAIL, RCPT, Theme, fresh, greeted, line, raw, starttls, to_the_end, with_recipient

USER, PASSWORD = "somchai@xyz.example", "correct horse"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


GOOD = encoded(f"\0{USER}\0{PASSWORD}")
BAD = encoded(f"\0{USER}\0wrong")
PLAIN = line("AUTH PLAIN " + GOOD, "AUTH PLAIN with the right password")
WRONG = line("AUTH PLAIN " + BAD, "AUTH PLAIN with a wrong password")

TLS = (HELLO, starttls("(STARTTLS)"), dataclasses.replace(HELLO, label="(EHLO client.abc.example) under TLS"))


def secured(name, *steps, **options):
    return fresh(name, *TLS, *steps, submission=True, **options)


def logged_in(name, *steps):
    return secured(name, dataclasses.replace(PLAIN, label="(AUTH PLAIN)", must="235"), *steps)


STARTTLS = Theme("STARTTLS", (
    greeted("a handshake", starttls(), dataclasses.replace(line("EHLO client.abc.example", "EHLO"), keywords=True), MAIL, RCPT, DATA,
            raw("message", b"Subject: x\r\n\r\nx\r\n.\r\n"), "QUIT"),
    fresh("without EHLO", starttls(), "NOOP"),
    fresh("after HELO", "HELO client.abc.example", starttls()),
    greeted("with an argument", "STARTTLS now", "NOOP"),
    greeted("twice", starttls(), line("STARTTLS", "STARTTLS again"), "NOOP"),
    greeted("what was said before is forgotten", starttls(), "MAIL FROM:<mod@abc.example>"),
    with_recipient("in a transaction", starttls(), "EHLO client.abc.example", "RCPT TO:<somchai@xyz.example>"),
    greeted("commands behind it in the same packet", starttls("STARTTLS, RSET", b"RSET\r\n"), "EHLO client.abc.example"),
    greeted("a transaction behind it in the same packet", starttls("STARTTLS, MAIL, RCPT", b"MAIL FROM:<evil@abc.example>\r\n"
            b"RCPT TO:<somchai@xyz.example>\r\n"), "EHLO client.abc.example", "DATA"),
    greeted("clear text in place of a handshake", dataclasses.replace(line("STARTTLS"), must="220"), to_the_end("RSET", b"RSET\r\n")),
    greeted("commands in one packet before it", raw("NOOP, STARTTLS", b"NOOP\r\nSTARTTLS\r\n", 2)),
))

AUTH = Theme("AUTH and submission", (
    greeted("on port 25, where nobody logs in", PLAIN, "AUTH"),
    fresh("in the clear", HELLO, PLAIN, "AUTH LOGIN", submission=True),
    fresh("mail in the clear", HELLO, "MAIL FROM:<somchai@xyz.example>", "RCPT TO:<malee@xyz.example>", "VRFY somchai", submission=True),
    secured("what is offered under TLS", dataclasses.replace(line("EHLO client.abc.example"), keywords=True)),
    secured("mail without a login", "MAIL FROM:<somchai@xyz.example>", "RCPT TO:<malee@xyz.example>", "DATA"),
    secured("PLAIN", WRONG, PLAIN),
    secured("PLAIN in two steps", "AUTH PLAIN", line(GOOD, "response")),
    secured("LOGIN", "AUTH LOGIN", line(encoded(USER), "user"), line(encoded(PASSWORD), "password")),
    secured("LOGIN with the user at once", line("AUTH LOGIN " + encoded(USER), "AUTH LOGIN, user"), line(encoded("wrong"), "password")),
    secured("a response in the same packet", raw("AUTH PLAIN and response", f"AUTH PLAIN\r\n{GOOD}\r\n".encode(), 2)),
    secured("given up", "AUTH PLAIN", line("*", "asterisk"), "NOOP"),
    secured("responses that are no base 64", "AUTH PLAIN ???", "AUTH PLAIN =", "AUTH PLAIN AA", "NOOP"),
    secured("mechanisms that are none", "AUTH", "AUTH FOO", line(f"AUTH PLAIN {GOOD} x", "AUTH PLAIN with a word too many")),
    logged_in("a second login", PLAIN),
    logged_in("a login in a transaction", "MAIL FROM:<somchai@xyz.example>", PLAIN),
    secured("a login in a transaction, without one before", "MAIL FROM:<somchai@xyz.example>", PLAIN),
    logged_in("relaying after a login", "MAIL FROM:<somchai@xyz.example>", "RCPT TO:<victim@elsewhere.example>",
              "RCPT TO:<nobody@xyz.example>", DATA, raw("message", b"Subject: x\r\n\r\nx\r\n.\r\n"), "QUIT"),
    logged_in("somebody else's address", "MAIL FROM:<malee@xyz.example>", "RCPT TO:<victim@elsewhere.example>"),
))
