"""Programs out of Debian packages, extracted beside the project: nothing is installed.

apt works on a private state folder, so it needs no root and changes nothing on the machine; its
signature check and the machine's own mirror and proxy still apply.
"""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from alojamientos.kit.errors import AlojamientosError

SUITE = "trixie"  # its builds of these programs run on bookworm too
_NEWER = ("forky", "sid", "testing", "unstable")  # a machine of these keeps to its own suite
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SECONDS = 300
_CONFIGURATION = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "{folder}/lists";
Dir::State::status "/dev/null";
Dir::Cache "{folder}/cache";
Debug::NoLocking "true";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
"""


class PackagesUnavailable(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The packages could not be fetched from the machine's Debian mirror."""


@dataclass(frozen=True, slots=True)
class Source:
    """One archive that the machine's own apt files name."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str | None

    def line(self, suite: str) -> str:
        """Return the one-line form for `suite`, as sources.list wants it."""
        option = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {option}{self.uri} {suite} {' '.join(self.components)}\n"


def sources(etc: Path = Path("/etc/apt")) -> list[Source]:
    """Return the binary archives in the machine's apt files, in their order."""
    found: list[Source] = []
    lists = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                found += _one_line(line)
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        for stanza in path.read_text(encoding="utf-8").split("\n\n"):
            found += _stanza(stanza)
    return found


def _one_line(line: str) -> list[Source]:
    words = line.partition("#")[0].split()
    if not words or words[0] != "deb":
        return []
    words = words[1:]
    signed_by = None
    if words and words[0].startswith("["):
        while words:
            word = words.pop(0)
            name, _, value = word.strip("[]").partition("=")
            if name == "signed-by":
                signed_by = value
            if word.endswith("]"):
                break
    return _usable(words[0], [words[1]], words[2:], signed_by) if len(words) > 1 else []


def _stanza(text: str) -> list[Source]:
    fields: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in (" ", "\t"):
            fields[name] = fields.get(name, "") + " " + line.strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
        return []
    keyring = fields.get("signed-by", "")
    return [
        source
        for uri in fields.get("uris", "").split()
        for source in _usable(
            uri,
            fields.get("suites", "").split(),
            fields.get("components", "").split(),
            keyring if keyring.startswith("/") else None,
        )
    ]


def _usable(
    uri: str, suites: list[str], components: list[str], signed_by: str | None
) -> list[Source]:
    if not uri.startswith(("http://", "https://", "mirror+")):
        return []
    if signed_by is None and _KEYRING.is_file() and uri.rstrip("/").endswith("/debian"):
        signed_by = str(_KEYRING)
    return [Source(uri, suite, tuple(components), signed_by) for suite in suites]


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def candidates(known: list[Source], release: dict[str, str]) -> list[str]:
    """Return the texts of sources.list that are worth trying, best first."""
    codename = release.get("VERSION_CODENAME", "")
    own = [s for s in known if s.suite == codename or s.suite in _NEWER]
    if not own:
        own = [s for s in known if s.suite in ("stable", "oldstable")]
    as_they_are = "".join(s.line(s.suite) for s in own)
    texts = [as_they_are] if as_they_are else []
    if release.get("ID") == "debian" and own and own[0].suite not in (*_NEWER, SUITE):
        texts.insert(0, own[0].line(SUITE))
    return texts


def in_suite(suite: str, known: list[Source], release: dict[str, str]) -> list[str]:
    """Return the text of sources.list for one suite, if this machine has a Debian archive."""
    own = [s for s in known if s.suite == release.get("VERSION_CODENAME") or s.suite in _NEWER]
    return [own[0].line(suite)] if release.get("ID") == "debian" and own else []


def fetch(packages: list[str], folder: Path, *, suite: str | None = None) -> dict[str, Path]:
    """Download and extract `packages` below `folder`; return each one's extracted tree.

    Takes them from `suite`, else from the best that the machine has. A package that the archive
    does not have is left out: the caller sees which program it still lacks.
    Raises PackagesUnavailable when this machine or its mirror cannot deliver.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise PackagesUnavailable("this is no Debian or Ubuntu machine (apt-get is missing)")
    known, release = sources(), _os_release()
    texts = in_suite(suite, known, release) if suite else candidates(known, release)
    if not texts:
        raise PackagesUnavailable("the machine's apt files name no Debian archive")
    for part in ("lists/partial", "cache/archives/partial", "archives"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "apt.conf").write_text(_CONFIGURATION.format(folder=folder), encoding="utf-8")
    problem = ""
    for text in texts:
        (folder / "sources.list").write_text(text, encoding="utf-8")
        problem = _apt(folder, "update", "-o", "APT::Update::Error-Mode=any")
        if not problem:
            break
    if problem:
        raise PackagesUnavailable(f"apt-get update failed: {problem}")
    return {package: tree for package in packages if (tree := _extracted(package, folder))}


def _extracted(package: str, folder: Path) -> Path | None:
    if _apt(folder, "download", package):
        return None
    archive = max((folder / "archives").glob(f"{package}_*.deb"), key=lambda p: p.stat().st_mtime)
    tree = folder / "trees" / package
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    result = _run(["dpkg-deb", "-x", str(archive), str(tree)], folder)
    archive.unlink()
    if result:
        raise PackagesUnavailable(f"{archive.name} could not be extracted: {result}")
    return tree


def _apt(folder: Path, *arguments: str) -> str:
    command = ["apt-get", f"-c={folder / 'apt.conf'}", "-qq", *arguments]
    return _run(command, folder / "archives")


def _run(command: list[str], folder: Path) -> str:
    """Run `command` in `folder`; return "" or what it complained about."""
    try:
        result = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        return f"no end within {_SECONDS} s"
    if result.returncode == 0:
        return ""
    return (result.stderr.strip() or f"exit {result.returncode}")[-500:]
