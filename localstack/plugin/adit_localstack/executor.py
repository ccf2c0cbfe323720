"""`LAMBDA_RUNTIME_EXECUTOR=process`: what LocalStack asks of an execution environment, done by one `FunctionProcess`.

LocalStack makes as many environments as invocations run at a time and gives each one invocation after the other. A process that died
or was ended for being late is replaced at the next invocation.
"""

import os
import pathlib
import time

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from adit_localstack import journal
from adit_localstack.process import FunctionProcess, InitFailed
from adit_localstack.runtime_api import Invocation

LOOPBACK = "127.0.0.1"


class ProcessExecutor(RuntimeExecutor):
    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self._environment: dict[str, str] = {}
        self._process: FunctionProcess | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        runtime = self.function_version.config.runtime or "an image"
        if not runtime.startswith("provided"):
            raise LambdaRuntimeException(f"the process executor runs provided.* functions only, not {runtime}")
        self.prepare_version(self.function_version)
        self._environment = {"PATH": os.environ.get("PATH", os.defpath), **{name: str(value) for name, value in env_vars.items()}}
        self._ensure_process()

    def _ensure_process(self) -> FunctionProcess:
        """The living process, started if there is none. A failed start is reported as the function's error, as Lambda does."""
        if self._process is not None and self._process.alive:
            return self._process
        self._end_process()
        name = self.function_version.id.function_name
        package = pathlib.Path(self.function_version.config.code.get_unzipped_code_location())
        limit_s = float(os.environ.get("ADIT_FUNCTION_INIT_SECONDS", "30"))
        started = time.perf_counter()
        try:
            self._process = FunctionProcess(package, self._environment, lambda line: journal.output(name, line))
            init_ms = self._process.wait_for_init(limit_s)
        except InitFailed as failure:
            self._record("init", (time.perf_counter() - started) * 1000, failure.outcome)
            raise StatusErrorException(str(failure), payload=failure.body) from failure
        self._record("init", init_ms, "ok")
        return self._process

    def _record(self, kind: str, milliseconds: float, outcome: str, **more) -> None:
        version = self.function_version
        journal.event(
            kind,
            function=version.id.function_name,
            version=version.id.qualifier,
            handler=version.config.handler,
            environment=self.id,
            ms=round(milliseconds, 2),
            outcome=outcome,
            **more,
        )

    def invoke(self, payload: dict[str, str], **_) -> InvocationResult:
        config = self.function_version.config
        process = self._ensure_process()
        body = payload["payload"]
        invocation = Invocation(
            request_id=payload["invoke-id"],
            arn=payload["invoked-function-arn"],
            payload=body.encode() if isinstance(body, str) else body,
            trace=payload.get("trace-id", ""),
            deadline_ms=int((time.time() + config.timeout) * 1000),
        )
        started = time.perf_counter()
        answer = process.invoke(invocation, config.timeout)
        milliseconds = (time.perf_counter() - started) * 1000
        memory = process.peak_memory_mb()
        self._record("invoke", milliseconds, answer.outcome, request_id=invocation.request_id, memory_mb=memory)
        logs = (
            f"START RequestId: {invocation.request_id} Version: {self.function_version.id.qualifier}\n"
            f"{process.take_lines()}"
            f"END RequestId: {invocation.request_id}\n"
            f"REPORT RequestId: {invocation.request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Memory Size: {config.memory_size} MB\tMax Memory Used: {memory or 0:.0f} MB\n"
        )
        return InvocationResult(invocation.request_id, answer.body, answer.outcome != "ok", logs)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def stop(self) -> None:
        self._end_process()

    def get_logs(self) -> str:
        return self._process.take_lines() if self._process is not None else ""

    def get_address(self) -> str:
        return LOOPBACK

    def get_endpoint_from_executor(self) -> str:
        return LOOPBACK

    def get_runtime_endpoint(self) -> str:
        """LocalStack's own callback, which this executor does not use."""
        return f"http://{LOOPBACK}:0"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        if function_version.config.code is not None:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing: an update makes a new version that may share the unpacked code; the data directory goes with the cloud."""
