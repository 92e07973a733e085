"""The URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern

from holdfast.server.api.names import Names
from holdfast.server.customers.pages import accounts, caring, customer, customers, joining, leaving, tags, tasks, telling
from holdfast.server.customers.pages.writing import only_post
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

ONE = "customers/<str:key>"
FILTERS = frozenset(customers.ASKED) - {"q"}

urlpatterns: list[URLPattern] = [
    page("customers/", customers.customers, name="customers", needs="look"),
    page("customers.csv", customers.customers_csv, name="customers-csv", needs="steer", hears=lambda: Names(FILTERS)),
    page("found/", customers.hits, name="customers-hits", needs="look"),
    page("uncontacted/", tags.uncontacted, name="uncontacted", needs="look"),
    page("doubles/", joining.doubles_page, name="doubles", needs="look"),
    page("firms/", accounts.accounts, name="accounts", needs="look"),
    page("firms/<str:key>/", accounts.account, name="account", needs="look"),
    page("tags/", tags.tags_page, name="tags", needs="look"),
    page("tags/<int:number>/rename/", only_post(tags.change_tag), name="tag-rename", needs="steer", writes="steer"),
    page("tags/<int:number>/delete/", only_post(tags.drop_tag), name="tag-drop", needs="steer", writes="steer"),
    page(f"{ONE}/", customer.customer, name="customer", needs="look"),
    page(f"{ONE}/panel/", customer.panel, name="customer-panel", needs="look"),
    page(f"{ONE}/standing/", customer.standing, name="customer-standing", needs="look"),
    page(f"{ONE}/expected/", customer.expected, name="customer-expected", needs="look"),
    page(f"{ONE}/liking/", customer.liking, name="customer-liking", needs="look"),
    page(f"{ONE}/timeline/", telling.timeline_part, name="customer-timeline", needs="look"),
    page(f"{ONE}/news/", telling.news, name="customer-news", needs="look"),
    page(f"{ONE}/tags/names/", caring.suggest_tags, name="customer-tag-names", needs="look"),
    page(f"{ONE}/notes/", only_post(caring.add_note), name="customer-note", needs="care", writes="care"),
    page(f"{ONE}/tags/", only_post(caring.add_tag), name="customer-tag", needs="care", writes="care"),
    page(f"{ONE}/tags/remove/", only_post(caring.remove_tag), name="customer-untag", needs="care", writes="care"),
    page(f"{ONE}/tasks/", only_post(tasks.add_task), name="customer-task", needs="care", writes="care"),
    page(f"{ONE}/calls/", only_post(tasks.call), name="customer-call", needs="care", writes="care"),
    page(f"{ONE}/consent/", only_post(caring.change_consent), name="customer-consent", needs="care", writes="care"),
    page(f"{ONE}/merge/", joining.merge_page, name="customer-merge", needs="steer", writes="steer"),
    page(f"{ONE}/unmerge/", only_post(joining.unmerge_one), name="customer-unmerge", needs="steer", writes="steer"),
    page(f"{ONE}/export/", leaving.export_page, name="customer-export", needs="steer", writes="steer"),
    page(f"{ONE}/erase/", leaving.erase_page, name="customer-erase", needs="steer", writes="steer"),
    page("erasures/", leaving.erasures, name="erasures", needs="steer"),
    page("erasures/<int:number>/", leaving.erasure, name="erasure", needs="steer", writes="steer"),
    page("notes/<int:number>/", caring.change_note, name="note", needs="look", writes="care"),
    page("notes/<int:number>/delete/", only_post(caring.delete_note), name="note-delete", needs="care", writes="care"),
    page("notes/<int:number>/restore/", only_post(caring.restore_note), name="note-restore", needs="care", writes="care"),
    page("tasks/", tasks.tasks_page, name="tasks", needs="look"),
    page("tasks/new/", only_post(tasks.add_task), name="task-new", needs="care", writes="care"),
    page("tasks/<int:number>/", tasks.task, name="task", needs="look", writes="care"),
    page("tasks/<int:number>/close/", only_post(tasks.close_task), name="task-close", needs="care", writes="care"),
    page("tasks/<int:number>/drop/", only_post(tasks.drop_task), name="task-drop", needs="care", writes="care"),
    page("tasks/<int:number>/open/", only_post(tasks.open_task), name="task-open", needs="care", writes="care"),
]
