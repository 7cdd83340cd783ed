"""A unix socket that connections are taken from, by a thread."""

import socket
import threading


class Listening:
    """Calls take(connection) for each, until it is closed."""

    def __init__(self, path, take, backlog=128):
        self.take = take
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(backlog)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.take(connection)


def dialled(path):
    """A connection to the unix socket there."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return connection
