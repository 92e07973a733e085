"""Where data come from: webhooks, a folder a source, and files uploaded in the browser.

shopify/ woocommerce/ stripe/   a folder a source: signature.py, the translation of its topics, how to set it up
source.py     what a source is; whoever writes another one fills this in
messages.py   Segment messages, and the few ways in which shops write times, money and names
registry.py   all sources; `translated(source, topic, body)` for the digester
newest.py     of two tellings of one order the newer holds, in whichever order they arrive
awaiting.py   refunds that come before it is known what their payment paid
receiving.py  /hooks/<token>/: signature, inbox row, answer
sealing.py    secrets, encrypted at rest
privacy.py    what a shop asks on behalf of its customers: erase, tell
connecting.py connect, change the secret, disconnect
pages.py      the pages of sources
uploads.py    a file on its way from the browser to the disk
planning.py   how a file will be read (runs in the analyst)
importing.py  reading it in (runs in the worker), with progress
files.py      the pages of files
"""
