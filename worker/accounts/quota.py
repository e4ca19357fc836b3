"""What do jobs cost, and how much may an account still spend this month?

EF are counted in Redis as whole units, so that sums are exact; callers see decimals.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

UNITS_PER_EF = 100_000_000
"""One unit is the eighth decimal of an EF; chosen: prices have six, and 90 million EF still fit Lua's numbers."""


def units(amount_ef: Decimal) -> int:
    """Return an amount in units.

    Raises:
        ValueError: it is not a whole number of units.
    """
    amount = amount_ef * UNITS_PER_EF
    if amount != amount.to_integral_value():
        raise ValueError(f"{amount_ef} EF has more than eight decimals")
    return int(amount)


def ef(amount_units: int) -> Decimal:
    """Return units as EF, without trailing zeros."""
    return (Decimal(amount_units) / UNITS_PER_EF).normalize() + Decimal(0)


@dataclass(frozen=True, slots=True)
class Month:
    """What an account has spent and reserved in a calendar month (UTC), ``2026-11``."""

    name: str
    spent_ef: Decimal
    reserved_ef: Decimal


def month_of(time: datetime) -> str:
    """Return the name of the month, in UTC, that a time falls in."""
    return time.astimezone(UTC).strftime("%Y-%m")
