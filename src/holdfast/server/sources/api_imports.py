"""Operations: files. Upload one, see how it will be read, correct that, say yes, watch it, put refused rows right."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import File, Path, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from holdfast.errors import UsageError
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, example
from holdfast.server.api.files import CSV, JSON_LINES, file, gives
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, by_place
from holdfast.server.place import workspace
from holdfast.server.sources import choosing, mending, steps, uploads
from holdfast.server.sources.models import Upload

__all__ = ["router"]

router = Router(tags=["imports"])

LONGEST_LINE = 1_000_000

Fingerprint = Annotated[str, Path(max_length=64, pattern=r"^[0-9a-zA-Z_-]+$", description="`fingerprint` of an import.")]
Sent = Annotated[UploadedFile, File(description="The file.")]
Column = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Said = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=r"^[^\x00]*$")]
Role = Literal[
    "time", "customer", "anonymous", "order", "product", "product_name", "category", "quantity", "price", "revenue",
    "currency", "event", "type", "event_id", "refund_of", "products",
]  # fmt: skip


class UploadOut(Schema):
    """A file that was uploaded: uploaded, reading, done, failed or cancelled; `record` says what came of it."""

    id: int
    name: str
    size: int
    state: str
    uploaded_at: datetime
    rows_done: int
    rows_total: int | None
    done_at: datetime | None
    problem: str
    mend: str
    mapping: dict[str, str]
    options: dict[str, Any]
    record: dict[str, Any]
    notes: list[str]


class Guess(Schema):
    """What was found out about a file, why, and how sure that is, from 0 to 1."""

    what: str
    value: str
    reason: str
    sure: float


class Sample(Schema):
    """The first rows as they will be read."""

    names: list[str]
    rows: list[list[str]]


class PlanOut(Schema):
    """How a file will be read; `problem` and `mend` where it cannot be read so."""

    problem: str = ""
    mend: str = ""
    format: str = ""
    shape: str = ""
    rows: int | None = None
    columns: list[str] = []
    mapping: dict[str, str] = {}
    guesses: list[Guess] = []
    sample: Sample = Sample(names=[], rows=[])
    warnings: list[str] = []
    read_before: str | None = None


class ReadAs(Schema):
    """How the texts of a file are read; what is left out is guessed."""

    shape: Literal["lines", "orders", "events"] | None = None
    dates: Literal["iso", "dmy", "mdy", "compact", "epoch_s", "epoch_ms", "epoch_us"] | None = None
    decimal: Literal[".", ","] | None = None
    separator: Literal[",", ";", "\t", "|", "whitespace"] | None = None
    header: Literal["first row", "none"] | None = None
    duplicates: Literal["drop"] | None = None
    zone: Said | None = None
    currency: Said | None = None
    encoding: Said | None = None
    sheet: Said | None = None
    event: Said | None = None
    events: dict[Said, Said] = Field({}, max_length=200, description="Value of the event column → name of the event.")
    model_config = example(dates="dmy", currency="GBP")


class PlanIn(Schema):
    """Which column is what (role → column; an empty one: none), and how texts are read."""

    mapping: dict[Role, Column] = {}
    options: ReadAs = ReadAs()
    model_config = example(
        mapping={"customer": "CustomerID", "time": "InvoiceDate"}, options={"dates": "dmy", "currency": "GBP"}
    )


class ImportOut(Schema):
    """An import, from the browser, the API or the command line."""

    fingerprint: str
    source: str
    when: str
    rows: int
    known: int
    refused: int
    version: int


class Refusal(Schema):
    """A row that could not be used: where it stood, why, how to mend it, and its values."""

    row: int | None
    reason: str | None
    sentence: str | None
    mend: str | None
    values: dict[str, Any] | None


class Reason(Schema):
    """A reason for refusing rows, and how many."""

    reason: str
    mend: str
    rows: int


class Refusals(Schema):
    """The rows of an import that could not be used: the reasons, and the first rows."""

    total: int
    reasons: list[Reason]
    rows: list[Refusal]


@router.get("/uploads", needs="steer", response={200: Page[UploadOut]} | ERRORS, summary="Which files were uploaded?")
def all_uploads(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Newest first; none that were thrown away."""
    return by_key(Upload.objects.exclude(state="deleted"), limit, cursor)


@router.post("/uploads", needs="steer", again="once", response={201: UploadOut} | ERRORS, summary="Upload a file")
def upload_file(request: HttpRequest, file: Sent) -> Status:
    """CSV, JSON lines, Parquet or Excel, also packed (.gz), as multipart/form-data in the field `file`.

    It is kept until it is read in or thrown away; nothing is read in by this.
    """
    return Status(201, uploads.store(file, behind(request)))


@router.get("/uploads/{upload_id}", needs="steer", response={200: UploadOut} | ERRORS, summary="How far is a file?")
def one_upload(request: HttpRequest, upload_id: Id) -> Upload:  # noqa: ARG001 - ninja's signature
    """Its state, its rows so far, and what came of it."""
    return steps.upload_of(upload_id)


@router.delete("/uploads/{upload_id}", needs="steer", response={204: None} | ERRORS, summary="Throw an uploaded file away")
def delete_upload(request: HttpRequest, upload_id: Id) -> Status:
    """What was read in stays."""
    if not steps.throw_away(steps.upload_of(upload_id), actor(request)):
        raise UsageError("this file is being read", "cancel the reading first")
    return Status(204, None)


@router.get("/uploads/{upload_id}/plan", needs="steer", response={200: PlanOut} | ERRORS, summary="How will a file be read?")
def upload_plan(request: HttpRequest, upload_id: Id) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """The guesses with their reasons, and the first rows as they will be read."""
    return _plan(_waiting(upload_id))


@router.put("/uploads/{upload_id}/plan", needs="steer", response={200: PlanOut} | ERRORS, summary="Correct how a file is read")
def change_plan(request: HttpRequest, upload_id: Id, said: PlanIn) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """What is said here takes the place of all that was said before; the rest is guessed. The new plan is given back."""
    found = _waiting(upload_id)
    options = said.options.dict(exclude_none=True, exclude={"events"})
    events = "\n".join(f"{name}={event}" for name, event in said.options.events.items())
    columns = {f"role-{role}": column or "-" for role, column in said.mapping.items()}
    steps.choose(found, *choosing.chosen(columns | options | {"events": events}))
    return _plan(found)


@router.post(
    "/uploads/{upload_id}/read", needs="steer", again="same", response={202: UploadOut} | ERRORS, summary="Read a file in"
)
def read_upload(request: HttpRequest, upload_id: Id) -> Status:
    """All of it or nothing; `GET /uploads/{upload_id}` tells how far it is. The same file read twice is one import."""
    found = steps.upload_of(upload_id)
    if steps.readable(found):
        steps.begin(found, actor(request))
    elif found.state not in ("reading", "done"):
        raise UsageError(f"this file is {found.state}", "upload it again")
    found.refresh_from_db()
    return Status(202, found)


@router.post(
    "/uploads/{upload_id}/cancel", needs="steer", again="same", response={200: UploadOut} | ERRORS, summary="Stop a reading"
)
def cancel_upload(request: HttpRequest, upload_id: Id) -> Upload:
    """Nothing of the file goes in, unless it was all read already."""
    steps.cancel(upload_id, actor(request))
    return steps.upload_of(upload_id)


@router.get("/imports", needs="steer", response={200: Page[ImportOut]} | ERRORS, summary="What was imported?")
def past_imports(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Newest first, from the browser, the API and the command line."""
    return by_place(list(reversed(workspace().imports())), limit, cursor)


@router.get(
    "/imports/{fingerprint}/refusals", needs="steer", response={200: Refusals} | ERRORS, summary="Which rows were refused?"
)
def refused_rows(request: HttpRequest, fingerprint: Fingerprint) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """The reasons, and the first fifty rows; all of them are in the files."""
    path, record = steps.refusals_of(fingerprint)
    return mending.shown(path, record.mapping)


@router.get(
    "/imports/{fingerprint}/refusals.csv",
    needs="steer",
    response=ERRORS,
    summary="All refused rows as CSV",
    openapi_extra=gives(CSV),
)
def refused_rows_csv(request: HttpRequest, fingerprint: Fingerprint) -> Any:  # noqa: ARG001 - ninja's signature
    """To look at."""
    return file(mending.as_csv(steps.refusals_of(fingerprint)[0]), CSV, f"refused-{fingerprint[:12]}.csv")


@router.get(
    "/imports/{fingerprint}/refusals.jsonl",
    needs="steer",
    response=ERRORS,
    summary="All refused rows as JSON lines",
    openapi_extra=gives(JSON_LINES),
)
def refused_rows_file(request: HttpRequest, fingerprint: Fingerprint) -> Any:  # noqa: ARG001 - ninja's signature
    """To be put right and sent back."""
    content = steps.refusals_of(fingerprint)[0].open(encoding="utf-8", errors="replace")
    return file(content, JSON_LINES, f"refused-{fingerprint[:12]}.jsonl")


@router.post(
    "/imports/{fingerprint}/refusals",
    needs="steer",
    again="once",
    response={202: UploadOut} | ERRORS,
    summary="Send refused rows back, put right",
)
def replay_rows(request: HttpRequest, fingerprint: Fingerprint, file: Sent) -> Status:
    """They are read again as the import was. The file takes the place of the one that is kept."""
    path, _record = steps.refusals_of(fingerprint)
    changed = mending.replaced(path, file.chunks(), limit=LONGEST_LINE)
    return Status(202, steps.replay(fingerprint, changed, behind(request), actor(request)))


def _waiting(pk: int) -> Upload:
    found = steps.upload_of(pk)
    if not steps.waits(found):
        raise UsageError(f"this file does not wait to be read: it is {found.state}", "upload it again")
    return found


def _plan(found: Upload) -> dict[str, Any]:
    told = steps.look(found)
    guesses = [dict(zip(Guess.model_fields, one, strict=False)) for one in told.get("guesses", [])]
    kept = {name: told[name] for name in PlanOut.model_fields if name in told and name != "guesses"}
    return {**kept, "guesses": [{**one, "value": str(one["value"])} for one in guesses]}
