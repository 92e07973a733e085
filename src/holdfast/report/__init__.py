"""The report: answers told as pages that open offline, and how values are written for people."""
