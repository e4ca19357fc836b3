"""With which settings does a command run?

Read from the environment, with what the command line says on top.  An invalid one ends the command with one sentence;
a variable that looks like a setting and is none is named.
"""

import os
from typing import Any

import click
from pydantic import ValidationError

from api.cli.terminal import say
from crawler.config import Settings, first_error, unknown_variables


class SettingError(click.ClickException):
    """An invalid setting; exit status 2, as for all wrong usage."""

    exit_code = 2


def read_settings(**given: Any) -> Settings:
    """Read the settings; what the command line says wins over the environment.

    Raises:
        SettingError: one is invalid.
    """
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise SettingError(first_error(error)) from None
    if settings.allow_hosts:
        _refuse_malformed_hosts(settings, "--allow-host" if "allow_hosts" in given else "setting SOCIALS_ALLOW_HOSTS")
    for sentence in unknown_variables(os.environ):
        say(f"Warning: {sentence}")
    return settings


def _refuse_malformed_hosts(settings: Settings, where: str) -> None:
    from crawler.egress.policy import Allow  # loads what most commands do without

    try:
        Allow.parse(settings.allow_hosts)
    except ValueError as error:
        raise SettingError(f"{where}: {error}") from None
