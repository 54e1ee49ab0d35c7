"""What a schema cannot know of kubernetes.yaml: that its objects find each other. Runs in deploy/."""

import pathlib
import sys

import yaml

objects = [each for each in yaml.safe_load_all(pathlib.Path("kubernetes.yaml").read_text()) if each]
by_kind = {}
for each in objects:
    by_kind.setdefault(each["kind"], {})[each["metadata"]["name"]] = each["spec" if "spec" in each else "data"]
wrong = []


def expect(holds, otherwise):
    if not holds:
        wrong.append(otherwise)


deployment = by_kind["Deployment"]["memed"]
pod = deployment["template"]["spec"]
labels = deployment["template"]["metadata"]["labels"]
container = pod["containers"][0]
ports = {port["name"]: port["containerPort"] for port in container["ports"]}


def selects(selector):
    return bool(selector) and selector.items() <= labels.items()


expect(selects(deployment["selector"]["matchLabels"]), "the Deployment does not select its own pods")
expect(selects(by_kind["Service"]["memed"]["selector"]), "the Service selects no pods")
expect(selects(by_kind["PodDisruptionBudget"]["memed"]["selector"]["matchLabels"]), "the PodDisruptionBudget selects no pods")
expect(selects(by_kind["NetworkPolicy"]["memed"]["podSelector"]["matchLabels"]), "the NetworkPolicy selects no pods")
for spread in pod["topologySpreadConstraints"]:
    expect(selects(spread["labelSelector"]["matchLabels"]), f"the spread over {spread['topologyKey']} selects no pods")
for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
    expect(container[probe]["httpGet"]["port"] in ports, f"{probe} asks a port that has no name")
expect(by_kind["Service"]["memed"]["ports"][0]["targetPort"] in ports, "the Service leads to a port that has no name")
expect(by_kind["NetworkPolicy"]["memed"]["ingress"][0]["ports"][0]["port"] in ports, "the NetworkPolicy lets nobody in")

# Where Pod Security is "restricted", the pod must have all of these.
secure = {**pod["securityContext"], **container["securityContext"]}
expect(secure.get("runAsNonRoot") and secure.get("runAsUser"), "the pod may run as root")
expect(secure.get("allowPrivilegeEscalation") is False, "the pod may gain rights")
expect(secure.get("capabilities") == {"drop": ["ALL"]}, "the pod has capabilities")
expect(secure.get("seccompProfile", {}).get("type") == "RuntimeDefault", "the pod may make all system calls")
expect(secure.get("readOnlyRootFilesystem"), "the pod may write to its files")

# The kubelet counts from before preStop, and kills what is left then.
shutdown_timeout = 30  # --shutdown-timeout
if "--shutdown-timeout" in container["args"]:
    shutdown_timeout = float(container["args"][container["args"].index("--shutdown-timeout") + 1])
needed = container["lifecycle"]["preStop"]["sleep"]["seconds"] + shutdown_timeout
expect(pod["terminationGracePeriodSeconds"] > needed, f"a pod that stops is killed before the {needed} s that it may need")
failing = container["readinessProbe"]["periodSeconds"] * container["readinessProbe"]["failureThreshold"]
expect(container["lifecycle"]["preStop"]["sleep"]["seconds"] > failing, "preStop ends before the pod is known not to be ready")

threads = {each["name"]: each["value"] for each in container["env"]}["MEMED_RENDER_THREADS"]
expect(container["resources"]["requests"]["cpu"] == threads, "the threads that draw are not as many as the cores requested")

scaler = by_kind["HorizontalPodAutoscaler"]["memed"]
expect(scaler["scaleTargetRef"]["name"] in by_kind["Deployment"], "the HorizontalPodAutoscaler scales nothing")
rules = yaml.safe_load(by_kind["ConfigMap"]["memed-prometheus-adapter"]["config.yaml"])["rules"]
served = {rule["name"]["as"] for rule in rules}
wanted = {metric["pods"]["metric"]["name"] for metric in scaler["metrics"] if metric["type"] == "Pods"}
expect(wanted == served, f"the HorizontalPodAutoscaler wants {wanted}, and the adapter serves {served}")
for path in by_kind["Ingress"]["memed"]["rules"][0]["http"]["paths"]:
    service = path["backend"]["service"]
    known = by_kind["Service"].get(service["name"], {"ports": []})["ports"]
    expect(
        any(service["port"].get(key) == port.get(key) is not None for port in known for key in ("name", "number"))
        or any(service["port"].get("number") == port["port"] for port in known),
        f"{path['path']} leads to a port of {service['name']} that is not there",
    )

print("\n".join(wrong))
sys.exit(1 if wrong else 0)
