"""The least that a lead can cost on this machine: what the project is compared with.

A Django project of its own: a view with one INSERT and one publish, a task with one POST and one
UPDATE, nothing else. It is no product: it loses leads and calls people twice on every bad day. The
ratio shows the cost of everything that the product does on top.
"""
