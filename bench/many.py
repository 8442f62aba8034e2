"""Introspection while ten thousand, a million, ten million tokens are alive; the rows are made, not issued."""

import argparse
import asyncio
import itertools
import random
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import uvloop

from bench.ours import grantway
from bench.target import Target, resident_mb
from bench.wire import Answer, Script, post, run
from grantway.domain.token import AccessToken
from grantway.kit.secrets import fingerprint, new_access_token
from tests.toolchain import PostgresServer

_COLUMNS = AccessToken.__struct_fields__
_KNOWN = 2000
_BATCH = 50_000


def _rows(
    count: int, app_id: str, org_id: str, user_id: str, now_ms: int, known: list[str]
) -> Iterator[tuple[object, ...]]:
    """Make live tokens of the last ten minutes; the plain texts of some are kept in `known`."""
    chosen = set(random.sample(range(count), min(count, _KNOWN)))
    for number in range(count):
        issued = now_ms - 600_000 + number * 600_000 // count
        row_id, token = new_access_token(org_id, issued)
        if number in chosen:
            known.append(token)
        yield (row_id, fingerprint(token), "", app_id, org_id, user_id, "standards", "api", issued,
               now_ms + 7_200_000, 7_200_000, None)  # fmt: skip


async def _fill_postgres(url: str, rows: Iterator[tuple[object, ...]]) -> None:
    connection = await asyncpg.connect(url)
    while batch := list(islice(rows, _BATCH)):
        await connection.copy_records_to_table("access_token", records=batch, columns=_COLUMNS)
    await connection.execute("ANALYZE access_token")
    await connection.close()


def _fill_sqlite(path: Path, rows: Iterator[tuple[object, ...]]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    marks = ", ".join("?" for _ in _COLUMNS)
    while batch := list(islice(rows, _BATCH)):
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO access_token ({', '.join(_COLUMNS)}) VALUES ({marks})", batch)
        connection.execute("COMMIT")
    connection.close()


def _whose(path: Path | None, url: str) -> tuple[str, str, str, int]:
    sql = "SELECT app_id, org_id, user_id, issued_at FROM access_token ORDER BY id DESC LIMIT 1"
    if path is not None:
        found: tuple[str, str, str, int] = sqlite3.connect(path).execute(sql).fetchone()
        return found

    async def ask() -> tuple[str, str, str, int]:
        connection = await asyncpg.connect(url)
        row = await connection.fetchrow(sql)
        await connection.close()
        assert row is not None
        return tuple(row)

    return asyncio.run(ask())


def _introspect(target: Target, tokens: Iterator[str]) -> Script:
    while True:
        body = urlencode({"token": next(tokens)} | target.client)
        answer: Answer = yield post(target.host, target.paths["introspect"], body)
        if b'"active":true' not in answer.body:
            raise RuntimeError(answer.body.decode())
        yield None


def measure(target: Target, known: list[str], live: int) -> None:
    """Print latency alone and with 32 connections, over random tokens."""
    random.shuffle(known)
    tokens = itertools.cycle(known)
    alone = [uvloop.run(run(target.port, [_introspect(target, tokens)], 2)) for _ in range(3)]
    busy = [uvloop.run(run(target.port, [_introspect(target, tokens) for _ in range(32)], 2)) for _ in range(3)]
    p50 = statistics.median(load.percentile_ms(0.5) for load in alone)
    rate = statistics.median(load.rate for load in busy)
    p99 = statistics.median(load.percentile_ms(0.99) for load in busy)
    memory = resident_mb(target.pids)
    print(
        f"  {live:>11,} live   alone p50 {p50:.2f} ms   32 at once {rate:.0f}/s, p99 {p99:.1f} ms   {memory:.0f} MB",
        flush=True,
    )


def main() -> None:
    """Fill and measure, on both engines."""
    parser = argparse.ArgumentParser(prog="python -m bench.many", description=__doc__)
    parser.add_argument("--live", type=int, nargs="+", default=[10_000, 1_000_000], help="how many tokens are alive")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as postgres:
        for server in (None, postgres):
            data = Path(folder) / ("sqlite" if server is None else "postgres")
            with grantway(data, 1, postgres=server) as target:
                print(target.name)
                path = data / "grantway.db" if server is None else None
                app_id, org_id, user_id, now_ms = _whose(path, target.database)
                there = 0
                for live in sorted(chosen.live):
                    known: list[str] = []
                    rows = _rows(live - there, app_id, org_id, user_id, now_ms, known)
                    if path is not None:
                        _fill_sqlite(path, rows)
                    else:
                        asyncio.run(_fill_postgres(target.database, rows))
                    there = live
                    measure(target, known, live)


if __name__ == "__main__":
    main()
