#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The service unit allows what the shipped configuration proposes and tmpfiles.d makes:  unit.py ROOT"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
unit = (root / "systemd/godwitd.service").read_text()
configuration = (root / "conf/godwit.yaml").read_text()
folders = (root / "systemd/tmpfiles.conf").read_text()
faults = []

if re.search(r"directory_mode: 2", configuration) and re.search(r"^RestrictSUIDSGID=(yes|true|1|on)", unit, re.M):
    faults.append("conf/godwit.yaml proposes set-group-id folders, which RestrictSUIDSGID= forbids")

filters = re.findall(r"^SystemCallFilter=(.*)", unit, re.M)
chown = [line for line in filters if re.search(r"@privileged|@chown", line)]
if re.search(r"maildir: {group: ", configuration) and (not chown or chown[-1].startswith("~")):
    faults.append("conf/godwit.yaml proposes a group for the mail store, and SystemCallFilter= forbids chown")

# What the daemon takes from itself (src/daemon/privileges.cpp, landlock.cpp, system_calls.cpp, net/worker_pool).
allowed = {call for line in filters if not line.startswith("~") for call in line.split()}
for call in ("capset", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp", "sched_setattr"):
    if call not in allowed:
        faults.append(f"the daemon calls {call}, which SystemCallFilter= forbids")

# It forks the process that holds its private keys.
for line in filters:
    forbidden = set(line.lstrip("~").split()) & {"@process", "@network-io", "clone", "fork", "socketpair", "wait4", "waitid", "prctl"}
    if line.startswith("~") and forbidden:
        faults.append(f"the daemon begins a process, and SystemCallFilter= forbids {' '.join(sorted(forbidden))}")

writable = [path.lstrip("-") for line in re.findall(r"^ReadWritePaths=(.*)", unit, re.M) for path in line.split()]
writable += [f"/var/lib/{name}" for name in re.findall(r"^StateDirectory=(\S+)", unit, re.M)]
writable += [f"/run/{name}" for name in re.findall(r"^RuntimeDirectory=(\S+)", unit, re.M)]
stored = re.findall(r"^ +(?:directory|socket): (/\S+)", configuration, re.M) + re.findall(r"maildir:(/[^{\s]+)", configuration)
for path in stored:
    if not any(path.rstrip("/") == allowed or path.startswith(allowed + "/") for allowed in writable):
        faults.append(f"conf/godwit.yaml writes to {path}, which the unit does not allow")
if len(stored) < 4:
    faults.append(f"conf/godwit.yaml names fewer folders than it should: {stored}")

# What must exist before the first start: the unit's own directives make the rest.
for path in ("/etc/godwit", "/var/spool/godwit", "/var/vmail"):
    if not re.search(rf"^d {path} ", folders, re.M):
        faults.append(f"systemd/tmpfiles.conf does not make {path}")

print("\n".join(faults) or "the unit, the configuration and the folders fit")
sys.exit(1 if faults else 0)
