"""Events: everything that happened, from a file to the lake.

The way of a row, a room each:

    sources     a path or a frame is opened (`archive`, `text`, `delimited`, `jsonl`, `frames`) as `chunks` of text
    plan        what each column means and how it is written (`columns`, `numbers`, `dates`), with reasons
    canonical   typed times, exact money; what cannot be used becomes one of the `refusals`
    rows, lines one row an event or an order; or lines grouped to orders, `refunds` tied to theirs
    drafts      ids from content (`digest`), schema EVENTS
    lake        kept for ever
"""
