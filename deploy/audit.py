"""Are there known vulnerabilities in what the service runs with?

Run as ``python deploy/audit.py PIP-AUDIT LOCK`` (``make audit``).  Exits with 1 where pip-audit names one.  Where its
data cannot be had, as behind a mirror of the index without them, it says so and how old the lock is, and exits with 0.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

TIMEOUT_S = 120
"""Longest wait for pip-audit, in seconds."""


def main(program: str, lock: str) -> int:
    """Ask, print, and return the exit status."""
    command = [
        program,
        "--requirement",
        lock,
        "--disable-pip",
        "--no-deps",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, OSError, ValueError, KeyError):
        packages = []
    known = [package for package in packages if "vulns" in package]
    for package in known:
        for each in package["vulns"]:
            fixed = ", ".join(each["fix_versions"]) or "none yet"
            print(f"{package['name']} {package['version']}: {each['id']}; fixed in: {fixed}")
    if not known:
        print(f"no data on vulnerabilities can be reached from here; {lock} is {age_days(lock)} days old")
    elif not any(package["vulns"] for package in known):
        print(f"{len(known)} packages, no known vulnerability")
    return int(any(package["vulns"] for package in known))


def age_days(lock: str) -> int:
    """Return the days since the lock was last changed, as git has it, else as its file has."""
    command = ["git", "log", "-1", "--format=%ct", "--", lock]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    changed_s = float(done.stdout or 0) or Path(lock).stat().st_mtime
    return int((time.time() - changed_s) // 86_400)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
