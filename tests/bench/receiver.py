"""The receiver of the webhook benchmarks, a process of its own: `python -m tests.bench.receiver`.

A small aiohttp server, as an integrator would write one: it reads each body and answers 204, so
many milliseconds later as its first argument says; with `tls` as the second it speaks TLS. POSTs to
`/hang` are never answered. It says its port. `GET /` tells how many POSTs have come since the last
GET, and when the last of them came (seconds since 1970).
"""

import asyncio
import ssl
import sys
import time

from aiohttp import web

from tests.webhooks.receiver import CERTIFICATE


class Seen:
    count = 0
    last_at = 0.0


async def hang(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response(status=204)


async def tell(request: web.Request) -> web.Response:
    told = {"count": Seen.count, "last_at": Seen.last_at}
    Seen.count = 0
    return web.json_response(told)


def application(answers_after_s: float) -> web.Application:
    async def take(request: web.Request) -> web.Response:
        await request.read()
        Seen.count += 1
        Seen.last_at = time.time()
        if answers_after_s:
            await asyncio.sleep(answers_after_s)
        return web.Response(status=204)

    made = web.Application()
    made.add_routes([web.get("/", tell), web.post("/hang", hang), web.post("/{number}", take)])
    return made


async def main(answers_after_s: float, *, is_tls: bool) -> None:
    context = None
    if is_tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
    runner = web.AppRunner(application(answers_after_s), access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024, ssl_context=context).start()
    print(runner.addresses[0][1], flush=True)
    # It ends with whoever started it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) / 1000, is_tls="tls" in sys.argv[2:]))
