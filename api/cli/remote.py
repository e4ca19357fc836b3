"""How is a file enriched by a service that runs elsewhere?

Behind ``socials enrich --server``: posts the items as jobs, follows their events with the display of a local run, and
hands back results as a local run has them.  A lost connection is taken up again; a second start finds the same jobs by
their idempotency keys.
"""

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from httpx_sse import ServerSentEvent, connect_sse

from api.cli.enrich import Outcome, Record, RemoteError, Work, progress_of
from api.cli.journal import Journal
from api.cli.progress import Progress
from api.cli.terminal import say
from api.files.export import EVIDENCE
from crawler.config import Settings, is_loopback
from crawler.records import Network

MAX_ITEMS_COUNT = 10_000
"""Most items of a job, by contract; a service may take fewer."""

GIVE_UP_S = 300.0
"""Time without any answer after which a service counts as gone, in seconds; chosen: longer than a restart."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""Pauses between two attempts, in seconds; each is twice the one before."""

SILENCE_S = 60.0
"""Longest silence of an event stream, in seconds; a service says something every 15."""

PAGE_COUNT = 200
"""Rows asked for at a time where failures are listed."""

ROW = "socials_row"
"""Key by which a result finds its row again."""

_FINAL = frozenset({"done", "failed", "cancelled"})
_TRANSIENT = frozenset({429, 502, 503, 504})


def token_for(url: str, settings: Settings) -> str:
    """Return the token to use: the environment's, else on this machine the local account's.

    Raises:
        RemoteError: there is none.
    """
    if token := settings.token.get_secret_value():
        return token
    path = settings.data_dir.expanduser() / "token"
    if is_loopback(urlsplit(url).hostname or ""):
        try:
            return path.read_text("utf-8").strip()
        except OSError:
            raise RemoteError(f"set SOCIALS_TOKEN to a token of the service; there is none in {path}") from None
    raise RemoteError("set SOCIALS_TOKEN to a token of the service: `socials token create` on its machine prints one")


def crawl_there(url: str, token: str, options: Mapping[str, Any]) -> "Remote":
    """Return what lets a service crawl.

    Args:
        url: the service.
        token: of an account there.
        options: of the jobs, as the API has them; the service's own where they are not named.

    Raises:
        RemoteError: the address is none.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise RemoteError(f"--server: {url} is no address like https://socials.example")
    return Remote(url.rstrip("/"), token, options)


def item(url: str, token: str, job_id: str, index: int) -> Any:
    """Return one item of a job with its evidence, as the API shows it.

    Raises:
        RemoteError: the service is not there, or refuses.
    """
    client = crawl_there(url, token, {})._client  # noqa: SLF001  # one place makes clients
    try:
        response = client.get(f"/api/jobs/{quote(job_id, safe='')}/items/{index}")
    except httpx.HTTPError as error:
        raise RemoteError(f"{url} cannot be reached: {error}") from None
    if not response.is_success:
        raise RemoteError(_why(response))
    return response.json()


class Remote:
    """Enriches through a service; call it with the work and its journal."""

    def __init__(self, url: str, token: str, options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(30.0, read=SILENCE_S),
            trust_env=not is_loopback(urlsplit(url).hostname or ""),
        )

    def __call__(self, work: Work, journal: Journal | None) -> Outcome:
        """Enrich what the journal does not hold; Ctrl-C ends the waiting, and the jobs go on."""
        before: Mapping[int, Record] = journal.results if journal else {}
        run = journal.run if journal else uuid.uuid4().hex
        size = min(MAX_ITEMS_COUNT, self._json("GET", "/api/modules/socials")["limits"]["max_items"])
        parts = [work.eligible[start : start + size] for start in range(0, len(work.eligible), size)]
        # Of a job that was read in part, all is read again: it costs a request, and no site.
        results = {place: before[place] for part in parts if before.keys() >= set(part) for place in part}
        try:
            with progress_of(work, results) as progress:
                for number, part in enumerate(parts):
                    if part[0] in results:
                        continue
                    for place, record in self._job(work, part, f"{run}-{size}-{number}", progress):
                        results[place] = record
                        if journal is not None:
                            journal.add(place, record)
        except KeyboardInterrupt:
            return Outcome(results, is_complete=False)
        return Outcome(results, is_complete=True)

    def _job(self, work: Work, places: Sequence[int], key: str, progress: Progress) -> Iterator[tuple[int, Record]]:
        items = [{**work.items[place], ROW: place} for place in places]
        body = {"items": items, **({"options": self._options} if self._options else {})}
        created = self._json("POST", "/api/jobs/socials", json=body, headers={"Idempotency-Key": f"enrich-{key}"})
        job_id = created["id"]
        self._follow(job_id, progress)
        job = self._json("GET", f"/api/jobs/{job_id}")
        if job["status"] != "done":
            why = f": {job['error_message']}" if job.get("error_message") else ""
            raise RemoteError(f"the job {job_id} ended {job['status']}{why}")
        failed = self._failures(job)
        include = {"include": "evidence"} if work.with_evidence else {}
        response = self._send("GET", f"/api/jobs/{job_id}/results", params={"format": "jsonl", **include})
        rows = [json.loads(line) for line in response.text.split("\n") if line]
        if len(rows) != len(places):
            say(f"{len(places) - len(rows)} rows have no website that the service accepts; they stay as they are")
        for index, row in enumerate(rows):
            yield row[ROW], _record(row, failed.get(index))

    def _failures(self, job: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
        """Return the failed items by their places in the job; its summary lists the first hundred."""
        failed = {item["index"]: item for item in job["summary"]["failed_items"]}
        while len(failed) < job["error_count"]:
            query = {"outcome": "failed", "offset": len(failed), "limit": PAGE_COUNT}
            page = self._json("GET", f"/api/jobs/{job['id']}/results", params=query)["rows"]
            if not page:
                break
            failed |= {row["index"]: row for row in page}
        return failed

    def _follow(self, job_id: str, progress: Progress) -> None:
        """Show how a job goes on, until it ends; a lost connection is taken up where it was."""
        last_id = ""
        patience = _Patience()
        base = progress.counts
        while True:
            try:
                headers = {"Last-Event-ID": last_id} if last_id else {}
                with connect_sse(self._client, "GET", f"/api/jobs/{job_id}/events", headers=headers) as source:
                    if source.response.status_code == 204:
                        return
                    if source.response.status_code in _TRANSIENT:
                        patience.wait(source.response)
                        continue
                    if source.response.status_code != 200:
                        source.response.read()
                        raise RemoteError(_why(source.response))
                    for event in source.iter_sse():
                        patience.reset()
                        last_id = event.id or last_id
                        if _shown(event, progress, base):
                            return
            except httpx.TransportError:
                pass
            patience.wait(None)

    def _json(self, method: str, path: str, **arguments: Any) -> Any:
        return self._send(method, path, **arguments).json()

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send a request until it is answered.

        Raises:
            RemoteError: it is refused, or there is no answer for long.
        """
        patience = _Patience()
        while True:
            try:
                response = self._client.request(method, path, **arguments)
            except httpx.TransportError as error:
                patience.wait(None, why=str(error) or type(error).__name__)
                continue
            except httpx.HTTPError as error:
                raise RemoteError(f"the service answers what is no HTTP: {error}") from None
            if response.is_success:
                return response
            if response.status_code not in _TRANSIENT:
                raise RemoteError(_why(response))
            patience.wait(response)


class _Patience:
    """Waits longer each time, and not for ever."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: there was an answer."""
        self._pause_s = FIRST_PAUSE_S
        self._until_s = time.monotonic() + GIVE_UP_S

    def wait(self, response: httpx.Response | None, why: str = "") -> None:
        """Wait as long as a response asks for, else longer than before.

        Raises:
            RemoteError: it has been too long.
        """
        asked = response.headers.get("retry-after", "") if response is not None else ""
        pause_s = float(asked) if asked.isdecimal() else self._pause_s
        if response is not None and response.status_code == 429:
            self._until_s += pause_s  # the service is there, and says when
        if time.monotonic() + pause_s > self._until_s:
            raise RemoteError(
                f"the service has not answered for {GIVE_UP_S:.0f} s{f' ({why})' if why else ''}; "
                "the service continues with what was sent, and the same command with --resume picks it up"
            )
        time.sleep(pause_s)
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)


def _shown(event: ServerSentEvent, progress: Progress, base: tuple[int, int, int]) -> bool:
    """Show what an event says; say whether it is the last one."""
    if event.event in ("snapshot", "progress", *_FINAL) and event.data:
        data = json.loads(event.data)
        counts = (data.get("processed_count"), data.get("found_count"), data.get("error_count"))
        if None not in counts:
            progress.show(*(before + count for before, count in zip(base, counts, strict=True)))
    return event.event in _FINAL


def _record(row: Mapping[str, Any], failed: Mapping[str, Any] | None) -> Record:
    """Return a row of the service's results as a local run stores it."""
    values = {network.value: row[network.column] for network in Network}
    return {
        "profiles": {name: value for name, value in values.items() if value},
        "given": values,
        "reason": failed["reason"] if failed else None,
        "detail": failed["detail"] if failed else "",
        "evidence": row.get(EVIDENCE, {}),
    }


def _why(response: httpx.Response) -> str:
    """Say what a service answered, in its own words where it has some."""
    try:
        detail = response.json()["detail"]
        fields = "; ".join(f"{each['field']}: {each['message']}" for each in detail.get("errors", ())[:3])
        message = f"{detail['message']}{f' ({fields})' if fields else ''}"
    except (ValueError, KeyError, TypeError):
        return f"the service answers with status {response.status_code}; is its address right?"
    if response.status_code == 401:
        return f"the service rejects the token: {message} Set SOCIALS_TOKEN to a valid one."
    return f"the service refuses the request: {message}"
