"""Thousands of requests, of which many are bad or given up: soak.py PORT PID COUNT. The server then answers as before, has
nothing open, and has taken no more memory than after the first fifth."""
import asyncio
import json
import random
import sys
import time

port, pid, count = map(int, sys.argv[1:])
chance = random.Random(1)
GOOD = {"prompt": "What is 2 + 3?", "seed": 5, "max_tokens": 12, "ignore_eos": True}

WRONG = [{"temperature": -5}, {"n": 1e99}, {"stop": ""}, {"logit_bias": {"-1": 1}}, {"prompt": {}}, {"max_tokens": 10**18}]


def check(is_right, what):
    if not is_right:
        raise SystemExit(f"FAILED: {what}")


def head(length, path="/v1/completions", more=""):
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n{more}"
            f"Content-Length: {length}\r\n\r\n").encode()


def post(body, **how):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(len(body), **how) + body


async def ask(data, most=None):
    """What the server sends, its first bytes alone where `most` says so: the connection is then broken off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        if most is not None:
            return await reader.read(most)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort() if most is not None else writer.close()


def random_request():
    """(bytes, how many of the answer are read, the statuses that are right)."""
    length = chance.randrange(1, 40)
    good = {**GOOD, "prompt": "a" * length, "max_tokens": chance.randrange(1, 30), "stream": chance.random() < 0.5}
    kind = chance.randrange(12)
    if kind < 4:
        return post(good), None, (200, 429)
    if kind == 4:
        return post({**good, "max_tokens": 2000}), chance.randrange(1, 400), None
    if kind == 5:
        data = post(good)
        return data[:chance.randrange(1, len(data))], 0, None
    if kind == 6:
        return post({**good, **chance.choice(WRONG)}), None, (400,)
    if kind == 7:
        return post(bytes(chance.randrange(256) for _ in range(length))), None, (400,)
    if kind == 8:
        return bytes(chance.randrange(256) for _ in range(length)) + b"\r\n\r\n", None, None
    if kind == 9:
        return post(good, more="X-Long: " + "x" * 20000 + "\r\n"), None, None
    if kind == 10:
        return post(b"[" * 5000), None, (400,)
    return post(good, path="/../" + "x" * length), None, (404,)


def memory_mib():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


async def metric(name):
    answer = await ask(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return float(next(line.split()[1] for line in answer.decode().splitlines() if line.startswith(f"deepscaler_{name} ")))


def text_of(answer):
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])["choices"][0]["text"]


async def main():
    first = text_of(await ask(post(GOOD)))
    places, done, begun = asyncio.Semaphore(24), 0, time.time()
    after_fifth = 0.0

    async def one():
        nonlocal done, after_fifth
        async with places:
            data, most, right = random_request()
            answer = await asyncio.wait_for(ask(data, most), 120)
            if right is not None:
                status = int(answer.split(b" ", 2)[1])
                check(status in right, f"{status}, not {right}, for {data[:2000]}: {answer[:500]}")
            done += 1
            if done == count // 5:
                after_fifth = memory_mib()

    await asyncio.gather(*(one() for _ in range(count)))
    for _ in range(100):
        if await metric("requests_open") == 0:
            break
        await asyncio.sleep(0.1)
    check(await metric("requests_open") == 0, "requests are open that nobody waits for")
    check(text_of(await ask(post(GOOD))) == first, "another answer than at first")
    grown = memory_mib() - after_fifth
    check(grown < 16, f"{grown:.1f} MiB more than after a fifth of the requests")
    print(f"{count} requests in {time.time() - begun:.0f} s, memory {memory_mib():.0f} MiB, {grown:+.1f} since the first fifth: all good")


asyncio.run(main())
