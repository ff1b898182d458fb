# SPDX-License-Identifier: MIT
"""Many calls at a time from one asyncio loop, none of which blocks it."""
import asyncio
import sys

import vidstore


async def main(session: vidstore.Session) -> None:
    # A hundred submits share a few commits; the loop is free meanwhile.
    jobs = await asyncio.gather(*(session.aio.job.submit(kind="x", season=f"Season {n}") for n in range(100)))
    print(len(jobs), "jobs submitted")

    async def worker() -> int:
        done = 0
        while True:
            lease = await session.aio.job.claim("x")  # with wait_ms it would wait, and a cancelled task would end that
            if lease is None:
                return done
            with lease:  # finishes it; an exception fails it
                done += 1

    done = await asyncio.gather(*(worker() for _ in range(4)))
    print(sum(done), "done by", len(done), "workers")

    page = await session.aio.job.list("state = completed", limit=30)
    assert len([job async for job in page]) == 100, "async for goes on over the pages"
    try:
        await asyncio.wait_for(session.aio.job.claim("never", wait_ms=60000), 0.1)
    except asyncio.TimeoutError:
        print("nobody submits anything: the claim was cancelled")


location = sys.argv[1] if len(sys.argv) > 1 else ":memory:"
with vidstore.open(location) as store, store.system("example") as session:
    asyncio.run(main(session))
