# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL front that passes everything on but notifications: how a node lives whose LISTEN has gone deaf."""
import os
import shutil
import socket
import struct
import threading


class Mute:
    """Listens in directory on a Unix socket named as PostgreSQL's; connect with host=directory."""

    def __init__(self, directory, real_socket):
        self.directory, self.real, self.dropped = directory, real_socket, 0
        os.makedirs(directory, exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(directory, os.path.basename(real_socket)))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.real)
            for copy, source, sink in ((self.copy_all, client, server), (self.copy_muted, server, client)):
                threading.Thread(target=self.run, args=(copy, source, sink), daemon=True).start()

    @staticmethod
    def run(copy, source, sink):
        try:
            copy(source, sink)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @staticmethod
    def copy_all(source, sink):
        while data := source.recv(65536):
            sink.sendall(data)

    def copy_muted(self, source, sink):
        """Message by message: a type byte and a length that counts itself; A is NotificationResponse."""
        pending = b''
        while data := source.recv(65536):
            pending += data
            out = b''
            while len(pending) >= 5:
                size = 1 + struct.unpack('!I', pending[1:5])[0]
                if len(pending) < size:
                    break
                if pending[:1] == b'A':
                    self.dropped += 1
                else:
                    out += pending[:size]
                pending = pending[size:]
            if out:
                sink.sendall(out)

    def close(self):
        self.listener.close()
        shutil.rmtree(self.directory, ignore_errors=True)
