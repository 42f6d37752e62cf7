"""What the Linux kernel can take away from a process: raising its rights, the network, writing outside its folders.

seccomp and Landlock need no privilege and no library; both are called through `ctypes`. What the kernel does not know
is left out, and `confine` says which of them hold.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence
from pathlib import Path

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER_MODE = 22, 38, 2


def confine(writable: Sequence[Path]) -> tuple[str, ...]:
    """For this process and all its children, for ever. To be called before any thread starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return ()
    writes, network = _restrict_writes(libc, writable), _forbid_calls(libc)
    return (*(("writes",) if writes else ()), *(("network",) if network else ()))


# Landlock: https://docs.kernel.org/userspace-api/landlock.html

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_WRITES = {1: sum(1 << bit for bit in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12)), 2: 1 << 13, 3: _TRUNCATE}
"""By the version that brought them: write, remove and make anything; link and rename across folders; truncate."""
_TCP_FROM, _TCP = 4, 0b11
_SCOPES_FROM, _SCOPES = 6, 0b11
"""No signals to processes outside, no abstract sockets of others."""


def _restrict_writes(libc: ctypes.CDLL, writable: Sequence[Path]) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = sum(bits for since, bits in _WRITES.items() if version >= since)
    handled = struct.pack("QQQ", rights, _TCP if version >= _TCP_FROM else 0, _SCOPES if version >= _SCOPES_FROM else 0)
    size = 24 if version >= _SCOPES_FROM else 16 if version >= _TCP_FROM else 8
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.c_char_p(handled), size, 0)
    if ruleset < 0:
        return False
    try:
        for folder in writable:
            _allow(libc, ruleset, folder, rights)
        _allow(libc, ruleset, Path(os.devnull), rights & (_WRITE_FILE | _TRUNCATE))
        return not libc.syscall(_RESTRICT_SELF, ruleset, 0)
    except OSError:  # a file system that takes no rules: better not to hold back writes than to hold back ours
        return False
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, place)
        if libc.syscall(_ADD_RULE, ruleset, 1, ctypes.c_char_p(rule), 0):
            raise OSError(ctypes.get_errno(), f"Landlock does not take {path}")
    finally:
        os.close(place)


# seccomp: https://docs.kernel.org/userspace-api/seccomp_filter.html

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_*: a process that switches to another table of calls is ended."""
_FORBIDDEN = {
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept4": (288, 242),
    "ptrace": (101, 117),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount": (165, 40),
    "umount2": (166, 39),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "finit_module": (313, 273),
    "kexec_file_load": (320, 294),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "pidfd_getfd": (438, 438),
}
"""Numbers on x86-64 and on 64-bit ARM. Sockets of every family, and what would lead around that."""
_X32 = 0x4000_0000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4
_KILL, _ALLOW, _DENY = 0x8000_0000, 0x7FFF_0000, 0x0005_0000 | errno.EACCES


def program(machine: str) -> bytes:
    """The filter as an array of `struct sock_filter` (code, jump if true, jump if false, value)."""
    column = list(_MACHINES).index(machine)
    numbers = sorted(pair[column] for pair in _FORBIDDEN.values())
    tests = [(_AT_LEAST, _X32), *((_EQUAL, number) for number in numbers)]
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, _MACHINES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        *((code, len(tests) - place, 0, value) for place, (code, value) in enumerate(tests)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _DENY),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _forbid_calls(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in _MACHINES or struct.calcsize("P") != 8:
        return False
    code = ctypes.create_string_buffer(program(machine))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", (len(code) - 1) // 8, ctypes.addressof(code)))
    return not libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(header), 0, 0)
