"""An API server with very many pods: lists them in pages over TLS, then holds the watches open without a word.

Prints its port and ends when its standard input does.
Usage: many_pods.py CERTIFICATE KEY POD-COUNT
"""

import json
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse


def pod(number):
    """About 8 kB, most of it noise, as pods in a cluster are."""
    name = f"agents-84c88bcf9b-{number:05d}"
    fields = {f"f:field-{index}": {"f:inner": {}, "f:other": {".": {}}} for index in range(60)}
    variable = [{"name": f"VARIABLE_{index}", "value": "value " * 5} for index in range(40)]
    return {
        "metadata": {
            "name": name,
            "namespace": f"team-{number % 50}",
            "uid": f"0a5e0e39-82c7-4a10-8dc5-{number:012d}",
            "resourceVersion": "5",
            "creationTimestamp": "2026-11-20T22:15:26Z",
            "labels": {
                "app.kubernetes.io/name": "claude-agent",
                "pod-template-hash": f"84c88bcf9b{number % 200}",
                "team": f"team-{number % 50}",
                "environment": "production",
            },
            "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-11-20T22:15:26Z", "note": "n" * 500},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"agents-{number % 200}", "controller": True}
            ],
            "managedFields": [{"manager": "kubelet", "fieldsV1": fields}],
        },
        "spec": {"nodeName": f"node-{number % 300}", "containers": [{"name": "agent", "env": variable}]},
        "status": {
            "phase": "Running",
            "podIP": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "podIPs": [{"ip": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}],
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-20T22:15:26Z"}],
        },
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        url = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if "watch" in query:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            threading.Event().wait()
        items, more = [], {}
        if url.path == "/api/v1/pods":
            start, limit = int(query.get("continue", 0)), int(query.get("limit", count))
            items = [pod(number) for number in range(start, min(start + limit, count))]
            more = {"continue": str(start + limit)} if start + limit < count else {}
        body = json.dumps({"metadata": {"resourceVersion": "5", **more}, "items": items}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True


count = int(sys.argv[3])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = Server(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdout.write(f"{server.server_address[1]}\n")
sys.stdout.flush()
sys.stdin.read()
os._exit(0)
