"""Raw calls by grpcio. usage: grpc_calls.py PORT; prints one JSON object: case -> status name."""
import json
import sys
import threading

import grpc

METHOD = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
port = sys.argv[1]
results = {}


def channel(*options):
    return grpc.insecure_channel("127.0.0.1:" + port, options=[("grpc.max_send_message_length", -1), *options])


def call(on, method=METHOD, data=b"", **named):
    function = on.unary_unary(method, request_serializer=None, response_deserializer=None)
    try:
        function(data, timeout=10, **named)
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


def once(name, **named):
    with channel() as on:
        results[name] = call(on, **named)
        # The connection must survive a refusal.
        results[name + ", then"] = call(on)


once("empty")
once("unknown method", method="/a.b.C/D")
once("too large", data=b"\0" * (6 << 20))
once("at the limit", data=b"\0" * (4 << 20))
once("bomb", data=b"\0" * (64 << 20), compression=grpc.Compression.Gzip)
once("gzip", data=b"hello", compression=grpc.Compression.Gzip)
once("deflate", data=b"hello", compression=grpc.Compression.Deflate)

with channel() as on:
    function = on.unary_unary(METHOD, request_serializer=None, response_deserializer=None)
    calls = [function.future(b"\0" * (index * 999), timeout=30) for index in range(500)]
    results["500 at once"] = sorted({"OK" if one.exception() is None else str(one.code()) for one in calls})

with channel() as on:
    function = on.unary_unary(METHOD, request_serializer=None, response_deserializer=None)
    for index in range(200):
        try:
            function(b"\0" * (3 << 20), timeout=0.0005 * (index % 40))
        except grpc.RpcError:
            pass
    results["cancelled, then"] = call(on)

pings = [
    ("grpc.keepalive_time_ms", 100),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 100),
]
with channel(*pings) as on:
    states = []
    on.subscribe(lambda state: states.append(state.name))
    results["pings"] = call(on)
    threading.Event().wait(1.0)
    results["pings, then"] = call(on)
    results["pings, states"] = states
print(json.dumps(results))
