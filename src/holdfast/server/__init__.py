"""`holdfast serve`: one business in the browser, and the place where its events arrive. Needs `pip install holdfast[server]`.

    process/    the parent, which keeps three processes alive: web (granian), worker (Huey, digester, followers), analyst
    asgi.py     the way in: /v1/… goes to intake/, everything else to Django
    intake/     request → inbox row → digester → lake, exactly once; what is refused is kept and can be replayed
    sources/    webhooks, a folder a source; files uploaded in the browser
    customers/  who they are: profiles that follow the lake, search, the customer's page, notes, tasks, merging, erasing
    analyst/    the process that holds the timelines and answers whatever needs them; the web never loads them
    insights/   every analysis as a page: choices, permalink, CSV, people; reports and audiences kept; Today
    people/     who may do what: users, roles, invitations, keys, tokens, the audit log
    api/        the same over HTTP, with OpenAPI
    look/       templates, styles and small scripts that all rooms share
    options.py  every setting of the server: name, default, help
    place.py    the workspace that is served, and the server's own folder in it
    routing.py  a URL says who may read and who may write; without that it does not exist
    jobs.py     work for later: Huey

Rooms know each other only through their `models` and the functions in the file of the same name as the room; the analyst runs
functions that rooms register in `analyst/desk.py`.
"""
