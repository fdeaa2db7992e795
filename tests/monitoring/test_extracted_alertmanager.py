import subprocess

from alojamientos.ops.launcher.extracted import make_self_contained

PROGRAM = b"""#!/bin/sh
test -f /usr/share/prometheus/alertmanager/default.tmpl && echo "templates" "$@"
"""


def test_alertmanager_finds_its_templates_beside_itself(tmp_path):
    program = tmp_path / "bin/prometheus-alertmanager"
    program.parent.mkdir()
    program.write_bytes(PROGRAM)
    program.chmod(0o755)

    make_self_contained(tmp_path)
    make_self_contained(tmp_path)

    done = subprocess.run(
        [str(program), "--version", "a b"], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout == "templates --version a b\n"
    size = (tmp_path / "alertmanager/prometheus-alertmanager").stat().st_size
    assert size == len(PROGRAM)


def test_without_alertmanager_nothing_is_made(tmp_path):
    make_self_contained(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_program_that_needs_no_help_is_left_alone(tmp_path):
    program = tmp_path / "bin/prometheus-alertmanager"
    program.parent.mkdir()
    program.write_bytes(b"static")

    make_self_contained(tmp_path)

    assert program.read_bytes() == b"static"
