"""The other side of the HTTP client tests: plain, TLS and mutual TLS listeners on free loopback ports.

Prints `PLAIN TLS MTLS` (three ports) and ends when its standard input does.
Usage: server.py CERTIFICATE-DIRECTORY
"""

import collections
import os
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

counters = collections.Counter()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without this every small answer costs 40 ms (Nagle and delayed acknowledgements).
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def start_chunks(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def do(self):
        counters["requests"] += 1
        if self.path.startswith("http://"):  # We are asked to be a proxy.
            return self.answer(200, b"proxied " + self.path.encode())
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        try:
            getattr(self, "path_" + path.strip("/").replace("-", "_"))(query, body)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            counters["disconnects"] += 1
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do

    def path_hello(self, query, body):
        self.answer(200, b"hello", [("X-Mixed-Case", " spaced ")])

    def path_echo(self, query, body):
        seen = "".join(f"{k.lower()}: {v}\n" for k, v in self.headers.items())
        self.answer(200, f"{self.command}\n{seen}\n".encode() + body)

    def path_status(self, query, body):
        self.answer(int(query), b"", [("Location", "/hello")])

    def path_sleep(self, query, body):
        time.sleep(float(query))
        self.answer(200, b"slept")

    def path_hang(self, query, body):
        """Says nothing until the client leaves."""
        counters["hanging-" + query] += 1
        self.rfile.read(1)
        counters["hanging-" + query] -= 1
        self.close_connection = True

    def path_watch(self, query, body):
        """One line each 20 ms until the client leaves."""
        self.start_chunks()
        for number in range(10000):
            self.chunk(b"line %d\n" % number)
            time.sleep(0.02)

    def path_cut(self, query, body):
        self.start_chunks()
        self.wfile.write(b"100\r\nonly this")
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def path_short(self, query, body):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"only this")
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def path_big(self, query, body):
        counters["big_bytes_sent"] = 0
        self.start_chunks()
        block = b"x" * 65536
        for _ in range(int(query) // len(block)):
            self.chunk(block)
            counters["big_bytes_sent"] += len(block)
        self.wfile.write(b"0\r\n\r\n")

    def path_counter(self, query, body):
        self.answer(200, str(counters[query]).encode())

    def path_many_headers(self, query, body):
        self.answer(200, b"", [(f"X-{n}", "v" * 1000) for n in range(90)])

    def path_interim(self, query, body):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n")
        self.answer(200, b"final")

    def path_garbage(self, query, body):
        self.wfile.write(b"SSH-2.0-no\r\n")
        self.close_connection = True

    def path_certificate(self, query, body):
        subject = self.connection.getpeercert()["subject"]
        self.answer(200, dict(pair for entry in subject for pair in entry)["commonName"].encode())


class Server(ThreadingHTTPServer):
    # The default of 5 makes Linux drop and then reset connections when all tests connect at once.
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # Clients that leave in the middle are what many tests are about.


def listen(context=None):
    server = Server(("127.0.0.1", 0), Handler)
    if context:
        # The handshake belongs to the connection's own thread.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def tls(directory, needs_client):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory + "/server.crt", directory + "/server.key")
    if needs_client:
        context.load_verify_locations(directory + "/ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


directory = sys.argv[1]
print(listen(), listen(tls(directory, False)), listen(tls(directory, True)), flush=True)
sys.stdin.read()
os._exit(0)
