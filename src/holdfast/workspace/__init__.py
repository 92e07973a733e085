"""One business in one folder: its settings, its events, its timelines, and every question as a method.

holdfast.toml   what the business means by its numbers         settings_file
lake/           every event, once                              events.lake
timelines/      derived, disposable: sorted by customer        stored
accounts/       the same with firms as customers, made     accounts
                when firms are asked about
imports/        one record an import                           imports
refusals/       rows that could not be used, replayable        imports

folder     Workspace: create, open, import, erase
questions  the questions, thin methods over `analyses`
doctor     what is wrong with the folder, and the mend
"""

from __future__ import annotations

from holdfast.workspace.doctor import Finding
from holdfast.workspace.folder import Workspace
from holdfast.workspace.imports import ImportRecord

__all__ = ["Finding", "ImportRecord", "Workspace"]
