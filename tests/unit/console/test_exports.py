from datetime import date

import pytest

from alojamientos.console.exports import Pesos, cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+5492944123456",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =HYPERLINK(1)",
        "\uff1d1+1",
        "\0=1",
    ],
)
def test_what_a_spreadsheet_would_run_is_text(text):
    assert cell(text).startswith("'")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Ana Pérez", "Ana Pérez"),
        ("a=b", "a=b"),
        (None, ""),
        (Pesos(-1_234_567_05), "-1234567,05"),
        (Pesos(-5), "-0,05"),
        (3, "3"),
        (date(2027, 1, 5), "05/01/2027"),
    ],
)
def test_plain_values_are_written_as_argentina_s_excel_reads_them(value, written):
    assert cell(value) == written
