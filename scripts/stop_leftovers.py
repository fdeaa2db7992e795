"""Stop every process that a test run has left behind, by the mark in its environment."""  # noqa: INP001 - a script

import os
import sys

import psutil

_MARK = "ALOJAMIENTOS_TEST_RUN"
_SECONDS = 5


def left_behind(run: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            marked = process.environ().get(_MARK) == run
        except psutil.Error:
            continue
        if marked and process.pid != os.getpid():
            found.append(process)
    return found


def main() -> None:
    processes = left_behind(sys.argv[1])
    for process in processes:
        sys.stderr.write(f"stopping what a test left behind: {process.pid} {process.name()}\n")
        process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=_SECONDS)
    for process in stubborn:
        process.kill()


if __name__ == "__main__":
    main()
