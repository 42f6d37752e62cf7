#!/bin/sh
# Debian as root: what pip cannot bring. Elsewhere nothing is installed; `verify-media doctor` says what is missing.
set -eu

need() { ! command -v "$1" >/dev/null 2>&1; }

packages=""
python3 -c "import ensurepip, venv" 2>/dev/null || packages="$packages python3-venv python3-pip"
if need tesseract; then packages="$packages tesseract-ocr"; fi
# The page's tests drive a real browser; without one they are left out.
if need chromium && [ "${WITHOUT_BROWSER:-}" != 1 ]; then packages="$packages chromium"; fi
[ -n "$packages" ] || exit 0

if need apt-get || [ "$(id -u)" -ne 0 ]; then
    echo "Not installed here:$packages (needs apt-get and root)." >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $packages >/dev/null
