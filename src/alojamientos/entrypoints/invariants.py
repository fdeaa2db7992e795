"""Every condition that must always hold, from every room that has any."""

from alojamientos.payments.invariants import INVARIANTS as OF_PAYMENTS
from alojamientos.reservations.invariants import INVARIANTS as OF_RESERVATIONS

ALL = (*OF_RESERVATIONS, *OF_PAYMENTS)
