"""The parent, and the processes it keeps alive: web, worker, analyst."""
