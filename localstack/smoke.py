#!/usr/bin/env python3
"""The smoke test of the local cloud: does the emulator do what ADIT builds on? `smoke.py --dir D` for a cloud started with
`localstack/cloud start --dir D`; `--only TEXT` runs the checks whose names hold it.

What is known to fail stands in `KNOWN` with its consequence; anything else that fails, and anything there that works after all, fails the test.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True

# Name of the check: why it is accepted, and what we do instead.
KNOWN = {
    "dynamodb: the table's ARN names region and account": "the engine's ARNs name the region 'dynoxide'; nothing of ours reads them",
    "dynamodb: point-in-time recovery": "not in the engine; CloudFormation here ignores the property, so the template need not know",
    "dynamodb: expired items are removed within 70 s": "not in the engine; an expired item is absent for our item store anyway",
    "sqs: fair queue: a quiet group is not kept waiting by a noisy one": "group ids are kept, not used: fairness cannot be proven here",
    "sqs: a delay over 15 minutes is refused": "not checked by LocalStack: our queue has to keep to it by itself",
    "sqs: a visibility over 12 hours is refused": "not checked by LocalStack: our queue has to keep to it by itself",
    "sqs: a stale receipt neither gives back nor removes the message of its next receiver": "here it does both, AWS promises neither; "
    "the task's attempt number fences, and the sweeper finds a task without a message",
    "lambda: SQS: MaximumBatchingWindowInSeconds gathers, and is told back": "kept, but a batch ends at its first message: sizes differ from AWS",
    "scheduler: a schedule calls a function": "schedules are kept and never run: the template uses AWS::Events::Rule, which does",
    "cloudwatch: metrics in EMF lines of a function's log are extracted": "log lines are only kept: a test has to read them",
    "iam: what a role may not do is refused": "nothing is enforced; the template's roles are judged by linters",
    "cloudformation: a change set is described although absent resources refer to one another": "DescribeChangeSet fails on such templates: "
    "local deploys use CreateStack and UpdateStack",
    "cloudformation: a failed stack is rolled back, and what it had made is gone": "it says ROLLBACK_COMPLETE, and what was made stays: "
    "delete the stack",
    "cloudformation: a failed update is rolled back to what was there": "it says ROLLBACK_COMPLETE (not UPDATE_...), and changes stay",
    "cloudformation: a bucket's lifecycle rules are set by the stack": "ignored: a test has to look at the template",
    "cloudformation: a bucket's encryption is set by the stack": "ignored: a test has to look at the template",
}


def parse():
    parser = argparse.ArgumentParser(description="Smoke test of the local cloud")
    parser.add_argument("--dir", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="", help="only checks whose names hold this")
    parser.add_argument("--verbose", action="store_true", help="with the traces of failures")
    return parser.parse_args()


def environment(arguments):
    """The cloud's record; goes on in the environment that has boto3 if this Python has none."""
    try:
        record = json.loads((arguments.dir / "cloud.json").read_text())
    except FileNotFoundError:
        sys.exit(f"[adit] no local cloud in {arguments.dir}; start one with: localstack/cloud start --dir {arguments.dir}")
    try:
        import boto3  # noqa: F401
    except ImportError:
        os.execv(record["python"], [record["python"], __file__, *sys.argv[1:]])
    return record


# Name of the check: where it failed.
TRACES = {}


def run(check, cloud):
    """(check, verdict, remark, seconds)"""
    began = time.monotonic()
    try:
        remark, passed = check.run(cloud) or "", True
    except Exception as error:  # whatever a check meets is its result
        remark, passed = f"{type(error).__name__}: {error}", False
        TRACES[check.name] = traceback.format_exc()
    known = check.name in KNOWN
    verdict = {(True, False): "ok", (False, False): "FAILED", (False, True): "known", (True, True): "WORKS NOW"}[passed, known]
    return check, verdict, KNOWN[check.name] if verdict == "known" else remark, time.monotonic() - began


def main():
    arguments = parse()
    record = environment(arguments)
    sys.path.insert(0, str(HERE))
    import checks
    from checks import dynamodb, functions, others, s3, sqs, stacks  # noqa: F401  they register themselves

    unknown = KNOWN.keys() - {check.name for check in checks.ALL}
    if unknown:
        sys.exit(f"[adit] known failures without a check: {', '.join(sorted(unknown))}")
    cloud = checks.Cloud(arguments.dir.absolute(), record)
    chosen = [check for check in checks.ALL if arguments.only in check.name]
    if not chosen:
        sys.exit("[adit] no check has such a name")
    for service in checks.SERVICES:
        getattr(cloud, service)  # clients are made here: making them is not for threads
    bad, known = [], 0
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        beside = [pool.submit(run, check, cloud) for check in chosen if check.slow]
        first = (run(check, cloud) for check in chosen if not check.slow)
        for results in (first, (future.result() for future in concurrent.futures.as_completed(beside))):
            for check, verdict, remark, seconds in results:
                print(f"{verdict:9} {seconds:5.1f} s  {check.name}" + (f"\n                   {remark}" if remark else ""), flush=True)
                known += verdict == "known"
                if verdict in ("FAILED", "WORKS NOW"):
                    bad.append(check.name)
                    if arguments.verbose:
                        print(TRACES.get(check.name, ""))
    print(f"[adit] {known} failures are known and accepted")
    print(f"{len(chosen) - len(bad) - known} passed, {len(bad)} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
