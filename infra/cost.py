#!/usr/bin/env python3
"""What moving a terabyte costs inside AWS, from what a run has counted.

    infra/cost.py RUN.json [--region us-east-1] [--limit 12]

RUN.json:
    {"instances": 1200, "bytes": 600000000,
     "requests": {"s3": {"PutObject": 1200, ...}, "dynamodb": {...}, "sqs": {...}, "secretsmanager": {...}, "kms": {...}},
     "write_units": 4100, "read_units": 900,
     "lambda": [{"invocations": 12, "seconds": 31.5, "memory_mb": 1024}],
     "fargate": {"vcpu": 1, "memory_gb": 2, "seconds": 44},
     "log_bytes": 250000, "endpoint_bytes": 0}

Costs per instance do not depend on its size, those per second and byte do; so the former are scaled to a terabyte (10^12 bytes) of
instances of the size in prices.json, the latter by bytes. Only what grows with the images is counted: what stands still (load
balancers, endpoints, tasks at night) is in docs/deploy-aws.md. A service, operation or price that is unknown is never counted as nothing.
"""
import argparse
import json
import pathlib
import sys

PRICES = pathlib.Path(__file__).resolve().parent / "prices.json"
TERABYTE = 10**12
# S3 charges by kind of request. What is free is named, so that an operation nobody thought of is an error, not a gift.
S3_PUT = {"PutObject", "CopyObject", "PostObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "ListObjectsV2", "ListObjects", "ListMultipartUploads", "ListParts", "ListBuckets"}
S3_GET = {"GetObject", "HeadObject", "HeadBucket", "GetObjectTagging", "GetBucketLocation", "GetObjectAttributes"}
S3_FREE = {"DeleteObject", "DeleteObjects", "AbortMultipartUpload"}
KNOWN = {"instances", "bytes", "requests", "write_units", "read_units", "lambda", "fargate", "log_bytes", "endpoint_bytes"}


class Unpriced(Exception):
    """The run holds something that cannot be priced; the text says what."""


def lines(run, prices):
    """(what, how many, US dollars) per line for the run as it was; dollars are None where the price is not known."""
    unknown = set(run) - KNOWN
    if unknown:
        raise Unpriced(f"the run counts what has no price here: {', '.join(sorted(unknown))}")
    made = []

    def add(what, count, price_name, unit):
        if count:
            price = prices[price_name]
            made.append((what, count, None if price is None else count / unit * price))

    requests = run.get("requests", {})
    for service, operations in sorted(requests.items()):
        if service == "s3":
            strange = set(operations) - S3_PUT - S3_GET - S3_FREE
            if strange:
                raise Unpriced(f"S3 requests of an unknown kind: {', '.join(sorted(strange))}")
            add("S3 requests that write or list", sum(operations.get(name, 0) for name in S3_PUT), "s3_put_1000", 1000)
            add("S3 requests that read", sum(operations.get(name, 0) for name in S3_GET), "s3_get_1000", 1000)
        elif service == "dynamodb":
            if sum(operations.values()) and not ("write_units" in run and "read_units" in run):
                raise Unpriced("the table is charged by units: the run has to give write_units and read_units")
        elif service == "sqs":
            add("SQS requests", sum(operations.values()), "sqs_million", 10**6)
        elif service == "secretsmanager":
            add("Secrets Manager requests", sum(operations.values()), "secrets_10000", 10**4)
        elif service == "kms":
            add("KMS requests", sum(operations.values()), "kms_10000", 10**4)
        else:
            raise Unpriced(f"requests to a service without a price: {service}")
    add("DynamoDB write units", run.get("write_units", 0), "dynamodb_write_million", 10**6)
    add("DynamoDB read units", run.get("read_units", 0), "dynamodb_read_million", 10**6)
    functions = run.get("lambda", [])
    add("Lambda calls", sum(part["invocations"] for part in functions), "lambda_request_million", 10**6)
    add("Lambda GB-seconds (arm64)", sum(part["seconds"] * part["memory_mb"] / 1024 for part in functions), "lambda_gb_second_arm64", 1)
    task = run.get("fargate")
    if task:
        add("Fargate vCPU-hours (arm64)", task["vcpu"] * task["seconds"] / 3600, "fargate_vcpu_hour_arm64", 1)
        add("Fargate GB-hours (arm64)", task["memory_gb"] * task["seconds"] / 3600, "fargate_gb_hour_arm64", 1)
    add("Logs (GB)", run.get("log_bytes", 0) / 1e9, "logs_gb", 1)
    add("Interface endpoints (GB)", run.get("endpoint_bytes", 0) / 1e9, "endpoint_gb", 1)
    return made


def per_terabyte(run, prices, instance_bytes):
    """(what, count per TB, US dollars per TB or None). Compute, logs and endpoints grow with bytes, everything else with instances."""
    if not run.get("instances") or not run.get("bytes"):
        raise Unpriced("the run moved nothing: instances and bytes have to be above 0")
    by_bytes = TERABYTE / run["bytes"]
    by_instances = TERABYTE / instance_bytes / run["instances"]
    scaled = []
    for what, count, dollars in lines(run, prices):
        factor = by_bytes if what.startswith(("Fargate", "Lambda GB", "Logs", "Interface")) else by_instances
        scaled.append((what, count * factor, None if dollars is None else dollars * factor))
    return scaled


def table(scaled):
    """The lines as text, and their sum; None if a price is missing."""
    rows = [f"{what:34} {count:16,.0f} {'unpriced' if dollars is None else format(dollars, '10.2f'):>10}" for what, count, dollars in scaled]
    known = sum(dollars for _, _, dollars in scaled if dollars is not None)
    whole = all(dollars is not None for _, _, dollars in scaled)
    rows.append(f"{'total' if whole else 'total of what has a price':34} {'':16} {known:10.2f}")
    return "\n".join(rows), known if whole else None


def main():
    parser = argparse.ArgumentParser(description="Prices a run per terabyte moved inside AWS.")
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--limit", type=float, help="US dollars per TB; above it the exit code is 1")
    chosen = parser.parse_args()
    prices = json.loads(PRICES.read_text())
    if chosen.region not in prices["regions"]:
        sys.exit(f"[cost] no prices for {chosen.region}; there are {', '.join(prices['regions'])}")
    try:
        scaled = per_terabyte(json.loads(chosen.run.read_text()), prices["regions"][chosen.region], prices["instance_bytes"])
    except (OSError, ValueError, KeyError, Unpriced) as error:
        sys.exit(f"[cost] {chosen.run}: {error}")
    text, total = table(scaled)
    print(f"per TB at {prices['instance_bytes'] / 1e6:g} MB per instance, {chosen.region}, prices of {prices['dated']}, US dollars\n{text}")
    if chosen.limit is not None and (total is None or total > chosen.limit):
        sys.exit(f"[cost] {'a price is missing' if total is None else f'{total:.2f} is above'}: the limit is {chosen.limit:.2f} US dollars per TB")


if __name__ == "__main__":
    main()
