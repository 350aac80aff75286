"""A proxy before PostgreSQL that cuts the connection in a commit: before the server has seen COMMIT, or after it has done it and before
the answer comes through. Or it holds COMMIT back ("hold") until release(): what was written stays uncommitted. It waits for a commit that
follows `marker` on the same connection."""

import select
import socket
import threading


class CommitProxy:
    def __init__(self, port):
        self.target, self.listener = port, socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.marker, self.when, self.cuts, self.refuse = None, None, 0, False
        self.held, self.go = threading.Event(), threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, marker, when):
        self.when, self.marker = when, marker.encode()
        self.held.clear()
        self.go.clear()

    def release(self):
        self.go.set()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        seen = False
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    try:
                        data = ready.recv(65536)
                    except OSError:
                        return
                    if not data:
                        return
                    if ready is client:
                        seen = seen or (self.marker is not None and self.marker in data)
                        if seen and self.marker is not None and b"COMMIT\0" in data:
                            if self.when != "hold":
                                return self.cut(server, data)
                            self.hold()
                    try:
                        (server if ready is client else client).sendall(data)
                    except OSError:
                        return

    def cut(self, server, data):
        self.marker = None
        if self.when == "after":
            server.sendall(data)
            answer = b""
            while b"COMMIT\0" not in answer:
                answer += server.recv(65536)
        self.cuts += 1

    def hold(self):
        self.marker = None
        self.held.set()
        self.go.wait(60)

    def close(self):
        self.go.set()
        self.listener.close()
