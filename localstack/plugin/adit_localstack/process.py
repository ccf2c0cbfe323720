"""One process of a function: the `bootstrap` of its package, its Runtime API and its output, from start to end.

Started in a process group of its own, so that ending it ends what it started; it stays in LocalStack's session, by which
`localstack/cloud stop` finds what LocalStack left behind. Knows nothing of LocalStack.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable

from adit_localstack.runtime_api import Answer, Invocation, RuntimeApi, error

KEPT_LINES = 10_000


class InitFailed(Exception):
    """The process did not come to ask for work. `body` is what Lambda reports, `outcome` is `exit`, `error` or `timeout`."""

    def __init__(self, body: bytes, outcome: str):
        super().__init__(body.decode("utf-8", "replace"))
        self.body, self.outcome = body, outcome


class FunctionProcess:
    def __init__(self, package: pathlib.Path, environment: dict[str, str], on_line: Callable[[bytes], None]):
        """Starts the process; `wait_for_init` must follow. Raises `InitFailed` if it cannot be started at all."""
        self._on_line = on_line
        self._lines: list[bytes] = []
        self._lock = threading.Lock()
        self._stopping = threading.Lock()
        self._scratch = tempfile.mkdtemp(prefix="function-")
        self._api = RuntimeApi()
        self._started = time.perf_counter()
        try:
            self._child = subprocess.Popen(
                [package / "bootstrap"],
                cwd=package,
                env={
                    **environment,
                    "TMPDIR": self._scratch,
                    "LAMBDA_TASK_ROOT": str(package),
                    "AWS_LAMBDA_RUNTIME_API": self._api.address,
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        except OSError as problem:
            self._discard()
            raise InitFailed(error("Runtime.InvalidEntrypoint", f"bootstrap cannot be started: {problem.strerror}"), "exit") from problem
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for_init(self, limit_s: float) -> float:
        """Waits until the process asks for work; milliseconds since it was started. Raises `InitFailed`; the process is ended then."""
        while not self._api.asked.wait(0.002):
            if not self.alive:
                self._fail("Runtime.ExitError", f"bootstrap ended with {self._exit_status()} before it asked for work", "exit")
            if time.perf_counter() - self._started > limit_s:
                self._fail("Runtime.InitTimeout", f"bootstrap did not ask for work within {limit_s:g} seconds", "timeout")
        init_ms = (time.perf_counter() - self._started) * 1000
        if self._api.init_error is not None:
            self.stop()
            raise InitFailed(self._api.init_error, "error")
        return init_ms

    def _fail(self, kind: str, message: str, outcome: str) -> None:
        self.stop()
        raise InitFailed(error(kind, message), outcome)

    @property
    def alive(self) -> bool:
        return self._exit_status() is None

    def invoke(self, invocation: Invocation, limit_s: float) -> Answer:
        """Gives the process an event and waits. A process that dies or takes too long is ended and answered for."""
        end = time.monotonic() + limit_s
        self._api.offer(invocation)
        while not invocation.wait(0.02):
            if time.monotonic() > end:
                message = f"{invocation.request_id} Task timed out after {limit_s:.2f} seconds"
                invocation.finish(error("Sandbox.Timedout", message), "timeout")
                self.stop()
            elif not self.alive:
                invocation.wait(0.1)  # an answer sent with the last breath counts
                message = f"RequestId: {invocation.request_id} Error: Runtime exited with {self._exit_status()}"
                invocation.finish(error("Runtime.ExitError", message), "exit")
        time.sleep(0.005)  # what was written last comes through the pipe
        return invocation.answer

    def take_lines(self) -> str:
        """What was written since the last call."""
        with self._lock:
            lines, self._lines = self._lines, []
        return b"".join(lines).decode("utf-8", "replace")

    def peak_memory_mb(self) -> float | None:
        """Largest resident memory so far; None when the system does not tell."""
        try:
            with open(f"/proc/{self._child.pid}/status", encoding="ascii") as status:
                peaks = [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
        except OSError:
            return None
        return round(peaks[0] / 1024, 1) if peaks else None

    def stop(self) -> None:
        """Ends the process and what it started, and forgets its scratch directory. May be called twice, and while `invoke` waits."""
        with self._stopping:
            if self._child.returncode is not None:
                return
            self._signal(signal.SIGTERM)
            end = time.monotonic() + 0.5
            while self.alive and time.monotonic() < end:
                time.sleep(0.005)
            self._signal(signal.SIGKILL)
            self._child.wait()
            self._discard()

    def _discard(self) -> None:
        self._api.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _exit_status(self) -> int | None:
        """How it ended (negative: by which signal), or None. The dead process is not reaped before `stop`: so its number, and the group
        of that number, cannot become another's."""
        try:
            found = os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return self._child.returncode
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def _signal(self, number: int) -> None:
        """To the whole group. Only while the process is not reaped."""
        try:
            os.killpg(self._child.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def _read(self) -> None:
        with self._child.stdout as output:
            for line in output:
                self._on_line(line)
                with self._lock:
                    self._lines.append(line)
                    del self._lines[:-KEPT_LINES]
