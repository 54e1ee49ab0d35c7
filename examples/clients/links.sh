#!/bin/sh
# Links and forms: links.sh URL. Writes its pictures into this folder.
set -eu
url=$1

# A link that ends as a picture does, for Markdown, mails and chats: top and bottom text. `_` is a space, `~q` a `?`.
curl --fail-with-body -sS --location "$url/images/cat/I_can_haz/futures~q.png" -o link.png

# With fields, and with one text, which is the top one.
curl --fail-with-body -sS --location "$url/images/cat/small.jpg?width=200&color=yellow" -o small.jpg

# /caption with the end of a picture's name, for programs that look for one.
curl --fail-with-body -sS "$url/caption.png?template=cat&top_text=hi" -o ends.png

# A form, as a page without JavaScript sends it.
curl --fail-with-body -sS "$url/caption" --data-urlencode template=cat --data-urlencode 'top_text=Tom & Jerry' \
    --data-urlencode font= -o posted.png

# All templates with size, thumbnail and keywords, or those that are found by words.
curl --fail-with-body -sS "$url/templates?details" -o details.json
curl --fail-with-body -sS "$url/templates?q=cat" -o found.json

# The whole interface, for generators of clients.
curl --fail-with-body -sS "$url/openapi.json" -o openapi.json
