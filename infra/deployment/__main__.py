"""infra/deploy: brings ADIT to AWS or to a local cloud, changes what stands there, and takes it away.

    infra/deploy aws --stage NAME [--zip FILE] [--page DIR]
    infra/deploy local --dir D [--stage local] [--zip FILE] [--page DIR]
    infra/deploy destroy (--stage NAME | --dir D) [--yes]

Every step may run twice: what is already there and the same stays as it is.
"""
import argparse
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import build  # noqa: E402
from deployment import Failed, artifacts, destroy, home, stack, watch, web  # noqa: E402

ROOT = build.ROOT


def say(words):
    print(f"[infra] {words}", flush=True)


def deploy(where, arguments):
    """Zip, template, stack, page, notifications, in this order: each needs the one before."""
    template = build.text(build.join(keep_data=where.stage.keep_data))
    store = artifacts.Store(where)
    parameters = {
        **where.stage.parameters,
        **artifacts.architecture(arguments.zip, where),
        "ArtifactBucket": store.bucket,
        "ArtifactKey": store.put(arguments.zip, "functions", "zip"),
    }
    address = store.put_text(template, "template", "yaml")
    changed = stack.apply(where, address, parameters, say)
    outputs = stack.outputs(where)
    say(f"stack {where.stage.stack}: {changed}")
    if arguments.page:
        count = web.upload(where, outputs["WebBucket"], arguments.page)
        web.forget(where, outputs.get("DistributionId"))
        say(f"web page: {count} files")
    for bucket in watch.connect(where, where.stage.parameters.get("WatchedBuckets", ""), outputs["EventsQueueArn"]):
        say(f"watched bucket: {bucket}")
    for name in sorted(outputs):
        print(f"{name}: {outputs[name]}")
    if changed == "created":
        say("first log-in: user admin, password under admin_password in the secret above")


def take_away(where, arguments):
    name = where.stage.stack
    what = "Table, secret, key, logs and backups stay." if where.stage.keep_data == "yes" else "ALL its data go, and the project key with them."
    if not arguments.yes:
        answer = input(f"Delete the stack {name} in {where.region}? {what}\nType its name to go on: ") if sys.stdin.isatty() else ""
        if answer.strip() != name:
            raise Failed("nothing was deleted (answer with the stack's name, or give --yes)")
    for kept in destroy.destroy(where, say):
        say(f"kept: {kept}")
    say(f"stack {name} is gone")


def main():
    parser = argparse.ArgumentParser(prog="infra/deploy", description="Brings ADIT to AWS or to the local cloud.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in (("aws", "create or update a stack in AWS"), ("local", "the same in the local cloud"), ("destroy", "delete a stack")):
        made = commands.add_parser(command, help=text)
        made.add_argument("--stage", default="local" if command == "local" else None, required=command == "aws", help="name of a file in infra/stages")
        if command != "aws":
            made.add_argument("--dir", type=pathlib.Path, required=command == "local", help="directory of the local cloud (localstack/cloud start)")
        if command == "destroy":
            made.add_argument("--yes", action="store_true", help="do not ask")
        else:
            made.add_argument("--zip", type=pathlib.Path, default=pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "functions" / "adit-lambda.zip", help="zip of the functions (scripts/package-functions)")
            made.add_argument("--page", type=pathlib.Path, help="directory of the built web page (cargo xtask dist)")
    arguments = parser.parse_args()
    try:
        where = home.find(arguments.stage, getattr(arguments, "dir", None))
        take_away(where, arguments) if arguments.command == "destroy" else deploy(where, arguments)
    except (Failed, build.Broken) as error:
        sys.exit(f"[infra] {error}")
    except home.CLOUD_ERRORS as error:
        sys.exit(f"[infra] {home.sentence(error)}")


if __name__ == "__main__":
    main()
