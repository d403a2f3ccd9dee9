# SPDX-License-Identifier: Apache-2.0
"""Real servers that keep accounts: Dovecot, saslauthd, PostgreSQL, slapd.  Each in a folder of its own; processes end with the test."""

import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from .scenario import die_with_parent, kill_after, listening, wait_until


def unix_socket_listens(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


class Server:
    """A process that is started again as often as a test likes."""

    def __init__(self, case, name):
        self.case, self.name = case, name
        self.folder = case.folder / name
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.process = None

    def spawn(self, *command, **options):
        with open(self.case.folder / f"{self.name}.log", "ab") as log:
            self.process = kill_after(self.case, subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                                                  stdout=log, stderr=log, **options), self.name)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(20)


class Dovecot(Server):
    """Only its auth service; `users` in a passwd-file, whose passwords are kept by `scheme`."""

    def __init__(self, case, users, mechanisms="plain login", scheme="PLAIN"):
        super().__init__(case, "dovecot")
        # Dovecot's processes run as other users, and pass through the folder above.
        case.folder.chmod(0o755)
        passwords = self.folder / "users"
        passwords.write_text("".join(f"{user}:{{{scheme}}}{password}:65534:65534::/nonexistent::\n" for user, password in users.items()))
        self.socket = self.folder / "base" / "auth-client"
        self.userdb = self.folder / "base" / "auth-userdb"
        self.config = self.folder / "dovecot.conf"
        self.config.write_text(f"""
base_dir = {self.folder}/base
state_dir = {self.folder}/state
log_path = {case.folder}/dovecot-auth.log
protocols =
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  args = {passwords}
}}
userdb {{
  driver = passwd-file
  args = {passwords}
  default_fields = uid=65534 gid=65534 home=/nonexistent
}}
service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
  # With 0666 everybody would be told only of himself.
  unix_listener auth-userdb {{
    mode = 0777
  }}
}}
service anvil {{
  chroot =
  # No delays that grow with failures.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
""")

    def start(self, launcher=()):
        self.spawn(*launcher, "dovecot", "-F", "-c", self.config, start_new_session=True, preexec_fn=die_with_parent)
        self.case.addCleanup(self._kill_all)
        wait_until(lambda: unix_socket_listens(self.socket), "dovecot's auth socket is there")
        return self

    def stop(self):
        """At once: its auth process would go on to serve who is connected."""
        self._kill_all()
        self.process.wait(20)

    def _kill_all(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Saslauthd(Server):
    """Its databases have places that are compiled in: a private mount namespace shows it those of the test."""

    def __init__(self, case):
        super().__init__(case, "saslauthd")
        self.socket = self.folder / "mux"

    def with_sasldb(self, users, realm="example.com"):
        database = self.folder / "sasldb2"
        for user, password in users.items():
            self.case.run_program("saslpasswd2", "-p", "-c", "-f", database, "-u", realm, user, input=password)
        self.command = (f"touch /etc/sasldb2 && mount --bind {database} /etc/sasldb2 && "
                        f"exec saslauthd -d -a sasldb -n 1 -m {self.folder}")
        return self

    def with_pam(self, service, user, password):
        """PAM itself, with a module that asks a script."""
        rules, script = self.folder / "pam.d", self.folder / "verify"
        rules.mkdir()
        (rules / service).write_text(f"auth required pam_exec.so expose_authtok quiet {script}\naccount required pam_permit.so\n")
        script.write_text(f"#!/bin/sh\nread -r password\n[ \"$PAM_USER\" = {user} ] && [ \"$password\" = {password} ]\n")
        script.chmod(0o755)
        self.command = f"mount --bind {rules} /etc/pam.d && exec saslauthd -d -a pam -n 1 -m {self.folder}"
        return self

    def stop(self):
        super().stop(signal.SIGKILL)  # in the foreground it survives a SIGTERM

    def start(self):
        own_mounts = ("unshare", "--mount", "--propagation", "private")
        if subprocess.run([*own_mounts, "true"], capture_output=True).returncode != 0:
            self.case.skipTest("no mount namespace can be made here (not root, or / is no mount point)")
        self.spawn(*own_mounts, "sh", "-c", self.command)
        wait_until(lambda: unix_socket_listens(self.socket), "saslauthd's socket is there")
        return self


class Postgresql(Server):
    """A cluster of its own, reached by its Unix socket."""

    def __init__(self, case):
        super().__init__(case, "postgresql")
        case.folder.chmod(0o755)
        (found,) = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]
        self.programs = pathlib.Path(found)
        # PostgreSQL refuses to run as root.
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        case.run_program(*self.user, self.programs / "initdb", "--auth=trust", "--username=postgres", "--no-sync", "-D", self.folder / "data",
                         cwd="/", timeout=240)
        self.connection = f"host={self.folder} dbname=postgres user=postgres"

    def start(self):
        self.spawn(*self.user, self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=",
                   "-c", "fsync=off", cwd="/")
        wait_until(lambda: self.case.run_program("psql", self.connection, "-c", "SELECT 1", check=False).returncode == 0,
                   "PostgreSQL answers", 60)
        return self

    def sql(self, text):
        return self.case.run_program("psql", self.connection, "-v", "ON_ERROR_STOP=1", "-q", "-At", input=text).stdout

    def stop(self):
        super().stop(signal.SIGINT)  # without waiting for who is connected


class Slapd(Server):
    """A directory dc=example,dc=com with a reader of it, over ldap:// with STARTTLS and ldaps://."""

    READER, READER_PASSWORD = "cn=reader,dc=example,dc=com", "reading"

    def __init__(self, case, host, certificate, users):
        super().__init__(case, "slapd")
        self.address, self.certificate = case.net.host(host), certificate
        (self.folder / "data").mkdir()
        config = self.folder / "slapd.conf"
        config.write_text(f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {certificate.certificate}
TLSCertificateKeyFile {certificate.private_key}
TLSCACertificateFile {certificate.certificate}
security simple_bind=64
database mdb
suffix dc=example,dc=com
rootdn cn=admin,dc=example,dc=com
directory {self.folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{self.READER}" read by * none
""")
        entries = ["dn: dc=example,dc=com\nobjectClass: dcObject\nobjectClass: organization\no: Example\n",
                   f"dn: {self.READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
                   f"userPassword: {self.READER_PASSWORD}\n"]
        for uid, password in users.items():
            entries.append(f"dn: uid={uid},dc=example,dc=com\nobjectClass: inetOrgPerson\nsn: {uid}\ncn: {uid}\n"
                           f"mail: {uid}@example.com\nuserPassword: {password}\n")
        case.run_program("slapadd", "-f", config, input="\n".join(entries))
        self.config = config

    def start(self):
        self.spawn("slapd", "-d", "0", "-f", self.config, "-h", f"ldap://{self.address}:20389 ldaps://{self.address}:20636")
        wait_until(lambda: listening(self.address, 20389) and listening(self.address, 20636), "slapd listens")
        return self
