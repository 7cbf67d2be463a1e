#!/usr/bin/env bash
# Collects every string people read into web/translations and brings the languages up to date.
# New strings are left empty for the translator: nothing is guessed, so nothing is "fuzzy".
set -euo pipefail
cd "$(dirname "$0")/.."
template=$(mktemp)
trap 'rm -f "$template"' EXIT
PYTHONPATH=tools .venv/bin/pybabel -q extract -F tools/babel.cfg -k N_ --no-location --omit-header \
    --sort-output -c "translators:" -o "$template" pbx_crm web/templates
for catalogue in web/translations/*/; do
    .venv/bin/pybabel -q update --no-fuzzy-matching --ignore-obsolete --omit-header \
        --width 110 -i "$template" -d web/translations -l "$(basename "$catalogue")"
done
