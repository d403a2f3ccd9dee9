# SPDX-License-Identifier: Apache-2.0
from .conversation import (DATA, HELLO, Theme, again_and_again, fresh, greeted, line, raw, the_last, to_the_end,
                           with_recipient, with_sender)

COMMANDS = Theme("Other commands", (
    greeted("NOOP, RSET, QUIT", "NOOP", "NOOP with an argument", "RSET", "RSET now", "QUIT now", "QUIT"),
    greeted("VRFY", "VRFY", "VRFY somchai", "VRFY <somchai@xyz.example>", "VRFY nobody@xyz.example", "VRFY victim@elsewhere.example"),
    greeted("EXPN and HELP", "EXPN", "EXPN staff", "HELP", "HELP MAIL"),
    greeted("ETRN", "ETRN", "ETRN xyz.example", "ETRN elsewhere.example"),
    greeted("ETRN from an address that may relay", "ETRN", "ETRN elsewhere.example", "ETRN -", trusted=True),
    greeted("XCLIENT", "XCLIENT ADDR=192.0.2.1", "XFORWARD ADDR=192.0.2.1"),
    greeted("commands of old", "TURN", "SEND FROM:<mod@abc.example>", "SAML FROM:<mod@abc.example>"),
    greeted("unknown commands", "FOO", "FOO bar", "DATAX", "LHLO client.abc.example", "PROPFIND / HTTP/1.1",
            "INVITE sip:mod@abc.example SIP/2.0"),
    fresh("words that begin with a digit", to_the_end("220 mail.xyz.example ESMTP", b"220 mail.xyz.example ESMTP\r\n")),
    fresh("a browser", to_the_end("GET", b"GET / HTTP/1.1\r\nHost: mail.xyz.example\r\n\r\n")),
    fresh("a form in a browser", to_the_end("POST", b"POST / HTTP/1.1\r\nHost: mail.xyz.example\r\n\r\nEHLO client.abc.example\r\n"
          b"MAIL FROM:<evil@abc.example>\r\nRCPT TO:<somchai@xyz.example>\r\n")),
    fresh("a proxy's client", to_the_end("CONNECT", b"CONNECT elsewhere.example:25 HTTP/1.0\r\n\r\n")),
    fresh("other requests of HTTP", to_the_end("PUT", b"PUT / HTTP/1.1\r\n\r\n")),
    fresh("a header of HTTP", to_the_end("Host", b"Host: mail.xyz.example\r\nEHLO client.abc.example\r\n")),
    fresh("a message where commands are awaited", to_the_end("header and body",
          b"Received: from a by b\r\nSubject: x\r\n\r\nx\r\n.\r\n")),
))

FRAMING = Theme("Lines and pipelining", (
    greeted("white space around a line", " NOOP", "NOOP ", "NOOP \t ", "RSET  "),
    greeted("tabs in place of spaces", "NOOP\tx", "MAIL\tFROM:<mod@abc.example>", "VRFY\tsomchai"),
    greeted("empty lines", line("", "empty line"), line(" ", "a space")),
    fresh("lines that end in LF alone", raw("EHLO", b"EHLO client.abc.example\n"), raw("CR LF, NOOP", b"\r\nNOOP\r\n")),
    greeted("a line that ends in LF alone among others", to_the_end("NOOP LF NOOP CR LF", b"NOOP\nNOOP\r\n")),
    greeted("lines that end in CR alone", b"NOOP\rNOOP", "RSET"),
    greeted("lines that end in CR CR LF", b"NOOP\r", "RSET"),
    greeted("commands behind a bare CR in an address", b"MAIL FROM:<mod@abc.example>\rRCPT TO:<somchai@xyz.example>", "RSET"),
    greeted("NUL in a command", b"NOOP\0", b"NO\0OP", "RSET"),
    greeted("8-bit bytes in a command", b"\xff\xfe\xfd", b"NOOP \xff", "RSET"),
    greeted("a line of 600 octets", line("NOOP " + "x" * 595, "NOOP of 600 octets")),
    greeted("a line of 2100 octets", line("NOOP " + "x" * 2095, "NOOP of 2100 octets"), "NOOP"),
    greeted("a line of 100,000 octets", line("NOOP " + "x" * 99_995, "NOOP of 100,000 octets"), "RSET"),
    fresh("a batch", HELLO, raw("MAIL, RCPT, DATA", b"MAIL FROM:<mod@abc.example>\r\nRCPT TO:<somchai@xyz.example>\r\nDATA\r\n", 3),
          raw("message and QUIT", b"Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n", 2)),
    with_recipient("a batch that begins with RSET", raw("RSET, MAIL, RCPT, DATA", b"RSET\r\nMAIL FROM:<mod@abc.example>\r\n"
                   b"RCPT TO:<malee@xyz.example>\r\nDATA\r\n", 4), raw("message", b"Subject: x\r\n\r\nx\r\n.\r\n")),
    fresh("a batch with a bad recipient among good ones", HELLO, raw("MAIL, RCPT, RCPT, RCPT, DATA", b"MAIL FROM:<mod@abc.example>\r\n"
          b"RCPT TO:<somchai@xyz.example>\r\nRCPT TO:<nobody@xyz.example>\r\nRCPT TO:<malee@xyz.example>\r\nDATA\r\n", 5)),
    fresh("a batch whose only recipient is bad", HELLO, raw("MAIL, RCPT, DATA", b"MAIL FROM:<mod@abc.example>\r\n"
          b"RCPT TO:<nobody@xyz.example>\r\nDATA\r\n", 3), "RSET"),
    fresh("a message behind a DATA that is refused", HELLO, to_the_end("MAIL, RCPT, DATA, message", b"MAIL FROM:<mod@abc.example>\r\n"
          b"RCPT TO:<nobody@xyz.example>\r\nDATA\r\nSubject: x\r\n\r\nMAIL FROM:<evil@abc.example>\r\n.\r\n")),
    with_recipient("a message that does not wait for 354", to_the_end("DATA and the message", b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n")),
    with_recipient("the next message behind the end of data", DATA, raw("message, MAIL, RCPT, RSET", b"Subject: x\r\n\r\nx\r\n.\r\n"
                   b"MAIL FROM:<mod@abc.example>\r\nRCPT TO:<somchai@xyz.example>\r\nRSET\r\n", 4)),
    fresh("EHLO and what follows in one batch", to_the_end("EHLO, MAIL, RCPT", b"EHLO client.abc.example\r\n"
          b"MAIL FROM:<mod@abc.example>\r\nRCPT TO:<somchai@xyz.example>\r\n")),
    fresh("a batch from a client that said HELO", "HELO client.abc.example", to_the_end("MAIL, RCPT", b"MAIL FROM:<mod@abc.example>\r\n"
          b"RCPT TO:<somchai@xyz.example>\r\n")),
    greeted("a client that sends no more behind NOOP", the_last("NOOP", b"NOOP\r\n")),
    greeted("commands behind NOOP, VRFY and QUIT", to_the_end("NOOP, VRFY, QUIT, NOOP", b"NOOP\r\nVRFY somchai\r\nQUIT\r\nNOOP\r\n")),
    fresh("TLS from the first byte", to_the_end("a handshake", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n")),
))

LIMITS = Theme("Limits", (
    greeted("too many errors", again_and_again("FOO, 30 times", "FOO", 30)),
    with_sender("too many unknown recipients", again_and_again("RCPT, 120 times", "RCPT TO:<nobody@xyz.example>", 120)),
    greeted("too many commands that do nothing", again_and_again("NOOP, 120 times", "NOOP", 120)),
    with_sender("too many recipients", raw("100 recipients", b"RCPT TO:<somchai@xyz.example>\r\n" * 100, 100), line(
        "RCPT TO:<malee@xyz.example>", "one more"), DATA, raw("message", b"Subject: x\r\n\r\nx\r\n.\r\n")),
))
