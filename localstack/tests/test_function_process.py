"""The plug-in's function process, without LocalStack: start, work, failure, end."""

import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

from adit_localstack.process import FunctionProcess, InitFailed
from adit_localstack.runtime_api import Invocation
from localcloud import processes

# A function whose behaviour its event tells.
BOOTSTRAP = f"""#!{sys.executable}
import json, os, subprocess, time, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
def post(path, body): urllib.request.urlopen(urllib.request.Request(api + path, body, method="POST")).close()
start = os.environ["START"]
print("started", start, flush=True)
if start == "exit": os._exit(4)
if start == "sleep": time.sleep(60)
if start == "error":
    post("init/error", b'{{"errorType": "Own", "errorMessage": "no settings"}}')
    os._exit(1)
while True:
    with urllib.request.urlopen(api + "invocation/next") as answer:
        name, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    print("event", json.dumps(event), flush=True)
    if "child" in event: print("child", subprocess.Popen(["sleep", "60"]).pid, flush=True)
    if "exit" in event: os._exit(event["exit"])
    time.sleep(event.get("sleep", 0))
    if event.get("fail"): post("invocation/" + name + "/error", b'{{"errorType": "Own"}}')
    else: post("invocation/" + name + "/response", json.dumps(dict(event, tmp=os.environ["TMPDIR"])).encode())
    if event.get("last"): os._exit(0)
"""


class FunctionProcessTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.package = pathlib.Path(scratch.name)
        self.write(BOOTSTRAP)
        self.lines = []

    def write(self, text):
        (self.package / "bootstrap").write_text(text)
        (self.package / "bootstrap").chmod(0o755)

    def process(self, start="well"):
        made = FunctionProcess(self.package, {"PATH": os.environ["PATH"], "START": start}, self.lines.append)
        self.addCleanup(made.stop)
        return made

    def invoke(self, process, limit_s=10, **event):
        deadline_ms = int((time.time() + limit_s) * 1000)
        return process.invoke(Invocation(f"id-{time.monotonic_ns()}", "arn", json.dumps(event).encode(), "", deadline_ms), limit_s)

    def test_starts_works_and_stops(self):
        process = self.process()
        self.assertGreater(process.wait_for_init(10), 0)
        first, second = self.invoke(process, n=1), self.invoke(process, n=2)
        self.assertEqual([json.loads(answer.body)["n"] for answer in (first, second)], [1, 2])
        scratch = pathlib.Path(json.loads(first.body)["tmp"])
        self.assertTrue(scratch.is_dir())
        self.assertIn('event {"n": 2}', process.take_lines())
        self.assertGreater(process.peak_memory_mb(), 1)
        process.stop()
        process.stop()
        self.assertFalse(process.alive)
        self.assertFalse(scratch.exists())
        self.assertEqual(self.lines[0], b"started well\n")

    def test_failed_starts_say_why(self):
        for start, outcome, words in (("exit", "exit", "ended with 4"), ("error", "error", "no settings"), ("sleep", "timeout", "within 0.3")):
            with self.subTest(start), self.assertRaises(InitFailed) as failed:
                self.process(start).wait_for_init(0.3 if start == "sleep" else 10)
            self.assertEqual(failed.exception.outcome, outcome)
            self.assertIn(words, failed.exception.body.decode())

    def test_a_package_that_cannot_be_run(self):
        for text in (None, "\x7fELF for another machine"):
            (self.package / "bootstrap").unlink()
            if text:
                self.write(text)
            with self.assertRaises(InitFailed) as failed:
                self.process()
            self.assertIn("Runtime.InvalidEntrypoint", failed.exception.body.decode())
            self.write(BOOTSTRAP)

    def test_a_death_during_work_is_answered(self):
        process = self.process()
        process.wait_for_init(10)
        answer = self.invoke(process, exit=7)
        self.assertEqual((answer.outcome, json.loads(answer.body)["errorType"]), ("exit", "Runtime.ExitError"))
        self.assertIn("exited with 7", answer.body.decode())
        self.assertFalse(process.alive)

    def test_an_answer_given_with_the_last_breath_counts(self):
        process = self.process()
        process.wait_for_init(10)
        self.assertEqual(self.invoke(process, last=True).outcome, "ok")

    def test_a_function_that_says_it_failed(self):
        process = self.process()
        process.wait_for_init(10)
        self.assertEqual(self.invoke(process, fail=True).outcome, "error")
        self.assertEqual(self.invoke(process).outcome, "ok")

    def test_a_late_function_is_ended_with_its_children(self):
        process = self.process()
        process.wait_for_init(10)
        began = time.monotonic()
        answer = self.invoke(process, limit_s=1, child=True, sleep=60)
        self.assertEqual(answer.outcome, "timeout")
        self.assertLess(time.monotonic() - began, 4)
        child = next(int(line.split()[1]) for line in self.lines if line.startswith(b"child"))
        self.assertFalse(process.alive)
        self.assertIsNone(processes.birth(child), "what it had started still runs")
