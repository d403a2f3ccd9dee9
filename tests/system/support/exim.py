# SPDX-License-Identifier: Apache-2.0
"""A real Exim, as Debian packages it, that passes everything on to one host.  Spool and logs lie in the test's folder."""

from .scenario import MX_PORT, listening
from .unpacked import UnpackedServer, own_folder

USERS = {"Debian-exim": 64803}

CONFIGURATION = """
primary_hostname = {name}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/spool/exim.pid
local_interfaces = <; {address}.{port}
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {private_key}
message_size_limit = 100M
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = anyone
begin acl
anyone:
  accept
begin routers
onward:
  driver = manualroute
  transport = remote_smtp
  route_list = * {onward}::{port}
  self = send
begin transports
remote_smtp:
  driver = smtp
  hosts_require_tls = *
  tls_verify_hosts = :
  tls_try_verify_hosts = :
begin retry
* * F,1h,1s
"""


class Exim(UnpackedServer):
    def __init__(self, case, address, name, onward, certificate):
        super().__init__(case, "exim", "exim", USERS)
        self.address = address
        user = USERS["Debian-exim"]
        for folder in ("spool", "log"):
            own_folder(self.folder / folder, user, user, 0o750)
        (self.layer / "exim4").mkdir()
        (self.layer / "exim4/exim4.conf").write_text(CONFIGURATION.format(
            name=name, folder=self.folder, address=address, port=MX_PORT, onward=onward,
            certificate=certificate.certificate, private_key=certificate.private_key))
        for file in (certificate.certificate, certificate.private_key):
            file.chmod(0o644)

    def start(self):
        # In the foreground, with a queue runner.
        return self.run("/usr/sbin/exim4 -bdf -q1s")

    def listens(self):
        return listening(self.address, MX_PORT)
