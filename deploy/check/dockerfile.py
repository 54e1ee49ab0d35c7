"""What hadolint cannot know of the Dockerfile: that it fits the rest of the project. Runs in deploy/."""

import fnmatch
import pathlib
import re
import sys
import tomllib

root = pathlib.Path("..")
wrong = []
text = pathlib.Path("Dockerfile").read_text()
stages = re.split(r"^FROM ", text, flags=re.M)[1:]

toolchain = tomllib.loads((root / "rust-toolchain").read_text())["toolchain"]["channel"]
if not stages[0].startswith(f"rust:{toolchain}-"):
    wrong.append(f"the image of the first stage is not that of rust-toolchain, {toolchain}")
debian = re.match(r"\S+-(\w+) ", stages[0])[1]
if debian != {"debian12": "bookworm", "debian13": "trixie"}[re.search(r"-(debian\d+)", stages[1])[1]]:
    wrong.append(f"the program is built on {debian}, and runs on another Debian")

copied = [
    source
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, flags=re.M)
    for source in line.split()[:-1]
]
members = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["members"]
for member in members:
    if member not in copied and f"{member}/Cargo.toml" not in copied:
        wrong.append(f"the member {member} of the workspace is not copied, so Cargo will not build anything")

# The last line of .dockerignore that matches a path counts; one for a folder counts for what is in it.
rules = [line for line in (root / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]


def is_sent(path):
    sent = True
    for rule in rules:
        pattern = rule.lstrip("!").replace("**/", "*")
        if any(fnmatch.fnmatch(str(part), pattern) for part in [path, *path.parents]):
            sent = rule.startswith("!")
    return sent


for source in copied:
    found = list(root.glob(source))
    if not found:
        wrong.append(f"{source} is copied, but is not there")
    for path in found:
        if not is_sent(path.relative_to(root)):
            wrong.append(f"{source} is copied, but .dockerignore keeps it away")

print("\n".join(wrong))
sys.exit(1 if wrong else 0)
