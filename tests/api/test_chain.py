"""The real chain: a metric rises, Debian's Prometheus fires, its Alertmanager (and Prometheus itself) tell us, a mail arrives, its
link acknowledges, the metric recovers, the alert is resolved. The true clock, so this one waits; some 15 seconds."""

import http.server
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from world import World, find_link

PROMETHEUS, ALERTMANAGER = (shutil.which(name) for name in ("prometheus", "prometheus-alertmanager"))
WAIT_S = 40

pytestmark = pytest.mark.skipif(not PROMETHEUS or not ALERTMANAGER, reason="prometheus and prometheus-alertmanager are not installed")

PROMETHEUS_YAML = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{folder}/rules.yaml]
scrape_configs: [{{job_name: till, static_configs: [{{targets: ['127.0.0.1:{page}']}}]}}]
alerting:
  alertmanagers:
  - static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]
  - path_prefix: /am/{direct}
    static_configs: [{{targets: ['127.0.0.1:{tocsin}']}}]
"""
RULES_YAML = """
groups:
- name: till
  rules:
  - alert: TillBroken
    expr: till_broken > 0
    labels: {severity: critical, team: shop}
    annotations: {summary: 'Till {{ $labels.till }} is broken', runbook_url: 'https://example.org/till'}
"""
ALERTMANAGER_YAML = """
route: {{receiver: tocsin, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: tocsin, webhook_configs: [{{url: 'http://127.0.0.1:{tocsin}/in/{webhook}', send_resolved: true}}]}}]
"""


class MetricsPage:
    """What Prometheus scrapes: one gauge."""

    def __init__(self):
        self.broken = 1
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = f'till_broken{{till="3"}} {page.broken}\n'.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(condition, what, timeout_s=WAIT_S):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {timeout_s} s: {what}")


class Chain(World):
    """Prometheus and Alertmanager in front of a server of our own. Two integrations: behind Alertmanager, and direct."""

    def begin(self, folder):
        self.folder, self.processes, self.page_of_metrics = folder, [], MetricsPage()
        self.people = {}
        for name, template in (("webhook", "alertmanager"), ("direct", "alertmanager")):
            user = self.server.make("users", name=f"By {name}", email=f"{name}.chain@example.org", role="responder")
            self.people[name] = user
            setattr(self, name, self.integration(self.policy([user]), template=template, key=f"chain-{name}-0123456789"))
        ports = {"page": self.page_of_metrics.port, "tocsin": self.server.port, "alertmanager": free_port(), "folder": folder,
                 "direct": self.direct["key"], "webhook": self.webhook["key"]}
        (folder / "prometheus.yaml").write_text(PROMETHEUS_YAML.format(**ports))
        (folder / "rules.yaml").write_text(RULES_YAML)
        (folder / "alertmanager.yaml").write_text(ALERTMANAGER_YAML.format(**ports))
        self.run(ALERTMANAGER, f"--config.file={folder}/alertmanager.yaml", f"--storage.path={folder}/am", "--cluster.listen-address=",
                 f"--web.listen-address=127.0.0.1:{ports['alertmanager']}")
        self.run(PROMETHEUS, f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/tsdb",
                 f"--web.listen-address=127.0.0.1:{free_port()}")
        return self

    def run(self, *command):
        log = open(self.folder / (os.path.basename(command[0]) + ".log"), "wb")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder))
        log.close()

    def mail(self, name):
        address = self.people[name]["email"]
        return wait(lambda: [m for m in self.relay.mails if address in m.recipients], f"a mail to {address}")[0]

    def until(self, name, status):
        integration = getattr(self, name)
        return wait(lambda: [a for a in self.alerts(integration=integration) if a["status"] == status], f"{name} is {status}")[0]

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        self.page_of_metrics.close()


@pytest.fixture
def chain(fresh, sink, relay, tmp_path):
    folder = tmp_path / "chain"
    folder.mkdir()
    made = Chain(fresh(smtp=relay.url), sink, relay)
    try:
        yield made.begin(folder)
    finally:
        made.end()


def test_a_metric_rises_a_person_answers_it_recovers(chain):
    for name in ("webhook", "direct"):
        mail = chain.mail(name)
        assert "TillBroken" in mail.parsed["Subject"] or "Till 3 is broken" in mail.parsed["Subject"]
        alert = chain.until(name, "triggered")
        assert alert["priority"] == "p1"
        assert {"alertname": "TillBroken", "team": "shop", "till": "3"}.items() <= alert["labels"].items()
        answer = chain.server.http("POST", find_link(mail.text), "action=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status in (200, 303)
        assert chain.until(name, "acknowledged")["acknowledged_by"]["id"] == chain.people[name]["id"]
    chain.page_of_metrics.broken = 0
    for name in ("webhook", "direct"):
        resolved = chain.until(name, "resolved")
        assert resolved["count"] >= 1
        assert len(chain.alerts(integration=getattr(chain, name))) == 1
    assert len([m for m in chain.relay.mails if "chain@example.org" in str(m.recipients)]) == 2
