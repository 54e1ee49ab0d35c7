#!/bin/sh
# What else curl can ask for: more.sh URL [PHOTO]. Writes its pictures into this folder.
set -eu
url=$1 photo=${2:-photo.jpg}

# The names that there are.
curl --fail-with-body -sS "$url/templates" -o templates.json
curl --fail-with-body -sS "$url/fonts" -o fonts.json

# A request in JSON, with a look for each text.
curl --fail-with-body -sS "$url/caption" -o json.jpg -H 'Content-Type: application/json' -d '{
  "template": "raccoon",
  "width": 640,
  "captions": [
    {"text": "left in the chair", "valign": "top", "align": "left", "size": 48},
    {"text": "right on time", "valign": "bottom", "color": "yellow", "font": "BebasNeue"}
  ]
}'

# A picture of your own: as the body, with the fields in the URL, or in a form.
curl --fail-with-body -sS --data-binary "@$photo" "$url/caption?top_text=mine" -o body.jpg
curl --fail-with-body -sS -F "picture=@$photo" -F top_text=mine -F width=320 "$url/caption" -o form.jpg

# The same picture again, only if it has changed: 304, and nothing is sent.
tag=$(curl --fail-with-body -sS -o again.png -w '%header{etag}' "$url/caption?template=cat&top_text=again")
curl -sS -o unchanged -w '%{http_code}\n' -H "If-None-Match: $tag" "$url/caption?template=cat&top_text=again"
