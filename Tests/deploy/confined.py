"""Runs a program as a container runtime would under the silo's manifest: uid 1000, no capabilities, no new privileges, and the shipped
seccomp profile.   confined.py PROFILE PROGRAM ARGUMENT...
"""

import ctypes
import json
import os
import sys

import seccomp

_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_OPERATORS = {"SCMP_CMP_EQ": seccomp.EQ}


def filter_of(profile: dict) -> seccomp.SyscallFilter:
    """The profile's filter for this machine; like runtimes, it leaves out calls that this library does not know."""
    if profile["defaultAction"] != "SCMP_ACT_ERRNO":
        raise ValueError("a profile that allows what it does not name")
    calls = seccomp.SyscallFilter(seccomp.ERRNO(profile["defaultErrnoRet"]))
    for rule in profile["syscalls"]:
        action = {"SCMP_ACT_ALLOW": lambda: seccomp.ALLOW, "SCMP_ACT_ERRNO": lambda: seccomp.ERRNO(rule["errnoRet"])}[rule["action"]]()
        conditions = [seccomp.Arg(arg["index"], _OPERATORS[arg["op"]], arg["value"]) for arg in rule.get("args", [])]
        for name in rule["names"]:
            try:
                calls.add_rule(action, name, *conditions)
            except (RuntimeError, ValueError, OSError) as error:
                print(f"confined: {name} is not known here: {error}", file=sys.stderr)
    return calls


def main(profile: str, *command: str) -> None:
    with open(profile, encoding="utf-8") as file:
        calls = filter_of(json.load(file))
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
            last = int(file.read())
        for capability in range(last + 1):
            if libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "PR_CAPBSET_DROP")
        os.setgroups([])
        os.setresgid(1000, 1000, 1000)
        os.setresuid(1000, 1000, 1000)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    calls.load()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
