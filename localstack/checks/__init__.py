"""What ADIT asks of the local cloud, as checks of its own: each module registers those of one service. Nothing here knows what is known to fail."""

import contextlib
import dataclasses
import io
import itertools
import json
import os
import pathlib
import time
import zipfile
from collections.abc import Callable

import boto3
import botocore.config
from botocore.exceptions import ClientError

SERVICES = "cloudformation cloudwatch dynamodb events iam kms lambda_ logs s3 scheduler secretsmanager sesv2 sqs ssm".split()
ROLE = "arn:aws:iam::000000000000:role/any"


@dataclasses.dataclass(frozen=True)
class Check:
    """`name` is `service: what`; `run` gets the cloud and returns a remark or None, or raises; `slow` ones run beside the others."""

    name: str
    run: Callable
    slow: bool


ALL: list[Check] = []


def check(name: str, slow: bool = False):
    def register(function):
        ALL.append(Check(name, function, slow))
        return function

    return register


class Cloud:
    """Clients of one local cloud, and names that are free in it."""

    def __init__(self, directory: pathlib.Path, record: dict):
        self.directory, self.record, self.endpoint = directory, record, record["endpoint"]
        self._numbers = itertools.count(1)
        self._session = boto3.session.Session("test", "test", region_name=record["region"])
        self._clients = {}

    def __getattr__(self, service: str):
        if service not in self._clients:
            name = service.rstrip("_").replace("_", "-")
            signed = {"signature_version": "s3v4"} if name == "s3" else {}  # boto3 presigns for S3 in the old way otherwise
            retries, style = {"total_max_attempts": 1}, {"addressing_style": "path"}
            config = botocore.config.Config(retries=retries, s3=style, max_pool_connections=50, **signed)
            self._clients[service] = self._session.client(name, endpoint_url=self.endpoint, config=config)
        return self._clients[service]

    def name(self, what: str) -> str:
        return f"smoke-{what}-{os.getpid()}-{next(self._numbers)}"

    def queue(self, **attributes) -> tuple[str, str]:
        """Address and ARN of a new queue."""
        url = self.sqs.create_queue(QueueName=self.name("queue"), Attributes=attributes)["QueueUrl"]
        return url, self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def bucket(self) -> str:
        name = self.name("bucket")
        self.s3.create_bucket(Bucket=name)
        return name

    def function(self, handler: str, timeout: int = 10, **more) -> str:
        """A new function of the package of `package()`; which of its roles it has stands in `handler`."""
        name = self.name(handler)
        self.lambda_.create_function(
            FunctionName=name, Runtime="provided.al2023", Handler=handler, Role=ROLE, Code={"ZipFile": package()}, Timeout=timeout, **more
        )
        self.lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        return name

    def invoke(self, function: str, event) -> tuple[str | None, dict]:
        answer = self.lambda_.invoke(FunctionName=function, Payload=json.dumps(event))
        return answer.get("FunctionError"), json.load(answer["Payload"])

    def output(self, function: str) -> list[dict]:
        """The JSON lines that a function has written."""
        path = pathlib.Path(self.record["logs"]["functions"]) / f"{function}.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def journal(self, function: str) -> list[dict]:
        lines = pathlib.Path(self.record["journal"]).read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["function"] == function]


def package() -> bytes:
    """A zip like ours: one file `bootstrap`, executable."""
    bootstrap = zipfile.ZipInfo("bootstrap")
    bootstrap.external_attr = 0o755 << 16
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(bootstrap, (pathlib.Path(__file__).parent / "bootstrap.py").read_bytes())
    return made.getvalue()


@contextlib.contextmanager
def refused(*codes: str):
    """The body must be refused with one of these codes; the error is in `.response` afterwards."""
    found = dataclasses.make_dataclass("Refusal", ["response"])({})
    try:
        yield found
    except ClientError as error:
        found.response = error.response
        assert error.response["Error"]["Code"] in codes, f"refused with {error.response['Error']}, not {' or '.join(codes)}"
    else:
        raise AssertionError(f"accepted, but {' or '.join(codes)} was due")


def until(condition, seconds: float, what: str):
    """What `condition` gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
    return found
