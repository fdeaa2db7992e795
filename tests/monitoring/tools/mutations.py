"""Small wrong turns of a PromQL expression, one at a time, each of which a case should notice."""

import re
from collections.abc import Iterator

import promql_parser

_BRACES = re.compile(r"\{[^}]*\}")
_QUOTED = re.compile(r'"[^"]*"')
_COMPARATOR = re.compile(r"(?<![=<>!])(==|!=|>=|<=|>|<)(?!=)")
_NUMBER = re.compile(r"(?<![\w.\[])\d+(?:\.\d+)?(?![\w.:])")
_WINDOW = re.compile(r"\[(\d+)([smhdw])\]")
_AGGREGATION = re.compile(r"\b(sum|max|min|avg|count)\b(?=\s*(?:by\s*)?\()")
_GROUPING = re.compile(r" by \([^)]*\)")
_SET = re.compile(r"\b(and|or|unless)\b")
_FUNCTION = re.compile(r"\b(rate|increase)\b(?=\()")
_ARITHMETIC = re.compile(r" ([+*/-]) ")
_MATCHER = re.compile(r'([A-Za-z_]\w*)(=~|!~|!=|=)"([^"]*)"')

_COMPARATORS = {
    ">": (">=", "<"),
    "<": ("<=", ">"),
    ">=": (">", "<"),
    "<=": ("<", ">"),
    "==": ("!=",),
    "!=": ("==",),
}
_AGGREGATIONS = {
    "sum": ("max", "min"),
    "max": ("min", "sum"),
    "min": ("max", "sum"),
    "avg": ("max", "min"),
    "count": ("sum", "min"),
}
_SETS = {"and": ("or", "unless"), "or": ("and",), "unless": ("and",)}
_FUNCTIONS = {"rate": ("increase",), "increase": ("rate",)}
_ARITHMETICS = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",)}
_OPERATORS = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_SMALL = 20


def of_expression(text: str) -> Iterator[tuple[str, str]]:
    """Yield what was changed, and the changed expression; only those that Prometheus accepts."""
    seen = {text}
    for what, changed in _changes(text):
        if changed not in seen and _is_accepted(changed):
            seen.add(changed)
            yield what, changed


def of_hold(hold: str, step: int) -> Iterator[tuple[str, str]]:
    """Yield the durations around a `for`, a step of seconds away, and none at all."""
    seconds = in_seconds(hold)
    for changed in (seconds - step, seconds + step, 0):
        if changed >= 0 and changed != seconds:
            yield f"for: {hold} → {changed}s", f"{changed}s"


def in_seconds(duration: str) -> int:
    """Return the seconds of a duration like 1h30m."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)([smhdw])", duration))


def _changes(text: str) -> Iterator[tuple[str, str]]:
    bare = _hidden(text, _BRACES)
    replaced = (
        (_COMPARATOR, lambda found: _COMPARATORS[found[1]]),
        (_NUMBER, lambda found: _numbers(found[0])),
        (_WINDOW, lambda found: _windows(int(found[1]), found[2])),
        (_AGGREGATION, lambda found: _AGGREGATIONS[found[1]]),
        (_GROUPING, lambda _: ("",)),
        (_SET, lambda found: _SETS[found[1]]),
        (_FUNCTION, lambda found: _FUNCTIONS[found[1]]),
        (_ARITHMETIC, lambda found: (f" {_ARITHMETICS[found[1]][0]} ",)),
    )
    for pattern, others in replaced:
        for found in pattern.finditer(bare):
            for other in others(found):
                yield _change(text, found.start(), found.end(), other)
    for number, braces in enumerate(_BRACES.finditer(text), 1):
        yield from _matchers(text, braces, number)


def _hidden(text: str, pattern: re.Pattern[str]) -> str:
    """Blank what `pattern` finds, and what is quoted, keeping every position."""

    def blank(found: re.Match[str]) -> str:
        return "\0" * len(found[0])

    return _QUOTED.sub(blank, pattern.sub(blank, text))


def _change(text: str, start: int, end: int, other: str) -> tuple[str, str]:
    number = text.count(text[start:end], 0, start) + 1
    what = f"{text[start:end].strip()} → {other.strip() or 'nothing'}"
    return f"{what} (no. {number})", text[:start] + other + text[end:]


def _numbers(text: str) -> tuple[str, ...]:
    value = float(text)
    step = 1.0 if value == 0 or 1 <= value < _SMALL else value / 10
    return tuple(f"{changed:.10g}" for changed in (value + step, value - step))


def _windows(count: int, unit: str) -> tuple[str, ...]:
    seconds = in_seconds(f"{count}{unit}")
    return f"[{2 * seconds}s]", f"[{seconds // 2}s]"


def _matchers(text: str, braces: re.Match[str], number: int) -> Iterator[tuple[str, str]]:
    inner = text[braces.start() + 1 : braces.end() - 1]
    matchers = list(_MATCHER.finditer(inner))
    for index, found in enumerate(matchers):
        label, operator, value = found.groups()
        others = [other[0] for other in matchers if other is not found]
        variants = [(f"without {found[0]}", others)]
        changed = [f'{label}{_OPERATORS[operator]}"{value}"']
        if operator.endswith("~") and "|" in value:
            parts = value.split("|")
            changed += [
                f'{label}{operator}"{"|".join(parts[:n] + parts[n + 1 :])}"'
                for n in range(len(parts))
            ]
        variants += [
            (f"{found[0]} → {new}", [*others[:index], new, *others[index:]]) for new in changed
        ]
        for what, kept in variants:
            new = "{" + ",".join(kept) + "}" if kept else ""
            yield (
                f"{what} (no. {number})",
                text[: braces.start()] + new + text[braces.end() :],
            )


def _is_accepted(text: str) -> bool:
    try:
        promql_parser.parse(text)
    except ValueError:
        return False
    return True
