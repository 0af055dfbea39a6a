"""The real OpenTelemetry exporters for Python, once for each signal.

usage: exporters.py '{"kind": "grpc"|"http", "endpoint": ..., "gzip": bool, "ca": file, "certificate": file, "key": file,
"token": text}'; prints one JSON object: signal -> result name.
"""
import json
import logging
import os
import sys

# What a machine sets for all programs must not decide whom these trust, nor how they reach the loopback.
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
    os.environ.pop(name, None)

logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
options = json.loads(sys.argv[1])
kind, endpoint = options["kind"], options["endpoint"]
header = {"authorization": "Bearer " + options["token"]} if "token" in options else {}


def read(name):
    return open(options[name], "rb").read() if name in options else None


if kind == "grpc":
    import grpc
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    arguments = {"endpoint": endpoint, "timeout": options.get("timeout", 30), "headers": tuple(header.items())}
    arguments["compression"] = grpc.Compression.Gzip if options.get("gzip") else grpc.Compression.NoCompression
    if "ca" in options:
        arguments["credentials"] = grpc.ssl_channel_credentials(read("ca"), read("key"), read("certificate"))
    else:
        arguments["insecure"] = True
    make = lambda exporter, path: exporter(**arguments)
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    arguments = {"timeout": options.get("timeout", 30), "headers": header}
    arguments["compression"] = Compression.Gzip if options.get("gzip") else Compression.NoCompression
    if "ca" in options:
        arguments["certificate_file"] = options["ca"]
    if "certificate" in options:
        arguments["client_certificate_file"] = options["certificate"]
        arguments["client_key_file"] = options["key"]
    make = lambda exporter, path: exporter(endpoint=endpoint + path, **arguments)

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry._logs import SeverityNumber

resource = Resource.create({"k8s.namespace.name": "agents", "k8s.pod.name": "python-0"})
results = {}


def watched(exporter, signal):
    export = exporter.export

    def wrapper(*positional, **named):
        result = export(*positional, **named)
        results[signal] = result.name
        return result

    exporter.export = wrapper
    return exporter


metrics = watched(make(OTLPMetricExporter, "/v1/metrics"), "metrics")
reader = PeriodicExportingMetricReader(metrics, export_interval_millis=3_600_000)
meters = MeterProvider([reader], resource=resource)
tokens = meters.get_meter("com.anthropic.claude_code").create_counter("claude_code.token.usage", unit="tokens")
for count in range(options.get("points", 50)):
    attributes = {"type": "input", "model": "m", "session.id": "s%d" % count, "padding": "x" * options.get("padding", 0)}
    tokens.add(count + 1, attributes)
meters.force_flush()

logs = watched(make(OTLPLogExporter, "/v1/logs"), "logs")
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
loggers.get_logger("com.anthropic.claude_code.events").emit(
    body="claude_code.api_request",
    severity_number=SeverityNumber.INFO,
    attributes={
        "event.name": "api_request", "session.id": "s1", "model": "m", "input_tokens": 7, "output_tokens": 5,
        "request_id": "req_1",
    },
)

spans = watched(make(OTLPSpanExporter, "/v1/traces"), "traces")
tracers = TracerProvider(resource=resource)
tracers.add_span_processor(SimpleSpanProcessor(spans))
with tracers.get_tracer("test").start_as_current_span("span"):
    pass

print(json.dumps(results))
