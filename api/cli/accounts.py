"""``socials account`` and ``socials token``: who may use the service.

Secrets go to standard output and are shown once; everything else that is said goes to standard error.
"""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import click

from api.cli.settings import read_settings
from api.cli.terminal import say, show
from worker.accounts.credentials import MAX_PASSWORD_LENGTH
from worker.accounts.secret_check import WrongSecret
from worker.accounts.store import Account, AccountError, Accounts, Token
from worker.connection import Unavailable
from worker.process.embedded_redis import RedisMissing, redis_of

T = TypeVar("T")

MIN_PASSWORD_LENGTH = 10
"""Shortest password taken, in characters; chosen."""


MAX_CEILING_EF = 10_000_000
"""Highest ceiling, in EF; chosen, within what is counted exactly."""


def _ceiling(text: str) -> Decimal | None:
    if text.lower() == "none":
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= MAX_CEILING_EF and amount == round(amount, 8)):
        raise click.BadParameter(f"{text} is no amount from 0 to {MAX_CEILING_EF} with eight decimals, nor none")
    return amount


_password = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input; otherwise one is generated and printed.",
)


def where(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say where the accounts are kept, for a group of commands."""
    data = click.option("--data", "data_dir", type=click.Path(file_okay=False), help="Data folder of `socials serve`.")
    return data(click.option("--redis", "redis_url", metavar="URL", help="Redis of the service.")(command))


@click.group()
@where
@click.pass_context
def account(context: click.Context, /, **given: str | None) -> None:
    """Manage accounts and their spending limits."""
    context.obj = {name: value for name, value in given.items() if value is not None}


@account.command("add")
@click.argument("email")
@click.option(
    "--ceiling", type=_ceiling, metavar="EF", default="none", show_default=True, help="Spending limit per month."
)
@click.option("--operator", is_flag=True, help="May see the state of the whole service.")
@_password
def add_account(email: str, ceiling: Decimal | None, operator: bool, password_stdin: bool) -> None:
    """Add an account. Prints its id, and its password if one was generated."""
    password = _read_password() if password_stdin else secrets.token_urlsafe(18)
    made = _ask(lambda accounts: accounts.add(email, password, ceiling, is_operator=operator), may_create=True)
    show(f"account {made.id}")
    if not password_stdin:
        show(f"password {password}")
        say("The password is not shown again.")


@account.command("list")
def list_accounts() -> None:
    """List accounts with their state, spending and ceiling."""

    async def read(accounts: Accounts) -> list[tuple[Account, Any]]:
        return [(each, await accounts.month(each.id)) for each in await accounts.all()]

    found = _ask(read)
    show("\t".join(("ACCOUNT", "E-MAIL", "STATE", "SPENT_EF", "RESERVED_EF", "CEILING_EF")))
    for each, month in found:
        ceiling = "none" if each.ceiling_ef is None else f"{each.ceiling_ef:f}"
        state = "active" if each.is_active else "disabled"
        cells = (each.id, each.email or "-", state, f"{month.spent_ef:f}", f"{month.reserved_ef:f}", ceiling)
        show("\t".join(cells))


@account.command("disable")
@click.argument("name", metavar="ACCOUNT")
def disable_account(name: str) -> None:
    """Disable ACCOUNT: its tokens and sessions are refused, its jobs wait."""
    _change(name, lambda accounts, account_id: accounts.set_active(account_id, is_active=False), "disabled")


@account.command("enable")
@click.argument("name", metavar="ACCOUNT")
def enable_account(name: str) -> None:
    """Enable ACCOUNT again."""
    _change(name, lambda accounts, account_id: accounts.set_active(account_id, is_active=True), "active")


@account.command("set-operator")
@click.argument("name", metavar="ACCOUNT")
@click.argument("value", type=click.Choice(["yes", "no"]))
def set_operator(name: str, value: str) -> None:
    """Allow or forbid ACCOUNT to see the state of the whole service."""
    is_operator = value == "yes"
    words = "an operator" if is_operator else "no operator"
    _change(name, lambda accounts, account_id: accounts.set_operator(account_id, is_operator=is_operator), words)


@account.command("sign-in-link")
@click.argument("name", metavar="ACCOUNT")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Address of the service.")
def sign_in_link(name: str, url: str) -> None:
    """Print a link that signs in ACCOUNT once, within ten minutes."""

    async def make(accounts: Accounts) -> str:
        return await accounts.create_link((await accounts.find(name)).id)

    show(f"{url.rstrip('/')}/sign-in#{_ask(make)}")


@account.command("set-ceiling")
@click.argument("name", metavar="ACCOUNT")
@click.argument("ceiling", metavar="EF", type=_ceiling)
def set_ceiling(name: str, ceiling: Decimal | None) -> None:
    """Set the monthly ceiling of ACCOUNT in EF, or none.

    Months are calendar months in UTC.
    """
    words = "no ceiling" if ceiling is None else f"ceiling {ceiling:f} EF"
    _change(name, lambda accounts, account_id: accounts.set_ceiling(account_id, ceiling), words)


@account.command("set-password")
@click.argument("name", metavar="ACCOUNT")
@_password
def set_password(name: str, password_stdin: bool) -> None:
    """Change the password of ACCOUNT and end its sessions."""
    password = _read_password() if password_stdin else secrets.token_urlsafe(18)
    _change(name, lambda accounts, account_id: accounts.set_password(account_id, password), "new password")
    if not password_stdin:
        show(f"password {password}")
        say("The password is not shown again.")


@click.group()
@where
@click.pass_context
def token(context: click.Context, /, **given: str | None) -> None:
    """Manage API tokens."""
    context.obj = {name: value for name, value in given.items() if value is not None}


@token.command("create")
@click.argument("name", metavar="ACCOUNT")
@click.option("--name", "token_name", default="", help="Name, to tell tokens apart.")
def create_token(name: str, token_name: str) -> None:
    """Create a token for ACCOUNT and print it once."""

    async def make(accounts: Accounts) -> tuple[str, Token]:
        found = await accounts.find(name)
        return await accounts.create_token(found.id, token_name)

    text, made = _ask(make)
    show(text)
    say(f"Token {made.id}. It is not shown again.")


@token.command("list")
@click.argument("name", metavar="ACCOUNT")
def list_tokens(name: str) -> None:
    """List the tokens of ACCOUNT."""

    async def read(accounts: Accounts) -> list[Token]:
        return await accounts.tokens((await accounts.find(name)).id)

    found = _ask(read)
    show("\t".join(("TOKEN", "NAME", "CREATED", "LAST_USED")))
    for each in found:
        used = f"{each.used_at:%Y-%m-%d %H:%MZ}" if each.used_at else "never"
        show("\t".join((each.id, each.name or "-", f"{each.created_at:%Y-%m-%d %H:%MZ}", used)))


@token.command("revoke")
@click.argument("name", metavar="ACCOUNT")
@click.argument("token_id", metavar="TOKEN_ID")
def revoke_token(name: str, token_id: str) -> None:
    """Revoke a token of ACCOUNT."""

    async def revoke(accounts: Accounts) -> bool:
        return await accounts.revoke_token((await accounts.find(name)).id, token_id)

    if not _ask(revoke):
        raise click.ClickException(f"{name} has no token {token_id}; `socials token list {name}` shows them")
    say(f"Token {token_id} is void.")


@account.command("webhook-secret")
@click.argument("name", metavar="ACCOUNT")
@click.option("--new", "is_new", is_flag=True, help="Generate a new secret; the old one stops working.")
def webhook_secret(name: str, is_new: bool) -> None:
    """Show or renew the webhook signing secret of ACCOUNT."""

    async def read(accounts: Accounts) -> str:
        found = await accounts.find(name)
        return await accounts.webhook_secret(found.id, is_renewed=is_new)

    show(_ask(read))


@account.command("accept-secret")
def accept_secret() -> None:
    """Use a new SOCIALS_SECRET: revokes all tokens and sessions.

    Webhooks are signed with other secrets from then on; `socials account webhook-secret` shows them.
    """
    count = _ask(lambda accounts: accounts.accept_secret(), is_secret_new=True)
    say(f"The secret is accepted. Revoked tokens, sessions and sign-in links: {count}.")


def _change(name: str, change: Callable[[Accounts, str], Awaitable[None]], words: str) -> None:
    async def run(accounts: Accounts) -> Account:
        found = await accounts.find(name)
        await change(accounts, found.id)
        return found

    found = _ask(run)
    say(f"{found.email or found.id}: {words}.")


def _ask(question: Callable[[Accounts], Awaitable[T]], *, may_create: bool = False, is_secret_new: bool = False) -> T:
    """Ask the accounts of the Redis in use, or of the data folder.

    Args:
        question: what to ask.
        may_create: whether the data folder may be made for it.
        is_secret_new: whether the secret may be another one than before.
    """
    settings = read_settings(**click.get_current_context().obj)

    async def run(url: str) -> T:
        accounts = Accounts.connect(url, settings.secret.get_secret_value())
        try:
            if not is_secret_new:
                await accounts.check_secret()
            return await question(accounts)
        finally:
            await accounts.aclose()

    try:
        with redis_of(settings, may_create=may_create) as url:
            return asyncio.run(run(url))
    except (AccountError, WrongSecret, RedisMissing, Unavailable) as error:
        raise click.ClickException(str(error)) from None


def _read_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise click.UsageError(f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters")
    return password
