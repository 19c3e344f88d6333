"""Weighs batches of people, in processes of their own where there are many."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor

from nightcramp.cohort.people.batch import Reader
from nightcramp.cohort.settings import Settings
from nightcramp.cohort.source.arrays import Events
from nightcramp.cohort.source.tokens import Token
from nightcramp.cohort.weigh.results import Found, Tabulator
from nightcramp.cohort.weigh.weighing import Weigher
from nightcramp.knowledge.loader import Knowledge, knowledge

WORTH_IT = 3
"""From so many batches on, starting processes takes less time than they save."""


class Worker:
    """Reads, weighs and tabulates batches; keeps what it learnt from one to the next."""

    def __init__(self, known: Knowledge, tokens: list[Token], settings: Settings) -> None:
        self.reader = Reader(known, tokens, settings.when)
        self.weigher = Weigher(known, intervals=settings.intervals)
        self.tabulator = Tabulator(self.weigher)

    def found(self, events: Events) -> Found:
        """Return what is found in the events of whole people."""
        batch = self.reader.read(events)
        return self.tabulator.tables(batch, self.weigher.weigh(batch))


def found_from(
    parts: Iterator[Events], tokens: list[Token], known: Knowledge, settings: Settings
) -> Iterator[Found]:
    """Yield what is found in batches of events of whole people, in their order."""
    worker = Worker(known, tokens, settings)
    for events in parts:
        yield worker.found(events)


def found_by_workers(
    parts: Iterator[Events], tokens: list[Token], known: Knowledge, settings: Settings
) -> Iterator[Found]:
    """Yield the same, worked out by several processes where there are enough batches."""
    first = list(itertools.islice(parts, WORTH_IT))
    count = settings.processes or os.cpu_count() or 1
    everything = itertools.chain(first, parts)
    if len(first) < WORTH_IT or count < 2:
        yield from found_from(everything, tokens, known, settings)
        return
    with ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(tokens, settings),
    ) as pool:
        yield from _in_order(everything, pool, count)


def _in_order(parts: Iterator[Events], pool: ProcessPoolExecutor, count: int) -> Iterator[Found]:
    waiting: deque[Future[Found]] = deque()
    try:
        for events in parts:
            waiting.append(pool.submit(_found, events))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


_worker: Worker | None = None


def _start(tokens: list[Token], settings: Settings) -> None:
    global _worker
    _worker = Worker(knowledge(), tokens, settings)


def _found(events: Events) -> Found:
    assert _worker is not None
    return _worker.found(events)
