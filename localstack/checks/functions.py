"""Lambda: real binaries through the real Runtime API, their triggers, their end."""

import concurrent.futures
import json
import pathlib
import time
import urllib.parse

from checks import check, until
from checks.s3 import http
from checks.sqs import count, dead_letters, receive


@check("lambda: a bootstrap binary runs with the environment that ours reads")
def environment(cloud):
    function = cloud.function("echo", Environment={"Variables": {"OWN": "value"}})
    error, answer = cloud.invoke(function, {})
    found = answer["environment"]
    assert error is None and found["AWS_ENDPOINT_URL"] == cloud.endpoint and found["AWS_LAMBDA_FUNCTION_NAME"] == function, found
    assert (found["_HANDLER"], found["AWS_REGION"], found["OWN"]) == ("echo", "us-east-1", "value") and found["AWS_ACCESS_KEY_ID"], found
    started = [event for event in cloud.journal(function) if event["event"] == "init"]
    assert len(started) == 1 and started[0]["ms"] > 0 and started[0]["handler"] == "echo", started
    return f"init {started[0]['ms']:.0f} ms"


@check("lambda: an environment is used again, and more run at a time")
def concurrency(cloud):
    function = cloud.function("echo")
    first, second = (cloud.invoke(function, {})[1]["pid"] for _ in range(2))
    assert first == second, "a new process for each invocation"
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        pids = {answer["pid"] for _, answer in pool.map(lambda _: cloud.invoke(function, {"sleep": 2}), range(4))}
    assert len(pids) == 4 and time.monotonic() - began < 6, (pids, time.monotonic() - began)


@check("lambda: a process that dies is an error, and is replaced")
def death(cloud):
    function = cloud.function("echo")
    before = cloud.invoke(function, {})[1]["pid"]
    error, answer = cloud.invoke(function, {"die": 3})
    assert error == "Unhandled" and answer["errorType"] == "Runtime.ExitError", answer
    error, answer = cloud.invoke(function, {})
    assert error is None and answer["pid"] != before, answer
    outcomes = [event["outcome"] for event in cloud.journal(function) if event["event"] == "invoke"]
    assert outcomes == ["ok", "exit", "ok"], outcomes


@check("lambda: a process that takes too long is killed")
def timeout(cloud):
    function = cloud.function("echo", timeout=1)
    pid = cloud.invoke(function, {})[1]["pid"]
    error, answer = cloud.invoke(function, {"sleep": 30})
    assert error == "Unhandled" and "timed out after 1.00 seconds" in answer["errorMessage"], answer
    assert not pathlib.Path(f"/proc/{pid}").exists(), "it still runs"


@check("lambda: an answer over 6 MB is an error")
def too_large(cloud):
    error, answer = cloud.invoke(cloud.function("echo"), {"pad": 6 * 1024 * 1024 + 200})
    assert error == "Unhandled" and answer["errorType"] == "Function.ResponseSizeTooLarge", answer


@check("lambda: a function that cannot start is the function's error")
def no_start(cloud):
    error, answer = cloud.invoke(cloud.function("no-such-role"), {})
    assert error == "Unhandled" and answer["errorType"] == "Runtime.ExitError", answer


@check("lambda: new configuration and new code run from the next invocation on")
def update(cloud):
    function = cloud.function("echo", Environment={"Variables": {"OWN": "old"}})
    cloud.invoke(function, {})
    cloud.lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": {"OWN": "new"}})
    cloud.lambda_.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
    assert cloud.invoke(function, {})[1]["environment"]["OWN"] == "new"


@check("lambda: reserved concurrency throttles")
def reserved(cloud):
    function = cloud.function("echo")
    cloud.lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(cloud.invoke, function, {"sleep": 3})
        until(lambda: cloud.output(function), 5, "the first one runs")
        try:
            cloud.invoke(function, {})
        except cloud.lambda_.exceptions.TooManyRequestsException:
            return
        finally:
            running.result()
    raise AssertionError("two ran at a time")


@check("lambda: what a function writes is in CloudWatch logs too")
def logs(cloud):
    function = cloud.function("echo")
    cloud.invoke(function, {"mark": 4711})

    def found():
        groups = cloud.logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function}")["logGroups"]
        events = cloud.logs.filter_log_events(logGroupName=groups[0]["logGroupName"])["events"] if groups else []
        return any("4711" in event["message"] for event in events)

    until(found, 10, "the line is in the log group")


def mapping(cloud, queue, function, **more):
    arn = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made = cloud.lambda_.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function, FunctionResponseTypes=["ReportBatchItemFailures"], **more
    )
    until(lambda: cloud.lambda_.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled", 15, "the mapping is enabled")
    return made


@check("lambda: SQS batches with partial failures: only what failed comes again, then is dead")
def partial(cloud):
    url, dead, _ = dead_letters(cloud, 2, VisibilityTimeout="2")
    function = cloud.function("batch", timeout=2)
    mapping(cloud, url, function, BatchSize=10)
    bodies = [{"n": n, "fail": n == 3} for n in range(5)]
    entries = [{"Id": str(b["n"]), "MessageBody": json.dumps(b), "MessageGroupId": f"u{b['n'] % 2}"} for b in bodies]
    cloud.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    until(lambda: count(cloud, dead) == 1, 20, "the poison is dead")
    seen = [body["n"] for line in cloud.output(function) for body in line["bodies"]]
    assert sorted(seen) == [0, 1, 2, 3, 3, 4], seen
    assert all("MessageGroupId" in line["attributes"] for line in cloud.output(function)), "the group is not told to the function"
    assert json.loads(receive(cloud, dead)[0]["Body"])["n"] == 3


@check("lambda: SQS: a function that dies gives its whole batch back")
def batch_death(cloud):
    url, dead, _ = dead_letters(cloud, 2, VisibilityTimeout="1")
    function = cloud.function("batch", timeout=1)
    mapping(cloud, url, function, BatchSize=1)
    cloud.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"die": True}))
    until(lambda: count(cloud, dead) == 1, 20, "the poison is dead")
    assert len(cloud.output(function)) == 2, cloud.output(function)


@check("lambda: SQS: MaximumBatchingWindowInSeconds gathers, and is told back")
def window(cloud):
    url, _ = cloud.queue(VisibilityTimeout="30")
    function = cloud.function("batch", timeout=5)
    made = mapping(cloud, url, function, BatchSize=10, MaximumBatchingWindowInSeconds=3)
    assert made["MaximumBatchingWindowInSeconds"] == 3 and made["FunctionResponseTypes"] == ["ReportBatchItemFailures"], made
    for n in range(3):
        cloud.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"n": n}))
        time.sleep(0.5)
    until(lambda: sum(len(line["bodies"]) for line in cloud.output(function)) == 3, 15, "all three have come")
    sizes = [len(line["bodies"]) for line in cloud.output(function)]
    assert sizes == [3], f"batches of {sizes}"


@check("lambda: SQS: ScalingConfig MaximumConcurrency is told back")
def scaling_told(cloud):
    url, _ = cloud.queue()
    made = mapping(cloud, url, cloud.function("batch"), BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    assert made.get("ScalingConfig") == {"MaximumConcurrency": 2}, made


@check("lambda: SQS: a mapping runs several batches at a time")
def scaling(cloud):
    url, _ = cloud.queue(VisibilityTimeout="30")
    function = cloud.function("batch")
    mapping(cloud, url, function, BatchSize=1)
    began = time.monotonic()
    for _ in range(4):
        cloud.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"sleep": 2}))
    until(lambda: len([e for e in cloud.journal(function) if e["event"] == "invoke"]) == 4, 20, "all four are done")
    took = time.monotonic() - began
    assert took < 7, f"one after the other: {took:.1f} s for four of 2 s"


@check("lambda: an asynchronous failure goes to its destination", slow=True)
def destination(cloud):
    url, arn = cloud.queue()
    function = cloud.function("echo")
    target = {"OnFailure": {"Destination": arn}}
    cloud.lambda_.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0, DestinationConfig=target)
    cloud.lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps({"die": 1}))
    found = receive(cloud, url, wait=20)
    assert found and json.loads(found[0]["Body"])["requestPayload"] == {"die": 1}, found


def function_url(cloud):
    function = cloud.function("http")
    return function, cloud.lambda_.create_function_url_config(FunctionName=function, AuthType="NONE")["FunctionUrl"]


@check("lambda: a function's address carries bytes, cookies, query and headers (Host: the address's own name)")
def url(cloud):
    function, address = function_url(cloud)
    host = urllib.parse.urlsplit(address).netloc
    status, headers, body = http("POST", f"{cloud.endpoint}/api/x%20y?q=1&q=2", b"\x00\xff", Host=host, Cookie="a=1; b=2", X_Own="v")
    assert status == 201 and body == b"\x00\x01\xfe\xff" and headers["x-role"] == "http", (status, body, dict(headers))
    assert headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2"], headers.get_all("Set-Cookie")
    event = cloud.output(function)[0]["event"]
    assert event["isBase64Encoded"] and event["rawQueryString"] == "q=1&q=2" and event["headers"]["x-own"] == "v", event
    return f"{address} with path {event['rawPath']}, cookies {event.get('cookies')}"


@check("lambda: a function's address answers what a page of another origin asks (no CORS gate of the emulator)")
def url_origin(cloud):
    _, address = function_url(cloud)
    host = urllib.parse.urlsplit(address).netloc
    status, _, body = http("POST", f"{cloud.endpoint}/", b"{}", Host=host, Origin="http://127.0.0.1:8080")
    assert status == 201, (status, body)


@check("lambda: an answer over 6 MB through a function's address is refused, and the request of 6 MB is taken")
def url_size(cloud):
    _, address = function_url(cloud)
    host = urllib.parse.urlsplit(address).netloc
    assert http("POST", f"{cloud.endpoint}/", b"x" * 4_000_000, Host=host)[0] == 201
    status, _, _ = http("POST", f"{cloud.endpoint}/", b"x" * 7_000_000, Host=host)
    assert status == 413, f"a request of 7 MB: {status}"
