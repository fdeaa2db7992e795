"""What a Compose file can be wrong about without Compose minding."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.contract.docker.conftest import APPLICATION, MONITORING, ROOT, compose

from alojamientos.monitoring import generate
from alojamientos.monitoring.definitions import compose_shared, targets
from alojamientos.settings import Settings, variable_name

FILES = (APPLICATION, MONITORING)
RAW = {name: yaml.safe_load((ROOT / name).read_text()) for name in FILES}
SERVICES = {name: service for raw in RAW.values() for name, service in raw["services"].items()}
OURS = [name for name, service in SERVICES.items() if "build" in service]
THEIRS = [name for name in SERVICES if name not in OURS]

# Programs that health checks may use, by image, with where that is known from.
BUSYBOX = "its Dockerfile starts FROM quay.io/prometheus/busybox"
PROGRAMS = {
    "alojamientos": ({"python"}, "our Dockerfile: python is first on its PATH"),
    "caddy": ({"wget", "sh"}, "docker-library caddy: FROM alpine, whose BusyBox has wget"),
    "postgres": ({"pg_isready", "sh", "bash"}, "docker-library postgres: the server's package"),
    "valkey/valkey": (
        {"valkey-cli", "sh", "sed", "grep"},
        "valkey-container 8.1/debian/Dockerfile: FROM debian, /usr/local/bin/valkey-*",
    ),
    "prom/prometheus": ({"promtool"}, "its Dockerfile copies promtool into /bin"),
    "prom/alertmanager": ({"amtool"}, "its Dockerfile copies amtool into /bin"),
    "prom/node-exporter": ({"wget"}, BUSYBOX),
    "prom/blackbox-exporter": ({"wget"}, BUSYBOX),
    "prometheuscommunity/postgres-exporter": ({"wget"}, BUSYBOX),
    "oliver006/redis_exporter": ({"wget"}, "its Dockerfile's alpine stage, tag …-alpine"),
    "grafana/grafana": (
        {"curl", "wget"},
        "curl is added to its Alpine image since 9.5 (grafana PR 65547)",
    ),
    "grafana/loki": (
        {"/usr/bin/loki"},
        "no shell since 3.6; -health since 3.6.5: cmd/loki/health.go",
    ),
    "grafana/alloy": ({"bash", "grep"}, "its Dockerfile starts FROM ubuntu"),
}


def networks_of(service: str) -> set[str]:
    return set(SERVICES[service]["networks"])


def test_compose_accepts_each_file_alone_and_both_together(config):
    application = config("-f", APPLICATION)
    monitoring = config("-f", MONITORING, "--profile", "logs")
    both = config("--profile", "logs")

    assert set(both["services"]) == {*application["services"], *monitoring["services"]}


def test_loki_and_its_shipper_come_with_the_profile_only(config):
    assert {"loki", "alloy"}.isdisjoint(config()["services"])


@pytest.mark.parametrize("name", ["SITE_DOMAIN", "ACME_EMAIL"])
def test_a_variable_that_must_be_set_is_asked_for(clone, tmp_path, name):
    kept = [line for line in (clone / ".env").read_text().splitlines() if not line.startswith(name)]
    (tmp_path / ".env").write_text("\n".join(kept))
    (tmp_path / APPLICATION).write_text((clone / APPLICATION).read_text())

    result = compose(tmp_path, "-f", APPLICATION, "config", "-q")

    assert result.returncode != 0
    assert f"set {name} in .env" in result.stderr


@pytest.mark.parametrize("job", [job.name for job in targets.SCRAPE_JOBS])
def test_prometheus_reaches_what_it_scrapes(job):
    found = yaml.safe_load((ROOT / "monitoring/prometheus/prometheus.yml").read_text())
    (scraped,) = [entry for entry in found["scrape_configs"] if entry["job_name"] == job]
    through = [r["replacement"] for r in scraped.get("relabel_configs", []) if "replacement" in r]
    addresses = through or [a for s in scraped["static_configs"] for a in s["targets"]]

    for address in addresses:
        host = address.partition(":")[0]
        assert host in SERVICES, f"{job}: there is no service {host}"
        assert networks_of("prometheus") & networks_of(host), f"{job}: no way to {host}"


def spoken_to() -> set[tuple[str, str]]:
    """Return who speaks to whom, by the addresses in environments, secrets and mounted files."""
    address = re.compile(rf"\b({'|'.join(map(re.escape, SERVICES))}):\d+")
    pairs = set()
    in_secrets = {
        "database_url": {"postgres"},
        "redis_url": {"redis"},
        "redis_passwords_json": {"redis"},
    }
    for name, service in SERVICES.items():
        texts = [*map(str, service.get("environment", {}).values())]
        for mount in service.get("volumes", []):
            path = ROOT / mount["source"]
            if mount["type"] == "bind" and mount["source"].startswith("./"):
                files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
                texts += [file.read_text() for file in files if file.suffix != ".json"]
        pairs |= {(name, found) for text in texts for found in address.findall(text)}
        for secret in service.get("secrets", []):
            pairs |= {(name, to) for to in in_secrets.get(secret, set())}
    return {(a, b) for a, b in pairs if a != b}


def test_everyone_reaches_those_it_speaks_to():
    pairs = spoken_to()

    assert pairs >= {
        ("backend", "postgres"),
        ("worker", "redis"),
        ("proxy", "backend"),
        ("prometheus", "alertmanager"),
        ("grafana", "prometheus"),
        ("postgres-exporter", "postgres"),
        ("redis-exporter", "redis"),
        ("alloy", "loki"),
    }
    assert not {(a, b) for a, b in pairs if not networks_of(a) & networks_of(b)}


def test_the_probe_reaches_the_application():
    assert networks_of("blackbox-exporter") & networks_of("backend")


def test_only_the_proxy_and_the_application_share_the_network_whose_addresses_are_trusted():
    assert {name for name in SERVICES if "edge" in networks_of(name)} == {"proxy", "backend"}
    environment = SERVICES["backend"]["environment"]
    (subnet,) = RAW[APPLICATION]["networks"]["edge"]["ipam"]["config"]
    assert environment["TRUSTED_PROXIES"] == subnet["subnet"]


def test_the_servers_with_the_data_have_no_way_out():
    assert RAW[APPLICATION]["networks"]["data"]["internal"] is True
    assert networks_of("postgres") == networks_of("redis") == {"data"}


@pytest.mark.parametrize("name", ["worker", "proxy", "alertmanager"])
def test_what_speaks_to_the_internet_has_a_way_out(name):
    raw = RAW[APPLICATION]["networks"] | RAW[MONITORING]["networks"]
    assert any(not raw[network].get("internal") for network in networks_of(name))


def test_nothing_but_the_proxy_is_published_beyond_loopback(whole):
    published = {
        (name, port["published"])
        for name, service in whole["services"].items()
        for port in service.get("ports", [])
        if port.get("host_ip") != "127.0.0.1"
    }
    assert published == {("proxy", "80"), ("proxy", "443")}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_and_unprivileged(whole, name):
    service = whole["services"][name]
    limits = service["deploy"]["resources"]["limits"]

    assert float(limits["cpus"]) > 0
    assert int(limits["memory"]) > 0
    assert int(limits["pids"]) > 0
    assert service["logging"]["driver"] == "json-file"
    assert service["logging"]["options"]["max-size"] == "50m"
    assert service["logging"]["options"]["max-file"] == "5"
    assert service["restart"] in ("unless-stopped", "no")
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert not service.get("privileged")
    assert "network_mode" not in service
    assert "docker.sock" not in str(service)


@pytest.mark.parametrize("name", SERVICES)
def test_only_what_ends_by_itself_is_not_restarted(name):
    ends = name in ("migrations", "alertmanager-config")
    assert (SERVICES[name]["restart"] == "no") == ends


@pytest.mark.parametrize("name", THEIRS)
def test_images_are_pinned(name):
    image = SERVICES[name]["image"]
    assert image == compose_shared.IMAGES[name]
    assert re.search(r":v?\d+(\.\d+)*(-alpine)?$", image)


def test_images_have_the_versions_that_were_asked_for():
    wanted = {
        "prometheus": "v3.13.2",
        "alertmanager": "v0.33.1",
        "grafana": "13.1.3",
        "node-exporter": "v1.12.1",
        "blackbox-exporter": "v0.28.0",
        "postgres-exporter": "v0.20.1",
        "redis-exporter": "v1.91.1-alpine",
        "postgres": "18",
        "redis": "8.1",
    }
    assert {name: SERVICES[name]["image"].partition(":")[2] for name in wanted} == wanted


@pytest.mark.parametrize("name", SERVICES)
def test_health_checks_use_programs_of_their_image(name):
    service = SERVICES[name]
    if service["restart"] == "no":
        assert "healthcheck" not in service
        return
    kind, *command = service["healthcheck"]["test"]
    programs, source = PROGRAMS[service["image"].partition(":")[0]]
    used = set(re.findall(r"(?:^|\| |\$\$\()([a-z-]+) |(?<=\) )([\w-]+)", command[0]))
    words = {word for pair in used for word in pair if word} if kind == "CMD-SHELL" else set()

    assert source
    assert (words | {"sh"} if kind == "CMD-SHELL" else {command[0]}) <= programs


def test_who_waits_waits_for_health():
    for name, service in SERVICES.items():
        for needed, wait in service.get("depends_on", {}).items():
            ends = SERVICES[needed]["restart"] == "no"
            wanted = "service_completed_successfully" if ends else "service_healthy"
            assert wait["condition"] == wanted, f"{name} waits for {needed}"
            assert ends or "healthcheck" in SERVICES[needed]


def test_what_watches_does_not_wait_for_what_it_watches():
    watched = set(RAW[APPLICATION]["services"])
    for name, service in RAW[MONITORING]["services"].items():
        assert watched.isdisjoint(service.get("depends_on", {})), name


@pytest.mark.parametrize("name", SERVICES)
def test_mounted_files_are_in_the_repository(clone, name):
    for mount in SERVICES[name].get("volumes", []):
        source = mount["source"]
        if mount["type"] == "volume":
            continue
        assert mount["bind"]["create_host_path"] is False
        assert mount["read_only"] is True
        if source.startswith("/"):  # of the host, and only what these two must see
            assert (name, source) in {
                ("node-exporter", "/"),
                ("alloy", "/var/lib/docker/containers"),
            }
            continue
        for profile in ("none", "logs"):
            path = source.replace("${COMPOSE_PROFILES:-none}", profile)
            assert (ROOT / path).exists(), f"{path} is not there"


def test_data_outlives_its_container():
    kept = {
        (name, mount["target"])
        for name, service in SERVICES.items()
        for mount in service.get("volumes", [])
        if mount["type"] == "volume" and not mount.get("read_only")
    }
    assert {
        ("postgres", "/var/lib/postgresql"),
        ("prometheus", "/prometheus"),
        ("grafana", "/var/lib/grafana"),
        ("alertmanager", "/alertmanager"),
        ("loki", "/loki"),
        ("proxy", "/data"),
    } <= kept


def test_prometheus_keeps_far_more_than_a_window_of_30_days():
    (flag,) = [c for c in SERVICES["prometheus"]["command"] if "retention.time" in c]
    assert int(flag.partition("=")[2].removesuffix("d")) >= 2 * 30


def test_every_secret_is_declared_and_every_declared_one_is_used():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == {secret.name for secret in compose_shared.SECRETS}


def test_no_password_stands_in_a_compose_file():
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            secretive = re.search(r"PASS|TOKEN|SECRET|KEY|DATABASE_URL|REDIS_URL", variable)
            if secretive:
                assert variable.endswith("_FILE"), f"{name}: {variable}"
                assert str(value).startswith("/run/secrets/"), f"{name}: {variable}"
    for text in map(str, RAW.values()):
        assert not re.search(r"://[^/ ]*:[^/ ]*@", text)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_given_the_secrets_that_it_is_told_to_read(name):
    service = SERVICES[name]
    text = f"{service.get('environment')} {service.get('command')} {service.get('healthcheck')}"
    for secret in re.findall(r"/run/secrets/(\w+)", text):
        assert secret in service["secrets"]


def test_what_the_configuration_files_read_is_given_to_their_services():
    for name, file in (
        ("prometheus", "monitoring/prometheus/prometheus.yml"),
        ("alertmanager", "monitoring/alertmanager/alertmanager.yml"),
    ):
        wanted = set(re.findall(r"/run/secrets/(\w+)", (ROOT / file).read_text()))
        assert wanted
        assert wanted <= set(SERVICES[name]["secrets"])


def test_every_variable_is_documented_and_every_documented_one_is_read():
    read = {
        found
        for file in FILES
        for found in re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / file).read_text())
    }
    known = {variable.name: variable for variable in compose_shared.VARIABLES}
    settings = {variable_name(g, f) for g in Settings.groups.values() for f in g.model_fields}

    assert read <= set(known)
    assert set(known) - read - settings == {"COMPOSE_FILE"}  # Compose reads that one itself
    assert {name for name, variable in known.items() if variable.setting} <= settings
    for name, variable in known.items():
        assert variable.about, name


def test_the_application_is_told_nothing_that_it_does_not_know():
    known = {variable_name(g, f) for g in Settings.groups.values() for f in g.model_fields}
    for name in OURS:
        for variable in SERVICES[name]["environment"]:
            assert variable.removesuffix("_FILE") in known, f"{name}: {variable}"


def test_each_service_of_the_rendered_addresses_is_there():
    hosts = {
        getattr(generate._DOCKER, part).partition(":")[0] for part in generate._DOCKER.__slots__
    }
    assert hosts <= set(SERVICES)


def test_a_missing_definition_is_noticed(tmp_path: Path):
    problems: list[Any] = generate.check(tmp_path)
    assert any(FILES[0] in problem for problem in problems)
