#!/usr/bin/env bash
# Tests the page of a memed in headless Chromium: run.sh PROGRAM [arguments of page.py]. Installs what is needed into a
# virtual environment (the folder BROWSER_VENV, or a temporary one), and Debian's chromium if apt-get may. Skipped, with
# a message, where that cannot be.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || { echo "usage: $0 PROGRAM [--screenshots DIR] [name of a test ...]" >&2; exit 64; }

skip() { echo "browser tests skipped: $1"; exit 0; }

command -v python3 >/dev/null || skip 'there is no python3'
if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
    { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || skip 'there is no chromium'
    { apt-get update -q && timeout 600 apt-get install -y -q chromium; } >/dev/null 2>&1 || skip 'chromium cannot be installed'
fi

if [ -n "${BROWSER_VENV:-}" ]; then
    venv=$BROWSER_VENV
else
    venv=$(mktemp -d)
    trap 'rm -rf "$venv"' EXIT
fi
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" 2>/dev/null || skip 'python3 has no venv'
fi
timeout 300 "$venv/bin/python" -m pip install -q --disable-pip-version-check \
    'playwright>=1.45,<2' 'axe-playwright-python>=0.1.4' || skip 'the packages from PyPI cannot be installed'

timeout --kill-after=10 660 "$venv/bin/python" "$here/page.py" "$@"
