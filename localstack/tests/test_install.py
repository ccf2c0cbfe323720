"""What is missing on a machine is said in a sentence."""

import os
import pathlib
import stat
import tempfile
import unittest
from unittest import mock

from localcloud import Trouble, install


class Install(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def machine(self, **programs):
        """A machine whose Pythons answer so to the question whether they are of use."""
        for name, answer in programs.items():
            path = self.directory / name.replace("_", ".")
            path.write_text(f"#!/bin/sh\n{answer}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.enterContext(mock.patch.dict(os.environ, {"PATH": str(self.directory), "HOME": str(self.directory)}))
        absolute = ("/usr/bin/python3.11", "/usr/bin/python3")
        real = install.shutil.which
        self.enterContext(mock.patch.object(install.shutil, "which", lambda name: None if name in absolute else real(name)))

    def test_python_3_11_is_found_under_any_name(self):
        self.machine(python3_11="exit 127", python3="echo True; echo True")
        self.assertEqual(install.find_python(), "python3")

    def test_another_python_is_refused(self):
        self.machine(python3="echo False; echo True")
        with self.assertRaisesRegex(Trouble, "Python 3.11 is needed"):
            install.find_python()

    def test_a_python_without_environments_is_named_with_its_cure(self):
        self.machine(python3="echo True; exit 1")
        with self.assertRaisesRegex(Trouble, "python3 cannot make environments.*python3.11-venv"):
            install.find_python()

    def test_a_changed_pin_means_a_new_environment(self):
        self.enterContext(mock.patch.object(install, "HERE", self.directory))
        (self.directory / "constraints.txt").write_text("a==1\n")
        before = install.venv()
        (self.directory / "constraints.txt").write_text("a==2\n")
        self.assertNotEqual(before, install.venv())
