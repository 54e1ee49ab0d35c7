#!/usr/bin/env bash
# Runs the examples against a server and checks what they get: run.sh URL [EXAMPLE...]
#
# Without names, all of them. One whose tool is missing is skipped, with a message. The command is the memed on the PATH; if
# there is none, it is built, as the Rust example always is.
set -euo pipefail

url=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
scratch=$(mktemp -d)
helpers=()
trap '[ ${#helpers[@]} -eq 0 ] || kill "${helpers[@]}" 2>/dev/null || true; rm -rf "$scratch"' EXIT
cd "$scratch"
cp "$root/data/templates/rocket.jpg" photo.jpg

fail() { echo "$*" >&2; exit 1; }
skip() { echo "$1: skipped, because $2"; }
has() { command -v "$1" >/dev/null; }
picture() { # file, kind
    local first
    first=$(head -c 4 "$1" | od -An -tx1 | tr -d ' ')
    case $2:$first in
    png:89504e47 | jpeg:ffd8ff* | gif:47494638) ;;
    *) fail "$1 is not a $2, it begins with $first" ;;
    esac
}

# Starts a helper in Python that prints its port, and puts the URL of it into $helper.
start() {
    coproc HELPER { exec timeout 300 python3 "$@"; }
    helpers+=("$HELPER_PID")
    local port
    read -r -t 20 port <&"${HELPER[0]}" || fail "$1 does not start"
    helper=http://127.0.0.1:$port
}

busy=
if has python3; then
    start "$here/fake_busy.py" "$url" 2>/dev/null
    busy=$helper
fi

# A client that is called as COMMAND... URL TEMPLATE TEXT FILE: it gets a picture, with every letter of the text; tells the
# server's own sentence; comes again when the server is busy; and says that there is no server.
client() { # name, command
    local name=$1
    shift
    local text='50% & a+b=c? "ü" 🙂'
    "$@" "$url" cat "$text" "$name.png"
    picture "$name.png" png
    curl -sS --fail -G "$url/caption" -d template=cat --data-urlencode "top_text=$text" -o expected.png
    cmp expected.png "$name.png" || fail "$name: the text did not arrive as it was"
    if "$@" "$url" cta 'hi' "$name.none" 2>"$name.error"; then fail "$name: an error is no error"; fi
    grep -q 'there is no template' "$name.error" || fail "$name does not say why: $(cat "$name.error")"
    [ ! -e "$name.none" ] || fail "$name leaves a file that is no picture"
    if "$@" http://127.0.0.1:9 cat 'hi' "$name.none" 2>"$name.error"; then fail "$name: no server is no error"; fi
    [ -s "$name.error" ] || fail "$name says nothing of a server that is not there"
    if [ -n "$busy" ]; then
        curl -sS --fail "$busy/refuse" >/dev/null
        "$@" "$busy" cat "$text" "$name.busy.png"
        cmp expected.png "$name.busy.png" || fail "$name: another picture when the server was busy"
        [ "$(curl -sS --fail "$busy/refuse")" = 1 ] || fail "$name was not refused"
    fi
    echo "$name: a picture, an error, a busy server"
}

curl() { command curl --max-time 60 "$@"; }

run_curl() { client curl sh "$here/caption.sh"; }

run_more() {
    mkdir more && cd more
    [ "$(sh "$here/more.sh" "$url" ../photo.jpg)" = 304 ] || fail 'more: the picture is sent again'
    picture json.jpg jpeg
    picture body.jpg jpeg
    picture form.jpg jpeg
    picture again.png png
    grep -q '"cat"' templates.json && grep -q '"Anton"' fonts.json || fail 'more: names are missing'
    cd ..
    echo 'more: JSON, pictures of our own, names, tags'
}

# What a browser sends for the form: every field, most of them empty.
run_form() {
    mkdir form && cd form
    local name fields=()
    for name in $(grep -o 'name="[a-z_]*"' "$here/form.html" | cut -d '"' -f 2); do
        case $name in
        template) fields+=(-F template=cat) ;;
        picture) fields+=(-F 'picture=@/dev/null;filename=') ;;
        *) fields+=(-F "$name=") ;;
        esac
    done
    [ ${#fields[@]} -eq 8 ] || fail "form: the form has other fields: ${fields[*]}"
    curl -sS --fail-with-body "$url/caption" "${fields[@]}" -o form.png
    picture form.png png
    fields[1]=template=
    fields[3]='picture=@../photo.jpg;type=image/jpeg'
    curl -sS --fail-with-body "$url/caption" "${fields[@]}" -o own.jpg
    picture own.jpg jpeg
    cd ..
    echo 'form: form.html, with a template and with a picture'
}

run_links() {
    mkdir links && cd links
    sh "$here/links.sh" "$url"
    picture link.png png
    picture small.jpg jpeg
    picture ends.png png
    picture posted.png png
    # The links are what they say.
    curl -sS --fail "$url/caption?template=cat&top_text=I%20can%20haz&bottom_text=futures?" -o expected.png
    cmp expected.png link.png || fail 'links: another picture'
    curl -sS --fail "$url/caption?template=cat&top_text=Tom%20%26%20Jerry" -o expected.png
    cmp expected.png posted.png || fail 'links: another picture from a form'
    grep -q '"thumbnail"' details.json && grep -q '"cat"' found.json || fail 'links: details are missing'
    grep -q '"openapi"' openapi.json || fail 'links: there is no OpenAPI'
    cd ..
    echo 'links: paths, ends, forms, details, OpenAPI'
}

run_python() {
    python3 -c 'import requests' 2>/dev/null || { skip python 'Python or its package requests is missing'; return; }
    client python python3 "$here/caption.py"
}

run_javascript() {
    has node || { skip javascript 'node is missing'; return; }
    node -e 'process.exit(typeof fetch === "function" ? 0 : 1)' || { skip javascript 'node is older than 18'; return; }
    client javascript node "$here/caption.mjs"
}

run_go() {
    has go || { skip go 'go is missing'; return; }
    go build -o caption_go "$here/caption.go"
    client go ./caption_go
}

built() { # what to build, program
    (cd "$root" && cargo build --quiet "$1" "$2")
    echo "${CARGO_TARGET_DIR:-$root/target}/debug"
}

run_rust() {
    has cargo || { skip rust 'cargo is missing'; return; }
    client rust "$(built --example client_2017)/examples/client_2017"
}

run_bot() {
    python3 -c 'import requests' 2>/dev/null || { skip bot 'Python or its package requests is missing'; return; }
    start "$here/bot.py" "$url" 0 2>/dev/null
    echo "bot: $(timeout 60 python3 "$here/fake_chat.py" "$helper")"
}

run_command() {
    has memed || has cargo || { skip command 'memed and cargo are missing'; return; }
    has memed || PATH=$(built --bin memed):$PATH
    mkdir command && cd command
    sh "$here/command.sh" ../photo.jpg 2>said
    picture cat.jpg jpeg
    picture raccoon.png png
    picture mine.jpg jpeg
    picture json.png png
    picture pictures/0001-cat.png png
    picture pictures/0002-raccoon.jpg jpeg
    [ "$(cat said)" = 'memed: 2 pictures in pictures' ] || fail "command: $(cat said)"
    cd ..
    echo 'command: files, a pipe, JSON, a batch'
}

[ $# -gt 0 ] || set -- curl more form links python javascript go rust bot command
for example; do
    "run_$example"
done
