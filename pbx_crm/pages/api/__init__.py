"""The JSON API for other people's scripts: the same services, the same rights, stable names."""
