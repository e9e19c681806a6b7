"""Take from a process of the sandbox what a student's code does not need. Linux alone.

`apart` gives a forked child namespaces of its own, so that it sees no other process and no file
that another one has written; `bind` sets its limits and forbids system calls; after both nothing
is left that would undo them.
"""

import ctypes
import os
import platform
import resource
import struct

MEMORY = 3 * 2**29  # bytes that an answer may take beyond what the process has at its start
FILES = 2**26  # bytes of all that it writes
_NEW = {"NEWNS": 0x20000, "NEWUSER": 0x10000000, "NEWPID": 0x20000000, "NEWNET": 0x40000000,
        "NEWIPC": 0x08000000}  # fmt: skip
_PRIVATE, _RECURSIVE, _BIND = 1 << 18, 1 << 14, 1 << 12
_NOSUID, _NODEV, _NOEXEC = 2, 4, 8
_SET_DUMPABLE, _SET_DEATH_SIGNAL, _NO_NEW_PRIVILEGES, _SET_SECCOMP, _DROP_BOUND = 4, 1, 38, 22, 24

# Of no use to an answer: other processes, other namespaces, what is outside of the file limits,
# and doors of the kernel that have been found open. (number on x86-64, on Arm)
_FORBIDDEN = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "personality": (135, 92), "quotactl": (179, 60), "acct": (163, 89), "syslog": (103, 116),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "fanotify_init": (300, 262), "inotify_init1": (294, 26), "vmsplice": (278, 75),
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_CLONE, _CLONE3, _SOCKET = (56, 220), 435, (41, 198)
_SIGNAL = ((62, 129), (234, 131))  # kill, tgkill: to itself alone
_THREAD, _UNIX, _EPERM, _ENOSYS = 0x10000, 1, 1, 38


class ConfineError(OSError):
    """The kernel refuses a part of the confinement; the message says which."""


def _libc():
    return ctypes.CDLL(None, use_errno=True)


def _expect(what: str, result: int) -> None:
    if result:
        error = ctypes.get_errno()
        raise ConfineError(error, f"{what}: {os.strerror(error)}")


def _read(path: str) -> str:
    with open(path) as file:
        return file.read()


def supported() -> bool:
    """Whether the system calls of this machine are known here."""
    return platform.machine() in _MACHINES


def _mount(libc, source, target, kind, flags, options=None):
    encoded = [part and part.encode() for part in (source, target, kind, options)]
    return libc.mount(encoded[0], encoded[1], encoded[2], flags, encoded[3])


def hidden() -> None:
    """Let no other process of this user look into this one's memory or files."""
    _expect("prctl", _libc().prctl(_SET_DUMPABLE, 0, 0, 0, 0))


def become_nobody() -> None:
    """Give up being root, where the sandbox was started by root: limits hold for others alone."""
    if os.getuid() == 0 and int(_read("/proc/self/uid_map").split()[2]) > 1:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)


def leave() -> None:
    """Go into new namespaces of users, files, network and, from the next fork on, processes."""
    libc, uid, gid = _libc(), os.getuid(), os.getgid()
    _expect("prctl", libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0))
    _expect("new namespaces", libc.unshare(sum(_NEW.values())))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def apart() -> None:
    """In the first process of the new namespaces: files of its own, which end with it."""
    libc = _libc()
    _expect("private mounts", _mount(libc, "none", "/", None, _PRIVATE | _RECURSIVE))
    options = f"size={FILES},nr_inodes=2000,mode=700"
    flags = _NOSUID | _NODEV | _NOEXEC
    _expect("a folder in memory", _mount(libc, "tmpfs", "/tmp", "tmpfs", flags, options))
    if _mount(libc, "proc", "/proc", "proc", flags):
        # Where it is not allowed to mount it anew: this process, under the number that it has here.
        own = f"/proc/{os.readlink('/proc/self')}"
        _expect("/proc", _mount(libc, own, "/proc/1", None, _BIND))
    os.chdir("/tmp")


def bind(seconds: int) -> None:
    """Set limits, give up every privilege and forbid system calls, for good.

    seconds: of processor time, all threads together.
    """
    libc = _libc()
    _expect("prctl", libc.prctl(_SET_DEATH_SIGNAL, 9, 0, 0, 0))
    size, data = _taken()
    for what, most in (
        (resource.RLIMIT_AS, size + 2 * MEMORY),
        (resource.RLIMIT_DATA, data + MEMORY),
        (resource.RLIMIT_FSIZE, FILES),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NPROC, _processes() + _more()),
    ):
        resource.setrlimit(what, (most, most))
    for capability in range(64):
        if libc.prctl(_DROP_BOUND, capability, 0, 0, 0):
            break
    header, nothing = struct.pack("=II", 0x20080522, 0), bytes(24)
    _expect("giving up privileges", libc.capset(header, nothing))
    _expect("prctl", libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    program = _filter()
    code = ctypes.create_string_buffer(b"".join(program), 8 * len(program))
    argument = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    )
    _expect("forbidding system calls", libc.prctl(_SET_SECCOMP, 2, argument, 0, 0))


def _taken() -> tuple[int, int]:
    """Bytes of address space and of data of this process."""
    pages = [int(number) for number in _read("/proc/self/statm").split()]
    return tuple(pages[i] * resource.getpagesize() for i in (0, 5))


def _processes() -> int:
    """How many processes and threads of this user there are, as far as they are seen here."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == os.getuid():
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue
    return count


def _more() -> int:
    """Threads that an answer may start; before Linux 5.14 all of the user's count, not its own."""
    version = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    return 128 if version >= (5, 14) else 8192


def _filter() -> list[bytes]:
    """The forbidden system calls as a program of the kernel's packet filter."""
    architecture, column = _MACHINES[platform.machine()]
    allow, kill = 0x7FFF0000, 0x80000000

    def step(code, value, yes=0, no=0):
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06

    def refuse(error):
        return step(answer, 0x00050000 | error)

    program = [
        step(load, 4),
        step(equal, architecture, 1, 0),
        step(answer, kill),
        step(load, 0),
    ]
    if column == 0:
        program += [step(at_least, 0x40000000, 0, 1), step(answer, kill)]  # 32-bit pointers
    for numbers in _FORBIDDEN.values():
        if numbers[column] is not None:
            program += [step(equal, numbers[column], 0, 1), refuse(_EPERM)]
    program += [step(equal, _CLONE3, 0, 1), refuse(_ENOSYS)]  # its flags cannot be looked at
    program += [step(equal, _CLONE[column], 0, 4), step(load, 16)]
    program += [step(any_bit, _THREAD, 1, 0), refuse(_EPERM), step(answer, allow)]
    for numbers in _SIGNAL:
        program += [step(equal, numbers[column], 0, 4), step(load, 16)]
        program += [step(equal, os.getpid(), 1, 0), refuse(_EPERM), step(answer, allow)]
    program += [step(equal, _SOCKET[column], 0, 4), step(load, 16)]
    program += [step(equal, _UNIX, 1, 0), refuse(_EPERM), step(answer, allow)]
    return [*program, step(answer, allow)]
