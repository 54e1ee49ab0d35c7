#!/bin/sh
# The command, without a server: command.sh [PHOTO]. Writes its pictures into this folder.
set -eu
photo=${1:-photo.jpg}

# Top and bottom text. The end of the name is the format.
memed caption cat 'I can haz' 'futures' -o cat.jpg

# Every field of a request is a flag; --bottom-… is for one text.
memed caption raccoon 'left' 'right' --width 640 --font BebasNeue --bottom-color yellow -o raccoon.png

# A picture of your own, and a pipe.
memed caption --template-file "$photo" '' 'it was me' -o - > mine.jpg

# JSON, as for POST /caption.
echo '{"template": "cat", "captions": [{"text": "hi", "valign": "middle"}]}' | memed caption --json - -o json.png

# A picture for each line, on all cores. A line that fails stops no other.
cat > requests.jsonl <<'LINES'
{"template": "cat", "top_text": "one"}
{"template": "raccoon", "captions": ["two", "lines"], "width": 320}
LINES
memed caption --batch requests.jsonl --out pictures
