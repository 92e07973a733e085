"""The analyst: a process of its own that holds the timelines, so that the web never has to.

desk    what may be asked of it, and what it has at hand: workspace, timelines, what it keeps between questions
client  `call("name", …)` from web and worker
serve   the process: answers callers over a socket in the workspace, ends after some idle time
"""
