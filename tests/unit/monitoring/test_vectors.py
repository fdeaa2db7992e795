import pytest

from alojamientos.monitoring.promql import InvalidExpression, Recorded, series
from alojamientos.monitoring.vectors import carrying, not_below, sampled, whether

BAD = series(Recorded(name="slo:bad_events:rate5m", help="-", labels=("slo",)))
INFO = series(Recorded(name="slo:definition:info", help="-", labels=("slo", "service")))


def test_samples_are_taken_at_the_clocks_steps():
    found = sampled("sum_over_time", whether(BAD, ">=", "1"), window="1d", step="5m")

    assert str(found) == "sum_over_time((slo:bad_events:rate5m >= bool 1)[1d:5m])"
    assert found.labels == BAD.labels


def test_a_floor_keeps_the_labels():
    assert str(not_below(BAD, "0")) == "clamp_min(slo:bad_events:rate5m, 0)"
    assert not_below(BAD, "0").labels == BAD.labels


def test_labels_are_carried_over():
    found = carrying(BAD, INFO, on="slo", labels=("service",))

    assert found.labels == {"slo", "service"}
    assert str(found) == (
        "slo:bad_events:rate5m * on (slo) group_left (service) slo:definition:info"
    )


def test_what_is_no_duration_is_refused():
    with pytest.raises(InvalidExpression, match="not a duration"):
        sampled("sum_over_time", BAD, window="1d", step="often")


def test_labels_that_are_not_there_cannot_be_carried_or_matched():
    with pytest.raises(InvalidExpression, match="no label team"):
        carrying(BAD, INFO, on="slo", labels=("team",))
    with pytest.raises(InvalidExpression, match="no label service"):
        carrying(BAD, INFO, on="service", labels=())
