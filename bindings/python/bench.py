# SPDX-License-Identifier: MIT
"""How many calls a second Python makes: python3 bindings/python/bench.py (with VIDSTORE_LIBRARY and so on)."""
import asyncio
import os
import statistics
import tempfile
import time

import vidstore

ROUNDS = 5


def rate(work, count):
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work(count)
        rates.append(count / (time.perf_counter() - began))
    return statistics.median(rates)


def show(what, value):
    print(f"{what:48} {value:10.0f} /s")


with tempfile.TemporaryDirectory() as folder, \
        vidstore.open(os.path.join(folder, "store")) as store, store.system("bench") as session:
    job = session.job.submit(kind="x")

    def get(count):
        for _ in range(count):
            session.job.get(job.id)

    def by_name(count):
        args = {"id": job.id}
        for _ in range(count):
            session.call("job.get", args)

    def submit(count):
        for _ in range(count):
            session.job.submit(kind="x")

    def awaited(name, **args):
        async def main(count):
            call = getattr(session.aio.job, name)
            for start in range(0, count, 200):
                await asyncio.gather(*(call(**args) for _ in range(min(200, count - start))))

        return lambda count: asyncio.run(main(count))

    show("job.get", rate(get, 5000))
    show("job.get by name, as a dict", rate(by_name, 5000))
    show("job.get awaited, 200 at a time", rate(awaited("get", id=job.id), 3000))
    show("job.submit, durable", rate(submit, 500))
    show("job.submit awaited, durable, 200 at a time", rate(awaited("submit", kind="x"), 2000))
