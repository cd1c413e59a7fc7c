"""The cost of a process."""

import os
import pathlib
import socket
import subprocess
import time


class Process:
    """A program that is started now, measured from there."""

    def __init__(self, command, environment, stdout=subprocess.DEVNULL, stderr=None, folder=None):
        self.start = time.monotonic()
        self.popen = subprocess.Popen(
            [str(part) for part in command],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )

    def peak_mebibytes(self):
        """Its peak of resident memory so far, its own and not, as that of wait4, also what was there before exec."""
        return peak_mebibytes(pathlib.Path(f"/proc/{self.popen.pid}/status").read_text())

    def end(self):
        """Waits for its end, and gives the seconds of CPU of all its threads."""
        _, status, usage = os.wait4(self.popen.pid, 0)
        self.popen.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime

    def kill(self):
        self.popen.kill()
        return self.end()


def peak_mebibytes(status):
    """From the text of /proc/PID/status."""
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    for _ in range(600):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")
