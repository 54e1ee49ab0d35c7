#!/usr/bin/env bash
# usage: deploy/test.sh [PROGRAM] [SCENE…]
#
# Runs PROGRAM (the release build by default) behind nginx and haproxy, with the files of this folder, and checks what
# README.md here promises. About a minute and a half. It needs Python 3 and Debian's packages nginx and haproxy; without
# them it says so and ends well. Scenes: restart, stop, hits, throughput, coalescing, stale, pages, repeats, limits, framing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${1:-${CARGO_TARGET_DIR:-$here/../target}/release/memed}
[ $# -eq 0 ] || shift
[ -x "$program" ] || { echo "there is no program $program: cargo build --release"; exit 1; }
if [ $# -eq 0 ] && [ -x "$here/check.sh" ]; then
    "$here/check.sh" "$program"
fi
# Debian has haproxy and nginx where only root looks.
PATH=$PATH:/usr/sbin:/sbin
for needed in python3 nginx haproxy; do
    command -v "$needed" >/dev/null || { echo "skipped: there is no $needed (apt-get install nginx haproxy)"; exit 0; }
done
# The second limit is for a test that does not keep its own.
PYTHONDONTWRITEBYTECODE=1 exec timeout --signal=TERM --kill-after=10 180 python3 "$here/test/main.py" "$program" "$@"
