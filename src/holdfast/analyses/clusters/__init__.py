"""Clusters: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.clusters.question import CLUSTERS, Clusters, ClusterStep

__all__ = ["CLUSTERS", "ClusterStep", "Clusters"]
