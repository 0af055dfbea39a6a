"""A receiver of webhooks for tests: behaves as its path says and remembers what it was sent.

/b/NAME/SCRIPT   one step of SCRIPT for each request, the last one for ever; steps are separated by commas:
                 200 500 …     answers with this status
                 429:2         with Retry-After: 2
                 301           with a Location
                 slow:0.3      answers 200 after so many seconds
                 slow:0.3:400  answers 400 after so many seconds
                 hang          never answers
                 reset         closes the connection before the answer, with RST
                 half          announces a body and closes in its middle
GET /records/NAME   what came to NAME, in order, as a JSON array
Requests in absolute form (to a proxy) are remembered under the name `proxy`.

Prints its port. Ends when standard input ends.
With the arguments CERTIFICATE KEY AUTHORITY it speaks TLS and demands a client certificate of the authority.
"""
import http.server
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

records, steps, lock = {}, {}, threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        with lock:
            found = records.get(self.path.rpartition("/")[2], [])
            body = json.dumps(found).encode()
        self.answer(200, body, {"content-type": "application/json"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = self.path.split("/")
        name = "proxy" if self.path.startswith("http") else parts[2] if len(parts) > 2 else "none"
        script = (parts[3] if len(parts) > 3 and name != "proxy" else "200").split(",")
        with lock:
            index = steps.get(name, 0)
            steps[name] = index + 1
            step = script[min(index, len(script) - 1)]
            records.setdefault(name, []).append({
                "time": time.time(),
                "step": step,
                "path": self.path,
                "headers": {key.lower(): value for key, value in self.headers.items()},
                "body": body.decode("utf-8", "replace"),
            })
        self.perform(step)

    def perform(self, step):
        kind, _, argument = step.partition(":")
        if kind == "hang":
            time.sleep(3600)
        elif kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif kind == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            self.close_connection = True
        elif kind == "slow":
            seconds, _, status = argument.partition(":")
            time.sleep(float(seconds))
            self.answer(int(status or 200))
        else:
            headers = {"retry-after": argument} if argument else {}
            if kind == "301":
                headers["location"] = "/b/redirected/200"
            self.answer(int(kind), b"", headers)

    def answer(self, status, body=b"", headers={}):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, address):
        pass  # a client that was killed


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) == 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    context.load_verify_locations(sys.argv[3])
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
os._exit(0)
