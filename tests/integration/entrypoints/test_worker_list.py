"""What the worker runs and when, told without running any of it."""

import json
import os
import subprocess
import sys


def test_the_worker_lists_its_jobs_and_their_cron_lines_without_a_database(tmp_path):
    listed = subprocess.run(
        [sys.executable, "-m", "alojamientos", "worker", "--list"],
        cwd=tmp_path,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    jobs = json.loads(listed.stdout)
    assert jobs["reservations.expire_holds"] == "* * * * *"
    assert jobs["messages.handle"] is None
