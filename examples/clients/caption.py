"""Asks memed for a picture: caption.py URL TEMPLATE TEXT FILE"""

import sys

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry


def session():
    """Connections are kept and used again. A 503 is tried again when its Retry-After says."""
    retry = Retry(total=3, status_forcelist=[503], allowed_methods=["GET", "POST"], raise_on_status=False)
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    return session


def caption(session, url, request):
    """The bytes of the picture. `request` is a dict, which may have lists: it is sent as JSON."""
    answer = session.post(f"{url}/caption", json=request, timeout=30)
    if not answer.ok:
        # A proxy in between may answer with something else than memed's JSON.
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        raise RuntimeError(f"{answer.status_code}: {answer.json()['error'] if is_json else answer.reason}")
    return answer.content


def main(url, template, text, file):
    picture = caption(session(), url, {"template": template, "top_text": text})
    with open(file, "wb") as out:
        out.write(picture)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (RuntimeError, requests.RequestException) as error:
        sys.exit(f"caption.py: {error}")
