"""Do the Dockerfile's steps make an image in which the service works?  For machines without a container engine.

Run as root by ``make image-check`` on Debian or Ubuntu with ``mmdebstrap``.  Makes an empty Debian root, does what
each line of the Dockerfile says (FROM, ENV, RUN, WORKDIR, COPY, USER, ENTRYPOINT, HEALTHCHECK), starts Redis, the API
and a worker in it as the image's own user, has a sample site crawled that needs a browser, and asks the health checks.

It cannot show what a container engine adds: layers, seccomp profiles, cgroups, the network of its own, and Compose.
"""

import contextlib
import http.server
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "fixtures" / "sites" / "osteria-scogliardente" / "www"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Certificate authorities of this machine, which may stand behind a proxy with one of its own; for the build alone."""

DEADLINE_S = 120.0
"""Longest wait for the service to come up, or for the job to end, in seconds."""


@dataclass
class Image:
    """A root folder and what the Dockerfile has said of processes in it so far."""

    root: Path
    environment: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    )
    workdir: str = "/"
    user: str = ""
    entrypoint: Sequence[str] = ()
    health: Sequence[str] = ()

    def command(self, *words: str) -> list[str]:
        """Put before a command what makes it run in the image, as its user.

        In a mount namespace whose root is the image: a mere ``chroot`` may make no user namespaces, which are what
        Chromium's sandbox is made of.
        """
        user = ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups"] if self.user else []
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        inside = shlex.join([*user, "/bin/sh", "-c", f"cd {shlex.quote(self.workdir)} && exec {shlex.join(words)}"])
        enter = (
            f"mount --rbind {self.root} {self.root} && cd {self.root} && mkdir -p .outside && pivot_root . .outside"
            f" && umount --lazy /.outside && exec env -i {shlex.join(variables)} {inside}"
        )
        return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", enter]

    def run(self, *words: str) -> None:
        """Run a command in the image to its end."""
        subprocess.run(self.command(*words), check=True)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Read a Dockerfile: pairs of instruction and arguments, continued lines joined."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", "", "\n".join(lines)).splitlines():
        name, _, rest = line.strip().partition(" ")
        yield name, rest.strip()


def build(image: Image, dockerfile: str) -> None:
    """Do each step; an instruction that is not known here is an error, so that none is passed over."""
    for name, rest in instructions(dockerfile):
        print(f"==> {name} {rest[:100]}", flush=True)
        match name:
            case "FROM":
                suite = rest.partition(":")[2].removesuffix("-slim")
                bootstrap(image, suite)
            case "ENV":
                image.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            case "RUN":
                image.run("/bin/sh", "-c", rest)
            case "WORKDIR":
                (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
                image.workdir = rest
            case "COPY":
                copy(image, rest.split())
            case "USER":
                image.user = rest
                image.environment["HOME"] = f"/home/{rest}"
            case "ENTRYPOINT":
                image.entrypoint = json.loads(rest)
            case "HEALTHCHECK":
                image.health = json.loads(rest[rest.index("[") :])
            case "EXPOSE" | "CMD":
                pass
            case _:
                raise SystemExit(f"unknown instruction {name}: teach it to {__file__}")


def bootstrap(image: Image, suite: str) -> None:
    """Fill the root with the packages that Debian calls required, and nothing else."""
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=required", "--include=apt", suite, str(image.root)], check=True
    )
    # The network, and where this machine gets packages from: what a container engine or a build argument would give.
    for file in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf"):
        if Path(file).exists():
            shutil.copy(file, image.root / file.lstrip("/"))
    if Path(AUTHORITIES).exists():
        shutil.copy(AUTHORITIES, image.root / "etc" / "authorities.crt")
        image.environment |= {"PIP_CERT": "/etc/authorities.crt"}
    for kind, folder in (("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("tmpfs", "dev/shm")):
        subprocess.run(["mount", "-t", kind, kind, str(image.root / folder)], check=True)


def copy(image: Image, words: Sequence[str]) -> None:
    """Copy from the checkout as COPY does; what the checkout's .dockerignore leaves out here are caches alone."""
    *sources, target = words
    folder = image.root / image.workdir.lstrip("/")
    for source in sources:
        goal = folder / (target if (ROOT / source).is_dir() else Path(target) / Path(source).name)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, goal, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(ROOT / source, goal)


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process and end it by SIGTERM, in the way a container is stopped."""
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, body: Mapping[str, Any] | None = None, token: str = "") -> Any:
    """Ask the API; JSON."""
    request = urllib.request.Request(  # noqa: S310  # ours
        url,
        json.dumps(body).encode() if body else None,
        {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def wait_for(url: str, is_there: Any, token: str = "") -> Any:
    """Ask until the answer is right."""
    end = time.monotonic() + DEADLINE_S
    while True:
        with contextlib.suppress(OSError):
            if is_there(answer := ask(url, token=token)):
                return answer
        if time.monotonic() > end:
            raise SystemExit(f"{url} did not come to that")
        time.sleep(0.5)


def crawl(image: Image, redis_server: str) -> None:
    """Start the service in the image and have one site crawled."""
    image.environment.pop("PIP_CERT", None)
    redis_port, api_port, site_port = free_port(), free_port(), free_port()
    image.environment |= {
        "SOCIALS_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "SOCIALS_PORT": str(api_port),
        "SOCIALS_ALLOW_HOSTS": f"*.localhost:{site_port}",
        "SOCIALS_LIGHT_ENABLED": "false",  # so that Chromium renders
    }
    handler = lambda *args: http.server.SimpleHTTPRequestHandler(*args, directory=str(SAMPLE))  # noqa: E731
    site = http.server.ThreadingHTTPServer(("127.0.0.1", site_port), handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    start = list(image.entrypoint)
    with (
        tempfile.TemporaryDirectory() as data,
        running([redis_server, "--port", str(redis_port), "--dir", data, "--save", ""]),
        running(image.command(*start, "api")),
        running(image.command(*start, "worker")),
    ):
        base = f"http://127.0.0.1:{api_port}"
        print("==> ready:", json.dumps(wait_for(f"{base}/readyz", lambda answer: answer["status"] == "ready")))
        image.environment["SOCIALS_PORT"] = str(api_port)
        check = [word.replace(":8000", f":{api_port}") for word in image.health]
        image.run(*check)
        print("==> the health check passes")
        image.run("socials", "account", "add", "image@check.example")
        made = subprocess.run(
            image.command("socials", "token", "create", "image@check.example", "--name", "image-check"),
            check=True,
            capture_output=True,
            text=True,
        )
        token = re.search(r"socials_\S+", made.stdout + made.stderr)
        assert token, made  # noqa: S101
        order = {
            "items": [{"site_web": f"http://osteria-scogliardente.localhost:{site_port}/"}],
            "options": {"render": "always"},
        }
        job = ask(f"{base}/api/jobs/socials", order, token[0])
        watcher = threading.Thread(target=print_browser, args=(image,), daemon=True)
        watcher.start()
        done = wait_for(
            f"{base}/api/jobs/{job['id']}", lambda answer: answer["status"] not in ("pending", "running"), token[0]
        )
        print("==> job:", done["status"], json.dumps(done["summary"]))
        print("==> row:", json.dumps(ask(f"{base}/api/jobs/{job['id']}/results", token=token[0])))
        if done["found_count"] != 1 or done["summary"]["engines"] != {"chromium": 1}:
            raise SystemExit("the sample site was not read by Chromium")


def print_browser(image: Image) -> None:
    """Say once whose process the running browser is, and whether its sandbox is on."""
    passwd = (image.root / "etc" / "passwd").read_text("utf-8")
    user = next(line.split(":")[2] for line in passwd.splitlines() if line.startswith(f"{image.user}:"))
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                is_ours = folder.stat().st_uid == int(user)
                if is_ours and b"headless" in words[0] and not any(b"--type=" in word for word in words):
                    sandbox = "off" if b"--no-sandbox" in words else "on"
                    print(f"==> browser: {words[0].decode()}, user {user}, sandbox {sandbox}", flush=True)
                    return
        time.sleep(0.02)


def main() -> None:
    """Build, measure, try."""
    redis_server = shutil.which("redis-server") or sys.argv[1]
    if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
        raise SystemExit("Needs root and mmdebstrap. Fix: sudo apt-get install mmdebstrap, then sudo make image-check")
    root = Path(tempfile.mkdtemp(prefix="socials-image-"))
    image = Image(root)
    try:
        build(image, (ROOT / "Dockerfile").read_text("utf-8"))
        size = subprocess.run(["du", "-sxm", str(root)], capture_output=True, text=True, check=True).stdout.split()[0]
        print(f"==> size of the root: {size} MB", flush=True)
        image.run("pip", "list", "--format=freeze")
        crawl(image, redis_server)
        print("==> the image works")
    finally:
        for folder in ("dev/shm", "dev", "sys", "proc"):
            subprocess.run(["umount", "--lazy", str(root / folder)], check=False, stderr=subprocess.DEVNULL)
        if not any(os.path.ismount(root / folder) for folder in ("dev", "sys", "proc")):
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
