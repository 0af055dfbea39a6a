"""Checks recorded webhook requests with the reference libraries.

Standard input: {"secrets": [...], "records": [...]}. Each record must carry a valid signature for each secret when
there are secrets, and be a CloudEvent when it says so. Prints one JSON line for each record.
"""
import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks.webhooks import Webhook

request = json.load(sys.stdin)
for record in request["records"]:
    body, headers = record["body"].encode(), record["headers"]
    result = {"id": headers.get("webhook-id")}
    for secret in request["secrets"]:
        Webhook(secret).verify(body, headers)
    if "ce-id" in headers or headers["content-type"].startswith("application/cloudevents+json"):
        event = from_http(HTTPMessage(headers=headers, body=body), JSONFormat())
        result["event"] = {"id": event.get_id(), "type": event.get_type(), "source": event.get_source(),
                           "subject": event.get_subject(), "status": event.get_data()["status"]}
    print(json.dumps(result))
