# SPDX-License-Identifier: Apache-2.0
from .conversation import Theme, greeted, line, with_sender


def command(verb, path):
    """The verb with a path, that may be a pair of a label and what is too long to be one."""
    label, path = path if isinstance(path, tuple) else (None, path)
    return line(verb + (path.encode() if isinstance(path, str) else path), label)


def senders(name, *paths, **options):
    """RSET follows each, so that no one stands in another's way."""
    steps = []
    for path in paths:
        steps += [command(b"MAIL FROM:", path), line("RSET", f"RSET after {len(steps) // 2 + 1}")]
    return greeted(name, *steps, **options)


def recipients(name, *paths, **options):
    return with_sender(name, *(command(b"RCPT TO:", path) for path in paths), **options)


SENDERS = Theme("MAIL: the sender", (
    senders("good addresses", "<mod@abc.example>", "<>", '<"mod mod"@abc.example>', "<mod+tag@abc.example>", "<mod@[192.0.2.1]>",
            "<mod@[IPv6:2001:db8::1]>", "<a!b%c@abc.example>"),
    senders("spaces", " <mod@abc.example>", "<mod@abc.example> ", "   <mod@abc.example>", "< mod@abc.example>", "<mod@abc.example >",
            "<mod @abc.example>"),
    greeted("spaces before the colon", "MAIL FROM :<mod@abc.example>"),
    greeted("more spaces after the verb", "MAIL  FROM:<mod@abc.example>"),
    senders("missing brackets", "mod@abc.example", "<mod@abc.example", "mod@abc.example>", ""),
    senders("a display name", "Mod <mod@abc.example>", '"Mod" <mod@abc.example>', "<mod@abc.example> (Mod)"),
    senders("a source route", "<@relay.example:mod@abc.example>", "<@relay.example,@other.example:mod@abc.example>", "<@relay.example>"),
    senders("no domain", "<mod>", "<mod@>", "<@abc.example>", "<postmaster>"),
    senders("dots", "<mod..mod@abc.example>", "<.mod@abc.example>", "<mod.@abc.example>"),
    senders("domains that are none", "<mod@abc..example>", "<mod@-abc.example>", "<mod@abc_d.example>", "<mod@abc.example.>"),
    senders("literals that are none", "<mod@[192.0.2.999]>", "<mod@[127.0.0.1>", "<mod@[IPv6:::g]>", "<mod@192.0.2.1>"),
    senders("two at signs", "<mod@abc.example@def.example>"),
    senders("quoted local parts", '<"mod\\"x"@abc.example>', '<"mod@abc.example">', '<"mod@abc.example>'),
    senders("an empty quoted local part", '<""@abc.example>'),
    senders("too long", ("a local part of 64 octets", "<" + "a" * 64 + "@abc.example>"),
            ("a local part of 65 octets", "<" + "a" * 65 + "@abc.example>"),
            ("a local part of 300 octets", "<" + "a" * 300 + "@abc.example>"),
            ("a label of 64 octets", "<mod@" + "b" * 64 + ".example>"), ("a domain of 267 octets", "<mod@" + "b." * 130 + "example>")),
    senders("8-bit without SMTPUTF8", b"<m\xc3\xb6d@abc.example>", b"<mod@\xc3\xa4bc.example>", b"<m\xf6d@abc.example>"),
    senders("8-bit with SMTPUTF8", b"<m\xc3\xb6d@abc.example> SMTPUTF8", b"<mod@\xc3\xa4bc.example> SMTPUTF8",
            b"<m\xf6d@abc.example> SMTPUTF8"),
    senders("control characters", b"<m\x01d@abc.example>", b"<m\x1b[31m@abc.example>"),
    senders("NUL", b"<m\0d@abc.example>"),
    greeted("other words than FROM", "MAIL", "MAIL FROM", "MAIL TO:<mod@abc.example>", "MAIL <mod@abc.example>"),
))

RECIPIENTS = Theme("RCPT: the recipient", (
    recipients("good addresses", "<somchai@xyz.example>", "<malee@xyz.example>", "<SOMCHAI@XYZ.EXAMPLE>", '<"somchai"@xyz.example>',
               "<somchai+tag@xyz.example>", "<somchai@xyz.example.>"),
    recipients("the postmaster", "<postmaster>", "<Postmaster@xyz.example>", "<postmaster@mail.xyz.example>"),
    recipients("users that do not exist", "<nobody@xyz.example>", "<somchai.@xyz.example>", "<som%chai@xyz.example>"),
    recipients("the null path", "<>"),
    recipients("spaces", " <somchai@xyz.example>", "<somchai@xyz.example> ", "< somchai@xyz.example >"),
    recipients("missing brackets", "somchai@xyz.example", "<somchai@xyz.example", ""),
    recipients("no domain", "<somchai>", "<@xyz.example>", "<somchai@>"),
    recipients("a source route", "<@relay.example:somchai@xyz.example>"),
    recipients("too long", ("a local part of 65 octets", "<" + "a" * 65 + "@xyz.example>"),
               ("a domain of 267 octets", "<somchai@" + "b." * 130 + "example>")),
    recipients("8-bit without SMTPUTF8", b"<s\xc3\xb6mchai@xyz.example>"),
    recipients("NUL", b"<som\0chai@xyz.example>"),
    recipients("other words than TO", "somchai", "FROM:<somchai@xyz.example>"),
    with_sender("RCPT without anything", "RCPT", "RCPT FROM:<somchai@xyz.example>"),
))

PARAMETERS = Theme("Parameters of MAIL and RCPT", (
    senders("SIZE", "<mod@abc.example> SIZE=1000", "<mod@abc.example> SIZE=0", "<mod@abc.example> SIZE=52428800",
            "<mod@abc.example> SIZE=52428801", "<mod@abc.example> SIZE=99999999999999999999999"),
    greeted("a sender after one with too large a SIZE", line("MAIL FROM:<mod@abc.example> SIZE=52428801"), "MAIL FROM:<mod@abc.example>"),
    senders("SIZE that is none", "<mod@abc.example> SIZE=abc", "<mod@abc.example> SIZE=-1", "<mod@abc.example> SIZE=",
            "<mod@abc.example> SIZE"),
    senders("BODY", "<mod@abc.example> BODY=7BIT", "<mod@abc.example> BODY=8BITMIME", "<mod@abc.example> body=8bitmime",
            "<mod@abc.example> BODY=BINARYMIME", "<mod@abc.example> BODY=9BIT"),
    senders("SMTPUTF8", "<mod@abc.example> SMTPUTF8", "<mod@abc.example> SMTPUTF8=yes"),
    senders("RET and ENVID", "<mod@abc.example> RET=FULL ENVID=x1", "<mod@abc.example> RET=HDRS", "<mod@abc.example> RET=NONE",
            "<mod@abc.example> ENVID=a+2Bb", "<mod@abc.example> ENVID=a+zz",
            ("ENVID of 101 octets", "<mod@abc.example> ENVID=" + "x" * 101)),
    senders("AUTH where nobody can log in", "<mod@abc.example> AUTH=<>", "<mod@abc.example> AUTH=mod@abc.example"),
    senders("unknown parameters", "<mod@abc.example> FOO=bar", "<mod@abc.example> FOO", "<mod@abc.example> =x"),
    senders("what only others may ask for", "<mod@abc.example> MT-PRIORITY=3", "<mod@abc.example> HOLDFOR=60",
            "<mod@abc.example> REQUIRETLS", "<mod@abc.example> BY=100;R"),
    senders("a parameter twice", "<mod@abc.example> SIZE=1 SIZE=2"),
    senders("no space before parameters", "<mod@abc.example>SIZE=1000"),
    with_sender("NOTIFY", "RCPT TO:<somchai@xyz.example> NOTIFY=SUCCESS,DELAY", "RCPT TO:<somchai@xyz.example> NOTIFY=NEVER",
                "RCPT TO:<somchai@xyz.example> NOTIFY=NEVER,SUCCESS", "RCPT TO:<somchai@xyz.example> NOTIFY=SOMETIMES",
                "RCPT TO:<somchai@xyz.example> NOTIFY="),
    with_sender("ORCPT", "RCPT TO:<somchai@xyz.example> ORCPT=rfc822;a@b.example", "RCPT TO:<somchai@xyz.example> ORCPT=rfc822;a+40b",
                "RCPT TO:<somchai@xyz.example> ORCPT=a@b.example", "RCPT TO:<somchai@xyz.example> ORCPT=rfc822;a+0Db"),
    with_sender("unknown parameters of RCPT", "RCPT TO:<somchai@xyz.example> FOO=bar", "RCPT TO:<somchai@xyz.example> SIZE=3"),
))

RELAYING = Theme("Relaying", (
    recipients("other people's domains", "<victim@elsewhere.example>", "<victim@sub.xyz.example>",
               "<victim@xyz.example.elsewhere.example>", "<victim@elsewhere.example.>"),
    recipients("the percent hack", "<victim%elsewhere.example@xyz.example>", "<victim%elsewhere.example>"),
    recipients("bang paths", "<elsewhere.example!victim>", "<elsewhere.example!victim@xyz.example>",
               "<xyz.example!victim@elsewhere.example>"),
    recipients("an address in quotes", '<"victim@elsewhere.example"@xyz.example>', '<"victim%elsewhere.example"@xyz.example>',
               '<"victim@elsewhere.example">'),
    recipients("two at signs", "<victim@elsewhere.example@xyz.example>",
               "<victim@xyz.example@elsewhere.example>"),
    recipients("source routes", "<@xyz.example:victim@elsewhere.example>", "<@xyz.example,@mail.xyz.example:victim@elsewhere.example>"),
    recipients("addresses instead of domains", "<victim@[192.0.2.1]>", "<victim@[127.0.0.9]>", "<victim@[IPv6:::1]>",
               "<victim@127.0.0.1>"),
    recipients("an address of the host's own", "<postmaster@[192.0.2.25]>", "<somchai@[192.0.2.25]>", "<victim@[192.0.2.25]>"),
    greeted("a sender of ours opens nothing", "MAIL FROM:<somchai@xyz.example>", "RCPT TO:<victim@elsewhere.example>"),
    greeted("the null sender opens nothing", "MAIL FROM:<>", "RCPT TO:<victim@elsewhere.example>"),
    recipients("from an address that may relay", "<friend@elsewhere.example>", "<somchai@xyz.example>", "<nobody@xyz.example>",
               trusted=True),
))
