"""Records who did what to which setting, right or lead, when and from where; nothing changes it."""
