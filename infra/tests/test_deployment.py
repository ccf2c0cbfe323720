"""Deploying, as far as it needs no cloud: stages, the web page's files, the zip's machine, the reason of a failure."""
import datetime
import pathlib
import struct
import tempfile
import types
import unittest
import zipfile

from deployment import Failed, artifacts, home, stack, watch, web

import build


class Stages(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "s.yaml").write_text(text)
            return home.read("s", pathlib.Path(folder))

    def test_the_stages_we_ship_name_only_parameters_that_exist(self):
        known = build.join()["Parameters"]
        for name in ("example", "local"):
            self.assertLessEqual(set(home.read(name).parameters), set(known), name)

    def test_values_become_texts_and_lists_become_commas(self):
        made = self.read('stack: a\nregion: r\nkeep_data: "no"\ntags: {}\nparameters: {A: 5, B: [x, y], C: z}\n')
        self.assertEqual(made.parameters, {"A": "5", "B": "x,y", "C": "z"})

    def test_what_is_wrong_is_named(self):
        for text, sentence in (
            ("stack: a\n", "keep_data, parameters, region, tags is missing"),
            ("stack: a\nregion: r\nkeep_data: yes\ntags: {}\nparameters: {}\n", "in quotes"),
            ('stack: a\nregion: r\nkeep_data: "no"\ntags: {}\nparameters: {A: yes}\n', "value of A in quotes"),
        ):
            with self.assertRaisesRegex(Failed, sentence):
                self.read(text)

    def test_a_missing_stage_or_local_cloud_is_said(self):
        with self.assertRaisesRegex(Failed, "stages are files: example, local"):
            home.read("nowhere")
        with self.assertRaisesRegex(Failed, "localstack/cloud start"):
            home.find(None, pathlib.Path("/nonexistent"))


class Page(unittest.TestCase):
    def test_files_have_types_and_the_page_comes_last_and_is_never_cached(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("index.html", "adit-1.wasm", "start-2.js", "style-3.css", "icon-4.svg", ".built"):
                (pathlib.Path(folder) / name).write_text("x")
            found = [(name, media, cache) for _, name, media, cache in web.files(pathlib.Path(folder))]
        self.assertEqual(found[-1], ("index.html", "text/html; charset=utf-8", "no-cache"))
        self.assertEqual([name for name, _, _ in found], ["adit-1.wasm", "icon-4.svg", "start-2.js", "style-3.css", "index.html"])
        self.assertEqual({cache for _, _, cache in found[:-1]}, {"public, max-age=31536000, immutable"})

    def test_types_are_those_of_the_server(self):
        source = (build.ROOT / "functions" / "api" / "src" / "files.rs").read_text()
        for extension, media_type in web.MEDIA_TYPES.items():
            self.assertIn(f'Some("{extension}") => "{media_type}"', source)

    def test_a_folder_without_a_page_is_refused(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(Failed, "xtask dist"):
            list(web.files(pathlib.Path(folder)))


class Machine(unittest.TestCase):
    def judged(self, head, local=False, wanted="arm64"):
        where = types.SimpleNamespace(is_local=local, stage=types.SimpleNamespace(parameters={"Architecture": wanted}))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "f.zip"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("bootstrap", head)
            return artifacts.architecture(path, where)

    @staticmethod
    def elf(machine):
        return b"\x7fELF" + bytes(14) + struct.pack("<H", machine) + bytes(40)

    def test_a_zip_for_the_wrong_machine_is_refused_before_anything_is_sent(self):
        self.assertEqual(self.judged(self.elf(0xB7)), {})
        with self.assertRaisesRegex(Failed, "built for x86_64, but the stage wants arm64"):
            self.judged(self.elf(0x3E))
        with self.assertRaisesRegex(Failed, "no Linux machine"):
            self.judged(b"#!/bin/sh")

    def test_locally_the_zip_decides(self):
        self.assertEqual(self.judged(self.elf(0x3E), local=True), {"Architecture": "x86_64"})
        self.assertEqual(self.judged(b"#!/bin/sh", local=True, wanted="x86_64"), {"Architecture": "x86_64"})


class Events:
    def __init__(self, *events):
        self._page = {"StackEvents": [self.event(*event) for event in events]}

    @staticmethod
    def event(second, name, kind, status, reason):
        return {"Timestamp": datetime.datetime(2026, 1, 1, 0, 0, second, tzinfo=datetime.timezone.utc), "LogicalResourceId": name, "ResourceType": kind, "ResourceStatus": status, "ResourceStatusReason": reason}

    def client(self, _):
        return types.SimpleNamespace(get_paginator=lambda _: types.SimpleNamespace(paginate=lambda **_: [self._page]))


class Reason(unittest.TestCase):
    def test_it_is_the_first_failure_that_is_told(self):
        where = Events(
            (9, "adit", "AWS::CloudFormation::Stack", "ROLLBACK_FAILED", "The following resource(s) failed"),
            (5, "Table", "AWS::DynamoDB::Table", "CREATE_FAILED", "Resource creation cancelled"),
            (4, "Events", "AWS::SQS::Queue", "CREATE_FAILED", "Value for VisibilityTimeout is invalid"),
            (1, "Web", "AWS::S3::Bucket", "CREATE_COMPLETE", ""),
        )
        self.assertEqual(stack.reason(where, "id"), "Events (AWS::SQS::Queue): Value for VisibilityTimeout is invalid")

    def test_an_earlier_attempts_failure_is_not_todays(self):
        where = Events((4, "Old", "AWS::SQS::Queue", "CREATE_FAILED", "old"), (8, "New", "AWS::SQS::Queue", "UPDATE_FAILED", "new"))
        since = datetime.datetime(2026, 1, 1, 0, 0, 6, tzinfo=datetime.timezone.utc)
        self.assertEqual(stack.reason(where, "id", since), "New (AWS::SQS::Queue): new")


class Notifications(unittest.TestCase):
    class Bucket:
        def __init__(self, found):
            self.found, self.writes = found, 0

        def get_bucket_notification_configuration(self, Bucket):
            return {**self.found, "ResponseMetadata": {}}

        def put_bucket_notification_configuration(self, Bucket, NotificationConfiguration):
            self.found, self.writes = NotificationConfiguration, self.writes + 1

    def test_others_notifications_stay_and_ours_is_set_once_and_taken_back(self):
        other = {"Id": "other", "QueueArn": "q", "Events": ["s3:ObjectRemoved:*"]}
        bucket = self.Bucket({"QueueConfigurations": [other], "EventBridgeConfiguration": {}})
        where = types.SimpleNamespace(client=lambda _: bucket, stage=types.SimpleNamespace(stack="adit"))
        arn = "arn:aws:s3:::incoming"
        self.assertEqual(watch.connect(where, arn, "ours"), ["incoming"])
        self.assertEqual(watch.connect(where, arn, "ours"), [])
        self.assertEqual([queue["Id"] for queue in bucket.found["QueueConfigurations"]], ["other", "adit-arrivals"])
        watch.disconnect(where, arn)
        self.assertEqual((bucket.found, bucket.writes), ({"QueueConfigurations": [other], "EventBridgeConfiguration": {}}, 2))


if __name__ == "__main__":
    unittest.main()
