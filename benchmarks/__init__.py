"""Holdfast and its peers on the same events in one run: first the figures are compared, then the times.

    make bench                                        3 million events, every peer
    make bench BENCH="--events 30e6 --peers duckdb clickhouse"
    python -m benchmarks.startup                      import and first command
    python -m benchmarks.build --events 30e6          Parquet to timelines, and merging 300,000 new events

Each engine loads and answers in processes of its own, so that its memory is its own.
"""
