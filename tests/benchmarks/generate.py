#!/usr/bin/env python3
"""Histories for the benchmarks that ../../shared/bench has no generator for, as plain JSON Lines.

  generate.py log|versioned-log|replicas|last-writer|set OPERATIONS [SEED] [--spoil] > history.jsonl

log            one log of the writes to 100 keys; each of 20 sessions reads as far in it as it likes: sequential
versioned-log  the same, and every ok carries the version of its write
replicas       5 replicas apply each other's writes in causal order, as they come: causal memory
last-writer    the same, but the last writer wins: causal convergence
set            one set, read whole 50 times

One write in a hundred goes unacknowledged. --spoil lets a read near the end return what its session had read of
that key at first.
"""
import collections, json, random, sys

SESSIONS, KEYS, REPLICAS = 20, 100, 5


class Log:
    """Each key has its writes in one order; a session knows a beginning of the whole."""

    def __init__(self, rnd):
        self.rnd, self.length = rnd, 0
        self.writes, self.seen = collections.defaultdict(list), collections.defaultdict(int)

    def write(self, session, key, number):
        self.length += 1
        self.writes[key].append((self.length, number))
        self.seen[session] = self.length
        return len(self.writes[key])

    def read(self, session, key):
        self.seen[session] += self.rnd.randrange(min(1000, self.length - self.seen[session] + 1))
        writes, low, high = self.writes[key], 0, len(self.writes[key])
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if writes[middle][0] <= self.seen[session] else (low, middle)
        return (writes[low - 1][1], low) if low else (None, None)


class Replicas:
    """A message carries what its author had applied of each replica; it waits until the receiver has that too."""

    def __init__(self, rnd, is_convergent):
        self.rnd, self.is_convergent = rnd, is_convergent
        self.applied = [[0] * REPLICAS for _ in range(REPLICAS)]
        self.clocks = [0] * REPLICAS
        self.on_the_way = [[collections.deque() for _ in range(REPLICAS)] for _ in range(REPLICAS)]
        self.registers = [{} for _ in range(REPLICAS)]

    def apply(self, at, source, message):
        key, number, _, stamp = message
        self.applied[at][source] += 1
        self.clocks[at] = max(self.clocks[at], stamp[0])
        if not self.is_convergent or stamp > self.registers[at].get(key, (None, (0, 0)))[1]:
            self.registers[at][key] = (number, stamp)

    def write(self, session, key, number):
        at = session % REPLICAS
        message = (key, number, list(self.applied[at]), (self.clocks[at] + 1, at))
        self.apply(at, at, message)
        for to in range(REPLICAS):
            if to != at:
                self.on_the_way[at][to].append(message)
        for _ in range(3 * REPLICAS):
            to, source = self.rnd.randrange(REPLICAS), self.rnd.randrange(REPLICAS)
            queue = self.on_the_way[source][to]
            if queue and all(need <= has for need, has in zip(queue[0][2], self.applied[to])):
                self.apply(to, source, queue.popleft())

    def read(self, session, key):
        return self.registers[session % REPLICAS].get(key, (None,))[0], None


def registers(store, operations, rnd, has_versions):
    processes = list(range(SESSIONS))
    for number in range(1, operations + 1):
        session, key = rnd.randrange(SESSIONS), rnd.randrange(KEYS)
        common = {"process": processes[session], "session": session, "key": key}
        if rnd.random() < 0.5:
            yield {**common, "type": "invoke", "f": "write", "value": number}
            version = store.write(session, key, number)
            if rnd.random() < 0.01:
                yield {**common, "type": "info", "f": "write", "value": number}
                processes[session] += SESSIONS
                continue
            function, value = "write", number
        else:
            yield {**common, "type": "invoke", "f": "read", "value": None}
            function, (value, version) = "read", store.read(session, key)
        event = {**common, "type": "ok", "f": function, "value": value}
        yield {**event, "version": [version]} if has_versions and version else event


def elements(operations):
    for number in range(1, operations + 1):
        yield {"process": number % SESSIONS, "type": "invoke", "f": "add", "value": number}
        yield {"process": number % SESSIONS, "type": "ok", "f": "add", "value": number}
        if number % (operations // 50) == 0:
            yield {"process": SESSIONS, "type": "invoke", "f": "read", "value": None}
            yield {"process": SESSIONS, "type": "ok", "f": "read", "value": list(range(1, number + 1))}


def spoil(events):
    is_read = lambda event: event["type"] == "ok" and event["f"] == "read" and event["value"] is not None
    first = {}
    for event in filter(is_read, events):
        first.setdefault((event["session"], event["key"]), event)
    for event in filter(is_read, reversed(events)):
        other = first[event["session"], event["key"]]
        if other["value"] != event["value"]:
            event.update({field: other[field] for field in ("value", "version") if field in other})
            return


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--spoil"]
    kind, operations = arguments[0], int(arguments[1])
    rnd = random.Random(int(arguments[2]) if len(arguments) > 2 else 1)
    if kind == "set":
        events = elements(operations)
    else:
        store = Log(rnd) if kind.endswith("log") else Replicas(rnd, kind == "last-writer")
        events = registers(store, operations, rnd, kind == "versioned-log")
    if "--spoil" in sys.argv:
        events = list(events)
        spoil(events)
    for time, event in enumerate(events):
        print(json.dumps({**event, "time": 1000 * time}, separators=(",", ":")))


main()
