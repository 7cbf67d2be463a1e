"""aiohttp handlers and the JSON API; one page one file."""
