#!/bin/sh
# Asks memed for a picture: caption.sh URL TEMPLATE TEXT FILE
set -eu
url=$1 template=$2 text=$3 file=$4

# --get and --data-urlencode: curl escapes the text for the URL.
# --retry: on a 503, curl waits as long as Retry-After says.
# --fail-with-body: on an error the exit code is not 0, and the file has the JSON with the reason.
curl --silent --show-error --fail-with-body --retry 3 --max-time 30 --output "$file" \
    --get "$url/caption" --data-urlencode "template=$template" --data-urlencode "top_text=$text" || {
    cat "$file" >&2
    rm -f "$file"
    exit 1
}
