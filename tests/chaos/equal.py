"""Equal submissions at the same moment, by form and by API in turn."""

import socket
import time
import uuid
from collections import Counter
from contextlib import ExitStack

from tests.chaos.arena import Arena
from tests.chaos.client import Request, Try, api_request, form_request, id_in
from tests.chaos.result import Result

ANSWER_WITHIN = 120.0


def run(arena: Arena, result: Result) -> None:
    """Each round sends one submission many times at once."""
    plan, rng, product = arena.plan, arena.rng("equal"), arena.product()
    product.begin()
    visitors = product.visitors(rng)
    answers: Counter[int] = Counter()
    several = []
    for number in range(1, plan.rounds + 1):
        phone = next(arena.numbers)
        token = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        request = (form_request if number % 2 else api_request)(phone, token)
        at = time.time()
        found = at_once(product.port, request, plan.equal)
        answers.update(status for status, _ in found)
        ids = {public_id for _, public_id in found}
        if len(ids) != 1:
            several.append(f"{phone}: {ids}")
        tries = [Try(phone, at, time.time() - at, status) for status, _ in found]
        visitors.note(phone, tries, filter(None, ids))
        if number % 10 == 0 or number == plan.rounds:
            arena.say(f"  {number} rounds, answers {dict(answers)}")
    product.settle()
    ledger = product.simulator.ledger()
    product.judge(result, [visitors], ledger)
    stored = Counter(lead.phone for lead in product.tables.leads().values())
    sent = set(visitors.phones)
    result.none("rounds with other than one lead in the answers", several, of=plan.rounds)
    twice = [phone for phone in sent if stored[phone] != 1]
    result.none("numbers with other than one lead stored", twice, of=len(sent))
    dialled = Counter("+" + entry["target"] for entry in ledger)
    again = [phone for phone in sent if dialled[phone] > 1]
    result.none("numbers dialled more than once", again, of=len(sent))
    result.figures |= {"submissions": plan.rounds * plan.equal, "answers": dict(answers)}


def at_once(port: int, request: Request, count: int) -> list[tuple[int, str]]:
    """Sends the request `count` times within milliseconds; status and lead of each answer."""
    path, body, headers = request
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = [
        *(f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"),
        *(f"Content-Length: {len(body)}", *lines),
    ]
    whole = "\r\n".join([*head, "", ""]).encode() + body
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), ANSWER_WITHIN))
            for _ in range(count)
        ]
        for connection in connections:
            connection.sendall(whole)
        return [_answer(connection) for connection in connections]


def _answer(connection: socket.socket) -> tuple[int, str]:
    """Status and lead's id; (0, "") when the connection broke."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except OSError:
        return 0, ""
    head = received.partition(b"\r\n\r\n")[0].decode(errors="replace")
    status = int(head.split()[1]) if head else 0
    location = next((x for x in head.splitlines() if x.lower().startswith("location:")), "")
    return status, id_in(location) if location else ""
