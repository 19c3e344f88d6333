"""Weighs batches of people, in processes of their own where there are many."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from nightcramp.cohort.people.reader import Reader
from nightcramp.cohort.settings import Settings
from nightcramp.cohort.source.arrays import Events
from nightcramp.cohort.source.tokens import Token
from nightcramp.cohort.weigh.results import Found, Tabulator
from nightcramp.cohort.weigh.staging import events_in
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
        self.rows_at_once = settings.rows_at_once

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
    everything = itertools.chain(first, parts)
    if len(first) < WORTH_IT or processes_of(settings) < 2:
        yield from found_from(everything, tokens, known, settings)
        return
    with Pool(tokens, settings) as pool:
        yield from pool.each(_found, everything)


def processes_of(settings: Settings) -> int:
    """Return how many processes are to weigh at the same time."""
    return settings.processes or os.cpu_count() or 1


class Pool:
    """Processes that weigh; they get ready from the beginning."""

    def __init__(self, tokens: list[Token], settings: Settings) -> None:
        self.count = processes_of(settings)
        self._pool = ProcessPoolExecutor(
            self.count,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(tokens, settings),
        )
        for _ in range(self.count):
            self._pool.submit(_is_ready)

    def __enter__(self) -> Pool:
        """Return the pool."""
        return self

    def __exit__(self, *_why: object) -> None:
        """End the processes; what has not begun is not done."""
        self._pool.shutdown(cancel_futures=True)

    def each(self, work: Callable[[Any], list[Found]], parts: Iterable[Any]) -> Iterator[Found]:
        """Yield what the processes find in each part, in the order of the parts."""
        waiting: deque[Future[list[Found]]] = deque()
        for part in parts:
            waiting.append(self._pool.submit(work, part))
            if len(waiting) > self.count:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


_worker: Worker | None = None


def _start(tokens: list[Token], settings: Settings) -> None:
    global _worker
    _worker = Worker(knowledge(), tokens, settings)


def _is_ready() -> bool:
    return _worker is not None


def _found(events: Events) -> list[Found]:
    assert _worker is not None
    return [_worker.found(events)]


def found_in_part(part: Path) -> list[Found]:
    """Return what is found in a folder of events, in a process of a pool."""
    assert _worker is not None
    return [_worker.found(events) for events in events_in(part, _worker.rows_at_once)]
