# SPDX-License-Identifier: Apache-2.0
"""What servers of the tests that answer as scripted have in common: they accept, count, and hang up."""

import socket
import threading

CLOSE = object()  # the connection is closed instead of an answer
HANG = object()   # never an answer


class ScriptedListener:
    """Gives each connection of `listener` a thread with self._serve(client); `reads` False: nobody ever reads from it."""

    def __init__(self, case, listener, reads=True):
        self.listener, self.reads = listener, reads
        self.sockets, self.connections = [], 0
        case.addCleanup(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.hang_up()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def hang_up(self):
        """On all who are connected."""
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets.clear()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.sockets.append(client)
            if self.reads:
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
