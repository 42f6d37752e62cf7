#!/bin/sh
# The steps of the image, kept apart so that deploy/check.sh can run them too: install.sh PYTHON FOLDER_WITH_WHEEL
set -eu
python=$1 wheels=$2
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && ! command -v tesseract >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends tesseract-ocr >/dev/null
    rm -rf /var/lib/apt/lists/*
fi
for wheel in "$wheels"/verify_media-*.whl; do
    "$python" -m pip install --no-cache-dir --quiet --disable-pip-version-check "${wheel}[cluster]"
done
