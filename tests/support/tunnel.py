"""A connection to a server that a test can cut: open, refusing, or a black hole."""

import socket
import threading
from contextlib import suppress
from typing import Self


class Tunnel:
    """Listens on 127.0.0.1:`port` and forwards everything to host:target_port while it is open."""

    def __init__(self, host: str, target_port: int) -> None:
        self._target = (host, target_port)
        self._passing = threading.Event()
        self._passing.set()
        self._sockets: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._listener.getsockname()[1])
        self.arrivals = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        listener, self._listener = self._listener, None
        if listener:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._drop()

    def open(self) -> None:
        """Forwards new traffic; drops connections caught in the black hole."""
        if not self._passing.is_set():
            self._passing.set()
            self._drop()

    def black_hole(self) -> None:
        """Accepts connections and bytes, including those on their way, and never answers."""
        self._passing.clear()

    def _drop(self) -> None:
        taken, self._sockets = self._sockets, []
        for end in taken:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while listener := self._listener:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            self.arrivals += 1
            self._sockets.append(near)
            if not self._passing.is_set():
                continue
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()  # the server is down: it looks the same from here
                continue
            self._sockets.append(far)
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._passing.is_set():
                    target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
