"""The HTTP API: what pages can do, for programs, with OpenAPI."""
