"""``chatlab compare FILE [FILE2]``: what the same messages took on different connections."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from chatlab.analysis.compare import Table
from chatlab.analysis.compare_records import (
    Record,
    claim_records,
    comparison_records,
    step_records,
)
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_tables import as_csv, as_html
from chatlab.analysis.observer import ObserverReader
from chatlab.app.saving import appearing_whole
from chatlab.cli.compare_table import print_claims, print_comparison, print_ladder
from chatlab.cli.reading import read_capture
from chatlab.core.comparison import Column, Comparison
from chatlab.core.errors import FileError, UsageError
from chatlab.core.ladder import Ladder
from chatlab.core.observing import Observer, ObserverView


def compare(options: argparse.Namespace) -> int:
    """Print the comparison, or write it; returns the exit code. Raises ChatlabError."""
    _check_targets(options)
    with ExitStack() as stack:
        specimens = _specimens(stack, options)
        table = Table(specimens)
        comparison = table.compare((), with_others=True)
        columns = comparison.columns or table.columns()
        for option, writer in (("csv", as_csv), ("html", as_html)):
            if target := getattr(options, option):
                _write(target, writer(comparison))
        if options.json:
            for record in _records(options, specimens, table, comparison, columns):
                print(json.dumps(record, ensure_ascii=False))
        elif not (options.csv or options.html):
            _print(options, specimens, table, comparison, columns)
    return 0


def _specimens(stack: ExitStack, options: argparse.Namespace) -> list[Specimen]:
    files = [file for file in (options.file, options.second) if file is not None]
    found = [
        read_capture(stack, file, options.keys).specimen(number, file.name)
        for number, file in enumerate(files)
    ]
    if not any(specimen.connections for specimen in found):
        names = " and ".join(specimen.name for specimen in found)
        raise FileError(
            f"{names}: no IRC and no XMPP connection that could be compared.",
            "Give a session that ChatLab has saved, or a capture that holds IRC or XMPP.",
        )
    return found


def _write(target: Path, text: str) -> None:
    try:
        with appearing_whole(target) as stream:
            stream.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise FileError(
            f"{target} cannot be written: {error.strerror or error}.", "Choose another folder."
        ) from error
    print(f"Written: {target}", file=sys.stderr)


def _check_targets(options: argparse.Namespace) -> None:
    """Nothing that is read is written over."""
    for target in filter(None, (options.csv, options.html)):
        for source in filter(None, (options.file, options.second)):
            if target.exists() and source.exists() and target.samefile(source):
                raise UsageError(
                    f"{target} is a file to be compared, not one to write.", "Give another name."
                )


def _ladders(
    specimens: Sequence[Specimen], table: Table, columns: Sequence[Column]
) -> Iterator[tuple[Column, Ladder]]:
    for column in columns:
        specimen = specimens[column.side.capture]
        connection = specimen.connection(column.side)
        assert connection is not None
        yield column, table.ladder(specimen, connection)


def _views(
    specimens: Sequence[Specimen], columns: Sequence[Column]
) -> Iterator[tuple[Column, ObserverView]]:
    readers = [ObserverReader(specimen) for specimen in specimens]
    for column in columns:
        connection = specimens[column.side.capture].connection(column.side)
        assert connection is not None
        for observer in Observer:
            yield column, readers[column.side.capture].observe(connection, observer)


def _records(
    options: argparse.Namespace,
    specimens: Sequence[Specimen],
    table: Table,
    comparison: Comparison,
    columns: Sequence[Column],
) -> Iterator[Record]:
    yield from comparison_records(comparison)
    if options.handshakes:
        for column, ladder in _ladders(specimens, table, columns):
            yield from step_records(column, ladder)
    if options.observers:
        for column, view in _views(specimens, columns):
            yield from claim_records(column, view)


def _print(
    options: argparse.Namespace,
    specimens: Sequence[Specimen],
    table: Table,
    comparison: Comparison,
    columns: Sequence[Column],
) -> None:
    print_comparison(comparison)
    if options.handshakes:
        for column, ladder in _ladders(specimens, table, columns):
            print_ladder(column, ladder)
    if options.observers:
        for column, view in _views(specimens, columns):
            print_claims(column, view)
