"""Notifications of watched buckets. The buckets are not the stack's, so CloudFormation cannot set them; what others have set there stays."""
from botocore.exceptions import ClientError

from deployment import Failed

KINDS = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations", "EventBridgeConfiguration")


def names(arns):
    return [arn.rsplit(":", 1)[1] for arn in arns.split(",") if arn]


def connect(home, arns, queue_arn):
    """Each bucket tells the queue of its new objects. Returns the buckets whose notification was set or changed."""
    changed = []
    for bucket in names(arns):
        ours = {"Id": mark(home), "QueueArn": queue_arn, "Events": ["s3:ObjectCreated:*"]}
        if _set(home, bucket, lambda others, ours=ours: [*others, ours]):
            changed.append(bucket)
    return changed


def disconnect(home, arns):
    """Takes our notification back; a bucket that is gone needs nothing."""
    for bucket in names(arns):
        try:
            _set(home, bucket, lambda others: others)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise


def mark(home):
    return f"{home.stage.stack}-arrivals"


def _set(home, bucket, change):
    s3 = home.client("s3")
    found = {kind: value for kind, value in s3.get_bucket_notification_configuration(Bucket=bucket).items() if kind in KINDS}
    queues = found.get("QueueConfigurations", [])
    wanted = change([queue for queue in queues if queue.get("Id") != mark(home)])
    if wanted == queues:
        return False
    try:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={**found, "QueueConfigurations": wanted})
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidArgument":
            raise Failed(f"the bucket {bucket} cannot tell of new objects: {error.response['Error'].get('Message', '')} (another notification for all new objects, or the bucket is in another region)") from error
        raise
    return True
