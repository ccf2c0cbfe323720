"""Entry point of the executor. Imports nothing heavy: LocalStack loads all entry points at start."""

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=process`"""

    name = "process"

    def load(self, *args, **kwargs):
        from adit_localstack.executor import ProcessExecutor

        return ProcessExecutor
