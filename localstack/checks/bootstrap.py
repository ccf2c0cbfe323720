#!/usr/bin/env python3
"""The function of the smoke test: like ours, one binary that takes its role from `_HANDLER`. Writes JSON lines."""

import json
import os
import time
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"


def say(**line):
    print(json.dumps(line), flush=True)


def echo(event):
    names = ("AWS_ENDPOINT_URL", "AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "AWS_REGION", "AWS_ACCESS_KEY_ID", "LAMBDA_TASK_ROOT", "OWN")
    say(event=event)
    if "die" in event:
        os._exit(event["die"])
    time.sleep(event.get("sleep", 0))
    return {"environment": {name: os.environ.get(name) for name in names}, "pid": os.getpid(), "pad": "x" * event.get("pad", 0)}


def batch(event):
    """Fails what says so, alone, as partial batch responses allow."""
    bodies = {record["messageId"]: json.loads(record["body"]) for record in event["Records"]}
    say(bodies=list(bodies.values()), attributes=event["Records"][0]["attributes"])
    if any(body.get("die") for body in bodies.values()):
        os._exit(3)
    time.sleep(max(body.get("sleep", 0) for body in bodies.values()))
    return {"batchItemFailures": [{"itemIdentifier": name} for name, body in bodies.items() if body.get("fail")]}


def http(event):
    say(event=event)
    headers = {"content-type": "application/octet-stream", "x-role": "http"}
    return {"statusCode": 201, "headers": headers, "cookies": ["a=1; Path=/", "b=2"], "body": "AAH+/w==", "isBase64Encoded": True}


def main():
    role = {"echo": echo, "batch": batch, "http": http}[os.environ["_HANDLER"]]
    while True:
        with urllib.request.urlopen(API + "next") as answer:
            request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
        result = json.dumps(role(event)).encode()
        urllib.request.urlopen(urllib.request.Request(f"{API}{request}/response", result, method="POST")).close()


main()
