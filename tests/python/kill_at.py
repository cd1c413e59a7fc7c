"""Runs a program and kills it before its n-th system call that changes a folder: kill_at.py FOLDER N PROGRAM ARGUMENT...

Prints what came of it: whether the program was killed, the system calls that changed the folder, the last of them not carried
out if it was, and otherwise the exit status. Needs nothing but Linux's ptrace(2).
"""

import contextlib
import ctypes
import json
import os
import platform
import signal
import sys

TRACEME, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 24, 0x4200, 0x420E
# TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, EXITKILL
OPTIONS = 1 | 2 | 4 | 8 | 1 << 20
WAIT_FOR_THREADS = 0x40000000
SYSCALL_STOP = signal.SIGTRAP | 0x80
ENTRY = 1
CREATES = os.O_CREAT | os.O_TMPFILE & ~os.O_DIRECTORY

# By name: the numbers on x86_64 and aarch64, and which argument has the path or the descriptor that is changed.
CALLS = {
    "open": (2, None, "path", 0),
    "openat": (257, 56, "path", 1),
    "creat": (85, None, "path", 0),
    "mkdir": (83, None, "path", 0),
    "mkdirat": (258, 34, "path", 1),
    "rmdir": (84, None, "path", 0),
    "link": (86, None, "path", 0),
    "linkat": (265, 37, "path", 1),
    "rename": (82, None, "path", 0),
    "renameat": (264, 38, "path", 1),
    "renameat2": (316, 276, "path", 1),
    "unlink": (87, None, "path", 0),
    "unlinkat": (263, 35, "path", 1),
    "truncate": (76, 45, "path", 0),
    "chmod": (90, None, "path", 0),
    "fchmodat": (268, 53, "path", 1),
    "write": (1, 64, "descriptor", 0),
    "pwrite64": (18, 68, "descriptor", 0),
    "writev": (20, 66, "descriptor", 0),
    "sendfile": (40, 71, "descriptor", 0),
    "copy_file_range": (326, 285, "descriptor", 2),
    "ftruncate": (77, 46, "descriptor", 0),
    "fallocate": (285, 47, "descriptor", 0),
    "fchmod": (91, 52, "descriptor", 0),
    "fsync": (74, 82, "descriptor", 0),
    "fdatasync": (75, 83, "descriptor", 0),
}
COLUMN = {"x86_64": 0, "aarch64": 1}[platform.machine()]
BY_NUMBER = {call[COLUMN]: (name, *call[2:]) for name, call in CALLS.items() if call[COLUMN] is not None}


class SyscallInfo(ctypes.Structure):
    """`struct ptrace_syscall_info`, as it is on entry."""

    _fields_ = [
        ("op", ctypes.c_uint8),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("stack_pointer", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
        ("rest", ctypes.c_uint64 * 2),
    ]


LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, thread, address=None, data=None):
    if LIBC.ptrace(request, thread, address, data) == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace {request:#x}: {os.strerror(error)}")


def text_at(thread, address):
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
        text = b""
        while b"\0" not in text and len(text) < 4096:
            # A page at most: the next one may not be mapped.
            memory.seek(address + len(text))
            text += memory.read(4096 - (address + len(text)) % 4096)
    return os.fsdecode(text.split(b"\0")[0])


def change(thread, info, folder):
    """The name of the system call that a thread enters, if it changes the folder."""
    name, kind, position = BY_NUMBER.get(info.number, (None, None, None))
    if name is None:
        return None
    argument = info.arguments[position]
    if kind == "path":
        if name in ("open", "openat") and not info.arguments[position + 1] & CREATES:
            return None
        path = text_at(thread, argument)
    else:
        try:
            path = os.readlink(f"/proc/{thread}/fd/{argument}")
        except OSError:
            return None
    return name if path == folder or path.startswith(folder + "/") else None


def run(folder, kill_at, command):
    process = os.fork()
    if process == 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nothing, descriptor)
        ptrace(TRACEME, 0)
        os.execv(command[0], command)
    os.waitpid(process, 0)
    ptrace(SETOPTIONS, process, None, OPTIONS)
    ptrace(SYSCALL, process)
    changes, info = [], SyscallInfo()
    while True:
        thread, status = os.waitpid(-1, WAIT_FOR_THREADS)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if thread == process:
                return {"killed": False, "changes": changes, "status": os.waitstatus_to_exitcode(status)}
            continue
        stopped_by, to_deliver = os.WSTOPSIG(status), 0
        if stopped_by == SYSCALL_STOP:
            ptrace(GET_SYSCALL_INFO, thread, ctypes.sizeof(info), ctypes.addressof(info))
            name = change(thread, info, folder) if info.op == ENTRY else None
            if name:
                changes.append(name)
                if len(changes) == kill_at:
                    os.kill(process, signal.SIGKILL)
                    while os.waitpid(-1, WAIT_FOR_THREADS)[0] != process:
                        pass
                    return {"killed": True, "changes": changes}
        # A new thread begins with a stop of its own.
        elif status >> 16 == 0 and stopped_by not in (signal.SIGSTOP, signal.SIGTRAP):
            to_deliver = stopped_by
        with contextlib.suppress(ProcessLookupError):
            ptrace(SYSCALL, thread, None, to_deliver)


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), sys.argv[3:])))
