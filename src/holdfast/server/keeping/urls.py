"""The URLs of this room."""

from __future__ import annotations

from holdfast.server.keeping import views
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

urlpatterns = [
    page("reports/", views.reports, name="reports", needs="look", writes="steer"),
    page("reports/<int:pk>/", views.report, name="report", needs="look", writes="steer"),
    page("audiences/", views.audiences, name="audiences", needs="look", writes="steer"),
    page("audiences/<int:pk>/", views.audience, name="audience", needs="look", writes="steer"),
    page("audiences/<int:pk>.csv", views.audience_csv, name="audience-csv", needs="steer"),
    page("reviews/", views.reviews, name="reviews", needs="look", writes="steer"),
]
