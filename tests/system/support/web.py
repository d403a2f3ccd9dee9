# SPDX-License-Identifier: Apache-2.0
"""A real HTTPS server: Python's http.server behind TLS, with pages of the test and a record of what was asked."""

import http.server
import threading

HTTPS_PORT = 20443


class Quiet(http.server.ThreadingHTTPServer):
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """A client that breaks off a handshake is what some tests want."""


class Web:
    """`pages` by path, each (status, type, text); `requests` are (method, path, headers, body)."""

    def __init__(self, case, host, certificate, port=HTTPS_PORT):
        self.address, self.port = case.net.host(host), port
        self.pages, self.requests, self.connections = {}, [], 0
        context = certificate.server_context()
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                web.connections += 1
                # The handshake here, in the connection's own thread.
                self.request.settimeout(20)
                self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                web.requests.append((self.command, self.path, self.headers, body))
                status, kind, text = web.pages.get(self.path, (404, "text/plain", "no such page"))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.handler = Handler
        self.http = None
        case.addCleanup(self.down)
        self.up()

    def up(self):
        self.http = Quiet((self.address, self.port), self.handler)
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def down(self):
        if self.http:
            self.http.shutdown()
            self.http.server_close()
            self.http = None
