"""Hand-written Alembic revisions."""
