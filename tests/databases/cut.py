"""A way to a server that can be cut: TCP, both directions, one thread a direction."""

import contextlib
import socket
import threading

from databases_world import free_port


class Way:
    """Listens on `port` and carries bytes to `behind`. After `cut_after` bytes towards it, all is cut."""

    def __init__(self, behind):
        self.behind, self.port = behind, free_port()
        self.cut_after = None
        self.silent = False  # takes connections and bytes, and never answers
        self.ends = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.behind))
                self.ends += [client, server]
                for pair in ((client, server), (server, client)):
                    self._threads.append(threading.Thread(target=self._carry, args=pair))
                    self._threads[-1].start()

    def _carry(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source.getsockname()[1] == self.port and self._is_cut(len(data)):
                    break
                if not self.silent:
                    target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _is_cut(self, count):
        if self.cut_after is None:
            return False
        self.cut_after -= count
        return self.cut_after < 0

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self.ends:
            end.close()
