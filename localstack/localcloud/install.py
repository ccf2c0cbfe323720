"""What the local cloud needs on this machine: a Python environment with LocalStack and our plug-in, and the DynamoDB engine.

All in `$ADIT_CACHE`, shared by all checkouts; nothing is written into the checkout. Names carry what they were made from, so that a changed pin
makes a new one and a running cloud keeps its own.
"""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
from contextlib import contextmanager

from localcloud import Trouble

HERE = pathlib.Path(__file__).resolve().parent.parent
LOCALSTACK = "localstack-core[runtime]==4.13.1"
ENGINE = "3.2.0"
ENGINE_FEATURES = "native-sqlite,http-server,cli"


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("ADIT_CACHE") or pathlib.Path(base) / "adit")


def _digest(*paths):
    found = hashlib.sha256()
    for path in paths:
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:12]


def venv():
    return cache() / "localstack" / f"venv-{_digest(HERE / 'constraints.txt')}"


def python():
    return venv() / "bin" / "python"


def plugin():
    """Where our plug-in is installed, for PYTHONPATH."""
    sources = sorted((HERE / "plugin").glob("*.toml")) + sorted((HERE / "plugin" / "adit_localstack").glob("*.py"))
    return cache() / "localstack" / f"plugin-{_digest(*sources)}"


def engine():
    return cache() / f"dynoxide-{ENGINE}" / "bin" / "dynoxide"


def install(say):
    """Installs what is missing. Two that install at a time wait for each other."""
    cache().mkdir(parents=True, exist_ok=True)
    with lock(cache() / "install.lock"):
        if not (venv() / "ready").exists():
            say(f"installing {LOCALSTACK} (about a minute)")
            _install_localstack()
        if not plugin().exists():
            _install_plugin()
        if not engine().exists():
            say(f"building the DynamoDB engine dynoxide-rs {ENGINE} (some minutes, once)")
            _install_engine()


@contextmanager
def lock(path):
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install_localstack():
    base = find_python()
    shutil.rmtree(venv(), ignore_errors=True)
    _run([base, "-m", "venv", venv()], "the Python environment could not be made")
    constraints = HERE / "constraints.txt"
    _pip("install", "--constraint", constraints, LOCALSTACK, "setuptools")
    (venv() / "ready").touch()


def _install_plugin():
    """From a copy, because building leaves files behind. Without a look at an index: all it needs is in the environment."""
    with tempfile.TemporaryDirectory() as scratch:
        source = pathlib.Path(scratch) / "source"
        target = pathlib.Path(scratch) / "target"
        shutil.copytree(HERE / "plugin", source, ignore=shutil.ignore_patterns("__pycache__"))
        _pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--target", target, source)
        shutil.copytree(target, plugin())


def _install_engine():
    if not shutil.which("cargo"):
        raise Trouble("Rust is needed to build the DynamoDB engine: https://rustup.rs")
    with tempfile.TemporaryDirectory(dir=cache()) as scratch:
        command = ["cargo", "install", "dynoxide-rs", "--version", ENGINE, "--locked", "--root", scratch + "/root"]
        command += ["--no-default-features", "--features", ENGINE_FEATURES, "--target-dir", scratch + "/target"]
        _run(command, "the DynamoDB engine could not be built")
        engine().parent.mkdir(parents=True, exist_ok=True)
        os.replace(scratch + "/root/bin/dynoxide", engine())


def find_python():
    """A Python 3.11 that can make environments: LocalStack 4.13 runs on no other."""
    home = pathlib.Path.home()
    names = ["python3.11", "python3", "/usr/bin/python3.11", "/usr/bin/python3", *sorted(map(str, home.glob(".pyenv/versions/3.11*/bin/python3")))]
    without_venv = None
    for name in names:
        if not shutil.which(name):
            continue
        question = "import sys; print(sys.version_info[:2] == (3, 11)); import ensurepip, venv; print(True)"
        found = subprocess.run([name, "-c", question], capture_output=True, text=True, check=False)
        if found.stdout.split() == ["True", "True"]:
            return name
        if found.stdout.split() == ["True"]:
            without_venv = name
    if without_venv:
        raise Trouble(f"{without_venv} cannot make environments; on Debian: apt-get install python3.11-venv")
    raise Trouble("Python 3.11 is needed for LocalStack; on Debian 12: apt-get install python3 python3-venv; elsewhere: pyenv install 3.11")


def _pip(*arguments):
    command = [python(), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    _run(command, "pip failed")


def _run(command, problem):
    found = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=HERE, check=False)
    if found.returncode:
        raise Trouble(f"{problem}:\n{found.stdout[-4000:]}")
