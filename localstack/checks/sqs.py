"""SQS standard queues: what the work queue promises is made of this."""

import json
import threading
import time

from checks import check, refused, until


def receive(cloud, url, wait=2, **more):
    names = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10, **more}
    return cloud.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait, **names).get("Messages", [])


def dead_letters(cloud, tries, **attributes):
    """Addresses and ARN of a queue with one for dead letters: (queue, dead, ARN of dead)."""
    dead, arn = cloud.queue()
    url, _ = cloud.queue(RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": tries}), **attributes)
    return url, dead, arn


@check("sqs: a standard queue takes a message group and a trace header and gives both back")
def group(cloud):
    url, _ = cloud.queue()
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    cloud.sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="user-1", MessageSystemAttributes=trace)
    found = receive(cloud, url)[0]["Attributes"]
    assert found.get("MessageGroupId") == "user-1" and found.get("AWSTraceHeader", "").startswith("Root=1-5759e988"), found


@check("sqs: fair queue: a quiet group is not kept waiting by a noisy one")
def fairness(cloud):
    url, _ = cloud.queue(VisibilityTimeout="30")
    for _ in range(10):
        entries = [{"Id": str(n), "MessageBody": "noisy", "MessageGroupId": "noisy"} for n in range(10)]
        cloud.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    receive(cloud, url), receive(cloud, url)  # much of one group is in flight, none of the other
    cloud.sqs.send_message(QueueUrl=url, MessageBody="quiet", MessageGroupId="quiet")
    bodies = [message["Body"] for _ in range(3) for message in receive(cloud, url)]
    assert "quiet" in bodies, "first in, first out: the quiet one waits behind 80 others"


@check("sqs: batch send tells each entry's fate")
def batch(cloud):
    url, _ = cloud.queue()
    entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "\x00"}]  # a character that SQS does not take
    found = cloud.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [e["Id"] for e in found["Successful"]] == ["good"] and [e["Id"] for e in found["Failed"]] == ["bad"], found


@check("sqs: a delayed message comes late")
def delay(cloud):
    url, _ = cloud.queue()
    began = time.monotonic()
    cloud.sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=2)
    assert not receive(cloud, url, wait=0), "came at once"
    assert receive(cloud, url, wait=5) and time.monotonic() - began >= 1.8, "came early or never"


@check("sqs: a delay over 15 minutes is refused")
def delay_limit(cloud):
    url, _ = cloud.queue()
    with refused("InvalidParameterValue"):
        cloud.sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=901)


@check("sqs: a long poll answers as soon as a message is there")
def long_poll(cloud):
    url, _ = cloud.queue()
    threading.Timer(1, lambda: cloud.sqs.send_message(QueueUrl=url, MessageBody="x")).start()
    began = time.monotonic()
    assert receive(cloud, url, wait=15), "nothing came"
    took = time.monotonic() - began
    assert 0.9 < took < 4, f"{took:.1f} s"
    return f"{took - 1:.2f} s after it was sent"


@check("sqs: visibility is extended, and given up at once")
def visibility(cloud):
    url, _ = cloud.queue(VisibilityTimeout="1")
    cloud.sqs.send_message(QueueUrl=url, MessageBody="x")
    message = receive(cloud, url)[0]
    cloud.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=30)
    assert not receive(cloud, url, wait=2), "came back although it was held"
    cloud.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    again = receive(cloud, url, wait=3)
    assert again and again[0]["Attributes"]["ApproximateReceiveCount"] == "2", again


@check("sqs: a visibility over 12 hours is refused")
def visibility_limit(cloud):
    url, _ = cloud.queue()
    cloud.sqs.send_message(QueueUrl=url, MessageBody="x")
    with refused("InvalidParameterValue"):
        cloud.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receive(cloud, url)[0]["ReceiptHandle"], VisibilityTimeout=43_201)


@check("sqs: a stale receipt neither gives back nor removes the message of its next receiver")
def stale(cloud):
    done = []
    for what, call in (
        ("gives back", lambda url, old: cloud.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=old, VisibilityTimeout=0)),
        ("removes", lambda url, old: cloud.sqs.delete_message(QueueUrl=url, ReceiptHandle=old)),
    ):
        url, _ = cloud.queue(VisibilityTimeout="1")
        cloud.sqs.send_message(QueueUrl=url, MessageBody="x")
        old = receive(cloud, url)[0]["ReceiptHandle"]
        assert receive(cloud, url, wait=5, VisibilityTimeout=60), "not given again"
        try:
            call(url, old)
        except cloud.sqs.exceptions.ClientError:
            continue
        found = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
        if found["Attributes"]["ApproximateNumberOfMessagesNotVisible"] != "1":
            done.append(what)
    assert not done, f"the stale receipt {' and '.join(done)} it"


@check("sqs: dead letters after the last try, with their attributes, and redriven by the API")
def redrive(cloud):
    url, dead, arn = dead_letters(cloud, 2, VisibilityTimeout="1")
    attributes = {"trace": {"DataType": "String", "StringValue": "t-1"}}
    cloud.sqs.send_message(QueueUrl=url, MessageBody="poison", MessageAttributes=attributes, MessageGroupId="u")
    for _ in range(2):
        assert receive(cloud, url, wait=5), "not given again"
    until(lambda: receive(cloud, url, wait=0) or count(cloud, dead) == 1, 10, "it is dead")
    cloud.sqs.start_message_move_task(SourceArn=arn)
    found = receive(cloud, url, wait=10)
    assert found and found[0]["Body"] == "poison" and found[0]["MessageAttributes"]["trace"]["StringValue"] == "t-1", found
    assert count(cloud, dead) == 0
    tasks = cloud.sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert tasks[0]["Status"] == "COMPLETED" and tasks[0]["ApproximateNumberOfMessagesMoved"] == 1, tasks


def count(cloud, url):
    found = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


@check("sqs: waiting, held and delayed messages are counted apart")
def counts(cloud):
    url, _ = cloud.queue(VisibilityTimeout="30")
    for delay_s in (0, 0, 60):
        cloud.sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay_s)
    receive(cloud, url, MaxNumberOfMessages=1)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
    found = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert [found[name] for name in names] == ["1", "1", "1"], found


@check("sqs: a body of 1 MiB is taken, one byte more is refused")
def size(cloud):
    url, _ = cloud.queue()
    cloud.sqs.send_message(QueueUrl=url, MessageBody="x" * 1_048_576)
    with refused("InvalidParameterValue"):
        cloud.sqs.send_message(QueueUrl=url, MessageBody="x" * 1_048_577)
