from alojamientos.conversation import choices
from alojamientos.conversation.messages import InboundMessage, MessageKind, Option, Reply
from alojamientos.conversation.state import State

OFFER = Reply(
    text="¿Cuál?", options=(Option(id="cabin:1", title="Río"), Option(id="ask", title="Más"))
)


def press(button_id: str) -> InboundMessage:
    return InboundMessage(
        channel="whatsapp",
        external_id="wamid.1",
        address="1",
        kind=MessageKind.BUTTON,
        button_id=button_id,
    )


def test_what_is_offered_is_bound_to_its_offer_and_what_stands_alone_is_not():
    state, [reply] = choices.bind(State(), State(), [OFFER], cause="wamid.1")

    bound, standing = (option.id for option in reply.options)
    assert bound == f"cabin:1~{state.offer}"
    assert standing == "ask"
    assert choices.picked(press(bound), state) == choices.Picked(action="cabin:1")


def test_answering_the_same_message_again_offers_the_same():
    first, _ = choices.bind(State(), State(), [OFFER], cause="wamid.1")
    again, _ = choices.bind(State(), State(), [OFFER], cause="wamid.1")
    other, _ = choices.bind(State(), State(), [OFFER], cause="wamid.2")

    assert first.offer == again.offer != other.offer


def test_an_action_that_was_not_in_the_offer_is_stale_though_the_offer_is_there():
    state, _ = choices.bind(State(), State(), [OFFER], cause="wamid.1")

    picked = choices.picked(press(f"cabin:2~{state.offer}"), state)
    assert picked == choices.Picked(action="cabin:2", stale=True)


def test_ids_fit_into_the_narrowest_channel():
    long = Reply(text="x", options=(Option(id="cancel:yes", title="x"),))
    _, [reply] = choices.bind(State(), State(), [long], cause="w" * 500)

    assert len(reply.options[0].id) <= 200


def test_offers_survive_being_stored():
    state, _ = choices.bind(State(), State(), [OFFER], cause="wamid.1")

    assert State.from_json(state.to_json()) == state
