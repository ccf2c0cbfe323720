"""The stack itself: created, changed in place, waited for; and when it fails, the first reason, not the last."""
import time

from botocore.exceptions import ClientError

from deployment import Failed

CAPABILITIES = ["CAPABILITY_IAM"]
# States from which no update is possible: a creation that failed holds nothing of worth.
DEAD = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"}
GONE = {None, "DELETE_COMPLETE"}
LIMIT_S = 3600


def describe(home, name=None):
    """The stack as CloudFormation tells it, or None."""
    try:
        return home.client("cloudformation").describe_stacks(StackName=name or home.stage.stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def outputs(home):
    found = describe(home) or {}
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def apply(home, template, parameters, say):
    """Creates or updates. Returns `created`, `updated` or `unchanged`; raises with the reason of the resource that failed first."""
    cloud, name = home.client("cloudformation"), home.stage.stack
    found = describe(home)
    status = found and found["StackStatus"]
    if status and status.endswith("_IN_PROGRESS") and status not in DEAD:
        raise Failed(f"the stack {name} is being changed by somebody else ({status}); try again when that has ended")
    if status in DEAD:
        say(f"removing what is left of the stack {name}, whose creation had failed")
        cloud.delete_stack(StackName=name)
        wait(home, found["StackId"], {"DELETE_COMPLETE"})
        found, status = None, None
    call = {
        "StackName": name,
        "TemplateURL": template,
        "Capabilities": CAPABILITIES,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())],
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(home.stage.tags.items())],
    }
    if status in GONE:
        say(f"creating the stack {name} in {home.region}")
        began = cloud.create_stack(**call)["StackId"]
        wait(home, began, {"CREATE_COMPLETE"})
        return "created"
    since = found.get("LastUpdatedTime", found["CreationTime"])
    say(f"updating the stack {name} in {home.region}")
    try:
        cloud.update_stack(**call)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return "unchanged"
        raise
    wait(home, found["StackId"], {"UPDATE_COMPLETE"}, since)
    return "updated"


def wait(home, stack_id, good, since=None):
    """Until the stack rests. Anything but a good state is a failure with its reason."""
    end = time.monotonic() + LIMIT_S
    pause = 0.5 if home.is_local else 5
    while True:
        status = (describe(home, stack_id) or {"StackStatus": "DELETE_COMPLETE"})["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
        if time.monotonic() > end:
            raise Failed(f"the stack {home.stage.stack} is still {status} after {LIMIT_S // 60} minutes; CloudFormation goes on by itself")
        time.sleep(pause)
    if status not in good:
        raise Failed(f"the stack {home.stage.stack} ended as {status}.\n{reason(home, stack_id, since)}")


def reason(home, stack_id, since=None):
    """The resource that failed first, and why. What was cancelled because of it says nothing of its own."""
    try:
        pages = home.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id)
        events = [event for page in pages for event in page["StackEvents"] if since is None or event["Timestamp"] > since]
    except ClientError:
        return "CloudFormation tells no reason."
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in event.get("ResourceStatusReason", "").lower()]
    failed.sort(key=lambda event: (event["ResourceType"] == "AWS::CloudFormation::Stack", event["Timestamp"]))
    if not failed:
        return "CloudFormation tells no reason."
    first = failed[0]
    return f"{first['LogicalResourceId']} ({first['ResourceType']}): {first.get('ResourceStatusReason', 'no reason is told')}"
