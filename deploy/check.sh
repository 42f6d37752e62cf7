#!/bin/sh
# Runs the image's steps in an empty environment, then a scheduler, two workers and a batch over fixtures/, as pods would.
set -eu
python=$1
work=$(mktemp -d)
trap 'kill $pids 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
pids=""
"$python" -m build --wheel --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
"$python" -m venv "$work/venv"
sh deploy/install.sh "$work/venv/bin/python" "$work/dist"
mkdir -p "$work/letters"
cp -R fixtures/shots "$work/letters/one"
cp -R fixtures/shots "$work/letters/two"
cd "$work"
PATH="$work/venv/bin:$PATH"
dask scheduler --host 127.0.0.1 --port 0 --no-dashboard --scheduler-file s.json >scheduler.log 2>&1 &
pids="$pids $!"
for _ in 1 2; do
    dask worker --scheduler-file s.json --nthreads 1 --memory-limit 3GB --no-dashboard >>workers.log 2>&1 &
    pids="$pids $!"
done
while [ ! -s s.json ]; do sleep 0.2; done
address=$(python -c 'import json; print(json.load(open("s.json"))["address"])')
verify-media batch letters --out out --engine dask --scheduler "$address" --parquet --log - 2>log.jsonl >counters.json
python - <<'CHECK'
import json, pathlib
counters = json.loads(pathlib.Path("counters.json").read_text())
rows = [json.loads(line) for line in pathlib.Path("out/items.jsonl").read_text().splitlines()]
assert counters["items_total"] == len(rows) == len({row["item"] for row in rows}) >= 10, counters
assert not any(row["reason"] for row in rows), rows
assert len({row["worker"] for row in rows}) == 2, "one worker did everything"
print("deploy-check:", len(rows), "items on 2 workers,", counters["items_by_outcome"])
CHECK
