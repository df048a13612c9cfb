"""Child: one end of a fast connection. ``python -m tests.bench.stream send|receive FD …``."""

import socket
import sys
import time

_PIECE = 64 * 1024


def send(descriptor: int, port: int, total: int, rate: int) -> None:
    """Connect the bound socket and send ``total`` bytes at ``rate``; say how it went."""
    from tests.bench.loss import segments

    piece = bytes(range(256)) * (_PIECE // 256)
    with socket.socket(fileno=descriptor) as connection:
        connection.connect(("127.0.0.1", port))
        started = time.monotonic()
        done = 0
        while done < total:
            ahead = done / rate - (time.monotonic() - started)
            if ahead > 0:
                time.sleep(ahead)  # The pace of the measurement.
            connection.sendall(piece[: total - done])
            done += min(_PIECE, total - done)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)  # The other end has read everything and closes.
        seconds = time.monotonic() - started
        print(segments(connection), seconds, flush=True)


def receive(descriptor: int) -> None:
    """Take connections one after the other, read all of each, and close."""
    memory = bytearray(1 << 20)
    with socket.socket(fileno=descriptor) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                while connection.recv_into(memory):
                    pass


if __name__ == "__main__":
    task, *numbers = sys.argv[1:]
    if task == "send":
        send(*map(int, numbers))
    else:
        receive(int(numbers[0]))
