"""What schemathesis cannot make up by itself: pictures, and what belongs together in a request."""

import pathlib

import schemathesis
from hypothesis import strategies
from schemathesis.core.parameters import ParameterLocation
from schemathesis.transport.serialization import Binary

TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "data" / "templates"
PICTURES = {"jpeg": "coffee.jpg", "png": "cat.png", "gif": "deal-with-it.gif"}

files = {kind: (TEMPLATES / name).read_bytes() for kind, name in PICTURES.items()}
for kind, file in files.items():
    schemathesis.openapi.media_type(f"image/{kind}", strategies.just(file))
schemathesis.openapi.format("picture", strategies.sampled_from(sorted(files.values())).map(Binary))


# The query of a POST is for a body that is a picture, which OpenAPI cannot say: its description does. So a case with
# another body loses its query, and is left out if it is the query that is wrong in it.
def is_picture(media_type):
    return media_type is not None and media_type.startswith("image/")


def is_mixed(case):
    return case.method == "POST" and case.query and not is_picture(case.media_type)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Pictures first: most wrong queries have the first kind of body."""
    body = raw_schema["paths"]["/caption"]["post"]["requestBody"]
    body["content"] = dict(sorted(body["content"].items(), key=lambda kind: not is_picture(kind[0])))


@schemathesis.hook
def filter_case(context, case):
    return not is_mixed(case) or case.meta.components[ParameterLocation.QUERY].mode.is_positive


@schemathesis.hook
def map_case(context, case):
    if is_mixed(case):
        case.query = {}
    components = case.meta.components
    for location, part in [(ParameterLocation.QUERY, case.query), (ParameterLocation.BODY, case.body)]:
        if isinstance(part, dict) and location in components and components[location].mode.is_positive:
            agree(part)
    return case


def agree(request):
    """Leaves out what contradicts something else, which OpenAPI cannot say either."""
    if request.get("layout") != "bar":
        request.pop("bar", None)
        request.pop("bar_color", None)
    captions = request.get("captions")
    captions = [caption for caption in captions if isinstance(caption, dict)] if isinstance(captions, list) else []
    parts = [request, *captions]
    # Times are of one caption or of all of them.
    if any(name.endswith("from") for part in parts for name in part):
        for part in parts:
            for name in [name for name in part if name == "to" or name.endswith("_to")]:
                del part[name]
    for caption in captions:
        for start, length in [("left", "width"), ("top", "height")]:
            if start in caption and length in caption:
                del caption[length]
