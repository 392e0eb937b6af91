"""The least that a lead can cost on this machine: what the project is compared with.

A Django project of its own: a view with one INSERT and one publish, a task with one POST and one
UPDATE, nothing else. It is no product: it loses leads and calls people twice on every bad day. All
that the product does on top is there to see in the ratio.
"""
