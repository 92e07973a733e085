"""The questions of a workspace: one thin method an analysis, each `return self.ask(Question(...))`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer, People, Question
    from holdfast.timelines.timelines import Timelines

__all__ = ["Questions"]


class Questions(ABC):
    """Whatever has timelines can be asked."""

    @property
    @abstractmethod
    def timelines(self) -> Timelines:
        """The timelines that are asked, up to date."""

    def ask(self, question: Question) -> Answer:
        """The answer to a question."""
        return question.answer(self.timelines)

    def people(self, question: Question, **cell: Any) -> People:
        """Exactly the customers behind one number of a question's table, named by the table's key columns."""
        return question.people(self.timelines, **cell)
