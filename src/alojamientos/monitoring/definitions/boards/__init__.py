"""One module per dashboard: data only."""
