"""What people and tests can read about functions: `<dir>/<function>.log` is what its processes wrote, line by line, of all environments;
`<dir>/journal.jsonl` has a line for each start and each invocation. Without `ADIT_FUNCTIONS_DIR` nothing is kept."""

import datetime
import json
import os
import pathlib


def _append(name: str, data: bytes) -> None:
    """One write per line on a descriptor that appends: lines of several processes do not mix."""
    directory = os.environ.get("ADIT_FUNCTIONS_DIR")
    if not directory:
        return
    path = pathlib.Path(directory)
    path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def output(function: str, line: bytes) -> None:
    """Keeps a line that a function's process wrote."""
    _append(f"{function}.log", line if line.endswith(b"\n") else line + b"\n")


def event(kind: str, **fields) -> None:
    """Keeps what happened: `init` or `invoke`, with times in milliseconds. Never payloads."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    _append("journal.jsonl", json.dumps({"event": kind, "at": now, **fields}).encode() + b"\n")
