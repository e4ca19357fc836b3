"""Which values may an operator change?

One class for all three packages, read from the environment (``SOCIALS_...``) once at start-up and then passed down by
value.  Nothing else reads the environment.
"""

import math
import os
import re
import sys
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from crawler.messages import message_of
from crawler.records import Limits, Render
from crawler.unseen import escaped

SENTINEL_URL = re.compile(
    r"redis\+sentinel://(?P<user>[^@/?#]*@)?(?P<sentinels>[\w.-]+(:\d{1,5})?(,[\w.-]+(:\d{1,5})?)*)"
    r"/(?P<name>[\w.-]+)(?P<db>/\d*)?"
)
"""A Redis as its sentinels name it; user, password and database are those of Redis, not of the sentinels."""


class Settings(BaseSettings):
    """Everything an operator can change; read once at start-up, then passed down by value."""

    model_config = SettingsConfigDict(
        env_prefix="SOCIALS_", frozen=True, use_attribute_docstrings=True, extra="forbid", env_ignore_empty=True
    )

    redis_url: str = ""
    """Redis server to use, as ``redis://host:port/db``, or ``redis+sentinel://host:port,host:port/name/db`` with the
    addresses of its sentinels. Empty: ``socials serve`` and ``demo`` start an embedded one."""

    data_dir: Path = Path("~/.local/share/socials")
    """Folder for the files of the embedded Redis and for the token of the account ``local``."""

    production: bool = False
    """Whether the service is open to others. It then refuses to start with insecure settings."""

    secret: SecretStr = SecretStr("")
    """Key for the hashes of tokens and sessions, at least 32 characters, the same for all processes. Changing it
    invalidates every token and session."""

    host: str = "127.0.0.1"
    """Address the API listens on."""

    port: int = Field(default=8000, ge=0, le=65535)
    """Port the API listens on; 0 picks a free one."""

    workers_count: int = Field(default=2, ge=1, le=64)
    """Number of worker processes that ``socials serve`` starts."""

    shard_items_count: int = Field(default=50, ge=1, le=1000)
    """Items per shard. A shard is the unit of work that a worker claims."""

    shard_timeout_s: int = Field(default=1800, ge=30, le=86_400)
    """Hard time limit for one shard, in seconds; what is left ``shard_grace_s`` earlier goes back into the queue."""

    turn_s: int = Field(default=900, ge=1, le=86_400)
    """Time after which a worker's crawl process claims no more shards, in seconds; a new one then takes its place."""

    turn_items_count: int = Field(default=5000, ge=1)
    """Number of items after which it claims no more, so that nothing it keeps can grow."""

    turn_bytes: int = Field(default=600_000_000, ge=100_000_000)
    """Memory of the crawl process, without its browsers, above which it claims no more, in bytes (resident size)."""

    linger_s: float = Field(default=30.0, ge=0, le=3600)
    """Time for which a crawl process with nothing to do keeps its engines warm for the next job, in seconds."""

    shard_grace_s: int = Field(default=150, ge=10, le=3600)
    """Time reserved before the hard limit for closing pages and storing results, in seconds."""

    shard_lease_s: int = Field(default=10, ge=3, le=3600)
    """Time without a heartbeat after which another worker takes over a shard, in seconds."""

    max_items_count: int = Field(default=10_000, ge=1, le=10_000)
    """Maximum items per job."""

    max_body_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    """Maximum size of a request body, in bytes."""

    max_account_bytes: int = Field(default=2_000_000_000, ge=1_000_000)
    """Maximum size of all jobs of an account that are kept, items and results together, in bytes."""

    session_s: int = Field(default=7 * 86_400, ge=60)
    """Lifetime of a session, in seconds."""

    jobs_per_minute_count: int = Field(default=60, ge=1)
    """Maximum jobs that an account may create per minute."""

    sign_ins_per_minute_count: int = Field(default=10, ge=1)
    """Maximum sign-in attempts per minute, per e-mail address and per client."""

    explains_per_minute_count: int = Field(default=6, ge=1)
    """Maximum sites an account may have explained per minute (``POST /api/explain``)."""

    streams_count: int = Field(default=1000, ge=1)
    """Maximum open event streams per account."""

    trusted_proxies: str = ""
    """Addresses of reverse proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are trusted, separated by
    commas."""

    receive_timeout_s: float = Field(default=20.0, gt=0, le=600)
    """Time limit for receiving a request, in seconds; large bodies get one more second per 16 kB."""

    send_timeout_s: float = Field(default=20.0, gt=0, le=600)
    """Time after which a client that does not read its response is disconnected, in seconds."""

    heartbeat_s: float = Field(default=10.0, gt=0, le=15)
    """Interval of keep-alive comments on an idle event stream, in seconds."""

    webhook_pause_s: int = Field(default=5, ge=0, le=60)
    """Delay before a failed webhook is retried, in seconds. Later delays grow in proportion, to 7200 times this before
    the eighth and last attempt."""

    retention_s: int = Field(default=30 * 86_400, ge=60)
    """Time for which a job and its results are kept, in seconds."""

    ef_per_item: Decimal = Field(default=Decimal("0.00055"), ge=0, le=100, decimal_places=8)
    """Price of one queued item, in EF."""

    render: Render = Render.AUTO
    """When to use a browser: ``auto``, ``always`` or ``never``. A job may set its own."""

    max_pages_count: int = Field(default=4, ge=1, le=10)
    """Maximum pages read per item, unless its job asks for another number."""

    options_max_pages_count: int = Field(default=10, ge=1, le=10)
    """Maximum that a job may ask for with its option ``max_pages``."""

    item_budget_s: float = Field(default=45.0, ge=5, le=120)
    """Time budget per item, in seconds, counted from its first request, unless its job asks for another one."""

    options_item_budget_s: float = Field(default=120.0, ge=5, le=120)
    """Maximum, in seconds, that a job may ask for with its option ``item_budget_s``."""

    light_enabled: bool = True
    """Whether to use the light engine (Lightpanda)."""

    chromium_enabled: bool = True
    """Whether to use Chromium."""

    chromium_path: str = ""
    """Path of the Chromium executable. Empty: Playwright's own download, else the first of
    ``chromium-headless-shell``, ``chromium`` and ``google-chrome`` on the path."""

    concurrent_sites_count: int = Field(default=100, ge=1, le=1000)
    """Maximum items that one worker process crawls at a time. Most of them wait for their servers, which takes a few
    descriptors each and nothing else; pages in browsers have limits of their own."""

    concurrent_light_pages_count: int = Field(default=8, ge=1, le=64)
    """Maximum pages open in the light engine, per worker process."""

    concurrent_chromium_pages_count: int = Field(default=2, ge=1, le=64)
    """Maximum pages open in Chromium, per worker process."""

    browser_pages_count: int = Field(default=300, ge=1, le=100_000)
    """Number of pages after which a browser is restarted, because its memory only grows; per worker process."""

    browser_bytes: int = Field(default=1_500_000_000, ge=100_000_000)
    """Memory of a browser, all its processes together, above which it is restarted, in bytes (proportional set size);
    per worker process."""

    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    """Time limit for a connection to a site, in seconds. Enough for two lost packets: systems send the first one again
    after 1 and after 3 seconds."""

    first_byte_timeout_s: float = Field(default=10.0, gt=0, le=120)
    """Time limit, in seconds, for a site to begin its answer to a request without a browser. A site that does not is
    given up at all its addresses for a minute."""

    fetch_timeout_s: float = Field(default=15.0, gt=0, le=120)
    """Time limit for fetching a page without a browser, in seconds: the whole answer."""

    render_timeout_s: float = Field(default=20.0, gt=0, le=120)
    """Time limit for rendering a page, in seconds, from navigation to the last read of the document."""

    settle_timeout_s: float = Field(default=8.0, gt=0, le=60)
    """Time limit, in seconds, for a rendered page to settle: no pending work that could add links."""

    site_pause_s: float = Field(default=0.1, ge=0, le=60)
    """Pause between two requests to the same registrable domain or address, over all workers, in seconds; one request
    at a time is under way to each."""

    max_page_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """Maximum size of a document, in bytes, after decompression."""

    alternates_count: int = Field(default=5, ge=0, le=1000)
    """Maximum rejected profiles per network that the evidence lists."""

    block_trackers: bool = True
    """Whether to block hosts that serve only trackers and advertisements."""

    obey_robots: bool = True
    """Whether to obey robots.txt."""

    user_agent: str = "SocialsBot/0.1 (+https://github.com/socials-bot/socials)"
    """User-Agent header of every request; it should include a way to contact you."""

    tls_strict: bool = False
    """Whether an invalid certificate fails the item with ``tls_error``. Otherwise the page is read and the evidence
    says so."""

    allow_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """``HOST:PORT`` pairs on this machine that the egress guard allows, separated by commas; for test fixtures
    only."""

    log_format: Literal["text", "json"] = "text"
    """Format of log lines: ``text`` for people, ``json`` for machines."""

    token: SecretStr = SecretStr("")
    """Token that ``socials enrich --server`` sends. Empty: the local account's, for a service on this machine."""

    metrics_token: SecretStr = SecretStr("")
    """Bearer token that ``/metrics`` requires. Empty: it answers requests from this machine only."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    """Lowest log level written to standard error."""

    @field_validator("allow_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("redis_url")
    @classmethod
    def _redis_url(cls, value: str) -> str:
        # Errors come without the value: it may hold a password.
        if value.startswith("redis+sentinel:"):
            if not SENTINEL_URL.fullmatch(value):
                raise PydanticCustomError(
                    "redis_url", "must be like redis+sentinel://:PASSWORD@HOST:PORT,HOST:PORT/NAME/0"
                )
            return value
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise PydanticCustomError("redis_url", "must begin with redis://, rediss://, unix:// or redis+sentinel://")
        try:
            urlsplit(value).port  # noqa: B018  # reading it checks it
        except ValueError:
            raise PydanticCustomError("redis_url", "must name a port from 0 to 65535") from None
        return value

    @model_validator(mode="after")
    def _timeouts_nest(self) -> Self:
        if not self.item_budget_s <= self.options_item_budget_s < self.shard_grace_s < self.shard_timeout_s:
            raise ValueError("need item_budget_s <= options_item_budget_s < shard_grace_s < shard_timeout_s")
        if not self.max_pages_count <= self.options_max_pages_count:
            raise ValueError("need max_pages_count <= options_max_pages_count")
        if not self.settle_timeout_s < self.render_timeout_s:
            raise ValueError("need settle_timeout_s < render_timeout_s")
        return self

    def limits(self) -> Limits:
        """The operator's limits for one input, where its job asks for no others."""
        return Limits(self.render, self.max_pages_count, self.item_budget_s)

    @property
    def turn_timeout_s(self) -> int:
        """Hard stop for a crawl process: it has claimed its last shard by then, and that has run out of time."""
        return self.turn_s + self.shard_timeout_s

    @property
    def shards_per_worker_count(self) -> int:
        """Shards of one account that a worker has room for at a time.

        As many as fill the room, and one more: while the last sites of one are waited for, the next takes over.
        """
        return 1 + math.ceil(self.concurrent_sites_count / self.shard_items_count)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the API."""
        return is_loopback(self.host)

    def open_values(self) -> dict[str, Any]:
        """Return the settings that are no secret, JSON-able; ``Settings(**values)`` reads them back."""
        return self.model_dump(mode="json", exclude={*_SECRETS, "redis_url"})

    def environment(self) -> dict[str, str]:
        """Return the settings that differ from their defaults as environment variables, for a worker."""
        changed = self.model_dump(mode="json", exclude_defaults=True)
        changed |= {name: getattr(self, name).get_secret_value() for name in _SECRETS & changed.keys()}
        return {
            f"SOCIALS_{name.upper()}": ",".join(value) if isinstance(value, list) else str(value)
            for name, value in changed.items()
        }


_SECRETS = {name for name, field in Settings.model_fields.items() if field.annotation is SecretStr}


def first_error(error: ValidationError) -> str:
    """Say in one sentence what is wrong with the settings."""
    found = error.errors()[0]
    name = "_".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        return f"there is no setting SOCIALS_{name.upper()}{_nearest(name)}"
    where = f"setting SOCIALS_{name.upper()}" if name else "settings"
    return f"{where}: {message_of(found)}"


OTHER_VARIABLES = frozenset({"SOCIALS_TOKEN"})
"""Variables of ours that are no settings: the token of ``socials enrich --server``."""


def unknown_variables(names: Iterable[str]) -> list[str]:
    """Name the environment variables that look like settings and are none, a sentence each."""
    known = {f"SOCIALS_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    return [
        f"there is no setting {name}{_nearest(name.removeprefix('SOCIALS_').lower())}"
        for name in sorted(names)
        if name.startswith("SOCIALS_") and name not in known
    ]


def _nearest(name: str) -> str:
    close = get_close_matches(name, Settings.model_fields, 1)
    return f"; did you mean SOCIALS_{close[0].upper()}?" if close else ""


def read_or_exit() -> Settings:
    """Read the settings of a process that the command line did not start; exit where they are invalid."""
    try:
        return Settings()
    except ValidationError as error:
        sys.stderr.write(f"Error: {escaped(first_error(error))}\n")
        raise SystemExit(2) from None


MIN_SECRET_LENGTH = 32
"""Shortest secret taken in production, in characters: 128 bits, written as hexadecimal digits."""


def is_loopback(host: str) -> bool:
    """Say whether an address to listen on or connect to stays on this machine."""
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


HARMLESS_VARIABLES = frozenset(
    "CHROME_DEVEL_SANDBOX FONTCONFIG_FILE FONTCONFIG_PATH HOME LANG LANGUAGE LD_LIBRARY_PATH LIGHTPANDA_BIN LOGNAME "
    "NODE_COMPILE_CACHE NODE_OPTIONS PATH PLAYWRIGHT_BROWSERS_PATH PLAYWRIGHT_NODEJS_PATH PYTHONPATH SHELL "
    "SSL_CERT_DIR SSL_CERT_FILE TEMP TMP TMPDIR TZ USER VIRTUAL_ENV XDG_CACHE_HOME XDG_CONFIG_HOME "
    "XDG_RUNTIME_DIR".split()
)
"""Environment variables that browsers and their driver may see; besides these, ``LC_*``."""


def keep_harmless_environment() -> None:
    """Take everything else out of this process's environment, for good.

    The engines inherit it.  Variables such as ``NO_PROXY`` would send an engine past the egress proxy, and others hold
    secrets that no page's renderer needs.
    """
    for name in list(os.environ):
        if name not in HARMLESS_VARIABLES and not name.startswith("LC_"):
            del os.environ[name]


def forget_secrets() -> None:
    """Take secrets out of this process's environment, which every program it starts inherits."""
    for name in (*_SECRETS, "redis_url"):
        os.environ.pop(f"SOCIALS_{name.upper()}", None)


def insecure_settings(settings: Settings) -> tuple[str, ...]:
    """Say why a service with these settings must not serve strangers, a sentence each; nothing where it may.

    Only asked of a service in production: on one's own machine each of these is fine.
    """
    secret = settings.secret.get_secret_value()
    redis = urlsplit(settings.redis_url)
    found = {
        "set SOCIALS_SECRET: without it, tokens and sessions are stored under hashes without a key": not secret,
        f"SOCIALS_SECRET is too short or too simple: take {MIN_SECRET_LENGTH} random characters or more "
        "(`openssl rand -hex 32`)": bool(secret) and not _is_strong(secret),
        "SOCIALS_REDIS_URL names a Redis on another machine without a password": bool(redis.hostname)
        and not is_loopback(redis.hostname or "")
        and not redis.password,
        "SOCIALS_ALLOW_HOSTS lets crawls reach this machine; it is for test fixtures only": bool(settings.allow_hosts),
    }
    return tuple(sentence for sentence, is_so in found.items() if is_so)


def _is_strong(secret: str) -> bool:
    """Whether a secret may be random: long, of many characters, and none that examples hold."""
    is_example = any(word in secret.lower() for word in ("change", "secret", "example", "default", "password"))
    return len(secret) >= MIN_SECRET_LENGTH and len(set(secret)) >= 8 and not is_example
