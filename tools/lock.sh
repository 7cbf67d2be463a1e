#!/usr/bin/env bash
# Pins every package with its hashes; no index host gets into the files.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
for set_of in run dev; do
    ../.venv/bin/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
        --no-header --allow-unsafe --strip-extras "$set_of.in" -o "$set_of.txt"
done
