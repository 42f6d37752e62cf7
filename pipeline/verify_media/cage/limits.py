"""What one worker may use. The kernel holds it to these on Linux; macOS ignores the one for memory, Windows all."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

GB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Measured with all models and a logo on two cores, as private writable memory: a photo of 12 MP takes 1.1 GB, a
    4K clip 1.3 GB, 48 MP 1.8 GB, 190 MP 3.9 GB. Address space would be a poor measure: it counts what is only reserved.
    """

    memory_bytes: int = 6 * GB
    least_memory_bytes: int = 2 * GB
    memory_share: float = 0.8
    """Of the machine's memory, where that is less."""
    cpu_s: int = 1800
    """For one file in one stage; the slowest measured took 30."""
    file_bytes: int = 4 * GB
    """One file written: a long 4K clip at near-lossless quality while its size is still being sought."""
    open_files: int = 512


LIMITS = Limits()


def memory_bytes() -> int:
    """The bound that holds on this machine."""
    try:
        physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return LIMITS.memory_bytes
    return min(LIMITS.memory_bytes, max(LIMITS.least_memory_bytes, int(LIMITS.memory_share * physical)))


def apply() -> tuple[str, ...]:
    """Sets the limits for this process and its children. The names of those that hold."""
    try:
        import resource
    except ImportError:  # Windows
        return ()
    wanted = {
        "memory": (resource.RLIMIT_DATA, memory_bytes()),
        "file size": (resource.RLIMIT_FSIZE, LIMITS.file_bytes),
        "open files": (resource.RLIMIT_NOFILE, LIMITS.open_files),
        "core dumps": (resource.RLIMIT_CORE, 0),
    }
    return tuple(name for name, (kind, most) in wanted.items() if _lower(kind, most))


def _lower(kind: int, most: int) -> bool:
    import resource

    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(kind, (most, most))
    except (ValueError, OSError):  # macOS lets nobody lower some of them
        return False
    return True


def renew_cpu_time() -> None:
    """From now on `cpu_s` seconds; the next file gets the same. At the end the kernel stops the process (SIGXCPU)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + LIMITS.cpu_s, hard))
