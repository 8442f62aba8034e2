"""Servers of others, for the tests of what is asked of them."""

from tests.outbound.peer import serve

__all__ = ["serve"]
