"""Reads answers of the receiver with the official protobuf classes.

usage: decode_answers.py '[[kind, hex], ...]'; kind is Status, metrics, logs or traces, or the same with "-json" (then hex of JSON).
Prints a JSON object: {"answers": [text, ...]}, each the message's fields in a fixed form.
"""
import json
import sys

from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

kinds = {
    "Status": status_pb2.Status,
    "metrics": ExportMetricsServiceResponse,
    "logs": ExportLogsServiceResponse,
    "traces": ExportTraceServiceResponse,
}
details = (error_details_pb2.RetryInfo, error_details_pb2.BadRequest)  # imported so that Any can be read


def fields(kind, data):
    message = kinds[kind.removesuffix("-json")]()
    if kind.endswith("-json"):
        json_format.Parse(data, message)
    else:
        message.ParseFromString(data)
    return json.dumps(json_format.MessageToDict(message), sort_keys=True)


print(json.dumps({"answers": [fields(kind, bytes.fromhex(data)) for kind, data in json.loads(sys.argv[1])]}))
