"""Why leads were late: what each second after a due time was spent on."""
