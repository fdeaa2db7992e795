"""Which machines may be asked for what a stranger's URL names."""

import pytest

from alojamientos.kit import addresses
from alojamientos.kit.errors import Invalid


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "240.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_what_is_not_public_is_seen_through_every_disguise(address):
    assert not addresses.is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "200.45.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_what_is_public_is_let_through(address):
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "https://"),
        ("ftp://example.org/a", "https://"),
        ("example.org/a.ics", "https://"),
        ("https:///a.ics", "no host"),
        ("https://me:pw@example.org/a", "user or password"),
        ("https://example.org:8080/a", "port"),
        ("https://example.org:80/a", "port"),
        ("http://example.org/a.ics", "https://"),
        ("https://example.org:99999/a", "cannot be read"),
        ("https://[::1/a", "cannot be read"),
        ("https://example.org/a b", "spaces"),
        ("https://example.org/\r\nHost: x", "spaces"),
        ("https://example.org/" + "a" * 2000, "too long"),
    ],
)
def test_a_url_that_may_not_be_asked_for_is_refused_without_repeating_it(url, words):
    with pytest.raises(Invalid, match=words) as caught:
        addresses.check_url(url)

    assert caught.value.extra["field"] == "url"
    assert url not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        *("https://127.0.0.1/a", "https://localhost/a", "https://2130706433/a"),
        *("https://0x7f.1/a", "https://0X7F000001/a", "https://017700000001/a", "https://127.1/a"),
        *("https://127.0.0.1./a", "https://[::1]/a", "https://[::ffff:127.0.0.1]/a"),
        *("https://1.1.1.1/a", "https://[2606:4700::1111]/a"),  # nor is any other number taken
    ],
)
async def test_a_machine_is_refused_by_its_number_and_this_one_by_any_name(url):
    with pytest.raises(addresses.AddressRefused):
        await addresses.resolve(url)


async def test_a_private_machine_may_be_allowed():
    target = await addresses.resolve("http://localhost:8100/a?s=1", allow_private=True)

    assert {"127.0.0.1", "::1"}.issuperset(target.addresses)
    assert target.host_header == "localhost:8100"


async def test_a_public_address_is_kept_as_it_was_checked():
    target = await addresses.resolve("https://1.1.1.1/a", allow_private=True)

    assert target.origins() == ["https://1.1.1.1:443"]
    assert target.host_header == "1.1.1.1"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://1.1.1.1", "/"),
        ("https://1.1.1.1?t=1", "/?t=1"),
        ("https://1.1.1.1/a%2Fb.ics?s=%20&t=1#part", "/a%2Fb.ics?s=%20&t=1"),
    ],
)
async def test_the_path_is_asked_for_as_it_was_written(url, path):
    assert (await addresses.resolve(url, allow_private=True)).request_path == path
