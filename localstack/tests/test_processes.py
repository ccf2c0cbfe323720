"""Processes are ended by id and birth, with all that they left, and nobody else's are."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from localcloud import processes


class Processes(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def start(self, *command):
        recorded, child = processes.start(command, self.directory / "log", os.environ, self.directory)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return recorded, child

    def log(self, lines=1):
        end = time.monotonic() + 10
        while len(found := (self.directory / "log").read_text().splitlines()) < lines:
            self.assertLess(time.monotonic(), end, "the process did not write")
            time.sleep(0.01)
        return found

    def test_a_started_process_is_alive_until_stopped(self):
        recorded, _ = self.start("sleep", "60")
        self.assertTrue(processes.alive(recorded))
        self.assertTrue(processes.stop(recorded, 5))
        self.assertFalse(processes.alive(recorded))
        self.assertFalse(processes.stop(recorded, 5), "stopping twice finds nothing")

    def test_a_foreign_process_with_a_recorded_id_is_left_alone(self):
        recorded, child = self.start("sh", "-c", "sleep 60 & echo $!; wait")
        member = int(self.log()[0])
        for birth in (None, "", "another boot/1", recorded["birth"] + "0"):
            self.assertFalse(processes.stop({"pid": recorded["pid"], "birth": birth}, 1))
        self.assertIsNone(child.poll())
        self.assertIsNotNone(processes.birth(member), "a process of the foreign one's session was ended")

    def test_a_process_that_does_not_listen_is_killed_after_the_given_patience(self):
        recorded, _ = self.start(sys.executable, "-c", "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)")
        self.log()
        began = time.monotonic()
        self.assertTrue(processes.stop(recorded, 0.5))
        self.assertFalse(processes.alive(recorded))
        self.assertLess(time.monotonic() - began, 5)

    def test_what_a_process_left_behind_is_ended_too_even_after_its_death(self):
        script = "sleep 60 & echo $!; wait"
        for dies_first in (False, True):
            with self.subTest(dies_first=dies_first):
                (self.directory / "log").unlink(missing_ok=True)
                recorded, child = self.start("sh", "-c", script)
                left = int(self.log()[0])
                if dies_first:
                    os.kill(recorded["pid"], signal.SIGKILL)
                    child.wait()
                processes.stop(recorded, 5)
                self.assertIsNone(processes.birth(left), "it still runs")

    def test_a_process_that_ended_and_was_not_reaped_has_no_birth(self):
        child = subprocess.Popen(["true"])
        self.addCleanup(child.wait)
        end = time.monotonic() + 10
        while processes.birth(child.pid) is not None:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
