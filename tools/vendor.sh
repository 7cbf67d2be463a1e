#!/usr/bin/env bash
# Fetches the browser's libraries from their packages and writes VENDOR.md with their hashes.
# Run by hand when a version changes; what it fetches is kept in the repository.
set -euo pipefail
cd "$(dirname "$0")/../web/static/vendor"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

take() { # package version licence file-in-package our-name
    local archive
    archive=$(cd "$work" && npm pack --silent "$1@$2")
    tar -xzf "$work/$archive" -C "$work"
    # A source map is not shipped, so the line that names one would only cost the browser a failed request.
    case $5 in
        *.js) sed '/^\/\/# sourceMappingURL=/d' "$work/package/$4" >"$5" ;;
        *) cp "$work/package/$4" "$5" ;;
    esac
    [ -f "$work/package/LICENSE" ] && cp "$work/package/LICENSE" "$5.LICENSE"
    echo "| $5 | $1 | $2 | $3 | $(sha256sum "$5" | cut -d' ' -f1) |" >>VENDOR.md
    rm -r "$work/package"
}

cat >VENDOR.md <<'END'
# What others wrote for the browser

Kept here so that a LAN without internet needs nothing else; `tools/vendor.sh` fetches them again.
The symbols in `../icons.svg` are cut from lucide-static 1.62.0 (ISC) by `tools/icons.py`.

| file | package | version | licence | sha256 |
|---|---|---|---|---|
END
take htmx.org 4.0.1 0BSD dist/htmx.min.js htmx.min.js
take sortablejs 1.15.7 MIT Sortable.min.js sortable.min.js
take @fontsource-variable/vazirmatn 5.3.0 OFL-1.1 files/vazirmatn-arabic-wght-normal.woff2 vazirmatn-arabic.woff2
