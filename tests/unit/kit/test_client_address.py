import pytest

from alojamientos.kit.ratelimit import client_address, parse_networks

PROXIES = parse_networks("10.0.0.0/8, 192.0.2.1,fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["1.1.1.1"], "203.0.113.7"),  # not a proxy of ours: not believed
        ("10.0.0.1", ["1.1.1.1"], "1.1.1.1"),
        ("10.0.0.1", ["9.9.9.9, 1.1.1.1"], "1.1.1.1"),  # what is left of it may be forged
        ("10.0.0.1", ["9.9.9.9", "1.1.1.1"], "1.1.1.1"),
        ("10.0.0.1", ["1.1.1.1, 10.2.3.4", "192.0.2.1"], "1.1.1.1"),
        ("10.0.0.1", ["10.2.3.4"], "10.2.3.4"),
        ("10.0.0.1", ["1.1.1.1, garbage"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1:4711"], "1.1.1.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("fd00::1", ["[2001:db8:1:2:3::4]:443"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", [], "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", ["1.1.1.1"], "1.1.1.1"),
        (None, ["1.1.1.1"], "unknown"),
        ("unix", [], "unknown"),
    ],
)
def test_client_is_whom_the_last_trusted_proxy_saw(peer, forwarded, client):
    assert client_address(peer, forwarded, trusted=PROXIES) == client


def test_without_proxies_no_header_is_believed():
    assert parse_networks(" ") == ()
    assert client_address("10.0.0.1", ["1.1.1.1"], trusted=()) == "10.0.0.1"


def test_network_that_is_none_is_named():
    with pytest.raises(ValueError, match="not-an-address"):
        parse_networks("10.0.0.1, not-an-address")
