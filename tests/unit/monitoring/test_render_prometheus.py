import yaml

from alojamientos.monitoring.definitions.exporters import UP
from alojamientos.monitoring.model import RecordingRule, RuleGroup
from alojamientos.monitoring.promql import series, total
from alojamientos.monitoring.render import prometheus


def test_recordings_are_rendered_and_groups_share_their_file():
    recording = RecordingRule(
        record="job:up:sum", expr=total(series(UP), "job"), labels={"of": "all"}
    )
    plain = RecordingRule(record="all:up:sum", expr=total(series(UP)))
    groups = [
        RuleGroup(name=name, file="up.yml", interval="15s", recordings=(rule,))
        for name, rule in (("first", recording), ("second", plain))
    ]

    (text,) = prometheus.rules(groups).values()

    assert yaml.safe_load(text) == {
        "groups": [
            {
                "name": "first",
                "interval": "15s",
                "rules": [
                    {
                        "record": "job:up:sum",
                        "expr": "sum by (job) (up)",
                        "labels": {"of": "all"},
                    }
                ],
            },
            {
                "name": "second",
                "interval": "15s",
                "rules": [{"record": "all:up:sum", "expr": "sum(up)"}],
            },
        ]
    }
