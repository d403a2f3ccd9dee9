# SPDX-License-Identifier: Apache-2.0
"""Self-signed certificates, and those that an authority of the test has issued."""

import ssl


class Certificate:
    def __init__(self, case, name, *addresses, days=2, key="ec"):
        """`days` of validity from now; negative: it has expired.  `key`: "ec" or "rsa:2048"."""
        self.certificate = case.folder / f"{name}.pem"
        self.private_key = case.folder / f"{name}.key"
        names = ",".join([f"DNS:{name}"] + [f"IP:{address}" for address in addresses])
        request = case.folder / f"{name}.csr"
        case.run_program("openssl", "req", "-new", *self._new_key(key), "-nodes",
                         "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-keyout", self.private_key, "-out", request)
        case.run_program("openssl", "x509", "-req", "-in", request, "-signkey", self.private_key, "-days", str(days),
                         "-copy_extensions", "copyall", "-out", self.certificate)

    @staticmethod
    def _new_key(key):
        return ["-newkey", key] + (["-pkeyopt", "ec_paramgen_curve:prime256v1"] if key == "ec" else [])

    def as_config(self):
        return {"certificate": str(self.certificate), "private_key": str(self.private_key)}

    def server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.private_key)
        return context

    def client_context(self):
        """Trusts this certificate and nothing else."""
        return ssl.create_default_context(cafile=str(self.certificate))


class Authority(Certificate):
    """Issues certificates; who trusts its file trusts them."""

    def __init__(self, case, name="authority"):
        label = name.replace(" ", "-")
        self.case, self.certificate, self.private_key = case, case.folder / f"{label}.pem", case.folder / f"{label}.key"
        case.run_program("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                         "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE", "-days", "2",
                         "-keyout", self.private_key, "-out", self.certificate)

    def issue(self, label, *names, days=2):
        """A certificate for these names; negative `days`: it has expired."""
        return IssuedCertificate(self, label, names[0], ",".join(f"DNS:{name}" for name in names), days)

    def issue_to_client(self, name, *, email=None, days=2, usage="clientAuth"):
        return IssuedCertificate(self, f"{self.certificate.stem}-{name}", name, email and f"email:{email}", days, usage)


class IssuedCertificate(Certificate):
    def __init__(self, authority, label, name, alternatives, days, usage="serverAuth"):
        case = authority.case
        self.certificate, self.private_key = case.folder / f"{label}.pem", case.folder / f"{label}.key"
        request = case.folder / f"{label}.csr"
        extensions = ["-addext", f"extendedKeyUsage={usage}"]
        if alternatives:
            extensions += ["-addext", f"subjectAltName={alternatives}"]
        case.run_program("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                         "-subj", f"/CN={name}", *extensions, "-keyout", self.private_key, "-out", request)
        case.run_program("openssl", "x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey",
                         authority.private_key, "-CAcreateserial", "-days", str(days), "-copy_extensions", "copyall",
                         "-out", self.certificate)
