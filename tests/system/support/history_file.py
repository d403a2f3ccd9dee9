# SPDX-License-Identifier: Apache-2.0
"""The history's files, written as docs/history-format.md has them."""

import struct

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
    TABLE.append(_byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def number_of(identity):
    number = 0
    for digit in identity:
        number = number << 5 | DIGITS.index(digit)
    return number


def named(text):
    return struct.pack("<B", len(text)) + text.encode()


def field(name, value):
    text = b"" if isinstance(value, int) else value.encode()
    return named(name) + (struct.pack("<Bq", 1, value) if isinstance(value, int) else struct.pack("<BI", 0, len(text)) + text)


def event(name, time, identities, fields):
    """`time` in nanoseconds since 1970; the fields in their order."""
    inside = struct.pack(f"<QB{len(identities)}Q", time, len(identities), *identities) + named(name) + struct.pack("<B", len(fields))
    inside += b"".join(field(key, value) for key, value in fields.items())
    return struct.pack("<I", len(inside)) + inside


def frame(payload):
    return b"GWFR" + struct.pack("<II", len(payload), crc32c(payload)) + payload


def write_history(state, frames):
    folder = state / "history"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "00000001.hist").write_bytes(b"GWHIST1\n" + b"".join(frames))
