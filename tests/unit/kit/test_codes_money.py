import pytest
from hypothesis import given
from hypothesis import strategies as st

from alojamientos.kit import codes
from alojamientos.kit.errors import Invalid
from alojamientos.kit.money import format_money, parse_money


def test_codes_are_sixty_random_bits_in_a_readable_alphabet():
    made = {codes.new_code() for _ in range(2000)}

    assert len(made) == 2000
    letters = {letter for code in made for letter in code if letter != "-"}
    assert letters == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert all([len(part) for part in code.split("-")] == [4, 4, 4] for code in made)


@pytest.mark.parametrize(
    "text", ["7k3m-9qxt-a2bo", "7K3M9QXTA2B0", " 7k3m 9qxt-a2bO ", "7K3M-9QXT-A2B0"]
)
def test_code_is_read_however_it_is_written(text):
    assert codes.canonical(text) == "7K3M-9QXT-A2B0"


@pytest.mark.parametrize("text", ["", "7K3M", "7K3M-9QXT-A2B0-1", "7K3M-9QXT-A2BU", "ßßßß-ßß"])
def test_text_that_is_no_code_is_none(text):
    assert codes.canonical(text) is None


@given(st.text(max_size=30))
def test_canonical_form_is_stable(text):
    code = codes.canonical(text)

    assert code is None or codes.canonical(code) == code


@pytest.mark.parametrize(
    ("centavos", "text"),
    [
        (150_000_00, "$ 150.000"),
        (1_234_567_00, "$ 1.234.567"),
        (99_50, "$ 99,50"),
        (0, "$ 0"),
        (-20_000_00, "-$ 20.000"),
    ],
)
def test_money_is_written_as_argentines_do(centavos, text):
    assert format_money(centavos) == text


@pytest.mark.parametrize(
    ("text", "centavos"),
    [
        ("150000", 150_000_00),
        ("150.000", 150_000_00),
        ("$ 1.234.567,50", 1_234_567_50),
        ("1500,5", 1500_50),
        ("0,01", 1),
        (" 7 ", 7_00),
        ("999.999.999", 999_999_999_00),
    ],
)
def test_money_is_read_as_argentines_write_it(text, centavos):
    assert parse_money(text) == centavos


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-5",
        "1,234.50",
        "1.50.000",
        "1.2345",
        "12,345",
        "5 mil",
        "1e9",
        "٣",
        "1.500.50",
        "1500.50",
        "," * 9,
    ],
)
def test_what_is_no_amount_is_refused_by_its_field(text):
    with pytest.raises(Invalid, match="is none") as refused:
        parse_money(text)

    assert refused.value.extra["field"] == "amount"


@given(st.integers(0, 10**13))
def test_money_that_was_written_is_read_back(centavos):
    assert parse_money(format_money(centavos)) == centavos
