#!/usr/bin/env bash
# Tests a memed against what its /openapi.json says, with schemathesis and all of its checks: run.sh PROGRAM [EXAMPLES]
#
# Installs schemathesis into a virtual environment (the folder SCHEMA_VENV, or a temporary one). Skipped, with a message,
# where that cannot be. The cases follow from a fixed seed, so that a failure is seen again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || { echo "usage: $0 PROGRAM [EXAMPLES]" >&2; exit 64; }
program=$(realpath "$1")

skip() { echo "OpenAPI tests skipped: $1"; exit 0; }

scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
venv=${SCHEMA_VENV:-$scratch/venv}
command -v python3 >/dev/null || skip 'there is no python3'
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" 2>/dev/null || skip 'python3 has no venv'
timeout 300 "$venv/bin/python" -m pip install -q --disable-pip-version-check 'schemathesis>=4.30,<5' ||
    skip 'schemathesis cannot be installed from PyPI'

"$program" 127.0.0.1:0 -q 2>"$scratch/log" &
server=$!
url=
for _ in $(seq 100); do
    url=$(grep -o 'http://.*' "$scratch/log" || true)
    [ -n "$url" ] && break
    sleep 0.1
done
[ -n "$url" ] || { echo 'the server does not start' >&2; cat "$scratch/log" >&2; exit 1; }

cd "$scratch"
SCHEMATHESIS_HOOKS="$here/hooks.py" timeout --kill-after=10 300 "$venv/bin/schemathesis" \
    run "$url/openapi.json" --max-examples "${2:-25}" --seed 2017 --phases examples,coverage,fuzzing \
    --request-timeout 30 --generation-database none --no-color --warnings off
