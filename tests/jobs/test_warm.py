"""Warm workers answer with streams, are used again, and outlive neither the server nor a client that has gone."""

import asyncio
import hashlib
import os

import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import serve
from gdc_jupyter.jobs.launcher import Launcher
from gdc_jupyter.jobs.spool import Spool
from gdc_jupyter.jobs.warm import WarmWorkers

MIB = 1 << 20


@pytest.fixture(scope="module")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def launcher(loop, tmp_path_factory):
    launcher = Launcher(tmp_path_factory.mktemp("warm") / "forkserver.log")
    yield launcher
    loop.run_until_complete(launcher.close())


def with_workers(most=2, seconds=20.0):
    def decorate(test):
        def run(loop, launcher, tmp_path):
            async def inner():
                warm = WarmWorkers(launcher, {"data": str(tmp_path), "samples": False}, most, seconds)
                try:
                    await test(warm)
                finally:
                    await warm.close()

            loop.run_until_complete(inner())

        return run

    return decorate


def pids(warm):
    return [worker.child.pid for worker in warm._idle]


@with_workers()
async def test_a_stream_comes_whole_and_the_worker_stays(warm):
    async with warm.answer("ping", size=20 * MIB) as answer:
        assert answer.head == {"size": 20 * MIB}
        assert sum([len(chunk) async for chunk in answer.chunks()]) == 20 * MIB
    await asyncio.sleep(0.05)
    first = pids(warm)
    assert await warm.ask("ping") == {"size": 0}
    await asyncio.sleep(0.05)
    assert pids(warm) == first
    assert len(first) == 1


@with_workers()
async def test_errors_have_their_code_and_leave_the_worker(warm):
    with pytest.raises(GdcError, match=r"KeyError.*'nothing'") as told:
        await warm.ask("nothing")
    assert told.value.code == "Internal"
    assert await warm.ask("ping") == {"size": 0}


@with_workers()
async def test_at_most_so_many_at_once(warm):
    async def one():
        async with warm.answer("ping", size=MIB) as answer:
            return sum([len(chunk) async for chunk in answer.chunks()])

    assert await asyncio.gather(*(one() for _ in range(8))) == [MIB] * 8
    await asyncio.sleep(0.05)
    assert len(pids(warm)) == 2


@with_workers()
async def test_who_takes_slowly_holds_no_worker(warm):
    async with warm.answer("ping", size=30 * MIB) as slow:
        chunks = slow.chunks()
        taken = len(await anext(chunks))
        for _ in range(400):
            await asyncio.sleep(0.01)
            if pids(warm):
                break
        assert len(pids(warm)) == 1
        taken += sum([len(chunk) async for chunk in chunks])
    assert taken == 30 * MIB


@with_workers()
async def test_a_client_that_goes_leaves_nothing_behind(warm):
    async with warm.answer("ping", size=1 << 40) as answer:
        await anext(answer.chunks())
    for _ in range(400):
        await asyncio.sleep(0.01)
        if not warm._tasks:
            break
    assert pids(warm) == []
    assert await warm.ask("ping") == {"size": 0}


@with_workers()
async def test_a_worker_that_dies_is_told_and_replaced(warm):
    await warm.ask("ping")
    await asyncio.sleep(0.05)
    os.kill(pids(warm)[0], 9)
    await asyncio.sleep(0.2)
    assert await warm.ask("ping") == {"size": 0}


@with_workers(most=1, seconds=0.5)
async def test_time_is_limited(warm):
    async with warm.answer("ping", size=1 << 40) as answer:
        with pytest.raises(GdcError) as told:
            async for _ in answer.chunks():
                pass
    assert told.value.code == "RequestTimeout"


def test_a_spool_keeps_order_over_memory_and_disk():
    asyncio.run(through_spool())


async def through_spool():
    spool = Spool()
    chunks = [os.urandom(MIB // 2 + index) for index in range(30)]

    async def fill():
        for chunk in chunks:
            await spool.put(chunk)
        spool.end()

    filling = asyncio.create_task(fill())
    await asyncio.sleep(0.8)
    taken = hashlib.sha256()
    async for chunk in spool:
        taken.update(chunk)
    await filling
    spool.close()
    assert taken.hexdigest() == hashlib.sha256(b"".join(chunks)).hexdigest()


def test_all_answers_are_there():
    assert all(callable(serve._function(mode)) for mode in serve.ANSWERS)
