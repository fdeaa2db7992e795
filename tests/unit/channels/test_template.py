import pytest

from alojamientos.channels.whatsapp import template


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("El sistema no responde", "El sistema no responde"),
        ("dos\nlíneas\ty      espacios ", "dos líneas y espacios"),
        ("", "-"),
        ("  \n", "-"),
        ("a" * 400, "a" * 400),
        ("a" * 401, "a" * 399 + "…"),
    ],
)
def test_parameters_are_made_as_the_provider_wants_them(given, sent):
    body = template.body(to="5492944000001", name="alerta", language="es_AR", parameters=[given])

    assert body["template"]["components"] == [
        {"type": "body", "parameters": [{"type": "text", "text": sent}]}
    ]
