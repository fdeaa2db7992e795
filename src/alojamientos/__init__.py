"""Bookings for small lodgings, and the monitoring that watches them."""
