"""What schemathesis cannot make up by itself: pictures."""

import pathlib

import schemathesis
from hypothesis import strategies
from schemathesis.transport.serialization import Binary

TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "data" / "templates"
PICTURES = {"jpeg": "coffee.jpg", "png": "cat.png", "gif": "deal-with-it.gif"}

files = {kind: (TEMPLATES / name).read_bytes() for kind, name in PICTURES.items()}
for kind, file in files.items():
    schemathesis.openapi.media_type(f"image/{kind}", strategies.just(file))
schemathesis.openapi.format("picture", strategies.sampled_from(sorted(files.values())).map(Binary))
