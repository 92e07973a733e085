"""The HTTP API: what pages can do, for programs, with OpenAPI at /api/v1/openapi.json and a page of its own at /api/.

    gate.py      who calls: a token or a signed-in browser; what an operation needs; how often
    errors.py    every error as type, what, mend
    paging.py    lists come in pages, by cursor
    names.py     no name goes by unheard: what an operation does not know is refused
    once.py      what makes something is done once for each Idempotency-Key
    files.py     operations that give a file
    fields.py    kinds of values that several rooms take
    the_api.py   the API itself, with the routers of all rooms
    described.py  what each status means, and its headers, in the OpenAPI
    docs.py      the page that lists all operations

A room adds a file `api.py` with `router = Router(tags=["…"])` from gate.py; each operation says what it needs, as a URL of a
page does: `@router.get("/customers", needs="look", …)`. An operation that does not say so cannot be written. The file
goes into ROOMS of the_api.py. Operations are thin: they call what the room's pages call.
"""
