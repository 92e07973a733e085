"""The parent, and the processes it keeps alive: web, worker, analyst.

parent    starts the others, starts again what dies, stops them all; imports neither Django nor numpy
child     where each of them begins: logs, the line by which it notices that the parent is gone
web       granian, in the process itself, on the parent's socket
worker    Huey, the digester, the followers
ending    how a process hears that it is to end, by a signal or by a thread of its own
keeping   a follower of the lake in a thread of its own
migrating the database brought up to date before anything else starts
bodies    received before a request gets a lane, within limits
lanes     threads that keep their database connection, lent to one request at a time
measured  every request: its number, its seconds, its status
lean      children stay small
lake_log  how far the lake is, without the engine that reads it
health    /healthz, /readyz and /metrics
metrics   what is counted, summed over all processes
logs      one manner of logging for all processes: lines or JSON
backing   the archive of `holdfast backup` (archive, postgres_dump), and the way back (restoring)
"""
