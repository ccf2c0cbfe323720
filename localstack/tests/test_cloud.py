"""Real local clouds, by the command that people use."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

from checks import Cloud, until
from localcloud import install, processes

COMMAND = install.HERE / "cloud"


def command(*arguments):
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=300, check=False)


def listeners(pid):
    """Addresses at which a process and its session listen, as the kernel tells them."""
    inodes = set()
    for member in [pid, *processes.session_members(pid)]:
        for descriptor in pathlib.Path(f"/proc/{member}/fd").iterdir():
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        for line in pathlib.Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and (kind.startswith("udp") or fields[3] == "0A"):
                found.add(fields[1].partition(":")[0])
    return found


class CloudTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)

    def start(self, name):
        directory = self.root / name
        self.addCleanup(command, "stop", "--dir", directory)
        found = command("start", "--dir", directory, "--port", "0")
        self.assertEqual(found.returncode, 0, found.stderr)
        record = json.loads((directory / "cloud.json").read_text())
        return directory, record, Cloud(directory, record)

    def test_two_side_by_side_reset_and_stop(self):
        first_directory, first_record, first = self.start("one cloud")
        second_directory, second_record, second = self.start("two")

        first.s3.create_bucket(Bucket="same")
        first.s3.put_object(Bucket="same", Key="a", Body=b"first")
        second.s3.create_bucket(Bucket="same")
        table = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
        first.dynamodb.create_table(TableName="table", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], **table)
        self.assertEqual(second.s3.list_objects_v2(Bucket="same")["KeyCount"], 0)
        self.assertEqual(second.dynamodb.list_tables()["TableNames"], [])

        with self.subTest("nothing listens outside of loopback"):
            for record in (first_record, second_record):
                for server in record["processes"].values():
                    self.assertEqual(listeners(server["pid"]), {"0100007F"})

        with self.subTest("a second start changes nothing"):
            found = command("start", "--dir", first_directory, "--port", "0")
            self.assertIn("runs already", found.stdout)
            self.assertEqual(json.loads((first_directory / "cloud.json").read_text()), first_record)

        with self.subTest("the file for shells works, also with a blank in its path, and keeps real profiles away"):
            shown = subprocess.run(
                ["sh", "-c", '. "$1"; echo "$AWS_ENDPOINT_URL|$AWS_PROFILE|$ADIT_CLOUD_DIR"', "sh", first_directory / "env"],
                capture_output=True, text=True, env={**os.environ, "AWS_PROFILE": "hospital"}, check=True,
            ).stdout.strip()
            self.assertEqual(shown, f"{first.endpoint}||{first_directory}")

        with self.subTest("reset empties, at the same address, and only this one"):
            self.assertEqual(command("reset", "--dir", first_directory).returncode, 0)
            self.assertEqual(first.s3.list_buckets()["Buckets"], [])
            self.assertEqual(first.dynamodb.list_tables()["TableNames"], [])
            self.assertEqual([bucket["Name"] for bucket in second.s3.list_buckets()["Buckets"]], ["same"])

        first_record = json.loads((first_directory / "cloud.json").read_text())
        with self.subTest("stop ends it and its functions and leaves only logs"):
            function = first.function("echo")
            pid = first.invoke(function, {})[1]["pid"]
            self.assertEqual(command("status", "--dir", first_directory).returncode, 0)
            self.assertEqual(command("stop", "--dir", first_directory).returncode, 0)
            self.assertFalse(any(processes.alive(server) for server in first_record["processes"].values()))
            self.assertIsNone(processes.birth(pid), "a function outlived its cloud")
            self.assertEqual({path.name for path in first_directory.iterdir()}, {".adit-cloud", "logs"})
            self.assertEqual(command("status", "--dir", first_directory).returncode, 1)
            self.assertEqual(command("stop", "--dir", first_directory).returncode, 0, "stopping twice is no error")
            second.s3.head_bucket(Bucket="same")

    def test_a_cloud_whose_emulator_was_killed_is_cleared_away_and_started_again(self):
        directory, record, cloud = self.start("killed")
        function = cloud.function("echo")
        pid = cloud.invoke(function, {})[1]["pid"]
        os.kill(record["processes"]["localstack"]["pid"], signal.SIGKILL)
        until(lambda: not processes.alive(record["processes"]["localstack"]), 10, "it is dead")
        self.assertEqual(command("status", "--dir", directory).returncode, 1)
        directory, again, cloud = self.start("killed")
        self.assertIsNone(processes.birth(pid), "a function outlived its cloud")
        self.assertFalse(processes.alive(record["processes"]["dynamodb"]))
        self.assertEqual(cloud.s3.list_buckets()["Buckets"], [])

    def test_a_directory_with_other_files_is_not_touched(self):
        (self.root / "thesis.txt").write_text("years of work")
        for verb in ("start", "stop", "reset"):
            found = command(verb, "--dir", self.root)
            self.assertEqual(found.returncode, 1)
            self.assertIn("holds other files", found.stderr)
        self.assertEqual([path.name for path in self.root.iterdir()], ["thesis.txt"])

    def test_a_taken_port_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            found = command("start", "--dir", self.root / "taken", "--port", str(port))
        self.assertEqual(found.returncode, 1)
        self.assertIn(f"port {port} is taken", found.stderr)
