"""Events that arrive: request → inbox row → digester → lake, exactly once.

front     the HTTP side: Segment's calls, checked and written down before they are acknowledged
inbox     what was acknowledged and waits, one row a request
digester  rows → messages → columns → events → the lake; the stations are unpacking, laying, understanding, seen, kept
digesting the loop that runs it in the worker
refused   what could not be used, and why; replaying sends it in again
forgetting takes an erased person out of what waits and what was refused
"""
