"""The ``socials`` command: one thin function per command; the work lies in the files beside this one.

Data goes to standard output, everything else to standard error.  Exit status: 0 done (failed items included), 1 the
work could not be done, 2 wrong usage, 130 ended by Ctrl-C.
"""

import asyncio
import io
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from api.cli.settings import read_settings
from api.cli.terminal import say, show, show_json
from api.files.table import FORMATS, WRITTEN_FORMATS, TableError
from crawler.config import Settings, insecure_settings
from crawler.records import Render

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 and the number of the signal, as shells have it."""


def main() -> NoReturn:
    """Run the command line."""
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip("\n"))  # it may quote a file, a site or a service
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); nothing may be written any more, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


class _Commands(click.Group):
    """Loads ``account`` and ``token`` only when they are asked for: they need Redis, most of the others do not."""

    _LATE = ("account", "feedback", "token")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self._LATE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._LATE:
            return super().get_command(ctx, cmd_name)

        if cmd_name == "feedback":
            from api.cli import feedback

            return feedback.feedback

        from api.cli import accounts

        return accounts.account if cmd_name == "account" else accounts.token


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="socials")
def cli() -> None:
    """Find the social profiles that an organisation runs itself, by reading its website."""


@cli.command()
@click.argument("source", metavar="INPUT")
@click.option("-o", "--output", default="-", help="File to write; standard output without it.")
@click.option("--from", "from_", type=click.Choice(FORMATS), help="Format of the input; else its name tells.")
@click.option("--to", type=click.Choice(WRITTEN_FORMATS), help="Format of the output; else its name tells.")
@click.option("--format", "both", type=click.Choice(WRITTEN_FORMATS), hidden=True)
@click.option("--column", metavar="NAME", help="Column with the websites; in JSON also a path, like tags.website.")
@click.option("--name-column", metavar="NAME", help="Column with the names; they help to tell whose a profile is.")
@click.option("--sheet", metavar="NAME", help="Sheet of a workbook with the list, by name or number.")
@click.option("--encoding", metavar="NAME", help="Encoding of a text file, if detected wrongly.")
@click.option("--osm-tags", is_flag=True, help="Write OpenStreetMap's keys (contact:...), only what was found.")
@click.option("--render", type=click.Choice([each.value for each in Render]), help="When to use a browser.")
@click.option("--max-pages", type=click.IntRange(1, 10), help="Maximum pages read per item.")
@click.option("--evidence", is_flag=True, help="Add the column social_evidence: why each profile was chosen.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.html",
              help="Also write one page with the table, the evidence and pictures.")  # fmt: skip
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST:PORT",
              help="Host on this machine that may be read; for tests only.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Continue an interrupted run with the same input and output.")
@click.option("--server", metavar="URL", help="Let a service do the crawling; the token comes from SOCIALS_TOKEN.")
def enrich(source: str, output: str, **given: Any) -> int:
    """Enrich a file of places on this machine.

    Reads CSV, TSV, JSON, JSON lines, GeoJSON, OpenStreetMap's JSON, XLSX, XLS and ODS; INPUT may be - for standard
    input.  The file comes back as it was, with the profiles added.
    """
    from api.cli import enrich as work
    from api.cli.journal import JournalError, journal_path
    from api.cli.output import OutputError
    from api.files.reading import Reading

    settings = read_settings(
        **({"render": given["render"]} if given["render"] else {}),
        **({"max_pages_count": given["max_pages"]} if given["max_pages"] else {}),
        **({"allow_hosts": given["allow_hosts"]} if given["allow_hosts"] else {}),
    )
    _log(settings)
    if given["report"] is not None and not given["report"].parent.is_dir():
        raise click.UsageError(f"--report: there is no folder {given['report'].parent}")
    if given["resume"] and output == "-":
        raise click.UsageError("--resume needs the output file of the interrupted run: -o FILE")
    if given["resume"] and not journal_path(output).exists():
        raise click.UsageError(f"there is no {journal_path(output)}: no interrupted run to continue")
    how = Reading(
        given["from_"] or given["both"], given["column"], given["name_column"], given["sheet"], given["encoding"]
    )
    try:
        opened = work.opened(
            source,
            output,
            how,
            given["to"] or given["both"],
            with_evidence=given["evidence"],
            is_osm=given["osm_tags"],
        )
        for line in work.about_columns(opened.table):
            say(line)
        limits = settings.limits()
        crawl = _remote(given, settings) if given["server"] else work.crawl_here(settings, limits)
        outcome = work.run(opened, crawl, work.fingerprint(opened, limits), is_resuming=given["resume"])
        if not outcome.is_complete:
            say(work.interrupted(opened, outcome, is_remote=bool(given["server"])))
            return INTERRUPTED
        work.finish(opened, outcome, given["report"])
    except (TableError, OutputError, JournalError) as error:
        raise click.UsageError(str(error)) from None
    except work.RemoteError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or output}: {error.strerror}") from None
    say(work.summary(opened, outcome))
    return 0


@cli.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
def classify(urls: tuple[str, ...]) -> None:
    """Name the profile behind each URL, without requests.

    Reads URLs from the arguments, or from standard input, one per line, and writes one JSON line for each.
    """
    from crawler.networks.report import row

    for url in urls or _lines():
        show_json(row(url))


@cli.command()
@click.argument("site", metavar="SITE")
@click.argument("index", required=False, type=click.IntRange(min=0))
@click.option("--name", default="", help="Name of the organisation; it helps to tell whose a profile is.")
@click.option("--render", type=click.Choice([each.value for each in Render]), help="When to use a browser.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON, as the API returns for an item.")
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST:PORT",
              help="Host on this machine that may be read; for tests only.")  # fmt: skip
@click.option("--screenshot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.png",
              help="Save a screenshot of the home page, taken with Chromium.")  # fmt: skip
@click.option("--server", metavar="URL", help="Service that has the job.  [default: the one on this machine]")
def explain(site: str, index: int | None, **given: Any) -> int:
    """Crawl one site and explain the result, or explain an item of a job.

    Shows every page read and why, every profile found with its signals and score, and the choice.  With an INDEX, SITE
    is the ID of a job: the item is shown as it was crawled.
    """
    from api.cli import explain as work

    settings = read_settings(
        **({"render": given["render"]} if given["render"] else {}),
        **({"allow_hosts": given["allow_hosts"]} if given["allow_hosts"] else {}),
    )
    _log(settings, "WARNING")
    view = work.explain(site, given["name"], settings) if index is None else _item(site, index, given, settings)
    if given["is_json"]:
        show_json(view, indent=2)
    else:
        show(work.story(view))
    if (screenshot := given["screenshot"]) is not None:
        try:
            work.screenshot(str(view["item"].get("site_web", "")), screenshot, settings)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
        say(f"Screenshot: {screenshot}")
    return 0


def _item(job: str, index: int, given: Mapping[str, Any], settings: Settings) -> Any:
    """An item of a job, from the service that has it."""
    from api.cli import remote
    from api.cli.enrich import RemoteError

    url = given["server"] or f"http://127.0.0.1:{settings.port}"
    try:
        return remote.item(url, remote.token_for(url, settings), job, index)
    except RemoteError as error:
        raise click.ClickException(str(error)) from None


@cli.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on.  [default: 8000]")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for the files of Redis.")
@click.option("--redis", "redis_url", metavar="URL", help="Use this Redis instead of the embedded one.")
def serve(**given: Any) -> int:
    """Run the whole service on this machine.

    Starts the API, workers and an embedded Redis.
    """
    import shlex

    from api.cli.serve import Service, ServiceError, token_path
    from worker.process.embedded_redis import RedisMissing

    renamed = {"data": "data_dir"}
    settings = read_settings(**{renamed.get(name, name): value for name, value in given.items() if value is not None})
    _log(settings)
    _refuse_insecure(settings)
    data_dir = settings.data_dir.expanduser()

    async def run() -> None:
        async with Service(settings, data_dir) as service:
            say(f"Socials is running at {service.url} (API reference: {service.url}/docs). Press Ctrl-C to stop.")
            if service.link:
                say(f"\nOpen the console, signed in; the link works once, within ten minutes:\n\n  {service.link}\n")
            if service.token:
                path = token_path(data_dir)
                say(
                    f"The token of the account local is in {path}. To create a job:\n\n"
                    f"  curl -s {service.url}/api/jobs/socials -H 'Content-Type: application/json' \\\n"
                    f'    -H "Authorization: Bearer $(cat {shlex.quote(str(path))})" \\\n'
                    """    -d '{"items": [{"name": "Scrapy", "site_web": "https://scrapy.org"}]}'\n"""
                )
            await _until_signalled()
            say("Stopping; unfinished work goes back to the queue.")

    try:
        asyncio.run(run())
    except (ServiceError, RedisMissing) as error:
        raise click.ClickException(str(error)) from None
    return 0


@cli.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on.  [default: 8000]")
def api(**given: Any) -> int:
    """Run the API. Needs SOCIALS_REDIS_URL."""
    from api.cli.serve import ServiceError, api_server, check_secret, listen

    settings = read_settings(**{name: value for name, value in given.items() if value is not None})
    _log(settings)
    _needs_redis(settings)
    _refuse_insecure(settings)

    async def run() -> None:
        await check_secret(settings)
        with listen(settings.host, settings.port) as listener:
            server = api_server(settings, settings.redis_url)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            say(f"The API is listening on {settings.host}:{listener.getsockname()[1]}.")
            signalled = asyncio.create_task(_until_signalled())
            await asyncio.wait([serving, signalled], return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving
            signalled.cancel()

    try:
        asyncio.run(run())
    except ServiceError as error:
        raise click.ClickException(str(error)) from None
    return 0


@cli.command()
@click.option(
    "--processes",
    default="1",
    metavar="N|auto",
    help="Number of worker processes; auto: as many as processor cores and memory allow, those of the container.",
)
def worker(processes: str) -> int:
    """Run one or more workers. Needs SOCIALS_REDIS_URL."""
    from api.cli.serve import ServiceError, check_secret
    from api.cli.worker_pool import fitting_processes_count, run_workers
    from worker.process.main import run

    if processes != "auto" and not (processes.isdecimal() and 1 <= int(processes) <= 256):
        raise click.BadParameter("must be auto or a number from 1 to 256", param_hint="--processes")

    settings = read_settings()
    _log(settings)
    _needs_redis(settings)
    _refuse_insecure(settings)
    try:
        asyncio.run(check_secret(settings))  # webhooks are signed with it
    except ServiceError as error:
        raise click.ClickException(str(error)) from None
    if processes == "1":
        return run(settings)
    count = fitting_processes_count() if processes == "auto" else int(processes)
    say(f"{count} workers")
    run_workers({**os.environ, **settings.environment()}, count)
    return 0


@cli.command()
def demo() -> int:
    """Run the service once over the sample sites.

    Starts the bundled sample sites and the service, runs one job and prints the results as a table.
    """
    import httpx

    from api.cli.demo import demo as run
    from api.cli.serve import ServiceError
    from worker.process.embedded_redis import RedisMissing

    settings = read_settings()
    _log(settings, "WARNING")
    try:
        return 0 if asyncio.run(run(settings)) else 1
    except (ServiceError, RedisMissing) as error:
        raise click.ClickException(str(error)) from None
    except (TimeoutError, httpx.HTTPError) as error:
        raise click.ClickException(f"the job did not finish: {str(error) or type(error).__name__}") from None


@cli.command()
def doctor() -> int:
    """Check the installation and suggest fixes."""
    from api.cli.doctor import examine

    is_well = True
    for finding in examine(read_settings()):
        mark = "ok  " if finding.is_ok else ("FAIL" if finding.is_needed else "warn")
        fix = "" if finding.is_ok else f". Fix: {finding.fix}"
        show(f"{mark} {finding.name}: {finding.detail}{fix}")
        is_well &= finding.is_ok or not finding.is_needed
    return 0 if is_well else 1


def _remote(given: Mapping[str, Any], settings: Settings) -> Any:
    """What lets the service at --server crawl, with the options that were named."""
    from api.cli import remote

    if given["allow_hosts"]:
        raise click.UsageError("--allow-host is a setting of the service: SOCIALS_ALLOW_HOSTS there")
    options = {name: given[name] for name in ("render", "max_pages") if given[name]}
    return remote.crawl_there(given["server"], remote.token_for(given["server"], settings), options)


def _needs_redis(settings: Settings) -> None:
    if not settings.redis_url:
        raise click.UsageError(
            "SOCIALS_REDIS_URL is not set. Fix: set it, or run `socials serve`, which starts its own Redis"
        )


def _refuse_insecure(settings: Settings) -> None:
    """Refuse insecure settings in production; on one's own machine they are fine."""
    faults = insecure_settings(settings)
    if faults and settings.production:
        raise click.ClickException(f"insecure settings for production: {'; '.join(faults)}")
    if settings.production:
        from crawler.engines.find import find_engines, sandbox

        is_on, detail = sandbox(find_engines(settings)[0])
        if not is_on:
            raise click.ClickException(
                f"sandbox {detail}. Fix: run as another user, or set SOCIALS_CHROMIUM_ENABLED=false"
            )
    if faults and not settings.is_loopback:
        say(f"Warning: the service is reachable from other machines with insecure settings: {'; '.join(faults)}")


def _log(settings: Settings, level: str | None = None) -> None:
    from crawler.logs import configure

    configure(settings, "socials", level)


async def _until_signalled() -> None:
    import signal

    signalled = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signalled.set)
    await signalled.wait()


def _lines() -> Iterable[str]:
    for line in sys.stdin.buffer:
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")
