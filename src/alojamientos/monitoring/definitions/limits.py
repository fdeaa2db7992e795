"""What Prometheus takes in from a process of ours: a label that runs wild fails its scrape."""

SAMPLE_LIMIT = 5000
SCRAPE_LIMITS = {
    "sample_limit": SAMPLE_LIMIT,
    "label_limit": 30,
    "label_value_length_limit": 200,
    "body_size_limit": "5MB",
}
