"""The queries of the dashboard, the alerts and the autoscaler against a server: queries.py URL. Runs in deploy/.

Each must be PromQL, and each metric and label in it one of the server's /metrics. If there is a prometheus, it asks the
server for some seconds, and each query of the dashboard and the autoscaler must then have an answer.
"""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import promql_parser
import yaml

url = sys.argv[1]
# What Prometheus adds to every series, and the labels that Kubernetes' discovery adds.
LABELS = {"instance", "job", "le", "namespace", "pod"}


def get(address, timeout=10):
    with urllib.request.urlopen(address, timeout=timeout) as response:
        return response.read()


def queries():
    """Each with the place that it is from, and whether it always has an answer."""
    dashboard = json.loads(pathlib.Path("grafana/dashboards/memed.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids), "two panels have the same id"
    source = yaml.safe_load(pathlib.Path("grafana/provisioning/datasources/prometheus.yml").read_text())
    uid = source["datasources"][0]["uid"]
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == uid, f"{panel['title']} has another source than is provisioned"
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, f"{panel['title']} is beyond the right edge"
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "4s").replace("$instance", ".*")
            yield f"the panel {panel['title']!r}", query, True
    for variable in dashboard["templating"]["list"]:
        metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
        yield f"the variable {variable['name']}", f"count by ({label}) ({metric})", True
    for group in yaml.safe_load(pathlib.Path("prometheus-rules.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield f"the alert {rule['alert']}", rule["expr"], False
    for each in yaml.safe_load_all(pathlib.Path("kubernetes.yaml").read_text()):
        if each and each["metadata"]["name"] == "memed-prometheus-adapter":
            for rule in yaml.safe_load(each["data"]["config.yaml"])["rules"]:
                yield "seriesQuery of the adapter", rule["seriesQuery"], False
                query = rule["metricsQuery"].replace("<<.GroupBy>>", "instance").replace("<<.LabelMatchers>>", "")
                yield "metricsQuery of the adapter", query.replace("[2m]", "[4s]"), True


def selectors(expression):
    """All selectors of an expression, and the labels that it groups by."""
    found, grouped = [], set()

    def enter(node):
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        if isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            grouped.update(node.modifier.labels)
        for name in ("expr", "lhs", "rhs", "param"):
            child = getattr(node, name, None)
            if isinstance(child, promql_parser.Expr):
                enter(child)
        for child in getattr(node, "args", None) or []:
            enter(child)

    enter(expression)
    return found, grouped


def live():
    """The names of the samples, each with its labels and their values."""
    samples = {"up": {}}
    for line in get(f"{url}/metrics").decode().splitlines():
        if line.startswith("#"):
            continue
        name, labels = re.match(r"(\w+)(?:\{(.*?)\})?", line).groups()
        for label, value in re.findall(r'(\w+)="(.*?)"', labels or ""):
            samples.setdefault(name, {}).setdefault(label, set()).add(value)
        samples.setdefault(name, {})
    return samples


def mistakes(query, samples):
    try:
        found, grouped = selectors(promql_parser.parse(query))
    except ValueError as error:
        yield f"is no PromQL: {error}"
        return
    if not found:
        yield "asks for nothing"
    labels = set(LABELS)
    for selector in found:
        if selector.name not in samples:
            yield f"/metrics has no {selector.name}"
            continue
        has = samples[selector.name]
        labels |= set(has)
        for matcher in selector.matchers.matchers:
            if matcher.name not in LABELS | set(has):
                yield f"{selector.name} has no label {matcher.name}"
            for value in matcher.value.split("|") if matcher.name in has else []:
                if value not in has[matcher.name]:
                    yield f"{selector.name} has no {matcher.name}={value}"
    for label in grouped - labels:
        yield f"nothing in it has the label {label}, by which it groups"


def unanswered(asked):
    """Runs a prometheus for some seconds; the queries that it has no answer for."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        target = urllib.parse.urlsplit(url).netloc
        config = {
            "global": {"scrape_interval": "500ms"},
            "scrape_configs": [{"job_name": "memed", "static_configs": [{"targets": [target]}]}],
        }
        path = pathlib.Path(folder, "prometheus.yml")
        path.write_text(yaml.safe_dump(config))
        arguments = [f"--config.file={path}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
        with open(f"{folder}/log", "w") as log:
            prometheus = subprocess.Popen(["prometheus", *arguments], stdout=log, stderr=log)
        try:
            end, left = time.monotonic() + 20, dict(asked)
            while left and time.monotonic() < end:
                time.sleep(0.5)
                # Pictures that are drawn and cached, without which some of the numbers are 0 / 0.
                for text in (time.time_ns(), "again"):
                    get(f"{url}/caption?template=cat&top_text={text}")
                for query in list(left):
                    parameters = urllib.parse.urlencode({"query": query})
                    try:
                        answer = json.loads(get(f"http://{address}/api/v1/query?{parameters}"))
                    except OSError:
                        break  # it is not there yet
                    values = [sample["value"][1] for sample in answer["data"]["result"]]
                    if values and "NaN" not in values:
                        del left[query]
            return left
        finally:
            prometheus.terminate()
            prometheus.wait(20)


samples, wrong, asked = live(), [], {}
for place, query, is_answered in queries():
    wrong += [f"{place}: {mistake}" for mistake in mistakes(query, samples)]
    if is_answered:
        asked[query] = place
if not wrong and shutil.which("prometheus"):
    wrong += [f"{place}: no answer to {query}" for query, place in unanswered(asked).items()]
    print(f"note: {len(asked)} of them answered by a prometheus")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
