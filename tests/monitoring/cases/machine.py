"""The machine and the database's connections."""

from tests.monitoring.cases.case import FIRES, QUIET, Case
from tests.monitoring.cases.shapes import above, failing

_HOST = {"instance": "host"}
_ROOT = {
    "job": "node",
    "instance": "host",
    "device": "/dev/sda1",
    "fstype": "ext4",
    "mountpoint": "/",
}


def cpu(mode: str, core: int = 0) -> str:
    return f'node_cpu_seconds_total{{job="node",instance="host",cpu="{core}",mode="{mode}"}}'


def _busy(kind, name, series, expect):
    return Case(alert="HighCPUUsage", kind=kind, name=name, series=series, expect=expect)


_CPU = [
    _busy(
        "firing", "always busy", {cpu("user"): "0+10x120", cpu("idle"): "0x120"}, {"15m": (_HOST,)}
    ),
    _busy(
        "boundary",
        "busy for 5 minutes, and not a second less",
        {cpu("user"): "0x30 10+10x120", cpu("idle"): "0+10x30 300x120"},
        # Above 80 % of the window of 5 minutes as soon as 250 s of it were busy.
        {"9m": QUIET, "14m": QUIET, "14m30s": (_HOST,)},
    ),
    _busy(
        "boundary",
        "for long enough, and not a second less",
        # Ten cores' worth, so that it is above 80 % of the window after 30 s.
        {cpu("user"): "0x30 100+100x120", cpu("idle"): "0x150"},
        {"10m20s": QUIET, "10m30s": (_HOST,)},
    ),
    _busy("quiet", "half busy", {cpu("user"): "0+5x120", cpu("idle"): "0+5x120"}, {"15m": QUIET}),
    _busy(
        "boundary", "exactly 80 %", {cpu("user"): "0+8x120", cpu("idle"): "0+2x120"}, {"15m": QUIET}
    ),
    _busy(
        "boundary",
        "81 %, half of it the system's",
        {cpu("user"): "0+4x120", cpu("system"): "0+4.1x120", cpu("idle"): "0+1.9x120"},
        {"15m": (_HOST,)},
    ),
    _busy(
        "quiet",
        "waiting for the disk is not being busy",
        {cpu("user"): "0+1x120", cpu("iowait"): "0+9x120", cpu("idle"): "0x120"},
        {"15m": QUIET},
    ),
    _busy(
        "quiet",
        "one core of two",
        {
            cpu("user", 0): "0+10x120",
            cpu("idle", 0): "0x120",
            cpu("user", 1): "0x120",
            cpu("idle", 1): "0+10x120",
        },
        {"15m": QUIET},
    ),
    _busy(
        "firing",
        "both cores, one a bit less",
        {cpu("user", 0): "0+10x120", cpu("user", 1): "0+7x120"},
        {"15m": (_HOST,)},
    ),
    _busy(
        "quiet",
        "peaks of two minutes",
        {cpu("user"): "0+10x12 120x30 130+10x11 240x30 250+10x11 360x30"},
        {f"{seconds}s": QUIET for seconds in range(60, 1200, 30)},
    ),
    _busy("absent", "nobody tells", {}, {"15m": QUIET}),
    _busy(
        "restart",
        "the machine starts again",
        {cpu("user"): "9000x5 0x90", cpu("idle"): "9000x5 0+10x90"},
        {"10m": QUIET},
    ),
]

_FREE = 'node_memory_MemAvailable_bytes{job="node",instance="host"}'
_ALL = 'node_memory_MemTotal_bytes{job="node",instance="host"}'
# The gauge of `above` is what is free, of 1000: less than 150 is too little.
_MEMORY = [
    *above(
        "HighMemoryUsage",
        _FREE,
        150,
        300,
        extra={"job": "node", "instance": "host"},
        below=True,
        beside={_ALL: "1000x900"},
    ),
    Case(
        alert="HighMemoryUsage",
        kind="absent",
        name="a machine that says it has none",
        series={_FREE: "0x90", _ALL: "0x90"},
        expect={"15m": QUIET},
    ),
]


_NO_DISKS = ("tmpfs", "ramfs", "overlay", "squashfs", "erofs", "iso9660")


def disk(what: str, *, mountpoint: str = "/", fstype: str = "ext4") -> str:
    return (
        f'node_filesystem_{what}{{job="node",instance="host",device="/dev/sda1"'
        f',fstype="{fstype}",mountpoint="{mountpoint}"}}'
    )


def _full(alert: str, percent: int) -> list[Case]:
    size = {disk("size_bytes"): "1000x900", disk("readonly"): "0x900"}

    def case(kind, name, series, expect):
        return Case(alert=alert, kind=kind, name=name, series=series, expect=expect)

    def of(free: str, **labels: str) -> dict[str, str]:
        return {
            disk("avail_bytes", **labels): free,
            disk("size_bytes", **labels): "1000x200",
            disk("readonly", **labels): "0x200",
        }

    return [
        *above(alert, disk("avail_bytes"), percent * 10, 300, extra=_ROOT, below=True, beside=size),
        *(
            case("quiet", f"{fstype} is no disk", of("1x200", fstype=fstype), {"15m": QUIET})
            for fstype in _NO_DISKS
        ),
        case(
            "quiet",
            "what cannot be written to may be full",
            {**of("1x200"), disk("readonly"): "1x200"},
            {"15m": QUIET},
        ),
        case(
            "firing",
            "another disk than the root's",
            {**of("900x200"), **of("1x200", mountpoint="/var/lib/postgresql")},
            {"15m": ({**_ROOT, "mountpoint": "/var/lib/postgresql"},)},
        ),
    ]


def _filling(kind, name, series, expect, *, readonly: str = "0x900"):
    beside = {disk("size_bytes"): "100000x900", disk("readonly"): readonly}
    return Case(
        alert="DiskFillingUp",
        kind=kind,
        name=name,
        series={**beside, **series},
        expect=expect,
        interval="1m",
    )


_FREE_DISK = disk("avail_bytes")
_LONG = {disk("size_bytes"): "100000x1060", disk("readonly"): "0x1060"}
_TREND = [
    # 30 a minute are 43,200 a day.
    _filling(
        "firing", "it will be full within a day", {_FREE_DISK: "39000-30x900"}, {"8h": (_ROOT,)}
    ),
    _filling(
        "boundary",
        "known for 6 hours and so for one, and not a minute less",
        {_FREE_DISK: "39000-30x900"},
        {"419m": QUIET, "420m": (_ROOT,)},
    ),
    _filling(
        "boundary",
        "below 40 % it begins to count",
        {_FREE_DISK: "52000-30x900"},  # 40 % are left after 400 minutes
        {"460m": QUIET, "461m": (_ROOT,)},
    ),
    _filling(
        "boundary",
        "more than 40 % is free, until 984 minutes have passed",
        {_FREE_DISK: "99000-60x1060", **_LONG},
        {"1043m": QUIET, "1044m": (_ROOT,)},
    ),
    _filling("quiet", "it does not move", {_FREE_DISK: "20000x900"}, {"12h": QUIET}),
    _filling(
        "boundary",
        "full in a bit more than a day",
        {_FREE_DISK: "39100-20x500"},  # 28,800 a day; 29,500 after 8 h
        {"8h": QUIET},
    ),
    _filling(
        "boundary",
        "full in a bit less",
        {_FREE_DISK: "37000-20x500"},
        {"8h": (_ROOT,)},
    ),
    _filling(
        "quiet",
        "a big file in ten minutes does not make a day's trend",
        {_FREE_DISK: "39000x360 38500-500x9 34000x400"},
        {f"{minutes}m": QUIET for minutes in range(360, 760, 20)},
    ),
    _filling(
        "quiet",
        "a fast hour that has ended counts no longer than the window",
        {_FREE_DISK: "39900-40x480 20700x400"},
        {"8h": (_ROOT,), "890m": QUIET},
    ),
    _filling(
        "quiet",
        "what a new machine writes in its first hour is no trend",
        {_FREE_DISK: "39000-300x60 21000x800"},
        {f"{minutes}m": QUIET for minutes in range(20, 860, 20)},
    ),
    *(
        _filling(
            "quiet",
            f"{fstype} is no disk",
            {
                disk("avail_bytes", fstype=fstype): "39000-30x900",
                disk("size_bytes", fstype=fstype): "100000x900",
                disk("readonly", fstype=fstype): "0x900",
            },
            {"8h": QUIET},
        )
        for fstype in _NO_DISKS
    ),
    _filling(
        "quiet",
        "it cannot be written to",
        {_FREE_DISK: "39000-30x900"},
        {"8h": QUIET},
        readonly="1x900",
    ),
    _filling("absent", "nobody tells", {}, {"8h": QUIET}),
]

_OFFSET = 'node_timex_offset_seconds{job="node",instance="host"}'
_BACKENDS = 'pg_stat_database_numbackends{{job="postgres",instance="pg",datid="{}",datname="{}"}}'
_OURS, _OTHERS = _BACKENDS.format(1, "alojamientos_db"), _BACKENDS.format(2, "postgres")
_MAX = 'pg_settings_max_connections{job="postgres",instance="pg",server="a"}'
_RESERVED = 'pg_settings_superuser_reserved_connections{job="postgres",instance="pg",server="a"}'
_PG = {"instance": "pg"}
_POOL = 'db_pool_{}{{job="backend",instance="web"}}'
_EXPIRY = 'probe_ssl_earliest_cert_expiry{job="blackbox",instance="https://a"}'
_BACKUP = 'backup_last_success_timestamp_seconds{job="node",instance="host"}'
_DAY = 86400


def _connections(kind, name, series, expect):
    return Case(alert="HighDatabaseConnections", kind=kind, name=name, series=series, expect=expect)


CASES = [
    *_CPU,
    *_MEMORY,
    *failing(
        "OutOfMemoryKill",
        'node_vmstat_oom_kill{job="node",instance="host"}',
        1,
        600,
        0,
        extra={"job": "node", **_HOST},
    ),
    *_full("DiskSpaceLow", 15),
    *_full("DiskSpaceCritical", 5),
    *_TREND,
    *above("HostClockSkew", _OFFSET, 1, 600, extra={"job": "node", **_HOST}),
    *above("HostClockSkew", _OFFSET, -1, 600, extra={"job": "node", **_HOST}, below=True),
    *above(
        "HighDatabaseConnections",
        _OURS,
        78,
        300,
        extra=_PG,
        # 103 less 3 are 100; the other database has 2 of the 80.
        beside={_OTHERS: "2x900", _MAX: "103x900", _RESERVED: "3x900"},
    ),
    _connections(
        "firing",
        "a small server is full earlier than 80",
        {_OURS: "9x90", _OTHERS: "9x90", _MAX: "23x90", _RESERVED: "3x90"},
        {"10m": (_PG,)},
    ),
    _connections(
        "quiet",
        "a server that allows none is being set up",
        {_OURS: "9x90", _MAX: "3x90", _RESERVED: "3x90"},
        {"10m": QUIET},
    ),
    *above(
        "DatabasePoolSaturated",
        _POOL.format("checked_out"),
        90,
        300,
        extra={"job": "backend", "instance": "web"},
        beside={_POOL.format("size"): "100x900"},
    ),
    Case(
        alert="DatabasePoolSaturated",
        kind="firing",
        name="one process of two; only that one is told of",
        series={
            _POOL.format("checked_out"): "10x90",
            _POOL.format("size"): "10x90",
            _POOL.format("checked_out").replace("backend", "worker"): "1x90",
            _POOL.format("size").replace("backend", "worker"): "10x90",
        },
        expect={"10m": ({"job": "backend", "instance": "web"},)},
    ),
    Case(
        alert="DatabasePoolSaturated",
        kind="absent",
        name="a process without a pool",
        series={_POOL.format("checked_out"): "0x90", _POOL.format("size"): "0x90"},
        expect={"10m": QUIET},
    ),
    Case(
        alert="TLSCertificateExpiring",
        kind="firing",
        name="ten days are left",
        series={_EXPIRY: f"{10 * _DAY}x120"},
        expect={"90m": ({"instance": "https://a"},)},
        interval="1m",
    ),
    Case(
        alert="TLSCertificateExpiring",
        kind="boundary",
        name="below 14 days for an hour, and not a minute less",
        series={_EXPIRY: f"{14 * _DAY}x120"},  # at the first evaluation it is 14 days exactly
        expect={"60m": QUIET, "61m": ({"instance": "https://a"},)},
        interval="1m",
    ),
    Case(
        alert="TLSCertificateExpiring",
        kind="boundary",
        name="always 14 days, since it is renewed each minute",
        series={_EXPIRY: f"{14 * _DAY}+60x120"},
        expect={"2h": QUIET},
        interval="1m",
    ),
    Case(
        alert="TLSCertificateExpiring",
        kind="firing",
        name="the worse of two answers of one address",
        series={
            _EXPIRY: f"{10 * _DAY}x120",
            _EXPIRY.replace("{", '{target="b",'): f"{60 * _DAY}x120",
        },
        expect={"90m": ({"instance": "https://a"},)},
        interval="1m",
    ),
    Case(
        alert="TLSCertificateExpiring",
        kind="quiet",
        name="60 days are left",
        series={_EXPIRY: f"{60 * _DAY}x120"},
        expect={"90m": QUIET},
        interval="1m",
    ),
    Case(
        alert="TLSCertificateExpiring",
        kind="absent",
        name="no address with TLS is probed",
        series={},
        expect={"90m": QUIET},
        interval="1m",
    ),
    Case(
        alert="BackupStale",
        kind="firing",
        name="the backup has stopped",
        series={_BACKUP: "0x1700"},
        expect={"28h": FIRES},
        interval="1m",
    ),
    Case(
        alert="BackupStale",
        kind="boundary",
        name="26 hours and 10 minutes ago, and not a minute less",
        series={_BACKUP: "0x1700"},
        expect={"1570m": QUIET, "1571m": FIRES},
        interval="1m",
    ),
    Case(
        alert="BackupStale",
        kind="boundary",
        name="always 26 hours ago",
        series={_BACKUP: f"{-93600}+60x120"},
        expect={"90m": QUIET},
        interval="1m",
    ),
    Case(
        alert="BackupStale",
        kind="quiet",
        name="the newer of two places counts",
        series={_BACKUP: "-93700x120", _BACKUP.replace("host", "other"): "0x120"},
        expect={"90m": QUIET},
        interval="1m",
    ),
    Case(
        alert="BackupStale",
        kind="quiet",
        name="a backup every minute",
        series={_BACKUP: "0+60x1700"},
        expect={"28h": QUIET},
        interval="1m",
    ),
    Case(
        alert="BackupStale",
        kind="absent",
        name="no backup was set up",
        series={},
        expect={"90m": QUIET},
        interval="1m",
    ),
]
