"""Which addresses a page may link or post to, and how they are written beside the link (S7)."""

import re
from urllib.parse import quote, urlsplit

_MAILBOX = re.compile(r"[^\s@<>\"(),:;\\?&%#]+@[^\s@<>\"(),:;\\?&%#]+")
_BLANK_OR_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


def web_link(url: str | None) -> str | None:
    """`url` if a page may link to it: an absolute http or https address without user information; else None."""
    if not url or _BLANK_OR_CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    usable = parts.scheme in ("https", "http") and parts.hostname and "@" not in parts.netloc
    return url if usable else None


def web_label(url: str) -> str:
    """The words of a link made by `web_link`: host and path, so that the reader sees where it leads."""
    parts = urlsplit(url)
    return parts.netloc + parts.path.rstrip("/")


def mail_link(address: str | None) -> str | None:
    """A mailto: address for one plain mailbox, which cannot smuggle a subject, a body or a second recipient."""
    if not address or not _MAILBOX.fullmatch(address):
        return None
    return "mailto:" + quote(address, safe="@+-._~!$'*=^`{|}/", errors="replace")


def own_path(path: str) -> str:
    """`path` if it stays on this host.

    Raises:
        ValueError: it is not an absolute path here. Forms and links of ours are built by us, so this is our mistake.
    """
    if not path.startswith("/") or path.startswith("//") or _BLANK_OR_CONTROL.search(path):
        raise ValueError(f"not a path on this host: {path!r}")
    return path
