# SPDX-License-Identifier: Apache-2.0
"""Other people's mail programs: swaks, curl, Postfix's smtp-source and smtp-sink."""

import glob
import os
import subprocess

from .scenario import MX_PORT, kill_after, listening, wait_until
from .unpacked import CACHE

POSTFIX = CACHE / "postfix"


def postfix_program(case, name):
    """Command and environment of a program that scripts/install-packages unpacked."""
    program = POSTFIX / "usr" / "sbin" / name
    if not program.exists():
        case.fail(f"no {program}: run scripts/install-packages test")
    folders = [POSTFIX / "usr/lib/postfix", *glob.glob(str(POSTFIX / "usr/lib/*-linux-gnu"))]
    return str(program), {**os.environ, "LD_LIBRARY_PATH": ":".join(str(folder) for folder in folders),
                          "MAIL_CONFIG": str(POSTFIX / "etc" / "postfix")}


class SmtpSink:
    """smtp-sink on one address; writes what it takes to files in `folder`, one a message, or only counts it on `counts`."""

    def __init__(self, case, host, *options, port=MX_PORT, counts=None):
        self.address, self.port = case.net.host(host), port
        self.folder = case.folder / f"sink-{host}"
        self.folder.mkdir()
        program, environment = postfix_program(case, "smtp-sink")
        user = ["-u", "root"] if os.getuid() == 0 else []
        does = ["-d", str(self.folder / "%M.")] if counts is None else ["-c"]
        self.process = kill_after(case, subprocess.Popen(
            [program, *user, *does, *options, f"{self.address}:{port}", "100"], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if counts is None else counts, stderr=subprocess.PIPE), "smtp-sink")
        wait_until(self._ready, "smtp-sink listens")

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"smtp-sink exited: {self.process.stderr.read()}")
        return listening(self.address, self.port)

    def messages(self):
        return [path.read_bytes() for path in sorted(self.folder.iterdir())]


def smtp_source(case, address, *options, port=MX_PORT, timeout=120):
    program, environment = postfix_program(case, "smtp-source")
    return case.run_program(program, *options, f"inet:{address}:{port}", env=environment, timeout=timeout)


def swaks(case, *options, check=True):
    return case.run_program("swaks", *options, check=check)


def curl(case, *options, check=True):
    return case.run_program("curl", "--silent", "--show-error", "--verbose", *options, check=check)


def msmtp(case, host, port, certificate, mechanism, user, password, recipients, content, check=True, shown=None, starttls=True):
    """Submits; the password is in a configuration file, as people have it, or a certificate is `shown`."""
    config = case.folder / "msmtprc"
    secret = f"password \"{password}\"\n" if password else f"tls_cert_file {shown.certificate}\ntls_key_file {shown.private_key}\n"
    config.write_text(f"account default\nhost {host}\nport {port}\nauth {mechanism}\nuser {user}\n{secret}"
                      f"from {user}\ntls on\ntls_starttls {'on' if starttls else 'off'}\ntls_trust_file {certificate}\ntimeout 20\n")
    config.chmod(0o600)
    return case.run_program("msmtp", "--file", config, *recipients, check=check, encoding="utf-8", errors="surrogateescape",
                            input=content.decode("utf-8", "surrogateescape"))


def mutt(case, host, port, certificate, user, password, recipient, text, *options, check=True, starttls=True, settings=""):
    """Composes and submits, without a terminal."""
    config = case.folder / "muttrc"
    scheme = "smtp" if starttls else "smtps"
    config.write_text(f"set smtp_url='{scheme}://{user.replace('@', '%40')}@{host}:{port}/'\nset smtp_pass='{password}'\nset from='{user}'\n"
                      f"set ssl_starttls=yes ssl_force_tls=yes ssl_ca_certificates_file='{certificate}'\n"
                      f"set certificate_file='{case.folder / 'no-certificates'}' copy=no connect_timeout=20\n{settings}\n")
    return case.run_program("mutt", "-n", "-F", config, *options, "--", recipient, check=check, input=text,
                            env={**os.environ, "HOME": str(case.folder), "LC_ALL": "C.UTF-8", "TERM": "dumb"})


def gsasl(case, host, port, certificate, mechanism, user, password, check=True):
    """Only logs in."""
    return case.run_program("gsasl", "--smtp", "--starttls", "--connect", f"{host}:{port}", "--mechanism", mechanism, "--authentication-id", user,
                            "--password", password, "--x509-ca-file", certificate, "--verbose", check=check, input="")


def prometheus_program(case, name):
    """Prometheus and its checker, promtool, unpacked by scripts/install-packages."""
    program = CACHE / "prometheus" / "usr/bin" / name
    if not program.exists():
        case.fail(f"no {program}: run scripts/install-packages test")
    return program


def rspamd(case, config, address, port):
    """Runs Rspamd, which has a worker that listens there.  It ends with all its workers: they outlive a kill, and serve the next test."""
    with open(case.folder / "rspamd.log", "ab") as log:
        process = kill_after(case, subprocess.Popen(["/usr/bin/rspamd", "-f", "-i", "-c", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log),
                             "rspamd")

    def end():
        process.terminate()
        process.wait(20)
        wait_until(lambda: not listening(address, port), "rspamd has ended")

    case.addCleanup(end)
    wait_until(lambda: listening(address, port), "rspamd listens", timeout=60)
