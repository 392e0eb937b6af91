"""Why leads were late: each second after a due time told by what it went for."""
