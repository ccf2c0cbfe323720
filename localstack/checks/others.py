"""Schedules, secrets, keys, mail, metrics."""

import datetime
import json
import urllib.request

import boto3
from checks import ROLE, check, refused, until
from checks.sqs import receive


def hear(cloud, function, seconds):
    return until(lambda: cloud.output(function), seconds, "the schedule has called")[0]["event"]


@check("events: a rule with a schedule calls a function each minute", slow=True)
def rule(cloud):
    function, name = cloud.function("echo"), cloud.name("rule")
    arn = cloud.lambda_.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    rule_arn = cloud.events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")["RuleArn"]
    cloud.lambda_.add_permission(
        FunctionName=function, StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule_arn
    )
    cloud.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    event = hear(cloud, function, 130)
    assert event["source"] == "aws.events" and event["detail-type"] == "Scheduled Event", event


@check("events: a rule's constant input reaches the function", slow=True)
def rule_input(cloud):
    function, name = cloud.function("echo"), cloud.name("rule")
    arn = cloud.lambda_.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    cloud.events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")
    cloud.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "Input": json.dumps({"tick": "sweep"})}])
    assert hear(cloud, function, 130) == {"tick": "sweep"}


@check("scheduler: a schedule calls a function", slow=True)
def schedule(cloud):
    function = cloud.function("echo")
    arn = cloud.lambda_.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5)
    cloud.scheduler.create_schedule(
        Name=cloud.name("schedule"),
        ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": ROLE},
    )
    hear(cloud, function, 75)


@check("events: S3 tells EventBridge, a rule's pattern picks, a queue hears")
def bus(cloud):
    (url, arn), bucket, name = cloud.queue(), cloud.bucket(), cloud.name("rule")
    cloud.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": "inbox/"}]}}}
    cloud.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    cloud.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    cloud.s3.put_object(Bucket=bucket, Key="other/a", Body=b"1")
    cloud.s3.put_object(Bucket=bucket, Key="inbox/a b", Body=b"1")
    found = receive(cloud, url, wait=10)
    assert len(found) == 1, found
    key = json.loads(found[0]["Body"])["detail"]["object"]["key"]
    assert key in ("inbox/a b", "inbox/a%20b"), key
    return f"key {key}; AWS does not encode it here"


@check("secretsmanager: create if absent, read, a new version, the old one by its stage")
def secrets(cloud):
    client, name = cloud.secretsmanager, cloud.name("secret")
    client.create_secret(Name=name, SecretString="one")
    with refused("ResourceExistsException"):
        client.create_secret(Name=name, SecretString="two")
    client.put_secret_value(SecretId=name, SecretString="two")
    assert client.get_secret_value(SecretId=name)["SecretString"] == "two"
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    with refused("ResourceNotFoundException"):
        client.get_secret_value(SecretId=name + "-none")


@check("secretsmanager: bytes come back as they were")
def secret_bytes(cloud):
    name = cloud.name("secret")
    cloud.secretsmanager.create_secret(Name=name, SecretBinary=bytes(range(256)))
    assert cloud.secretsmanager.get_secret_value(SecretId=name)["SecretBinary"] == bytes(range(256))


@check("kms: encrypt and decrypt under a context")
def kms(cloud):
    key = cloud.kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = cloud.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    assert cloud.kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "1"})["Plaintext"] == b"x"
    with refused("InvalidCiphertextException"):
        cloud.kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "2"})


@check("ses: mail by SES v2: an unverified sender is refused, text, HTML and raw mail are kept")
def mail(cloud):
    sender, client = f"{cloud.name('adit')}@example.org", cloud.sesv2
    simple = {"Subject": {"Data": "Subject ü"}, "Body": {"Text": {"Data": "text"}, "Html": {"Data": "<p>html"}}}
    mail = {"FromEmailAddress": sender, "Destination": {"ToAddresses": ["user@example.org"]}, "Content": {"Simple": simple}}
    with refused("MessageRejected"):
        client.send_email(**mail)
    client.create_email_identity(EmailIdentity=sender)
    sent = client.send_email(**mail)["MessageId"]
    raw = f"From: {sender}\r\nTo: user@example.org\r\nSubject: raw\r\n\r\nbody".encode()
    client.send_email(**(mail | {"Content": {"Raw": {"Data": raw}}}))
    with urllib.request.urlopen(f"{cloud.endpoint}/_aws/ses?email={sender}") as answer:
        found = json.load(answer)["messages"]
    assert len(found) == 2 and found[0]["Id"] == sent and found[0]["Subject"] == "Subject ü", found


@check("cloudwatch: metrics are put and read")
def metrics(cloud):
    now = datetime.datetime.now(datetime.timezone.utc)
    space = cloud.name("space")
    cloud.cloudwatch.put_metric_data(Namespace=space, MetricData=[{"MetricName": "m", "Value": 2, "Timestamp": now}])
    found = cloud.cloudwatch.get_metric_statistics(
        Namespace=space, MetricName="m", Period=60, Statistics=["Sum"],
        StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=5),
    )
    assert [point["Sum"] for point in found["Datapoints"]] == [2], found


@check("cloudwatch: metrics in EMF lines of a function's log are extracted")
def emf(cloud):
    space, group = cloud.name("space"), cloud.name("group")
    metrics = [{"Namespace": space, "Dimensions": [[]], "Metrics": [{"Name": "m", "Unit": "Count"}]}]
    now = int(datetime.datetime.now(datetime.timezone.utc).timestamp() * 1000)
    line = {"_aws": {"Timestamp": now, "CloudWatchMetrics": metrics}, "m": 1}
    cloud.logs.create_log_group(logGroupName=group)
    cloud.logs.create_log_stream(logGroupName=group, logStreamName="s")
    cloud.logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": json.dumps(line)}])
    until(lambda: cloud.cloudwatch.list_metrics(Namespace=space)["Metrics"], 3, "the metric is there")


@check("ssm: parameters")
def parameters(cloud):
    name = "/adit/" + cloud.name("parameter")
    cloud.ssm.put_parameter(Name=name, Value="x", Type="SecureString")
    assert cloud.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "x"


@check("iam: what a role may not do is refused")
def iam(cloud):
    user = cloud.name("user")
    cloud.iam.create_user(UserName=user)
    keys = cloud.iam.create_access_key(UserName=user)["AccessKey"]
    session = boto3.session.Session(keys["AccessKeyId"], keys["SecretAccessKey"], region_name="us-east-1")
    client = session.client("sqs", endpoint_url=cloud.endpoint)
    with refused("AccessDenied", "AccessDeniedException"):
        client.list_queues()
