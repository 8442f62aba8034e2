"""Grantway's command line in the future: python shifted_clock.py HOURS COMMAND…; for what ends with time."""

import sys

from grantway.kit.clock import SystemClock

_now_ms, _now_us = SystemClock.now_ms, SystemClock.now_us


def shift() -> None:
    """Move the clock of this process on."""
    hours = int(sys.argv[1])
    SystemClock.now_ms = lambda self: _now_ms(self) + hours * 3_600_000  # type: ignore[method-assign]
    SystemClock.now_us = lambda self: _now_us(self) + hours * 3_600_000_000  # type: ignore[method-assign]


if __name__ in ("__main__", "__mp_main__"):
    shift()
if __name__ == "__main__":
    from grantway.cli.root import cli

    cli(sys.argv[2:], prog_name="grantway")
