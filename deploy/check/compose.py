"""compose.yaml by the Compose Specification, and that the files and addresses it is about are there. Runs in deploy/."""

import json
import pathlib
import re
import sys

import compose_spec
import yaml

read = yaml.safe_load(pathlib.Path("compose.yaml").read_text())  # resolves anchors, which the package does not know
compose = {name: value for name, value in read.items() if not name.startswith("x-")}
parsed = compose_spec.PyCompose.from_json(json.dumps(compose))
parsed.validate()
parsed.to_spec()
wrong = []

known = set(compose_spec.Service.model_fields) | {
    field.alias for field in compose_spec.Service.model_fields.values() if field.alias
}
for name, service in compose["services"].items():
    for key in set(service) - known:
        wrong.append(f"{name}: the specification has no {key}")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith(".") and not pathlib.Path(source).exists():
            wrong.append(f"{name}: {source} is not there")
        if not source.startswith(".") and source not in compose["volumes"]:
            wrong.append(f"{name}: there is no volume {source}")
    for other in service.get("depends_on", {}):
        if other not in compose["services"]:
            wrong.append(f"{name}: there is no service {other}")
    for network in service.get("networks", []):
        if network not in compose["networks"]:
            wrong.append(f"{name}: there is no network {network}")
    for setting in ("read_only", "cap_drop", "mem_limit", "stop_grace_period"):
        if setting not in service:
            wrong.append(f"{name} has no {setting}")
    if "build" not in service and "healthcheck" not in service:
        wrong.append(f"{name} has no healthcheck")
    if "build" not in service and ":" not in service["image"]:
        wrong.append(f"{name}: its image has no version")

# nginx gets the addresses of the replicas instead of those in nginx.conf.
replicas = {
    service["networks"]["inside"]["ipv4_address"]
    for name, service in compose["services"].items()
    if name.startswith("memed-")
}
command = compose["services"]["nginx"]["command"][-1]
edits = re.findall(r"s/(\S+?)/(\S+?)/", command)
if {new.split(":")[0] for _, new in edits} != replicas:
    wrong.append("nginx does not get the addresses of the replicas")
conf = pathlib.Path("nginx.conf")
if conf.exists():
    servers = set(re.findall(r"^\s*server (\d\S+?)[ ;]", conf.read_text(), flags=re.M))
    if servers != {old.replace("\\", "") for old, _ in edits}:
        wrong.append(f"the addresses in nginx.conf are {sorted(servers)}: not those that are replaced")
targets = yaml.safe_load(pathlib.Path("prometheus.yml").read_text())["scrape_configs"][0]["static_configs"][0]["targets"]
if {target.split(":")[0] for target in targets} != {name for name in compose["services"] if name.startswith("memed-")}:
    wrong.append("prometheus.yml does not ask all replicas, or others")

print("\n".join(wrong))
sys.exit(1 if wrong else 0)
