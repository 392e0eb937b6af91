"""Posts records to the product: those of one call in order, a few at a time, with retries.

The product accepts a record by answering 200 with `{"Err": 0}`. After any other answer the record
is posted again after `backoff` seconds, then after twice that, and so on: `tries` in all.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from callbacks.simulator.engine.ledger import CdrNote
from callbacks.simulator.posts.packing import Spelling, pack

logger = logging.getLogger(__name__)

CONNECTIONS = 8
READ_AT_MOST = 65_536


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """Where and how to post. `delay`, `backoff`: seconds before the first and the second try."""

    url: str | None
    tries: int
    backoff: float
    delay: float
    spelling: Spelling


@dataclass(frozen=True, slots=True)
class Parcel:
    """A record ready to be posted."""

    note: CdrNote
    body: bytes
    kind: str


@dataclass(slots=True)
class _Job:
    """Records of one call, to be posted one after the other."""

    parcels: list[Parcel]
    policy: DeliveryPolicy
    round: int
    then: Callable[[], None] | None = None
    tried: int = 0


def client(seconds: float) -> httpx.AsyncClient:
    """A client with a few connections; `seconds`: how long an answer may take."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(seconds, connect=min(5.0, seconds)),
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        # An address on this machine must not go through a proxy from the environment.
        trust_env=False,
        follow_redirects=False,
    )


class Delivery:
    """The queue of records and the few workers that post them."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[_Job] = asyncio.Queue()
        self._waiting: dict[int, tuple[asyncio.TimerHandle, _Job]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._round = 0
        self._hurries = False
        self._client: httpx.AsyncClient | None = None

    def send(
        self,
        records: list[tuple[CdrNote, dict[str, Any]]],
        policy: DeliveryPolicy,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Posts the records in this order. `then` is called once each was tried once."""
        if policy.url is None or not records:
            if then:
                then()
            return
        self._start()
        parcels = [Parcel(note, *pack(record, policy.spelling)) for note, record in records]
        self._later(policy.delay, _Job(parcels, policy, self._round, then))

    def forget(self) -> None:
        """Drops what is not posted yet (reset): jobs of an older round are discarded."""
        self._round += 1
        for handle, _job in self._waiting.values():
            handle.cancel()
        self._waiting.clear()

    async def drain(self, within: float) -> None:
        """Tries each remaining record once, without delay, for at most `within` seconds."""
        self._hurries = True
        for handle, job in list(self._waiting.values()):
            handle.cancel()
            self._queue.put_nowait(job)
        self._waiting.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), within)

    async def close(self) -> None:
        """Stops the workers; remaining records are not posted."""
        self.forget()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers.clear()
        if self._client is not None:
            await self._client.aclose()

    def _start(self) -> None:
        if self._workers:
            return
        self._client = client(10.0)
        self._workers = [asyncio.create_task(self._work(self._client)) for _ in range(CONNECTIONS)]

    def _later(self, seconds: float, job: _Job) -> None:
        if seconds <= 0 or self._hurries:
            self._queue.put_nowait(job)
            return

        def due() -> None:
            del self._waiting[id(job)]
            self._queue.put_nowait(job)

        handle = asyncio.get_running_loop().call_later(seconds, due)
        self._waiting[id(job)] = (handle, job)

    async def _work(self, client: httpx.AsyncClient) -> None:
        while True:
            job = await self._queue.get()
            try:
                await self._carry_out(client, job)
            finally:
                self._queue.task_done()

    async def _carry_out(self, client: httpx.AsyncClient, job: _Job) -> None:
        failed, reason = [], ""
        for parcel in job.parcels:
            if job.round != self._round:
                break
            if why := await self._post(client, job.policy, parcel):
                failed.append(parcel)
                reason = why
        if job.then:
            job.then()
        if failed and job.round == self._round:
            self._again(job, failed, reason)

    def _again(self, job: _Job, failed: list[Parcel], reason: str) -> None:
        """Posts them later, if tries are left. `reason`: why the last of them was not accepted."""
        tried = job.tried + 1
        # Never the address: it contains a secret.
        if tried >= job.policy.tries or self._hurries:
            logger.warning("gave up on %d record(s) after %d tries: %s", len(failed), tried, reason)
            return
        if tried == 1:
            logger.warning("%d record(s) could not be posted yet: %s", len(failed), reason)
        again = _Job(failed, job.policy, job.round, tried=tried)
        self._later(job.policy.backoff * 2 ** (tried - 1), again)

    async def _post(self, client: httpx.AsyncClient, policy: DeliveryPolicy, parcel: Parcel) -> str:
        """Why the record was not accepted, in a few words; "" if it was."""
        note = parcel.note
        note.posts += 1
        try:
            async with client.stream(
                "POST",
                policy.url or "",
                content=parcel.body,
                headers={"content-type": parcel.kind},
            ) as response:
                why = _why_not(response.status_code, await read_head(response))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # Its message may contain the address.
            why = f"the product could not be reached ({type(error).__name__})"
        note.delivered = note.delivered or not why
        return why


async def read_head(response: httpx.Response) -> bytes:
    """The first 64 KiB of an answer, or a little more."""
    read = b""
    async for chunk in response.aiter_bytes():
        read += chunk
        if len(read) > READ_AT_MOST:
            break
    return read


def _why_not(status: int, body: bytes) -> str:
    """Why an answer means that a record was not accepted; "" if it was."""
    if status != httpx.codes.OK:
        hint = " (is the secret in the address the product's CDR_SECRET?)" if status == 404 else ""
        return f"the product answered with HTTP status {status}{hint}"
    try:
        answer = json.loads(body)
        number = int(str(answer["Err"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return 'the product answered 200, and not {"Err": 0}'
    return f"the product answered with Err {number}" if number else ""
