"""The way back. CloudFormation deletes no bucket that holds something and no table that is protected; both are prepared here first."""
from botocore.exceptions import ClientError

from deployment import Failed, stack, watch

# Buckets that hold copies or files of ours only: emptied in any case. The access log goes only when data go.
EMPTIED = {"Staging", "Web"}


def destroy(home, say):
    """Deletes the stack. Returns what stays, as its type and name."""
    found = stack.describe(home)
    if found is None:
        raise Failed(f"there is no stack {home.stage.stack} in {home.region}")
    keeps = home.stage.keep_data == "yes"
    parts = {part["LogicalResourceId"]: part for page in _parts(home, found["StackId"]) for part in page}
    protected = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in found.get("Parameters", [])}.get("DeletionProtection") == "yes"
    if protected:
        raise Failed("the stack is protected against deletion: deploy it with DeletionProtection no first")
    watch.disconnect(home, home.stage.parameters.get("WatchedBuckets", ""))
    for logical in sorted(EMPTIED if keeps else EMPTIED | {"AccessLog"}):
        if logical in parts and parts[logical].get("PhysicalResourceId"):
            count = _empty(home, parts[logical]["PhysicalResourceId"])
            if count:
                say(f"removed {count} objects from {parts[logical]['PhysicalResourceId']}")
    say(f"deleting the stack {home.stage.stack}")
    home.client("cloudformation").delete_stack(StackName=home.stage.stack)
    stack.wait(home, found["StackId"], {"DELETE_COMPLETE"})
    left = {part["LogicalResourceId"]: part for page in _parts(home, found["StackId"]) for part in page if part["ResourceStatus"] == "DELETE_SKIPPED"}
    return [f"{part['ResourceType']} {part.get('PhysicalResourceId', name)}" for name, part in sorted(left.items())]


def _parts(home, stack_id):
    try:
        for page in home.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_id):
            yield page["StackResourceSummaries"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise


def _empty(home, bucket):
    """Removes all objects in all versions, and unfinished uploads with them when the bucket goes. Returns the count."""
    s3, count = home.client("s3"), 0
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for kind in ("Versions", "DeleteMarkers") for item in page.get(kind, [])]
            if objects:
                answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
                if answer.get("Errors"):
                    raise Failed(f"{bucket} cannot be emptied: {answer['Errors'][0].get('Message', answer['Errors'][0]['Code'])}")
                count += len(objects)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
    return count
