"""Events that the simulators log; no phone, address or token is a field of any."""

SERVED = "simulator.request_served"  # provider, operation, status, fault, duration_ms
WEBHOOK = "simulator.webhook_sent"  # provider, kind, status, attempt, duration_ms
WEBHOOK_GIVEN_UP = "simulator.webhook_abandoned"  # provider, kind, attempts
MAIL = "simulator.mail_received"  # mail_id, size
STARTED = "simulator.start_finished"  # part, host, port
STOPPED = "simulator.stop_finished"  # part
