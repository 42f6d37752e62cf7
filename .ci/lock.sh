#!/bin/sh
# Every package that development and CI install, by version and hash, for all supported Pythons and systems.
set -eu
uv=$1
lock=.ci/requirements.lock
{
    echo "# What development and CI install: every package by version and hash, for Python 3.11 to 3.13 on every system."
    echo "# Made by \`make lock\` from pyproject.toml."
    "$uv" pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
        --no-emit-index-url --extra dev --extra web --extra cluster --extra audit pyproject.toml
} >"$lock.new"
mv "$lock.new" "$lock"
