import base64
from typing import Any

import pytest

TEXT = {"type": "text", "text": {"body": "Hola"}}
BUTTON = {"type": "reply", "reply": {"id": "a", "title": "Reservar"}}


def buttons(*found: dict[str, Any], body="¿Cuál?"):
    action = {"buttons": list(found)}
    return {"type": "button", "body": {"text": body}, "action": action}


def rows(*found: dict[str, Any]):
    action = {"button": "Ver", "sections": [{"title": "Cabañas", "rows": list(found)}]}
    return {"type": "list", "body": {"text": "¿Cuál?"}, "action": action}


def template(name: str, *values: str, language: str = "es_AR"):
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "body", "parameters": parameters}]
    return {"name": name, "language": {"code": language}, "components": components}


def sections(count: int):
    found = rows({"id": "a", "title": "a"})
    one = {"title": "x", "rows": []}
    found["action"]["sections"] += [one] * (count - 1)
    return found


def test_a_guests_text_arrives_signed_in_meta_s_envelope(providers, receiver):
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"

    sent = providers.guest(text="¿Hay lugar?", name="Ana", traceparent=trace)

    [webhook] = receiver.wait_for(1)
    assert webhook.authentic
    assert webhook.value["contacts"] == [{"profile": {"name": "Ana"}, "wa_id": "5492944111111"}]
    assert webhook.value["metadata"]["phone_number_id"] == "1122334455667"
    assert webhook.value["messages"] == [
        {
            "from": "5492944111111",
            "id": sent["id"],
            "timestamp": "1795500000",
            "type": "text",
            "text": {"body": "¿Hay lugar?"},
        }
    ]
    assert webhook.headers["traceparent"].split("-")[1] == "ab" * 16
    assert [a["status"] for a in sent["attempts"]] == [200]


def test_an_answer_is_shown_and_its_statuses_come_back_with_our_reference(providers, receiver):
    providers.guest(text="Hola")

    response = providers.send(
        **TEXT, biz_opaque_callback_data="outbox:7", context={"message_id": "wamid.X"}
    )

    assert response.status_code == 200
    data = response.json()
    wamid = data["messages"][0]["id"]
    assert wamid.startswith("wamid.")
    assert data["contacts"] == [{"input": "5492944111111", "wa_id": "5492944111111"}]
    statuses = [w.value["statuses"][0] for w in receiver.wait_for(3, kind="statuses")]
    assert [s["status"] for s in statuses] == ["sent", "delivered", "read"]
    assert {s["id"] for s in statuses} == {wamid}
    assert {s["biz_opaque_callback_data"] for s in statuses} == {"outbox:7"}
    assert [(e["direction"], e["text"]) for e in providers.chat()] == [
        ("in", "Hola"),
        ("out", "Hola"),
    ]
    assert all(w.authentic for w in receiver.received)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"type": "text", "text": {"body": " "}}, 131008),
        ({"type": "text", "text": "x"}, 131008),
        ({"type": "poll"}, 131051),
        ({"type": "interactive", "interactive": buttons()}, 131009),
        ({"type": "interactive", "interactive": buttons(*[BUTTON] * 4)}, 131009),
        ({"type": "interactive", "interactive": buttons(BUTTON, BUTTON)}, 131009),
        ({"type": "interactive", "interactive": buttons(BUTTON, body="x" * 1025)}, 131009),
        (
            {
                "type": "interactive",
                "interactive": buttons({"type": "reply", "reply": {"id": "a", "title": "x" * 21}}),
            },
            131009,
        ),
        ({"type": "interactive", "interactive": rows({"id": "a", "title": "x" * 25})}, 131009),
        (
            {
                "type": "interactive",
                "interactive": rows({"id": "a", "title": "x", "description": "x" * 73}),
            },
            131009,
        ),
        (
            {
                "type": "interactive",
                "interactive": rows(*({"id": str(n), "title": str(n)} for n in range(11))),
            },
            131009,
        ),
        ({"type": "interactive", "interactive": rows(*[{"id": "a", "title": "a"}] * 2)}, 131009),
        ({"type": "interactive", "interactive": {"type": "carousel", "action": {}}}, 131009),
        ({"type": "interactive", "interactive": {"type": "button"}}, 131008),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "cta_url",
                    "body": {"text": "x"},
                    "action": {"parameters": {"display_text": "Pagar", "url": "ftp://x"}},
                },
            },
            131009,
        ),
        (
            {
                "type": "interactive",
                "interactive": {**buttons(BUTTON), "header": {"type": "image", "image": {}}},
            },
            131009,
        ),
        ({"type": "image", "image": {}}, 131008),
        (
            {
                "type": "template",
                "template": {
                    "name": "aviso_reserva",
                    "language": {"code": "es_AR"},
                    "components": [{"type": "body", "parameters": [{"text": "a\nb"}]}],
                },
            },
            132012,
        ),
        ({"type": "template", "template": template("other", "x")}, 132001),
        ({"type": "template", "template": template("aviso_reserva", "x", language="es")}, 132001),
        ({"type": "template", "template": template("aviso_reserva")}, 132000),
        ({"type": "template", "template": template("aviso_reserva", " ")}, 131008),
        ({"type": "template", "template": template("aviso_reserva", "x" * 1025)}, 132005),
        ({"type": "image", "image": {"link": "a.png"}}, 131009),
        ({"type": "image", "image": {"link": "https://x/a.png", "caption": "x" * 1025}}, 131009),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
        ({"type": "location", "location": {"latitude": "1", "longitude": 0}}, 131009),
        (
            {"type": "location", "location": {"latitude": 1, "longitude": 0, "address": "x"}},
            131008,
        ),
        ({"type": "interactive", "interactive": sections(11)}, 131009),
        (
            {"status": "read", "message_id": "wamid.1", "typing_indicator": {"type": "audio"}},
            131009,
        ),
        ({**TEXT, "to": ""}, 131008),
        ({**TEXT, "to": "ana"}, 131009),
        ({**TEXT, "messaging_product": "sms"}, 100),
        ({"status": "read", "message_id": "x"}, 131009),
    ],
)
def test_what_the_graph_api_refuses_is_refused_with_its_code(providers, body, code):
    providers.guest(text="Hola")

    response = providers.send(**body)

    error = response.json()["error"]
    assert response.status_code == 400
    assert error["code"] == code
    assert error["type"] == "OAuthException"
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert error["fbtrace_id"]


@pytest.mark.parametrize(
    "body",
    [
        {"type": "interactive", "interactive": buttons(BUTTON)},
        {"type": "interactive", "interactive": rows({"id": "cabin:1", "title": "Río"})},
        {
            "type": "interactive",
            "interactive": {
                "type": "location_request_message",
                "body": {"text": "¿Dónde?"},
                "action": {"name": "send_location"},
            },
        },
        {"type": "image", "image": {"link": "https://example.com/a.jpg", "caption": "Río"}},
        {"type": "reaction", "reaction": {"message_id": "wamid.X", "emoji": "👍"}},
        {"status": "read", "message_id": "wamid.X", "typing_indicator": {"type": "text"}},
    ],
)
def test_what_the_graph_api_takes_is_taken(providers, body):
    providers.guest(text="Hola")

    assert providers.send(**body).status_code == 200


def test_only_the_number_s_own_token_may_send(providers):
    refused = providers.send(token="other")
    other = providers.http.post(
        "/v25.0/999/messages", json={}, headers={"Authorization": "Bearer dev-only-whatsapp-token"}
    )

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == 190
    assert other.json()["error"]["code"] == 100


def test_a_body_that_is_no_json_is_refused(providers):
    response = providers.http.post(
        "/v25.0/1122334455667/messages",
        content=b"{",
        headers={"Authorization": "Bearer dev-only-whatsapp-token"},
    )

    assert response.status_code == 400
    assert response.json()["error"]["code"] == 100


def test_free_text_is_only_for_24_hours_after_the_guests_last_word(providers):
    notice = template("aviso_reserva", "hola")

    before = providers.send()
    providers.guest(text="Hola")
    within = providers.send()
    providers.clock.now += 24 * 3600 + 1
    after = providers.send()
    templated = providers.send(type="template", template=notice)

    assert [before.status_code, within.status_code, after.status_code] == [400, 200, 400]
    assert after.json()["error"]["code"] == 131047
    assert templated.status_code == 200


def test_one_guest_gets_a_burst_of_45_and_then_one_message_every_six_seconds(providers):
    providers.guest(text="Hola")

    burst = {providers.send().status_code for _ in range(45)}
    over = providers.send()
    providers.clock.now += 6
    later = providers.send()

    assert burst == {200}
    assert over.json()["error"]["code"] == 131056
    assert later.status_code == 200


def test_the_whole_number_has_a_limit_too(providers):
    guests = [f"54929440000{n:02d}" for n in range(81)]
    for guest in guests:
        providers.guest(guest, text="Hola")

    responses = [providers.send(guest) for guest in guests]

    assert [r.status_code for r in responses].count(429) == 1
    assert responses[-1].json()["error"]["code"] == 130429


def test_a_tapped_option_comes_back_as_it_was_drawn(providers, receiver):
    providers.guest(text="Hola")
    listed = {"id": "cabin:1", "title": "Río", "description": "4 personas"}
    first = providers.send(type="interactive", interactive=rows(listed)).json()
    providers.send(type="interactive", interactive=buttons(BUTTON))

    providers.guest(button={"id": "cabin:1"})
    providers.guest(button={"id": "a"})

    messages = [w.value["messages"][0] for w in receiver.wait_for(3, kind="messages")]
    assert messages[1]["interactive"] == {"type": "list_reply", "list_reply": listed}
    assert messages[1]["context"]["id"] == first["messages"][0]["id"]
    assert messages[2]["interactive"]["button_reply"] == {"id": "a", "title": "Reservar"}


def test_duplicates_batches_and_bad_signatures_arrive_as_such(providers, receiver):
    providers.guest(text="dos veces", duplicate=1)
    batch = providers.guest(
        text="uno", batch=[{"text": "dos"}, {"wa_id": "5492944222222", "text": "tres"}]
    )
    wrong = providers.guest(text="falso", signature="wrong")
    providers.guest(text="falso", signature="missing")
    providers.guest(text="después", delay_s=0.01)

    webhooks = receiver.wait_for(6, kind="messages")
    bodies = [[m["text"]["body"] for m in w.value["messages"]] for w in webhooks]
    assert bodies == [
        ["dos veces"],
        ["dos veces"],
        ["uno", "dos", "tres"],
        ["falso"],
        ["falso"],
        ["después"],
    ]
    assert webhooks[0].body == webhooks[1].body
    assert [w.authentic for w in webhooks] == [True, True, True, False, False, True]
    assert "x-hub-signature-256" not in webhooks[4].headers
    assert len(batch["ids"]) == 3
    assert wrong["attempts"][0]["status"] == 401
    assert [e["text"] for e in providers.chat()] == ["dos veces", "uno", "dos", "después"]


def test_any_message_and_any_bytes_can_be_sent(providers, receiver):
    reaction = {"type": "reaction", "reaction": {"message_id": "wamid.X", "emoji": "😮"}}
    providers.guest(message=reaction)
    providers.http.post("/_control/whatsapp/webhook", content=b"{garbage")

    webhooks = receiver.wait_for(2)
    assert webhooks[0].value["messages"][0]["reaction"]["emoji"] == "😮"
    assert webhooks[1].body == b"{garbage"
    assert webhooks[1].authentic


def test_a_webhook_is_sent_again_until_it_is_taken(providers, receiver):
    receiver.answers = [503, 500]

    sent = providers.guest(text="Hola")

    webhooks = receiver.wait_for(3)
    assert sent["attempts"][0]["status"] == 503
    assert {w.body for w in webhooks} == {webhooks[0].body}


def test_a_webhook_that_nobody_takes_is_given_up(providers, receiver):
    receiver.answers = [500] * 3

    providers.guest(text="Hola")

    receiver.wait_for(3)
    assert len(receiver.received) == 3


def test_a_voice_note_can_be_looked_up_and_downloaded_for_five_minutes(providers, receiver):
    content = base64.b64encode(b"OggS...").decode()
    providers.guest(media={"base64": content, "kind": "audio", "caption": "nota"})
    [webhook] = receiver.wait_for(1)
    audio = webhook.value["messages"][0]["audio"]
    headers = {"Authorization": "Bearer dev-only-whatsapp-token"}

    found = providers.http.get(f"/v25.0/{audio['id']}", headers=headers).json()
    content = providers.http.get(found["url"], headers=headers)
    without_token = providers.http.get(found["url"])
    forged = providers.http.get(found["url"][:-4] + "0000", headers=headers)
    providers.clock.now += 301
    expired = providers.http.get(found["url"], headers=headers)

    assert audio["voice"] is True
    assert (content.content, content.headers["content-type"]) == (b"OggS...", audio["mime_type"])
    assert found["file_size"] == 7
    assert base64.b64decode(audio["sha256"]).hex() == found["sha256"]
    assert [without_token.status_code, forged.status_code, expired.status_code] == [401, 404, 404]


def test_media_can_be_uploaded(providers):
    headers = {"Authorization": "Bearer dev-only-whatsapp-token"}
    files = {"file": ("a.jpg", b"\xff\xd8", "image/jpeg")}
    url = "/v25.0/1122334455667/media"

    response = providers.http.post(
        url, headers=headers, files=files, data={"messaging_product": "whatsapp"}
    )
    refused = providers.http.post(url, headers=headers, files=files)
    kept = providers.http.get(f"/v25.0/{response.json()['id']}", headers=headers).json()
    unknown = providers.http.get("/v25.0/123", headers=headers)
    by_control = providers.http.post(
        "/_control/whatsapp/media", content=b"x", headers={"Content-Type": "image/png"}
    ).json()

    assert (kept["mime_type"], kept["file_size"]) == ("image/jpeg", 2)
    assert refused.status_code == 400
    assert unknown.json()["error"]["code"] == 100
    assert by_control["mime_type"] == "image/png"


def test_single_guests_can_be_hard_to_reach(providers, receiver):
    nine = "5492944111111"
    for guest in (nine, "5492944222222", "5492944333333", "5492944444444"):
        providers.guest(guest, text="Hola")
    providers.control("PUT", f"whatsapp/recipients/{nine}", {"without_nine_only": True})
    providers.control("PUT", "whatsapp/recipients/5492944222222", {"error": 131026})
    providers.control("PUT", "whatsapp/recipients/5492944333333", {"failed_status": 131026})
    providers.control("PUT", "whatsapp/recipients/5492944444444", {"window_closed": True})

    with_nine = providers.send(nine)
    without_nine = providers.send("542944111111")
    unreachable = providers.send("5492944222222")
    failed = providers.send("5492944333333")
    closed = providers.send("5492944444444")

    assert with_nine.json()["error"]["code"] == 131030
    assert without_nine.json()["contacts"][0]["wa_id"] == nine
    assert unreachable.json()["error"]["code"] == 131026
    assert failed.status_code == 200
    assert closed.json()["error"]["code"] == 131047
    statuses = [w.value["statuses"][0] for w in receiver.wait_for(4, kind="statuses")]
    [told] = [s for s in statuses if s["status"] == "failed"]
    assert told["errors"][0]["code"] == 131026
    assert [e["direction"] for e in providers.chat("5492944333333")] == ["in"]


@pytest.mark.parametrize(
    "message",
    [
        {"wa_id": "ana", "text": "Hola"},
        {"text": 3},
        {"text": "x", "signature": "other"},
        {"text": "x", "tetx": "x"},
        {"media": {"kind": "hologram"}},
        {"media": {"base64": "%"}},
        {"button": {}},
    ],
)
def test_a_guest_s_message_that_cannot_be_made_is_explained(providers, message):
    body = {"wa_id": "5492944111111", **message}

    answer = providers.control("POST", "whatsapp/inbound", body, status=422)

    assert answer["detail"]


def test_the_owner_s_own_words_come_as_an_echo(providers, receiver):
    providers.control("POST", "whatsapp/chats/5492944111111/echo", {"text": "Te confirmo"})

    [webhook] = receiver.wait_for(1)
    assert webhook.authentic
    assert webhook.json["entry"][0]["changes"][0]["field"] == "smb_message_echoes"
    [echo] = webhook.value["message_echoes"]
    assert (echo["to"], echo["text"]["body"]) == ("5492944111111", "Te confirmo")
    assert [(e["direction"], e["text"]) for e in providers.chat()] == [("out", "Te confirmo")]
    providers.control("POST", "whatsapp/chats/5492944111111/echo", {"text": " "}, status=422)


def test_a_guest_without_a_number_is_written_to_by_their_scoped_id(providers, receiver):
    scoped = "AR.13491208655302741918"
    providers.guest(scoped, text="Hola")

    [webhook] = receiver.wait_for(1)
    [message] = webhook.value["messages"]
    assert "from" not in message
    assert message["from_user_id"] == scoped
    assert webhook.value["contacts"] == [{"profile": {"name": "Invitado"}, "user_id": scoped}]
    response = providers.http.post(
        "/v25.0/1122334455667/messages",
        json={"messaging_product": "whatsapp", "recipient": scoped, **TEXT},
        headers={"Authorization": "Bearer dev-only-whatsapp-token"},
    )
    assert response.json()["contacts"] == [{"input": scoped, "user_id": scoped}]
    assert [e["direction"] for e in providers.chat(scoped)] == ["in", "out"]


def test_pictures_and_places_are_shown(providers):
    providers.guest(text="Hola")

    providers.send(type="image", image={"link": "https://x/a.png", "caption": "De día"})
    providers.send(
        type="location", location={"latitude": -40.7, "longitude": -71.6, "name": "Cabañas"}
    )

    _, image, place = providers.chat()
    assert (image["image"], image["text"]) == ("https://x/a.png", "De día")
    assert (place["place"]["latitude"], place["text"]) == (-40.7, "Cabañas")


def test_messages_can_come_from_the_past(providers, receiver):
    providers.guest(text="vieja", sent_at="2026-11-20T10:00:00+00:00")
    providers.guest(text="vieja", sent_at="1795400000")

    first, second = receiver.wait_for(2)
    assert first.value["messages"][0]["timestamp"] == "1795168800"
    assert second.value["messages"][0]["timestamp"] == "1795400000"
    assert providers.send().json()["error"]["code"] == 131047
