"""Speaks raw HTTP/2 over TLS to a port: PING must be answered, and a stream that is never read must be reset."""
import socket, ssl, struct, sys, time

PING, SETTINGS, HEADERS, RST_STREAM, GOAWAY, DATA = 6, 4, 1, 3, 7, 0


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.set_alpn_protocols(["h2"])
connection = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
assert connection.selected_alpn_protocol() == "h2"
connection.settimeout(20)
# Streams may send nothing until they are given a window: SETTINGS_INITIAL_WINDOW_SIZE = 0.
connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0)))
connection.sendall(frame(PING, 0, 0, b"tokenscl"))
headers = b"\x82\x87\x84" + b"\x41\x01a"  # GET, https, /, :authority a
connection.sendall(frame(HEADERS, 0x5, 1, headers))
seen, start = set(), time.monotonic()
try:
    while not ("pong" in seen and "reset" in seen) and time.monotonic() - start < 15:
        head = read_exactly(connection, 9)
        length = struct.unpack(">I", b"\0" + head[:3])[0]
        kind, flags = head[3], head[4]
        payload = read_exactly(connection, length)
        if kind == PING and flags & 1 and payload == b"tokenscl":
            seen.add("pong")
        if kind == SETTINGS and not flags & 1:
            connection.sendall(frame(SETTINGS, 1, 0))
        if kind == RST_STREAM or kind == GOAWAY:
            seen.add("reset")
except EOFError:
    seen.add("reset")
print(" ".join(sorted(seen)))
