"""The page that lists all operations, made of the schema. No scripts, nothing from other servers."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.server.api.the_api import api

__all__ = ["docs", "operations"]

READ = ("get",)


def docs(request: HttpRequest) -> HttpResponse:
    """All operations by subject, with what each needs, takes and gives."""
    return render(request, "api/docs.html", {"subjects": operations(api.get_openapi_schema()), "about": api.description})


def operations(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Subject → operations, as the page shows them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            if "operationId" in one:
                found.setdefault(next(iter(one.get("tags", [])), "other"), []).append(_shown(schema, path, method, one))
    return found


def _shown(schema: dict[str, Any], path: str, method: str, one: dict[str, Any]) -> dict[str, Any]:
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    good: dict[str, Any] = next((answer for status, answer in one["responses"].items() if str(status).startswith("2")), {})
    gives = good.get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": one["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": one.get("summary", ""),
        "description": one.get("description", ""),
        "needs": one.get("x-needs", ""),
        "changes": method not in READ,
        "parameters": [
            {"name": said["name"], "in": said["in"], "required": said.get("required", False), "help": _help(said)}
            for said in one.get("parameters", [])
        ],
        "takes": json.dumps(_example(schema, body), indent=2, ensure_ascii=False) if body else "",
        "gives": json.dumps(_example(schema, gives), indent=2, ensure_ascii=False) if gives else "",
    }


def _help(parameter: dict[str, Any]) -> str:
    return str(parameter.get("description") or parameter.get("schema", {}).get("description") or "")


def _example(schema: dict[str, Any], part: dict[str, Any], deep: int = 0) -> Any:
    """A value of the shape of a schema: types as words."""
    if deep > 6:
        return "…"
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[1]
        return _example(schema, schema["components"]["schemas"][name], deep + 1)
    if "enum" in part:
        return " | ".join(str(value) for value in part["enum"])
    for union in ("anyOf", "oneOf", "allOf"):
        if union in part:
            return _example(schema, part[union][0], deep + 1)
    if part.get("type") == "array":
        return [_example(schema, part.get("items", {}), deep + 1)]
    if "properties" in part:
        return {name: _example(schema, value, deep + 1) for name, value in part["properties"].items()}
    return part.get("format") or part.get("type", "anything")
