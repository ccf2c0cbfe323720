"""Processes by id and birth: what was started is ended, and nothing else. Knows nothing of clouds."""

import os
import pathlib
import signal
import subprocess
import time


def birth(pid):
    """What tells a process from every other that had or will have its id: boot and start time. None if there is no such process, or it
    has ended and only waits to be reaped."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        return _birth_by_ps(pid) if not pathlib.Path("/proc/self").exists() else None
    except ProcessLookupError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _birth_by_ps(pid):
    """Systems without /proc."""
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = found.stdout.strip().partition(" ")
    return started.strip() or None if state and not state.startswith("Z") else None


def start(command, log, environment, directory):
    """Starts a process in a session of its own, so that the terminal's Ctrl-C does not end it. Its id and birth."""
    with open(log, "ab") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=directory, start_new_session=True
        )
    return {"pid": child.pid, "birth": birth(child.pid)}, child


def alive(process):
    """Whether the recorded process still runs and is the one that was recorded."""
    return process["birth"] is not None and birth(process["pid"]) == process["birth"]


def stop(process, patience_s):
    """Ends a recorded process and what is left of its session: asked first, then killed. True if it was still running. A process
    that only has the same id is left alone, and so is its session."""
    ran = alive(process)
    if ran:
        os.kill(process["pid"], signal.SIGTERM)
        if not _wait(lambda: not alive(process), patience_s):
            os.kill(process["pid"], signal.SIGKILL)
            _wait(lambda: not alive(process), 5)
    if birth(process["pid"]) in (None, process["birth"]):
        _end_session(process["pid"])
    return ran


def _end_session(leader):
    """The id of a session is not given to a new process while the session has members."""
    for pid in session_members(leader):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    _wait(lambda: not session_members(leader), 5)


def session_members(leader):
    """Ids of the living processes of a session other than its leader. Empty on systems without /proc."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(entry.parent.name)
        if int(fields[3]) == leader and pid != leader and fields[0] not in "ZX":
            found.append(pid)
    return found


def _wait(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
