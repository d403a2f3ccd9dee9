# SPDX-License-Identifier: Apache-2.0
from .conversation import (DATA, HELLO, RCPT, Theme, fresh, greeted, in_data, needed, raw, the_last, to_the_end,
                           with_recipient, with_sender)

HEADER = b"Subject: x\r\n\r\n"
END = b"\r\n.\r\n"
# What a smuggler puts behind a false end of data: it must never be a second message.
SECOND = (b"MAIL FROM:<evil@abc.example>\r\nRCPT TO:<malee@xyz.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx" + END)


def content(name, data, *more, **options):
    return in_data(name, raw("message", HEADER + data + END), "NOOP", *more, **options)


def smuggled(name, ending, **options):
    return in_data(name, to_the_end("two messages?", HEADER + b"x" + ending + SECOND), **options)


MESSAGES = Theme("DATA: what is in a message", (
    content("a plain message", b"x"),
    in_data("an empty message", raw("message", b".\r\n"), "NOOP"),
    in_data("no header", raw("message", b"just text" + END), "NOOP"),
    content("dots that are doubled", b"..\r\n...\r\n..x"),
    content("a dot that should have been doubled", b".x"),
    content("8-bit bytes that were not declared", b"m\xc3\xb6d\r\nm\xf6d"),
    content("bare LF", b"a\nb"),
    content("bare CR", b"a\rb"),
    content("CR CR LF", b"a\r\r\nb"),
    content("NUL", b"a\0b"),
    content("other control characters", b"a\x01\x1b[31m\x7fb"),
    content("a line of 998 octets", b"a" * 998),
    content("a line of 5000 octets", b"a" * 5000),
    in_data("a header line of 5000 octets", raw("message", b"Subject: " + b"a" * 5000 + b"\r\n\r\nx" + END), "NOOP"),
    in_data("a header of 200 KB", raw("message", b"X-A: aaaaaaaaaaaaaaa\r\n" * 9000 + b"\r\nx" + END), "NOOP"),
    in_data("a message with 60 Received fields", raw("message", b"Received: from a by b; x\r\n" * 60 + HEADER + b"x" + END), "NOOP"),
    in_data("a message with 120 Received fields", raw("message", b"Received: from a by b; x\r\n" * 120 + HEADER + b"x" + END), "NOOP"),
    with_recipient("DATA with an argument", "DATA now"),
    in_data("a client that sends no more behind the end of data", the_last("message", HEADER + b"x" + END)),
    in_data("a client that sends no more before the end of data", the_last("message", HEADER + b"x\r\n")),
    in_data("a client that sends no more in the middle of the end of data", the_last("message", HEADER + b"x\r\n.")),
    greeted("8BITMIME declared", needed("MAIL FROM:<mod@abc.example> BODY=8BITMIME"), RCPT, DATA,
            raw("message", HEADER + b"m\xf6d" + END)),
    with_sender("a message for the good one of two recipients", "RCPT TO:<nobody@xyz.example>", RCPT, DATA,
                raw("message", HEADER + b"x" + END)),
))

ENDS_OF_DATA = Theme("False ends of data (SMTP smuggling)", (
    smuggled("LF . LF", b"\n.\n"),
    smuggled("LF . CR LF", b"\n.\r\n"),
    smuggled("CR . CR", b"\r.\r"),
    smuggled("CR LF . LF", b"\r\n.\n"),
    smuggled("CR LF . CR", b"\r\n.\r"),
    smuggled("CR . CR LF", b"\r.\r\n"),
    smuggled("LF . CR", b"\n.\r"),
    smuggled("CR . LF", b"\r.\n"),
    smuggled("CR LF NUL . CR LF", b"\r\n\0.\r\n"),
    smuggled("CR LF . NUL CR LF", b"\r\n.\0\r\n"),
    smuggled("CR CR LF . CR CR LF", b"\r\r\n.\r\r\n"),
    smuggled("CR LF . CR CR LF", b"\r\n.\r\r\n"),
    smuggled("CR LF . space CR LF", b"\r\n. \r\n"),
    smuggled("CR LF CR . CR LF", b"\r\n\r.\r\n"),
    smuggled("LF LF . CR LF", b"\n\n.\r\n"),
    smuggled("CR LF . . CR LF", b"\r\n..\r\n"),
    smuggled("CR LF . CR LF, the true one", b"\r\n.\r\n"),
    smuggled("LF . LF from an address that may relay", b"\n.\n", trusted=True),
    smuggled("LF . CR LF from an address that may relay", b"\n.\r\n", trusted=True),
    smuggled("CR LF . LF from an address that may relay", b"\r\n.\n", trusted=True),
    in_data("a bare LF far before the true end", to_the_end("message", HEADER + b"a\nb\r\n" + b"c\r\n" * 3000 + b".\r\n")),
))

CHUNKS = Theme("BDAT", (
    with_recipient("one chunk", raw("BDAT LAST", b"BDAT 14 LAST\r\n" + HEADER), "NOOP"),
    with_recipient("chunks, the last one empty", raw("BDAT", b"BDAT 14\r\n" + HEADER), raw("BDAT 0 LAST", b"BDAT 0 LAST\r\n"), "NOOP"),
    with_recipient("an empty message", "BDAT 0 LAST", "NOOP"),
    with_recipient("chunks in one batch", raw("three chunks", b"BDAT 14\r\n" + HEADER + b"BDAT 3\r\na\r\nBDAT 3 LAST\r\nb\r\n", 3),
                   "NOOP"),
    with_recipient("dots are nothing special", raw("chunk", b"BDAT 17 LAST\r\n" + HEADER + b".\r\n"), "NOOP"),
    with_recipient("bare LF", raw("chunk", b"BDAT 18 LAST\r\n" + HEADER + b"a\nb\n"), "NOOP"),
    with_recipient("bare CR", raw("chunk", b"BDAT 19 LAST\r\n" + HEADER + b"a\rb\r\n"), "NOOP"),
    with_recipient("NUL", raw("chunk", b"BDAT 19 LAST\r\n" + HEADER + b"a\0b\r\n"), "NOOP"),
    with_recipient("a CR LF parted by two chunks", raw("first", b"BDAT 15\r\n" + HEADER + b"\r"), raw("last", b"BDAT 2 LAST\r\n\nx"),
                   "NOOP"),
    with_recipient("no size", to_the_end("BDAT", b"BDAT\r\n")),
    with_recipient("a size that is none", to_the_end("BDAT abc", b"BDAT abc\r\n")),
    with_recipient("a negative size", to_the_end("BDAT -1", b"BDAT -1\r\n")),
    with_recipient("a size beyond all numbers", to_the_end("BDAT", b"BDAT 99999999999999999999999\r\n")),
    with_recipient("another word than LAST", to_the_end("BDAT 3 FIRST", b"BDAT 3 FIRST\r\nabc")),
    with_recipient("odd bytes in BDAT", to_the_end("BDAT with \\x01", b"BDAT 28\x01 LAST\r\nMAIL FROM:<mod@abc.example>\r\n")),
    with_recipient("BDAT with a bare CR", to_the_end("BDAT with \\r", b"BDAT 28\rLAST\r\nMAIL FROM:<mod@abc.example>\r\n")),
    with_recipient("BDAT that ends in LF alone", to_the_end("BDAT", b"BDAT 28 LAST\nMAIL FROM:<mod@abc.example>\r\n")),
    with_recipient("LAST in small letters", raw("chunk", b"BDAT 14 last\r\n" + HEADER), "NOOP"),
    with_recipient("a chunk larger than SIZE offers", raw("BDAT", b"BDAT 52428801\r\n" + b"a" * 52_428_801), "NOOP"),
    with_recipient("DATA after BDAT", raw("BDAT", b"BDAT 14\r\n" + HEADER), "DATA", raw("BDAT LAST", b"BDAT 3 LAST\r\nx\r\n")),
    with_recipient("RCPT after BDAT", raw("BDAT", b"BDAT 14\r\n" + HEADER), "RCPT TO:<malee@xyz.example>",
                   raw("BDAT LAST", b"BDAT 3 LAST\r\nx\r\n")),
    with_recipient("MAIL after BDAT", raw("BDAT", b"BDAT 14\r\n" + HEADER), "MAIL FROM:<mod@abc.example>"),
    with_recipient("RSET after BDAT", raw("BDAT", b"BDAT 14\r\n" + HEADER), "RSET", raw("BDAT LAST", b"BDAT 3 LAST\r\nx\r\n"), "NOOP"),
    with_recipient("NOOP and VRFY between chunks", raw("BDAT", b"BDAT 14\r\n" + HEADER), "NOOP", "VRFY somchai",
                   raw("BDAT LAST", b"BDAT 3 LAST\r\nx\r\n")),
    with_recipient("EHLO between chunks", raw("BDAT", b"BDAT 14\r\n" + HEADER), "EHLO other.abc.example",
                   "RCPT TO:<malee@xyz.example>"),
    with_recipient("a client that sends no more behind the last chunk", the_last("chunk", b"BDAT 14 LAST\r\n" + HEADER)),
    with_recipient("a client that sends no more within a chunk", the_last("chunk", b"BDAT 15 LAST\r\n" + HEADER)),
    fresh("refused recipient, pipelined", HELLO, raw("MAIL, RCPT, BDAT with its octets", b"MAIL FROM:<mod@abc.example>\r\n"
          b"RCPT TO:<nobody@xyz.example>\r\nBDAT 14 LAST\r\n" + HEADER, 3), "NOOP"),
))
