"""The stack's life on a local cloud: from zero, the same again, changed in place, broken with its reason, deleted without a rest.

    infra/python infra/tests/on_local_cloud.py --dir D [--zip FILE]

D is the directory of a running local cloud (localstack/cloud start --dir D). Without --zip a small program stands in for the functions.
The stack has a name of its own; what else is in that cloud is not touched.
"""
import argparse
import pathlib
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import build  # noqa: E402
from deployment import Failed, artifacts, destroy, home, stack, watch, web  # noqa: E402

NAME = "adit-life"
STAND_IN = b"""#!/bin/sh
# Answers every invocation with an empty object.
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while id=$(curl -s -D - -o /dev/null "$api/next" | tr -d '\\r' | awk 'tolower($1) == "lambda-runtime-aws-request-id:" {print $2}') && [ -n "$id" ]; do
    curl -s -o /dev/null -d '{}' "$api/$id/response"
done
"""


def stand_in(folder):
    path = folder / "functions.zip"
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, STAND_IN)
    return path


class Life:
    def __init__(self, where, archive):
        self.where, self.store = where, artifacts.Store(where)
        self.base = {**where.stage.parameters, **artifacts.architecture(archive, where), "ArtifactBucket": self.store.bucket, "ArtifactKey": self.store.put(archive, "functions", "zip")}

    def apply(self, template=None, **parameters):
        made = template or build.join(keep_data="no")
        return stack.apply(self.where, self.store.put_text(build.text(made), "template", "yaml"), {**self.base, **parameters}, lambda _: None)

    def queues(self):
        return sorted(url.rsplit("/", 1)[1] for url in self.where.client("sqs").list_queues(QueueNamePrefix=f"{NAME}-").get("QueueUrls", []))

    def rest(self):
        """Everything of the stack that is still there."""
        c = self.where.client
        named = [
            *self.queues(),
            *c("dynamodb").list_tables()["TableNames"],
            *(bucket["Name"] for bucket in c("s3").list_buckets()["Buckets"]),
            *(function["FunctionName"] for function in c("lambda").list_functions()["Functions"]),
            *(role["RoleName"] for role in c("iam").list_roles()["Roles"]),
            *(policy["PolicyName"] for policy in c("iam").list_policies(Scope="Local")["Policies"]),
            *(secret["Name"] for secret in c("secretsmanager").list_secrets()["SecretList"]),
            *(group["logGroupName"] for group in c("logs").describe_log_groups(logGroupNamePrefix=f"/adit/{NAME}/")["logGroups"]),
            *(rule["Name"] for rule in c("events").list_rules()["Rules"]),
        ]
        return [name for name in named if name.startswith((f"{NAME}-", f"/adit/{NAME}/"))]


def step(words):
    print(f"[infra] {words}", flush=True)


def expect(holds, words):
    if not holds:
        raise Failed(f"not so: {words}")


def expect_failure(life, sentence, **call):
    try:
        life.apply(**call)
    except Failed as failed:
        expect(all(word in str(failed) for word in sentence), f"the reason names {sentence}: {failed}")
        return
    raise Failed(f"a broken template was deployed; it should have failed with {sentence}")


def broken(template):
    template["Resources"]["Table"]["Properties"]["KeySchema"][0]["AttributeName"] = "nobody_declared_this"
    return template


def live(where, archive, folder):
    life = Life(where, archive)
    expect(life.rest() == [], f"nothing of {NAME} is there before: {life.rest()}")

    step("from zero")
    expect(life.apply() == "created", "a new stack is created")
    outputs = stack.outputs(where)
    expect(len(life.queues()) == 10, f"ten queues: {life.queues()}")
    table = where.client("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]
    expect(sorted(index["IndexName"] for index in table["GlobalSecondaryIndexes"]) == ["first", "second"], "the table has its indexes")
    where.client("s3").create_bucket(Bucket=f"x-{NAME}")
    arn = f"arn:aws:s3:::x-{NAME}"
    expect(watch.connect(where, arn, outputs["EventsQueueArn"]) == [f"x-{NAME}"], "a watched bucket is connected")
    watch.disconnect(where, arn)
    where.client("s3").delete_bucket(Bucket=f"x-{NAME}")
    page = folder / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html>")
    expect(web.upload(where, outputs["WebBucket"], page) == 1, "the page is uploaded")
    head = where.client("s3").head_object(Bucket=outputs["WebBucket"], Key="index.html")
    expect((head["ContentType"], head["CacheControl"]) == ("text/html; charset=utf-8", "no-cache"), "the page has its type and is not cached")

    step("the same again")
    expect(life.apply() == "unchanged", "the same template changes nothing")

    step("changed in place")
    secret = where.client("secretsmanager").get_secret_value(SecretId=outputs["SecretArn"])["SecretString"]
    expect(life.apply(WorkerTimeout="45", AeTitle="ADIT2") == "updated", "a parameter changes the stack")
    worker = where.client("lambda").get_function_configuration(FunctionName=f"{NAME}-worker")
    expect((worker["Timeout"], worker["Environment"]["Variables"]["ADIT_AE_TITLE"]) == (45, "ADIT2"), "the worker has the new values")
    after = stack.outputs(where)
    expect({key: after[key] for key in ("TableName", "StagingBucket", "SecretArn")} == {key: outputs[key] for key in ("TableName", "StagingBucket", "SecretArn")}, "table, bucket and secret stay the same ones")
    expect(where.client("secretsmanager").get_secret_value(SecretId=outputs["SecretArn"])["SecretString"] == secret, "the secret keeps its value")

    step("deleted")
    expect(destroy.destroy(where, lambda _: None) == [], "nothing is kept")
    expect(gone(life) == [], f"nothing is left: {life.rest()}")

    step("broken")
    expect_failure(life, ["Table (AWS::DynamoDB::Table)", "key attribute"], template=broken(build.join(keep_data="no")))
    expect(life.apply() == "created", "what a failed creation left does not stand in the way of the next")
    destroy.destroy(where, lambda _: None)
    expect(gone(life) == [], f"nothing is left: {life.rest()}")


def gone(life):
    """What is left after a little patience: queues are listed for a moment longer."""
    end = time.monotonic() + 10
    while life.rest() and time.monotonic() < end:
        time.sleep(0.5)
    return life.rest()


def main():
    parser = argparse.ArgumentParser(description="Create, update, break and delete the stack on a local cloud.")
    parser.add_argument("--dir", type=pathlib.Path, required=True)
    parser.add_argument("--zip", type=pathlib.Path)
    chosen = parser.parse_args()
    try:
        where = home.find("local", chosen.dir)
        where.stage.stack = NAME
        with tempfile.TemporaryDirectory() as folder:
            live(where, chosen.zip or stand_in(pathlib.Path(folder)), pathlib.Path(folder))
    except (Failed, *home.CLOUD_ERRORS) as error:
        sys.exit(f"[infra] {error}")
    step("the stack's life: as it should be")


if __name__ == "__main__":
    main()
