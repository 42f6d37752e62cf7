#!/bin/sh
# Builds the wheel, installs it where nothing else is, and runs the demo there: only that finds a missing weight or
# template. The wheel and its bill of materials (CycloneDX) are left in dist/.
set -eu
python=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m build --wheel --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$work"/dist/*.whl
"$work/venv/bin/python" .ci/sbom.py "$work/bom.json"
mkdir -p dist
cp "$work"/dist/*.whl dist/
cp "$work/bom.json" dist/verify-media.cdx.json
cp -R fixtures/shots "$work/shots"
cd "$work"
code=0
venv/bin/verify-media ./shots --format json >result.json || code=$?
[ "$code" -le 1 ] || { echo "the demo ended with $code"; exit 1; }
venv/bin/verify-media doctor >doctor.txt || { cat doctor.txt; exit 1; }
for file in report.html report.json message.eml send; do
    [ -e "shots-verified/$file" ] || { echo "missing: $file"; exit 1; }
done
venv/bin/python -c "
import json
report = json.load(open('result.json'))
assert report['items'] and report['rules'], 'empty report'
bill = json.load(open('bom.json'))
assert any(part['name'] == 'opencv-python-headless' for part in bill['components']), 'no bill of materials'
print('wheel-check:', len(report['items']), 'items,', len(report['rules']), 'rule answers,', len(bill['components']), 'parts')
"
