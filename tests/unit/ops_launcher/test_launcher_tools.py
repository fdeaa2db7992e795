"""Where programs are looked up, and how missing ones are fetched."""

import threading
from pathlib import Path

import pytest

from alojamientos.ops.launcher import debian, tools
from alojamientos.ops.launcher.debian import PackagesUnavailable, Source
from alojamientos.ops.launcher.servers import ProgramMissing

# Stand in for the machine's apt-get and dpkg-deb: packages appear without a network.
APT_GET = """#!/bin/sh
echo "$@" >>"$APT_LOG"
case "$*" in
*update*) [ -z "$APT_BROKEN" ] || { echo 'E: no mirror' >&2; exit 100; } ;;
*download*) for last; do :; done
  case " $APT_LACKS " in *" $last "*) exit 100 ;; esac
  echo "$last" >"${last}_1_all.deb" ;;
esac
"""
DPKG_DEB = """#!/bin/sh
name=$(cat "$2")
[ -z "$DPKG_BROKEN" ] || { echo 'disk full' >&2; exit 2; }
mkdir -p "$3/usr/bin"
for program in $name $([ "$name" = prometheus-alertmanager ] && echo amtool); do
  printf '#!/bin/sh\\n' >"$3/usr/bin/$program"; chmod +x "$3/usr/bin/$program"
done
"""


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with no monitoring program and an apt of ours; gives its folder of programs."""
    path = tmp_path / "path"
    program(path / "apt-get", APT_GET)
    program(path / "dpkg-deb", DPKG_DEB)
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    monkeypatch.setenv("APT_LOG", str(tmp_path / "apt.log"))
    for name in tools.TOOLS:
        monkeypatch.delenv(tools.variable(name), raising=False)
    archive = Source("http://mirror.example/debian", "bookworm", ("main",), None)
    monkeypatch.setattr(debian, "sources", lambda: [archive])
    return path


def updates(tmp_path: Path) -> int:
    return (tmp_path / "apt.log").read_text().count("update")


def test_look_up_order_is_variable_then_folder_then_path(machine, tmp_path, monkeypatch):
    on_path = program(machine / "prometheus")
    assert tools.find_tool("prometheus", tmp_path / "tools") == on_path

    extracted = program(tmp_path / "tools" / "bin" / "prometheus")
    assert tools.find_tool("prometheus", tmp_path / "tools") == extracted

    chosen = program(tmp_path / "elsewhere" / "prometheus")
    monkeypatch.setenv("PROMETHEUS_PROGRAM", str(chosen))
    assert tools.find_tool("prometheus", tmp_path / "tools") == chosen


def test_the_names_of_others_are_found_on_path(machine, tmp_path):
    found = program(machine / "node_exporter")

    assert tools.find_tool("node_exporter", tmp_path) == found


def test_a_variable_that_is_wrong_is_not_passed_over(machine, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMTOOL_PROGRAM", "/no/such")

    with pytest.raises(ProgramMissing, match="PROMTOOL_PROGRAM is /no/such"):
        tools.ensure_tools(tmp_path / "tools", print)


def test_a_missing_program_says_what_to_do(machine, tmp_path):
    with pytest.raises(ProgramMissing, match=r"amtool was not found.*AMTOOL_PROGRAM"):
        tools.find_tool("amtool", tmp_path)


def test_everything_missing_is_fetched_once(machine, tmp_path):
    said: list[str] = []
    folder = tmp_path / "to ols"

    tools.ensure_tools(folder, said.append)
    tools.ensure_tools(folder, said.append)

    assert [tools.find_tool(name, folder).parent for name in tools.TOOLS] == [folder / "bin"] * 8
    assert len(said) == 1
    assert updates(tmp_path) == 1
    assert not (folder / "apt").exists()


def test_callers_at_once_fetch_once(machine, tmp_path):
    threads = [
        threading.Thread(target=tools.ensure_tools, args=(tmp_path / "tools", lambda _text: None))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tools.missing_tools(tmp_path / "tools") == []
    assert updates(tmp_path) == 1


def test_an_interrupted_run_is_completed(machine, tmp_path, monkeypatch):
    folder = tmp_path / "tools"
    monkeypatch.setenv("DPKG_BROKEN", "1")
    with pytest.raises(ProgramMissing, match="could not be extracted: disk full"):
        tools.ensure_tools(folder, print)
    (folder / "apt" / "archives" / "prometheus_1_all.deb").write_text("half")
    monkeypatch.delenv("DPKG_BROKEN")

    tools.ensure_tools(folder, print)

    assert tools.missing_tools(folder) == []


def test_promtool_is_taken_from_prometheus_where_it_has_no_package(machine, tmp_path, monkeypatch):
    monkeypatch.setenv("APT_LACKS", "promtool")

    with pytest.raises(ProgramMissing, match="promtool could not be had: the Debian archive"):
        tools.ensure_tools(tmp_path / "tools", print)

    assert "download prometheus\n" in (tmp_path / "apt.log").read_text()


def test_a_mirror_that_does_not_answer_is_the_reason(machine, tmp_path, monkeypatch):
    monkeypatch.setenv("APT_BROKEN", "1")

    with pytest.raises(ProgramMissing, match=r"apt-get update failed: E: no mirror.*_PROGRAM"):
        tools.ensure_tools(tmp_path / "tools", print)


def test_another_kind_of_machine_is_the_reason(machine, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))

    with pytest.raises(PackagesUnavailable, match="no Debian or Ubuntu machine"):
        debian.fetch(["prometheus"], tmp_path)


def test_a_machine_without_an_archive_is_the_reason(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(debian, "sources", list)

    with pytest.raises(PackagesUnavailable, match="name no Debian archive"):
        debian.fetch(["prometheus"], tmp_path)


def test_archives_are_read_from_both_forms_of_apt_files(tmp_path):
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (tmp_path / "sources.list").write_text(
        "# nothing\ndeb-src http://a/debian bookworm main\ndeb cdrom:[x]/ bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://a/ubuntu noble main universe # why\ndeb x\n"
    )
    (folder / "debian.sources").write_text(
        "Types: deb deb-src\n# why\nURIs: https://b/debian\nSuites: bookworm\n bookworm-updates\n"
        "Components: main\nSigned-By: /k2.gpg\n\nTypes: deb\nEnabled: no\n"
        "URIs: http://c\nSuites: x\n"
    )

    assert debian.sources(tmp_path) == [
        Source("http://a/ubuntu", "noble", ("main", "universe"), "/k.gpg"),
        Source("https://b/debian", "bookworm", ("main",), "/k2.gpg"),
        Source("https://b/debian", "bookworm-updates", ("main",), "/k2.gpg"),
    ]


def test_a_debian_machine_is_given_trixie_first_and_its_own_suite_next():
    own = Source("http://a/debian", "bookworm", ("main",), "/k.gpg")
    release = {"ID": "debian", "VERSION_CODENAME": "bookworm"}

    assert debian.candidates([own], release) == [
        "deb [signed-by=/k.gpg] http://a/debian trixie main\n",
        "deb [signed-by=/k.gpg] http://a/debian bookworm main\n",
    ]


def test_a_suite_that_is_asked_for_comes_from_a_debian_machines_own_mirror():
    security = Source("http://s/debian-security", "bookworm-security", ("main",), "/k.gpg")
    own = Source("http://a/debian", "bookworm", ("main",), "/k.gpg")
    release = {"ID": "debian", "VERSION_CODENAME": "bookworm"}

    assert debian.in_suite("sid", [security, own], release) == [
        "deb [signed-by=/k.gpg] http://a/debian sid main\n"
    ]
    assert debian.in_suite("sid", [security], release) == []
    assert debian.in_suite("sid", [own], {"ID": "ubuntu", "VERSION_CODENAME": "bookworm"}) == []


def test_other_machines_keep_to_their_own_suite():
    noble = Source("http://a/ubuntu", "noble", ("main", "universe"), None)
    sid = Source("http://a/debian", "sid", ("main",), None)

    assert debian.candidates([noble], {"ID": "ubuntu", "VERSION_CODENAME": "noble"}) == [
        "deb http://a/ubuntu noble main universe\n"
    ]
    assert debian.candidates([sid], {"ID": "debian"}) == ["deb http://a/debian sid main\n"]
    assert debian.candidates([], {}) == []
