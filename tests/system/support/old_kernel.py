# SPDX-License-Identifier: Apache-2.0
"""Executes a program that sees a kernel without Landlock and seccomp:

    old_kernel.py PROGRAM ...
"""

import ctypes
import os
import platform
import struct
import sys

LAUNCHER = (sys.executable, os.path.abspath(__file__))

SECCOMP, PRCTL = {"x86_64": (317, 157), "aarch64": (277, 167)}.get(platform.machine(), (None, None))
LANDLOCK_CREATE_RULESET = 444
PR_GET_SECCOMP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 21, 22, 38
MODE_FILTER = 2
LOAD, IS_EQUAL, GIVE = 0x20, 0x15, 0x06  # BPF
NUMBER, FIRST_ARGUMENT = 0, 16  # in struct seccomp_data
ALLOW, ERRNO = 0x7fff0000, 0x00050000
EINVAL, ENOSYS = 22, 38

FILTER = [(LOAD, 0, NUMBER),
          (IS_EQUAL, 1, LANDLOCK_CREATE_RULESET), (GIVE, 0, ERRNO | ENOSYS),
          (IS_EQUAL, 1, SECCOMP), (GIVE, 0, ERRNO | ENOSYS),
          (IS_EQUAL, 5, PRCTL),
          (LOAD, 0, FIRST_ARGUMENT),
          (IS_EQUAL, 1, PR_GET_SECCOMP), (GIVE, 0, ERRNO | EINVAL),
          (IS_EQUAL, 1, PR_SET_SECCOMP), (GIVE, 0, ERRNO | EINVAL),
          (GIVE, 0, ALLOW)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def is_possible():
    return SECCOMP is not None


def main():
    code = b"".join(struct.pack("=HBBI", kind, 0, skipped_if_not, value) for kind, skipped_if_not, value in FILTER)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(Program(len(FILTER), code)), 0, 0) != 0:
        sys.exit(f"no filter can be set here: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
