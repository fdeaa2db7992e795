"""One board a module, its rows beside it where it is long: data only."""

# Why a quantile over time has a window of its own.
FEW_EVENTS = "at a cabin's traffic a narrower window holds no event"
