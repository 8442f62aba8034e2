"""Times as Salesforce writes them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def iso_seconds(at_ms: int) -> str:
    """Return a time as 2026-11-25T06:30:00Z, the one form the Android SDK reads (salesforce-oauth.md 1.6)."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_millis(at_ms: int) -> str:
    """Return a time as 2026-11-25T06:30:00.000Z, as Salesforce's Connect API writes them."""
    return iso_seconds(at_ms).replace("Z", f".{at_ms % 1000:03d}Z")


def utc_offset_ms(timezone: str, at_ms: int) -> int:
    """Return a time zone's distance from UTC (ms) at a time; 0 for a zone this machine does not know."""
    try:
        offset = ZoneInfo(timezone).utcoffset(datetime.fromtimestamp(at_ms / 1000, UTC))
    except (ZoneInfoNotFoundError, ValueError):
        return 0
    return int(offset.total_seconds() * 1000) if offset is not None else 0
