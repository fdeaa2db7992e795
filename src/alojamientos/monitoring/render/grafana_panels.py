"""One panel as Grafana's SDK builds it: a builder per kind of picture."""

from collections.abc import Callable, Mapping
from typing import Any

from grafana_foundation_sdk.builders import bargauge, prometheus, stat, statetimeline, table
from grafana_foundation_sdk.builders import common as of_common
from grafana_foundation_sdk.builders import dashboard as of_dashboard
from grafana_foundation_sdk.builders import timeseries as of_timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from alojamientos.monitoring.board import OVER_TIME, Kind, Level, Panel, Query, Scale, State, Unit

DATASOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
NOT_ZERO = "No data (which is not 0)"

UNITS: Mapping[Unit, str] = {
    "count": "short",
    "requests_per_second": "reqps",
    "per_second": "cps",
    "ratio": "percentunit",
    "seconds": "s",
    "minutes": "m",
    "bytes": "bytes",
    "times": "suffix:×",
    "state": "none",
}
COLOURS: Mapping[Level, str] = {
    "ok": "green",
    "info": "blue",
    "warning": "yellow",
    "critical": "red",
}
# increase() estimates what happened between two scrapes; nobody books half a night.
_DECIMALS: Mapping[Unit, int] = {"ratio": 2, "count": 0}
# One builder per kind; they share no base class that says so, only method names.
AnyPanel = Any


def panel(made_of: Panel) -> AnyPanel:
    """Return the builder of one panel, without its id, place and links."""
    builder = _KINDS[made_of.kind](made_of)
    builder.title(made_of.title).datasource(DATASOURCE).unit(UNITS[made_of.unit])
    builder.no_value(made_of.may_be_empty or NOT_ZERO)
    if made_of.unit in _DECIMALS:
        builder.decimals(_DECIMALS[made_of.unit])
    if made_of.step:
        builder.interval(made_of.step)
    if made_of.span:
        builder.time_from(made_of.span)
    builder.thresholds(_thresholds(made_of.scale or Scale()))
    for number, query in enumerate(made_of.queries):
        builder.with_target(_target(made_of, query, chr(ord("A") + number)))
    return builder


def _target(made_of: Panel, query: Query, name: str) -> prometheus.Dataquery:
    target = (
        prometheus.Dataquery()
        .ref_id(name)
        .datasource(DATASOURCE)
        .expr(f"sort_desc({query.expr})" if made_of.kind == "ranking" else str(query.expr))
        .legend_format(legend(query.legend))
    )
    if made_of.kind == "table":
        target.format(PromQueryFormat.TABLE)
    return target.range() if made_of.kind in OVER_TIME else target.instant()


def legend(text: str) -> str:
    """Return a legend with its labels in Grafana's double braces."""
    return text.replace("{", "{{").replace("}", "}}")


def _thresholds(scale: Scale) -> of_dashboard.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color=COLOURS[scale.floor])]
    steps += [
        dashboard.Threshold(value=value, color=COLOURS[level]) for value, level in scale.steps
    ]
    return of_dashboard.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def _colour(mode: dashboard.FieldColorModeId) -> of_dashboard.FieldColor:
    return of_dashboard.FieldColor().mode(mode)


def _last() -> of_common.ReduceDataOptions:
    return of_common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _over_time(made_of: Panel) -> of_timeseries.Panel:
    builder = (
        of_timeseries.Panel()
        .legend(
            of_common.VizLegendOptions()
            .show_legend(True)
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .calcs(["lastNotNull"])
        )
        .tooltip(
            of_common.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
        .color_scheme(_colour(dashboard.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        # A gap is a fact: nobody was there to say.
        .span_nulls(False)
        .show_points(common.VisibilityMode.AUTO)
        .line_width(1)
        .axis_soft_min(0)
    )
    if made_of.stacked:
        builder.stacking(
            of_common.StackingConfig().mode(common.StackingMode.NORMAL).group("A")
        ).fill_opacity(30)
    if made_of.scale is not None:
        builder.thresholds_style(
            of_common.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    return builder


def _bars(made_of: Panel) -> of_timeseries.Panel:
    return (
        _over_time(made_of)
        .draw_style(common.GraphDrawStyle.BARS)
        .bar_alignment(common.BarAlignment.BEFORE)
        .show_points(common.VisibilityMode.NEVER)
        .fill_opacity(70)
    )


def _value(made_of: Panel) -> stat.Panel:
    return (
        stat.Panel()
        .reduce_options(_last())
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(
            common.BigValueColorMode.BACKGROUND if made_of.scale else common.BigValueColorMode.VALUE
        )
        .text_mode(common.BigValueTextMode.AUTO)
        .color_scheme(_colour(dashboard.FieldColorModeId.THRESHOLDS))
    )


def _ranking(made_of: Panel) -> bargauge.Panel:
    builder = (
        bargauge.Panel()
        .reduce_options(_last())
        .orientation(common.VizOrientation.HORIZONTAL)
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .value_mode(common.BarGaugeValueMode.TEXT)
        .color_scheme(_colour(dashboard.FieldColorModeId.THRESHOLDS))
    )
    for number, query in enumerate(made_of.queries):
        if query.scale is not None:
            builder.override_by_query(
                chr(ord("A") + number),
                [dashboard.DynamicConfigValue("thresholds", _thresholds(query.scale).build())],
            )
    return builder


def _states(made_of: Panel) -> statetimeline.Panel:
    return (
        statetimeline.Panel()
        .show_value(common.VisibilityMode.NEVER)
        .row_height(0.8)
        .merge_values(True)
        .line_width(0)
        .fill_opacity(70)
        .color_scheme(_colour(dashboard.FieldColorModeId.THRESHOLDS))
        .mappings([dashboard.ValueMap(options=_mappings(made_of.states))])
    )


def _mappings(states: tuple[State, ...]) -> dict[str, dashboard.ValueMappingResult]:
    return {
        str(state.value): dashboard.ValueMappingResult(
            text=state.text, color=COLOURS[state.level], index=number
        )
        for number, state in enumerate(states)
    }


def _table(made_of: Panel) -> table.Panel:
    """Return a table with a row per label set and a column per query."""
    headings = {
        f"Value #{chr(ord('A') + number)}" if len(made_of.queries) > 1 else "Value": query
        for number, query in enumerate(made_of.queries)
    }
    builder = (
        table.Panel()
        .align(common.FieldTextAlignment.AUTO)
        .inspect(False)
        .with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            dashboard.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True, "__name__": True},
                    "renameByName": {name: query.legend for name, query in headings.items()},
                },
            )
        )
    )
    for query in headings.values():
        wanted = []
        if query.unit is not None:
            wanted.append(dashboard.DynamicConfigValue("unit", UNITS[query.unit]))
        if query.scale is not None:
            cell = common.TableColoredBackgroundCellOptions()
            wanted += [
                dashboard.DynamicConfigValue("thresholds", _thresholds(query.scale).build()),
                dashboard.DynamicConfigValue("custom.cellOptions", cell),
            ]
        if wanted:
            builder.override_by_name(query.legend, wanted)
    return builder


_KINDS: Mapping[Kind, Callable[[Panel], AnyPanel]] = {
    "lines": _over_time,
    "bars": _bars,
    "value": _value,
    "ranking": _ranking,
    "states": _states,
    "table": _table,
}
