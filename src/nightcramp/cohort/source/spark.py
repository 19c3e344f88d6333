"""Spark as the reader of a folder of Parquet files: how it is started, set, and stopped."""

from __future__ import annotations

import itertools
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightcramp.cohort.source.address import (
    UNLIMITED,
    Database,
    Limits,
    Tables,
    no_parquet,
    parquet_parts,
    reason_of,
    unreadable,
)
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

SPARK_MASTER = "NIGHTCRAMP_SPARK_MASTER"
"""Names the cluster; without it Spark runs on this machine."""
SPARK_START = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "FATAL",
}
SPARK_HERE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
}
SPARK_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
}
"""Days are days of Greenwich in the Gregorian calendar; times in nanoseconds can be opened."""
LOGGERS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
"""They print the stack of every error, which is told in one sentence."""

NAMED = re.compile(r"\[[A-Z_.]+\] .*")
"""Spark's own sentence about an error, somewhere in what Java prints."""

_views = itertools.count()


@contextmanager
def opened_by_spark(folder: Path, shown: str, limits: Limits) -> Iterator[Database]:
    """Open a folder of Parquet files; raises InputError."""
    import ibis

    if not folder.is_dir():
        raise InputError(_("there is no such folder"), where=shown)
    parts = parquet_parts(folder, shown)
    with spark_session(shown, limits) as session:
        backend = ibis.pyspark.connect(session)
        tables = Tables(parts, lambda name: _table(session, backend, name, parts[name]))
        yield Database("spark", shown, backend, tables)


def _table(session: Any, backend: Any, name: str, path: Path) -> ir.Table:
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    try:
        frame = session.read.parquet(str(path.absolute()))
        for column, kind in frame.dtypes:
            if kind == "bigint" and column.lower().endswith("_date"):
                frame = frame.withColumn(column, _of_nanoseconds(column))
        frame.createOrReplaceTempView(f"cdm_{name}")
        return backend.table(f"cdm_{name}")
    except (PySparkException, Py4JError) as error:
        raise no_parquet(_sentence(error), path) from None


def _sentence(error: Exception) -> Exception:
    """Return an error that says only what Spark itself says."""
    named = NAMED.search(str(error))
    return RuntimeError(named[0]) if named else error


def _of_nanoseconds(column: str) -> Any:
    """Return a time that Spark takes for a whole number as a time."""
    from pyspark.sql import functions

    return functions.expr(f"timestamp_micros(`{column}` div 1000)")


@contextmanager
def spark_session(shown: str, limits: Limits = UNLIMITED) -> Iterator[Any]:
    """Yield a session of its own: views and settings touch no other use of the same Spark.

    Spark that runs already is used and left running; else it is started, on this machine or on
    the named cluster, and stopped. Raises InputError for what Spark complains of.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException, PythonException
    except ImportError:
        raise InputError(
            _("Spark is not installed"),
            where=shown,
            hint=_("`pip install 'nightcramp[spark]'` adds it; it needs Java 17."),
        ) from None
    try:
        running, is_ours = _running_spark(limits)
    except (PySparkException, Py4JError) as error:
        raise InputError(
            _("Spark does not start: {reason}").format(reason=reason_of(_sentence(error))),
            where=shown,
            hint=_("It needs Java 17: `java -version` tells which there is."),
        ) from None
    try:
        session = running.newSession()
        for name, value in SPARK_SESSION.items():
            session.conf.set(name, value)
        yield session
    except PythonException as error:
        if "No module named" not in str(error):
            raise
        raise InputError(
            _("the machines on which Spark works lack a part: {reason}").format(
                reason=str(error).strip().splitlines()[-1]
            ),
            where=shown,
            hint=_("Install nightcramp there too; PYSPARK_PYTHON names the Python that has it."),
        ) from None
    except (PySparkException, Py4JError) as error:
        raise unreadable(_sentence(error), shown) from None
    finally:
        if is_ours:
            running.stop()


def _running_spark(limits: Limits) -> tuple[Any, bool]:
    """Return Spark that runs, and whether it was started here."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    if running := SparkSession.getActiveSession():
        return running, False
    master = os.environ.get(SPARK_MASTER, f"local[{limits.threads or '*'}]")
    build = SparkSession.builder.appName("nightcramp").master(master)
    settings = dict(SPARK_START)
    if master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        settings |= SPARK_HERE
    if limits.memory:
        settings |= {"spark.driver.memory": re.sub(r"i?b$", "", limits.memory.lower())}
    if limits.scratch:
        settings |= {"spark.local.dir": str(limits.scratch)}
    for name, value in settings.items():
        build = build.config(name, value)
    _no_stacks()
    return build.getOrCreate(), True


def _no_stacks() -> None:
    with suppress(ImportError):
        from pyspark.logger import PySparkLogger

        for name in LOGGERS:
            PySparkLogger.getLogger(name).setLevel(logging.CRITICAL + 1)


def view_of(database: Database, rows: pa.Table) -> ir.Table:
    """Return a few rows as a view of the session."""
    name = f"handed_{next(_views)}"
    frame = database.backend.raw_sql("SELECT 1").sparkSession.createDataFrame(rows)
    frame.createOrReplaceTempView(name)
    return database.backend.table(name)
