"""Between this project's words and the provider library's."""
