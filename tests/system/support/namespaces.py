# SPDX-License-Identifier: Apache-2.0
"""Mount namespaces, for programs that shall see other files than we do."""

import subprocess


def mount_namespace(case):
    """How to get one here: as root, or as root of a user namespace."""
    for words in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        if subprocess.run([*words, "true"], capture_output=True).returncode == 0:
            return words
    case.skipTest("this system gives no mount namespace")
