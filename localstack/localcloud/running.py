"""One running local cloud: its directory, its two servers, from start to stop.

`<dir>/cloud.json` is what stop, reset and tests know of it; `<dir>/env` is for shells; `<dir>/data` is everything in the cloud; `<dir>/logs` outlives
a stop and is emptied by the next start.
"""

import json
import pathlib
import random
import shlex
import shutil
import socket
import time
import urllib.request
from contextlib import contextmanager

from localcloud import Trouble, install, processes, settings

START_S = 180
MARKER = ".adit-cloud"


class Cloud:
    def __init__(self, directory):
        self.directory = directory.absolute()
        self.record_file = self.directory / "cloud.json"

    @contextmanager
    def alone(self):
        """One command at a time in a directory; and never in one that is not ours, because we remove what is in it."""
        if self.directory.exists() and any(self.directory.iterdir()) and not (self.directory / MARKER).exists():
            raise Trouble(f"{self.directory} holds other files; give an empty or new directory")
        self.directory.mkdir(parents=True, exist_ok=True)
        with install.lock(self.directory / MARKER):
            yield

    def record(self):
        """What was written at start, or None."""
        try:
            return json.loads(self.record_file.read_text())
        except FileNotFoundError:
            return None

    def running(self):
        """The record, if all of it still runs."""
        record = self.record()
        return record if record and all(processes.alive(server) for server in record["processes"].values()) else None

    def start(self, port):
        """Starts both servers with nothing in them and waits until they answer. `port` 0: any free one. The record."""
        self.stop()
        for name in ("data", "logs"):
            shutil.rmtree(self.directory / name, ignore_errors=True)
        for name in ("data/home", "data/tmp", "data/config", "logs/functions"):
            (self.directory / name).mkdir(parents=True)
        if port and not _free(port):
            raise Trouble(f"port {port} is taken; give another with --port, or 0 for any free one")
        return self._start(port or _choose_port(), _choose_port())

    def _start(self, port, engine_port):
        endpoint = f"http://{settings.HOST}:{port}"
        logs = self.directory / "logs"
        started = {}
        record = {
            "endpoint": endpoint,
            "region": settings.REGION,
            "dynamodb": f"http://{settings.HOST}:{engine_port}",
            "processes": started,
            "logs": {"localstack": str(logs / "localstack.log"), "dynamodb": str(logs / "dynamodb.log"), "functions": str(logs / "functions")},
            "journal": str(logs / "functions" / "journal.jsonl"),
            "python": str(install.python()),
        }
        commands = {
            "dynamodb": ([install.engine(), "serve", "--host", settings.HOST, "--port", str(engine_port)], settings.engine(self.directory)),
            "localstack": ([install.python(), "-m", "localstack.runtime.main"], settings.localstack(self.directory, port, engine_port)),
        }
        children = {}
        for name, (command, environment) in commands.items():
            started[name], children[name] = processes.start(command, record["logs"][name], environment, self.directory / "data")
            self.record_file.write_text(json.dumps(record, indent=2) + "\n")  # at once: a start that is interrupted can be stopped
        try:
            self._wait(record, children)
        except BaseException:
            self.stop()
            raise
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.user(self.directory, endpoint).items())
        (self.directory / "env").write_text("unset AWS_PROFILE AWS_SESSION_TOKEN\n" + exports)
        return record

    def _wait(self, record, children):
        """Until LocalStack says that it is ready and the engine answers through it."""
        end = time.monotonic() + START_S
        while not (_answers(record["endpoint"] + "/_localstack/health") and _accepts(record["dynamodb"])):
            for name, child in children.items():
                if child.poll() is not None:
                    log = pathlib.Path(record["logs"][name]).read_text(encoding="utf-8", errors="replace")
                    tail = "\n".join(log.splitlines()[-15:])
                    raise Trouble(f"{name} ended at its start; {record['logs'][name]} ends with:\n{tail}")
            if time.monotonic() > end:
                raise Trouble(f"the local cloud did not answer within {START_S} seconds; see {self.directory / 'logs'}")
            time.sleep(0.1)

    def stop(self):
        """Ends what the record names, LocalStack first because it ends its functions. True if something ran. Logs stay."""
        record = self.record()
        if record is None:
            return False
        servers = record["processes"]
        ran = [processes.stop(servers[name], 20) for name in ("localstack", "dynamodb") if name in servers]
        for path in (self.record_file, self.directory / "env"):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.directory / "data", ignore_errors=True)
        return any(ran)

    def reset(self):
        """A new, empty cloud at the same address."""
        record = self.record()
        if record is None:
            raise Trouble(f"no local cloud in {self.directory}; start one with: localstack/cloud start --dir {self.directory}")
        return self.start(int(record["endpoint"].rpartition(":")[2]))


def _free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, port))
        except OSError:
            return False
    return True


def _choose_port():
    """Below the range from which systems give ports to outgoing connections: those could take it before the server does."""
    for _ in range(200):
        port = random.randrange(20_000, 32_000)
        if _free(port):
            return port
    raise Trouble("no free port found between 20000 and 32000")


def _answers(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def _accepts(url):
    host, _, port = url.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True
