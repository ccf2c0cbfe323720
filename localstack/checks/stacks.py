"""CloudFormation and SAM: deploy, update in place, fail, delete."""

import json

from botocore.exceptions import WaiterError
from checks import ROLE, check, package, until
from checks.sqs import count

SAM = "AWS::Serverless-2016-10-31"


def deploy(cloud, name, template, update=False, seconds=90, **parameters):
    """By a change set, as `sam deploy` does. The stack's outputs."""
    stacks, change = cloud.cloudformation, cloud.name("change")
    stacks.create_change_set(
        StackName=name,
        ChangeSetName=change,
        ChangeSetType="UPDATE" if update else "CREATE",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    fast = {"Delay": 1, "MaxAttempts": seconds}
    stacks.get_waiter("change_set_create_complete").wait(StackName=name, ChangeSetName=change, WaiterConfig=fast)
    stacks.execute_change_set(StackName=name, ChangeSetName=change)
    stacks.get_waiter("stack_update_complete" if update else "stack_create_complete").wait(StackName=name, WaiterConfig=fast)
    found = stacks.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def delete(cloud, name):
    cloud.cloudformation.delete_stack(StackName=name)
    cloud.cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 90})


def code(cloud):
    bucket = cloud.bucket()
    cloud.s3.put_object(Bucket=bucket, Key="function.zip", Body=package())
    return {"Bucket": bucket, "Key": "function.zip"}


def template(code_uri, own):
    """A small one of our shape: SAM functions with a queue and an address, table, secret, schedule, condition."""
    dead = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 5}
    event = {"Queue": {"Fn::GetAtt": ["Work", "Arn"]}, "BatchSize": 5, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
    event["ScalingConfig"] = {"MaximumConcurrency": 10}
    function = {"Runtime": "provided.al2023", "CodeUri": code_uri, "Architectures": ["x86_64"], "MemorySize": 256, "Timeout": 10}
    worker = {"Handler": "batch", "Events": {"Work": {"Type": "SQS", "Properties": event}}}
    worker["Policies"] = [{"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": ["Work", "QueueName"]}}}]
    api = {"Handler": "echo", "FunctionUrlConfig": {"AuthType": "NONE"}, "Environment": {"Variables": {"OWN": own}}}
    attributes = [{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")]
    table = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }
    zone = {"Fn::Select": [0, {"Fn::GetAZs": ""}]}
    secret = {"GenerateSecretString": {"PasswordLength": 64, "ExcludePunctuation": True}}
    return {
        "Transform": SAM,
        "Parameters": {"Aws": {"Type": "String", "Default": "no"}},
        "Conditions": {"OnAws": {"Fn::Equals": [{"Ref": "Aws"}, "yes"]}},
        "Resources": {
            "Dead": {"Type": "AWS::SQS::Queue"},
            "Work": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60, "RedrivePolicy": dead}},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
            "Key": {"Type": "AWS::SecretsManager::Secret", "Properties": secret},
            "Worker": {"Type": "AWS::Serverless::Function", "Properties": function | worker},
            "Api": {"Type": "AWS::Serverless::Function", "Properties": function | api},
            "Edge": {"Type": "AWS::CloudFront::Distribution", "Condition": "OnAws", "Properties": {}},
            "Subnet": {"Type": "AWS::EC2::Subnet", "Condition": "OnAws", "Properties": {"AvailabilityZone": zone}},
        },
        "Outputs": {
            "Work": {"Value": {"Ref": "Work"}},
            "Table": {"Value": {"Ref": "Table"}},
            "Key": {"Value": {"Ref": "Key"}},
            "Api": {"Value": {"Ref": "Api"}},
            "Worker": {"Value": {"Ref": "Worker"}},
            "Address": {"Value": {"Fn::GetAtt": ["ApiUrl", "FunctionUrl"]}},
        },
    }


@check("cloudformation: a SAM stack deploys, works, updates in place and deletes without a rest")
def sam(cloud):
    stack, source = cloud.name("stack"), code(cloud)
    made = deploy(cloud, stack, template(source, "old"))
    assert cloud.invoke(made["Api"], {})[1]["environment"]["OWN"] == "old"
    assert ".lambda-url.us-east-1." in made["Address"], made
    assert len(cloud.secretsmanager.get_secret_value(SecretId=made["Key"])["SecretString"]) == 64
    cloud.sqs.send_message(QueueUrl=made["Work"], MessageBody="{}")
    until(lambda: cloud.output(made["Worker"]), 20, "the worker has the message")
    again = deploy(cloud, stack, template(source, "new"), update=True)
    assert again == made, "an update replaced things"
    until(lambda: cloud.invoke(made["Api"], {})[1]["environment"]["OWN"] == "new", 10, "the new configuration runs")
    delete(cloud, stack)
    functions = {f["FunctionName"] for page in cloud.lambda_.get_paginator("list_functions").paginate() for f in page["Functions"]}
    assert not functions & {made["Api"], made["Worker"]} and made["Table"] not in cloud.dynamodb.list_tables()["TableNames"]
    assert not [m for m in cloud.lambda_.list_event_source_mappings()["EventSourceMappings"] if m["FunctionArn"].endswith(made["Worker"])]


@check("cloudformation: a change set is described although absent resources refer to one another")
def described(cloud):
    resources = {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Away": {"Type": "AWS::ECS::Cluster", "Condition": "OnAws", "Properties": {}},
        "AwayToo": {"Type": "AWS::ECS::Service", "Condition": "OnAws", "Properties": {"Cluster": {"Fn::Sub": "x/${Away}"}}},
    }
    deploy(cloud, cloud.name("stack"), {"Conditions": {"OnAws": {"Fn::Equals": ["a", "b"]}}, "Resources": resources})


@check("cloudformation: the table's time to live is set by the stack")
def ttl(cloud):
    stack = cloud.name("stack")
    made = deploy(cloud, stack, template(code(cloud), "x"))
    found = cloud.dynamodb.describe_time_to_live(TableName=made["Table"])["TimeToLiveDescription"]
    delete(cloud, stack)
    assert found.get("AttributeName") == "expires_at", found


@check("cloudformation: a mapping's MaximumConcurrency and response types are set by the stack")
def mapping(cloud):
    stack = cloud.name("stack")
    made = deploy(cloud, stack, template(code(cloud), "x"))
    found = cloud.lambda_.list_event_source_mappings(FunctionName=made["Worker"])["EventSourceMappings"][0]
    delete(cloud, stack)
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"] and found.get("ScalingConfig") == {"MaximumConcurrency": 10}, found


def bad(kind, properties):
    return {"Resources": {"Good": {"Type": "AWS::SQS::Queue"}, "Bad": {"Type": kind, "Properties": properties, "DependsOn": "Good"}}}


MISSING = {"Role": ROLE, "Runtime": "provided.al2023", "Handler": "echo", "Code": {"S3Bucket": "no-such-bucket-of-anybody", "S3Key": "k"}}


def fail(cloud, broken):
    """State and reasons of a stack that must fail."""
    stack = cloud.name("stack")
    try:
        deploy(cloud, stack, broken)
    except WaiterError:
        pass
    else:
        raise AssertionError("the broken stack was deployed")
    state = cloud.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    events = cloud.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return state, [event["ResourceStatusReason"] for event in events if "ResourceStatusReason" in event and event["LogicalResourceId"] == "Bad"]


@check("cloudformation: a broken resource fails the stack and says why")
def broken(cloud):
    state, reasons = fail(cloud, bad("AWS::Lambda::Function", MISSING))
    assert "FAILED" in state or state == "ROLLBACK_COMPLETE", state
    assert any("bucket" in reason for reason in reasons), reasons
    return f"{state}: {reasons[-1][:80]}"


@check("cloudformation: a failed stack is rolled back, and what it had made is gone")
def rollback(cloud):
    stack = bad("AWS::Lambda::Function", MISSING)
    name = cloud.name("queue")
    stack["Resources"]["Good"]["Properties"] = {"QueueName": name}
    state, _ = fail(cloud, stack)
    assert state == "ROLLBACK_COMPLETE", state
    assert not cloud.sqs.list_queues(QueueNamePrefix=name).get("QueueUrls"), "its queue is still there"


@check("cloudformation: a failed update is rolled back to what was there")
def rollback_update(cloud):
    stack = cloud.name("stack")
    good = {"Resources": {"Good": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 11}}}}
    outputs = {"Outputs": {"Queue": {"Value": {"Ref": "Good"}}}}
    url = deploy(cloud, stack, good | outputs)["Queue"]
    worse = bad("AWS::Lambda::Function", MISSING)
    worse["Resources"]["Good"]["Properties"] = {"VisibilityTimeout": 22}
    try:
        deploy(cloud, stack, worse | outputs, update=True, seconds=5)
    except WaiterError:
        pass
    else:
        raise AssertionError("the broken update was deployed")
    state = cloud.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    found = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]["VisibilityTimeout"]
    assert state == "UPDATE_ROLLBACK_COMPLETE" and found == "11", (state, found)


@check("cloudformation: a kind of resource that is not there fails the stack")
def unknown(cloud):
    fail(cloud, bad("AWS::CloudFront::Distribution", {}))


@check("cloudformation: a bucket's lifecycle rules are set by the stack")
def lifecycle(cloud):
    rule = {"Status": "Enabled", "Prefix": "staging/", "ExpirationInDays": 7}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [rule]}}}
    stack = cloud.name("stack")
    made = deploy(cloud, stack, {"Resources": {"Bucket": bucket}, "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}}})
    cloud.s3.get_bucket_lifecycle_configuration(Bucket=made["Bucket"])


@check("cloudformation: a bucket's encryption is set by the stack")
def bucket_encryption(cloud):
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}}
    default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "Kms"}}, "BucketKeyEnabled": True}
    properties = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [default]}}
    resources = {"Kms": key, "Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}
    made = deploy(cloud, cloud.name("stack"), {"Resources": resources, "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}}})
    found = cloud.s3.put_object(Bucket=made["Bucket"], Key="a", Body=b"1")["ServerSideEncryption"]
    assert found == "aws:kms", found


@check("cloudformation: a bucket's CORS, tags and notification to a queue are set by the stack")
def bucket(cloud):
    permission = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
    queue_policy = {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [permission]}}
    rules = [{"Name": "prefix", "Value": "inbox/"}]
    notification = {"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Queue", "Arn"]}, "Filter": {"S3Key": {"Rules": rules}}}
    properties = {
        "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["PUT"], "AllowedOrigins": ["http://127.0.0.1:8080"]}]},
        "NotificationConfiguration": {"QueueConfigurations": [notification]},
        "Tags": [{"Key": "app", "Value": "adit"}],
    }
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": queue_policy},
        "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": "Policy", "Properties": properties},
    }
    outputs = {"Bucket": {"Value": {"Ref": "Bucket"}}, "Queue": {"Value": {"Ref": "Queue"}}}
    made = deploy(cloud, cloud.name("stack"), {"Resources": resources, "Outputs": outputs})
    name, problems = made["Bucket"], []
    cloud.s3.put_object(Bucket=name, Key="inbox/a", Body=b"1")
    try:
        until(lambda: count(cloud, made["Queue"]) >= 1, 5, "told to the queue")
    except AssertionError:
        problems.append("notification")
    for what, call in (("cors", cloud.s3.get_bucket_cors), ("tags", cloud.s3.get_bucket_tagging)):
        try:
            call(Bucket=name)
        except cloud.s3.exceptions.ClientError:
            problems.append(what)
    assert not problems, f"not set: {', '.join(problems)}"


KINDS = {
    "AWS::CloudWatch::Alarm": {
        "Namespace": "ADIT", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    },
    "AWS::CloudWatch::Dashboard": {"DashboardBody": "{\"widgets\":[]}"},
    "AWS::Logs::LogGroup": {"RetentionInDays": 30},
    "AWS::Events::Rule": {"ScheduleExpression": "rate(1 minute)"},
    "AWS::Scheduler::Schedule": {
        "ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": "arn:aws:iam::000000000000:role/any"},
    },
    "AWS::SSM::Parameter": {"Type": "String", "Value": "x"},
    "AWS::SNS::Topic": {},
    "AWS::SES::EmailIdentity": {"EmailIdentity": "adit@example.org"},
    "AWS::KMS::Key": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}, "EnableKeyRotation": True},
    "AWS::IAM::User": {},
    "AWS::Budgets::Budget": {"Budget": {"BudgetType": "COST", "TimeUnit": "MONTHLY"}},
    "AWS::CloudFormation::WaitConditionHandle": {},
    "AWS::ApiGatewayV2::Api": {"Name": "a", "ProtocolType": "HTTP"},
    "AWS::ApplicationAutoScaling::ScalableTarget": {},
    "AWS::ECS::Cluster": {},
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {},
    "AWS::CloudFront::Distribution": {},
    "AWS::Backup::BackupVault": {"BackupVaultName": "v"},
    "AWS::WAFv2::WebACL": {},
    "AWS::Route53::HostedZone": {"Name": "example.org"},
}


@check("cloudformation: kinds of resources that deploy here (told, not judged)")
def kinds(cloud):
    good, absent = [], []
    for kind, properties in KINDS.items():
        stack = cloud.name("stack")
        try:
            deploy(cloud, stack, {"Resources": {"One": {"Type": kind, "Properties": properties}}})
            delete(cloud, stack)
            good.append(kind)
        except Exception:
            absent.append(kind)
    assert "AWS::Logs::LogGroup" in good, absent
    return f"yes: {', '.join(k[5:] for k in good)}; no: {', '.join(k[5:] for k in absent)}"
