"""The command line: verbs only, no logic."""

from alojamientos.cli.app import main

__all__ = ["main"]
