"""The counters and gauges of one process, as Prometheus reads them. Sums only, no person and no workspace."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from itertools import accumulate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot.meters import BOUNDS, Histogram, Meters, Reading, Result
from storage import gauges
from storage.engines.database import Database
from storage.gauges import Gauges

if TYPE_CHECKING:
    from prometheus_client import Metric

log = structlog.get_logger()

PATIENCE = 2.0
"""Seconds the database has for the gauges; the counters are answered without it."""
FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


def routes(
    database: Database,
    meters: Meters,
    now: Callable[[], datetime],
    token: str = "",
    patience: float = PATIENCE,
) -> list[web.RouteDef]:
    """With a `token` whoever bears it is answered; without one, whoever asks from this very machine."""

    async def metrics(request: web.Request) -> web.Response:
        if token and not _bears(request, token):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        if not token and not _from_here(request):
            raise web.HTTPNotFound
        return _exposed(meters.read(), await _gauges(database, now(), patience))

    return [web.get("/metrics", metrics)]


def _bears(request: web.Request, token: str) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return hmac.compare_digest(given.encode(), token.encode())


def _from_here(request: web.Request) -> bool:
    """A proxy on this machine comes from loopback too: it gives itself away by its headers, or by the name
    that was asked for."""
    return (
        _is_loopback(request.remote or "")
        and _is_loopback(urlsplit(f"//{request.host}").hostname or "")
        and not any(name in request.headers for name in FORWARDED)
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


async def _gauges(database: Database, now: datetime, patience: float) -> Gauges | None:
    """None while the database is away."""
    try:
        async with asyncio.timeout(patience):
            return await database.read(partial(gauges.read, now=now))
    except Exception as error:
        log.warning("web.no_gauges", reason=type(error).__name__)
        return None


def _exposed(reading: Reading, gauged: Gauges | None) -> web.Response:
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Exposition(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from _counters(reading)
            yield from _levels(gauged)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Exposition())
    headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
    return web.Response(body=generate_latest(registry), headers=headers)


def _counters(reading: Reading) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    sends = CounterMetricFamily(
        "cercle_sends", "Calls to a platform, by what came of them.", labels=("platform", "method", "result")
    )
    throttled = CounterMetricFamily(
        "cercle_throttled", "Calls a platform answered with 429: wait.", labels=("platform",)
    )
    for (platform, method, result), count in sorted(reading.sends.items()):
        sends.add_metric((platform, method, result), count)
    for platform, count in _throttled(reading).items():
        throttled.add_metric((platform,), count)
    answers = HistogramMetricFamily(
        "cercle_ack_seconds", "From a platform's request to our answer.", labels=("platform",)
    )
    for platform, histogram in sorted(reading.answers.items()):
        answers.add_metric((platform,), _buckets(histogram), histogram.total)
    yield sends
    yield throttled
    yield answers
    yield CounterMetricFamily(
        "cercle_lease_expiries", "Claims that ended without an outcome.", value=reading.lease_expiries
    )


def _throttled(reading: Reading) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (platform, _, result), count in sorted(reading.sends.items()):
        sums[platform] = sums.get(platform, 0) + count * (result == Result.THROTTLED)
    return sums


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    bounds = [*map(str, BOUNDS), "+Inf"]
    return list(zip(bounds, map(float, accumulate(histogram.counts)), strict=True))


def _levels(gauged: Gauges | None) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    yield GaugeMetricFamily(
        "cercle_database_up", "1 while the database answers.", value=int(gauged is not None)
    )
    if gauged is None:
        return
    yield GaugeMetricFamily(
        "cercle_queue_age_seconds", "How long the oldest message has been due.", value=gauged.queue_age
    )
    messages = GaugeMetricFamily(
        "cercle_messages", "Messages that need something now.", labels=("platform", "state")
    )
    for labels, count in sorted(gauged.messages.items()):
        messages.add_metric(labels, count)
    jobs = GaugeMetricFamily("cercle_jobs", "Jobs that are due and not done.", labels=("job",))
    for name, count in gauged.jobs.items():
        jobs.add_metric((name,), count)
    yield messages
    yield jobs
