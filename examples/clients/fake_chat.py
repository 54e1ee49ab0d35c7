"""For the test of the bot: asks it as Slack does, and looks at what the readers of the chat would see.

fake_chat.py BOT
"""

import sys

import requests

PNG = b"\x89PNG\r\n\x1a\n"


def say(text):
    form = {"command": "/meme", "text": text, "user_name": "ann", "response_url": "https://chat.invalid/1"}
    answer = requests.post(sys.argv[1], data=form, timeout=10)
    answer.raise_for_status()
    return answer.json()


shown = say("cat | I can haz? | 100% & more")
assert shown["response_type"] == "in_channel", shown
image = shown["blocks"][0]
assert image["type"] == "image" and image["alt_text"], shown
# Most chats show only what ends as a picture does, before its query.
assert image["image_url"].split("?")[0].endswith(".png"), image["image_url"]
picture = requests.get(image["image_url"], timeout=10)
assert picture.status_code == 200 and picture.content.startswith(PNG), picture.status_code
other = requests.get(say("cat | something else")["blocks"][0]["image_url"], timeout=10)
assert other.content != picture.content, "the text makes no difference"

for text, reason in [("cta | hi", 'there is no template "cta"'), ("", "template")]:
    told = say(text)
    assert told["response_type"] == "ephemeral" and reason in told["text"], told
print("the bot shows pictures, and tells mistakes")
