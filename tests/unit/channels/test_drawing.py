from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alojamientos.channels.whatsapp import drawing
from alojamientos.conversation import replies
from alojamientos.conversation.messages import Option, Picture, Place, Reply
from alojamientos.ops.simulator import graph

OPTIONS = st.builds(
    Option,
    id=st.text(min_size=1, max_size=300).filter(str.strip),
    title=st.text(max_size=40),
    description=st.text(max_size=100),
)
REPLIES = st.builds(
    Reply,
    text=st.text(max_size=6000),
    options=st.lists(OPTIONS, max_size=14, unique_by=lambda o: o.id[:200]).map(tuple),
    url=st.none() | st.just("https://pagos.example/1"),
    url_title=st.text(max_size=40),
    header=st.text(max_size=100),
    footer=st.text(max_size=100),
    images=st.lists(
        st.builds(
            Picture, url=st.just("https://fotos.example/1.png"), caption=st.text(max_size=1200)
        ),
        max_size=3,
    ).map(tuple),
    place=st.none()
    | st.builds(
        Place,
        latitude=st.floats(-90, 90),
        longitude=st.floats(-180, 180),
        name=st.text(max_size=20),
        address=st.text(max_size=20),
    ),
)


def titles(drawn: dict[str, Any]) -> list[str]:
    action = drawn["interactive"]["action"]
    if "buttons" in action:
        return [button["reply"]["title"] for button in action["buttons"]]
    return [row["title"] for row in action["sections"][0]["rows"]]


def test_a_plain_reply_is_a_text():
    assert drawing.draw(Reply(text="Hola")) == {
        "type": "text",
        "text": {"preview_url": False, "body": "Hola"},
    }


@pytest.mark.parametrize("text", ["", "  \n ", "\x1f"])
def test_a_message_is_never_empty(text: str):
    linked = drawing.draw(Reply(text=text, url="https://pagos.example/1", url_title=text))

    assert drawing.draw(Reply(text=text))["text"]["body"] == "…"
    assert linked["interactive"]["body"]["text"] == "…"
    assert linked["interactive"]["action"]["parameters"]["display_text"] == "Abrir"


def test_a_text_carries_header_and_footer_in_its_body():
    drawn = drawing.draw(Reply(text="Hola", header="Cabaña Río", footer="Seña 30 %"))

    assert drawn["text"]["body"] == "*Cabaña Río*\n\nHola\n\nSeña 30 %"


def test_up_to_three_short_options_are_buttons():
    options = tuple(Option(id=str(n), title=f"Opción {n}") for n in range(3))

    drawn = drawing.draw(Reply(text="¿Cuál?", options=options, header="Elegí", footer="o escribí"))

    assert drawn["interactive"]["type"] == "button"
    assert titles(drawn) == ["Opción 0", "Opción 1", "Opción 2"]
    assert drawn["interactive"]["header"] == {"type": "text", "text": "Elegí"}
    assert drawn["interactive"]["footer"] == {"text": "o escribí"}


@pytest.mark.parametrize(
    "options",
    [
        tuple(Option(id=str(n), title=f"Opción {n}") for n in range(4)),
        (Option(id="1", title="Río", description="4 personas"),),
        tuple(Option(id=str(n), title=f"Una cabaña muy linda {n}") for n in range(2)),
    ],
)
def test_options_that_are_no_buttons_are_a_list(options: tuple[Option, ...]):
    drawn = drawing.draw(Reply(text="¿Cuál?", options=options))

    assert drawn["interactive"]["type"] == "list"
    assert len(titles(drawn)) == len(options)


def test_a_link_is_a_button():
    drawn = drawing.draw(
        Reply(text="Pagá acá: https://pagos.example/1", url="https://pagos.example/1")
    )

    assert drawn["interactive"]["type"] == "cta_url"
    assert drawn["interactive"]["action"]["parameters"] == {
        "display_text": "Abrir",
        "url": "https://pagos.example/1",
    }


def test_a_long_text_breaks_where_a_reader_would():
    paragraph = "Una frase que dice algo. " * 60

    parts = drawing.split(Reply(text="\n\n".join([paragraph] * 5)))

    assert len(parts) == 3
    assert all(part.text.endswith("algo.") for part in parts)
    assert all(len(part.text) <= 4096 for part in parts)


def test_what_can_be_tapped_goes_with_the_last_part():
    option = Option(id="1", title="Sí")

    parts = drawing.split(Reply(text="palabra " * 300, options=(option,)))

    assert [part.options for part in parts[:-1]] == [()] * (len(parts) - 1)
    assert parts[-1].options == (option,)
    assert len(parts[-1].text) <= 1024


def test_a_cut_leaves_no_half_of_a_character():
    family = "👨‍👩‍👧‍👦"

    assert drawing.shorten(family * 3, 10) == family + "…"
    assert drawing.shorten("Cabaña muy larga del lago", 10) == "Cabaña mu…"


@settings(max_examples=400)
@given(reply=REPLIES)
def test_whatever_is_said_is_accepted_by_the_api_and_nothing_of_a_text_is_lost(reply: Reply):
    parts = drawing.split(reply)

    for part in parts:
        graph.draw(drawing.draw(part))
    said = "".join("".join(part.text.split()) for part in parts)
    assert "".join(reply.text.split()) in said


def test_what_is_looked_at_comes_first_and_choices_with_the_words():
    reply = Reply(
        text="¿Reservamos?",
        images=(Picture(url="https://fotos.example/1.png", caption="De día"),),
        place=Place(latitude=-40.7, longitude=-71.6, address="Ruta 40"),
        options=(Option(id="ask", title="Sí"),),
    )

    image, place, words = (drawing.draw(part) for part in drawing.split(reply))

    assert image["image"] == {"link": "https://fotos.example/1.png", "caption": "De día"}
    # An address is refused without a name.
    assert place["location"] == {"latitude": -40.7, "longitude": -71.6}
    assert words["interactive"]["type"] == "button"


def test_what_we_write_on_buttons_fits_uncut():
    ours = [value for value in vars(replies).values() if isinstance(value, Option)]

    assert len(ours) >= 7
    assert [option.title for option in ours if len(option.title) > 20] == []
