"""The Lambda Runtime API of one function process, on a free port of 127.0.0.1.

Holds the HTTP side and the invocation that is under way. Knows no processes and nothing of LocalStack.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import dataclasses
import json
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime"
JSON = ("Content-Type", "application/json")
# What AWS lets a function answer, in bytes.
MAX_RESPONSE = 6_291_556


def error(kind: str, message: str) -> bytes:
    """The body by which Lambda reports a failed function."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


@dataclasses.dataclass(frozen=True)
class Answer:
    """What an invocation came to. `outcome` is `ok`, `error` (the function says so), `exit`, `timeout` or `too-large`."""

    body: bytes
    outcome: str


class Invocation:
    """One event on its way through a function; it is answered once, later answers are ignored."""

    def __init__(self, request_id: str, arn: str, payload: bytes, trace: str, deadline_ms: int):
        self.request_id, self.arn, self.payload, self.trace, self.deadline_ms = request_id, arn, payload, trace, deadline_ms
        self._answered = threading.Event()
        self._lock = threading.Lock()
        self.answer: Answer | None = None

    def finish(self, body: bytes, outcome: str) -> None:
        with self._lock:
            if self.answer is None:
                self.answer = Answer(body, outcome)
                self._answered.set()

    def wait(self, seconds: float) -> bool:
        return self._answered.wait(seconds)


class RuntimeApi:
    """Serves one process from its start to its end. `asked` is set when the process has asked for work (or said that it cannot start)."""

    def __init__(self):
        self.asked = threading.Event()
        self.init_error: bytes | None = None
        self.current: Invocation | None = None
        self._pending: queue.Queue[Invocation | None] = queue.Queue()
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def offer(self, invocation: Invocation) -> None:
        self.current = invocation
        self._pending.put(invocation)

    def take(self) -> Invocation | None:
        """Waits for work, as the real API does; None when there will be none."""
        self.asked.set()
        return self._pending.get()

    def fail_init(self, body: bytes) -> None:
        self.init_error = body
        self.asked.set()

    def close(self) -> None:
        self._pending.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A process that went away while it was being answered is seen by its end, not here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: RuntimeApi

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path != f"{PREFIX}/invocation/next":
            self._send(404, error("NotFound", self.path))
            return
        invocation = self.api.take()
        if invocation is None:
            self.close_connection = True
            self._send(410, error("Gone", "this environment is being stopped"))
            return
        self._send(
            200,
            invocation.payload,
            JSON,
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.arn),
            ("Lambda-Runtime-Trace-Id", invocation.trace),
        )

    def do_POST(self):
        body = self._body()
        if self.path == f"{PREFIX}/init/error":
            self.api.fail_init(body)
            self._accept()
            return
        invocation = self.api.current
        if invocation is not None and self.path == f"{PREFIX}/invocation/{invocation.request_id}/error":
            invocation.finish(body, "error")
            self._accept()
        elif invocation is not None and self.path == f"{PREFIX}/invocation/{invocation.request_id}/response":
            self._respond(invocation, body)
        else:
            self._send(400, error("InvalidRequestID", "no such invocation is under way"), JSON)

    def _respond(self, invocation: Invocation, body: bytes) -> None:
        if len(body) > MAX_RESPONSE:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
            invocation.finish(error("Function.ResponseSizeTooLarge", message), "too-large")
            self._send(413, error("RequestEntityTooLarge", message), JSON)
        else:
            invocation.finish(body, "ok")
            self._accept()

    def _accept(self) -> None:
        self._send(202, b'{"status":"OK"}', JSON)

    def _send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(chunks)
