import re

import pytest

ITEM = {"title": "Seña", "quantity": 1, "unit_price": 100.0}


def test_a_preference_echoes_and_adds_its_links(providers):
    preference = providers.preference(metadata={"reservation_id": "7"})

    assert preference["id"].startswith("843382748-")
    assert preference["collector_id"] == 843382748
    assert preference["init_point"] == (
        f"{providers.url}/checkout/v1/redirect?pref_id={preference['id']}"
    )
    assert preference["metadata"] == {"reservation_id": "7"}
    found = providers.mercadopago("GET", f"/checkout/preferences/{preference['id']}")
    assert found.json() == preference
    assert providers.mercadopago("GET", "/checkout/preferences/other").status_code == 404


def test_the_same_idempotency_key_makes_one_preference(providers):
    body = {"items": [ITEM], "external_reference": "R1"}

    first, second, other = (
        providers.mercadopago("POST", "/checkout/preferences", body, key=key).json()
        for key in ("k", "k", "other")
    )

    assert first == second
    assert other["id"] != first["id"]


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [ITEM | {"unit_price": "100"}]},
        {"items": [ITEM | {"unit_price": 0}]},
        {"items": [ITEM | {"quantity": 0}]},
        {"items": [ITEM | {"currency_id": "USD"}]},
        {"items": [ITEM], "external_reference": "x" * 257},
        {"items": [ITEM], "auto_return": "approved"},
        {"items": [ITEM], "notification_url": "notify"},
        {"items": [ITEM], "expiration_date_to": "tomorrow"},
        {"items": [ITEM], "expiration_date_to": "2030-01-01T00:00:00"},
        {"items": [ITEM], "expiration_date_to": "2020-01-01T00:00:00.000-03:00"},
        {
            "items": [ITEM],
            "expiration_date_from": "2031-01-01T00:00:00.000-03:00",
            "expiration_date_to": "2030-01-01T00:00:00.000-03:00",
        },
    ],
)
def test_a_preference_that_they_would_refuse_is_refused(providers, body):
    response = providers.mercadopago("POST", "/checkout/preferences", body)

    assert response.status_code == 400
    assert response.json()["error"] == "bad_request"
    assert response.json()["cause"]


def test_every_call_wants_the_accounts_token(providers):
    for method, path in (
        ("POST", "/checkout/preferences"),
        ("GET", "/v1/payments/1"),
        ("GET", "/v1/payments/search"),
    ):
        response = providers.mercadopago(method, path, token="other")
        assert response.status_code == 401
        assert response.json()["message"] == "invalid_token"


def test_a_payment_is_told_by_manifest_signature_and_can_be_fetched(providers, receiver):
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    providers.preference(
        notification_url=f"{providers.config.mercadopago_webhook_url}?source_news=webhooks"
    )

    answer = providers.pay(traceparent=trace)

    [webhook] = receiver.wait_for(1)
    payment_id = str(answer["payment"]["id"])
    assert webhook.authentic
    assert webhook.query == {"source_news": "webhooks", "data.id": payment_id, "type": "payment"}
    assert webhook.json["data"] == {"id": payment_id}
    assert webhook.json["action"] == "payment.created"
    assert not {"status", "amount"} & webhook.json.keys()
    assert webhook.headers["traceparent"].split("-")[1] == "ab" * 16
    payment = providers.mercadopago("GET", f"/v1/payments/{payment_id}").json()
    assert payment["status"] == "approved"
    assert payment["status_detail"] == "accredited"
    assert payment["transaction_amount"] == 81000.5
    assert payment["external_reference"] == "R1"
    assert payment["live_mode"] is False
    assert isinstance(payment["id"], int)


def test_an_unknown_payment_is_404(providers):
    assert providers.mercadopago("GET", "/v1/payments/123456").status_code == 404


def test_notifications_can_be_lost_doubled_and_refused(providers, receiver):
    providers.preference()
    lost = providers.pay(notify=False)
    assert lost["attempts"] == []
    assert receiver.received == []

    payment = providers.pay(duplicates=2)["payment"]
    assert len(receiver.wait_for(3)) == 3

    receiver.answers = [500]
    providers.control("POST", f"mercadopago/payments/{payment['id']}/notify", {})
    first, again = receiver.wait_for(5)[3:]
    assert first.headers["x-signature"] == again.headers["x-signature"]


def test_payments_can_be_strange(providers):
    providers.preference()

    short = providers.pay(amount=10, notify=False)["payment"]
    orphan = providers.pay(external_reference="nobody", amount=5, notify=False)["payment"]
    foreign = providers.pay(overrides={"collector_id": 1}, notify=False)["payment"]

    assert short["transaction_amount"] == 10
    assert orphan["external_reference"] == "nobody"
    assert foreign["collector_id"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"external_reference": "nobody"}, 404),
        ({"external_reference": None}, 422),
        ({"external_reference": "R1", "status": "paid"}, 422),
    ],
)
def test_a_payment_that_cannot_be_made_is_explained(providers, body, status):
    answer = providers.control("POST", "mercadopago/pay", body, status=status)

    assert answer.get("detail") or answer.get("message")


def test_a_link_past_its_deadline_is_closed_but_a_payment_in_flight_gets_through(providers):
    providers.preference(expires=True, expiration_date_to="2026-11-24T07:00:00.000+00:00")
    providers.clock.now += 2 * 3600

    refused = providers.pay(409)
    late = providers.pay(late=True)

    assert "expired" in refused["detail"]
    assert late["payment"]["status"] == "approved"


def test_search_filters_orders_and_pages(providers):
    providers.preference()
    providers.preference("R2")
    ids = []
    for reference in ("R1", "R2", "R1", "R1"):
        ids.append(providers.pay(external_reference=reference, notify=False)["payment"]["id"])
        providers.clock.now += 3600

    def search(query):
        response = providers.mercadopago("GET", f"/v1/payments/search?{query}")
        assert response.status_code == 200
        return response.json()

    mine = search("external_reference=R1&sort=date_created&criteria=asc&limit=2")
    rest = search("external_reference=R1&sort=date_created&criteria=asc&limit=2&offset=2")
    recent = search("range=date_created&begin_date=NOW-2HOURS&end_date=NOW")
    exact = search("range=date_last_updated&begin_date=2026-11-24T00:00:00.000Z")
    none = search("status=rejected")

    assert [p["id"] for p in mine["results"]] == [ids[0], ids[2]]
    assert mine["paging"] == {"total": 3, "limit": 2, "offset": 0}
    assert [p["id"] for p in rest["results"]] == [ids[3]]
    assert [p["id"] for p in recent["results"]] == [ids[3], ids[2]]
    assert len(exact["results"]) == 4
    assert none["results"] == []


@pytest.mark.parametrize("query", ["range=other", "begin_date=soon", "limit=x"])
def test_a_search_that_cannot_be_understood_is_400(providers, query):
    assert providers.mercadopago("GET", f"/v1/payments/search?{query}").status_code == 400


def test_a_refund_wants_a_key_honours_it_and_is_told(providers, receiver):
    providers.preference()
    payment_id = providers.pay(notify=False)["payment"]["id"]
    path = f"/v1/payments/{payment_id}/refunds"

    keyless = providers.mercadopago("POST", path, {})
    partial = providers.mercadopago("POST", path, {"amount": 1000.5}, key="a")
    again = providers.mercadopago("POST", path, {"amount": 1000.5}, key="a")
    too_much = providers.mercadopago("POST", path, {"amount": 81000}, key="b")
    between = providers.mercadopago("GET", f"/v1/payments/{payment_id}").json()
    rest = providers.mercadopago("POST", path, {}, key="c")
    after = providers.mercadopago("GET", f"/v1/payments/{payment_id}").json()
    once_more = providers.mercadopago("POST", path, {}, key="d")

    assert keyless.status_code == 400
    assert partial.status_code == 201
    assert partial.json() == again.json()
    assert too_much.status_code == 400
    assert (between["status"], between["status_detail"]) == ("approved", "partially_refunded")
    assert between["transaction_amount_refunded"] == 1000.5
    assert rest.json()["amount"] == 80000
    assert (after["status"], after["transaction_amount_refunded"]) == ("refunded", 81000.5)
    assert once_more.json()["cause"][0]["code"] == 2063
    assert len(providers.mercadopago("GET", path).json()) == 2
    assert {w.json["action"] for w in receiver.wait_for(3)} == {"payment.updated"}


def test_a_refund_of_nonsense_is_refused(providers):
    providers.preference()
    payment_id = providers.pay(notify=False)["payment"]["id"]

    response = providers.mercadopago(
        "POST", f"/v1/payments/{payment_id}/refunds", {"amount": -1}, key="a"
    )
    unknown = providers.mercadopago("POST", "/v1/payments/1/refunds", {}, key="a")

    assert response.status_code == 400
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("amount", "cause"), [(0, 4040), (-1, 4040), (1.005, 4040), ("5", 4041), (True, 4041)]
)
def test_a_refund_of_no_proper_amount_is_refused(providers, amount, cause):
    providers.preference()
    payment_id = providers.pay(notify=False)["payment"]["id"]

    path = f"/v1/payments/{payment_id}/refunds"
    response = providers.mercadopago("POST", path, {"amount": amount}, key="a")

    assert response.status_code == 400
    assert response.json()["cause"][0]["code"] == cause
    assert providers.mercadopago("GET", path).json() == []


@pytest.mark.parametrize(("days", "status"), [(179, 201), (181, 400)])
def test_a_payment_can_be_refunded_for_180_days(providers, days, status):
    providers.preference()
    payment_id = providers.pay(notify=False)["payment"]["id"]
    providers.clock.now += days * 24 * 3600

    response = providers.mercadopago("POST", f"/v1/payments/{payment_id}/refunds", {}, key="a")

    assert response.status_code == status
    if status == 400:
        assert response.json()["cause"][0]["code"] == 2024


def test_a_key_is_good_for_one_body(providers):
    providers.preference()
    payment_id = providers.pay(notify=False)["payment"]["id"]
    path = f"/v1/payments/{payment_id}/refunds"

    first = providers.mercadopago("POST", path, {"amount": 1}, key="a")
    other = providers.mercadopago("POST", path, {"amount": 2}, key="a")

    assert (first.status_code, other.status_code) == (201, 409)
    assert other.json()["error"] == "idempotency_key_already_used"


def test_a_chargeback_is_told_by_a_number_of_its_own(providers, receiver):
    providers.preference()
    payment_id = providers.pay(notify=False)["payment"]["id"]
    path = f"mercadopago/payments/{payment_id}/notify"

    providers.control("POST", path, {"topic": "topic_chargebacks_wh"})

    (told,) = receiver.wait_for(1)
    assert told.authentic
    assert told.json["data"]["payment_id"] == payment_id
    assert told.json["data"]["id"] != str(payment_id)


def test_payments_change_by_control(providers, receiver):
    providers.preference()
    pending = providers.pay(notify=False)["payment"]["id"]
    path = f"mercadopago/payments/{pending}"

    refunded = providers.control("POST", path, {"refund": 1000, "notify": False})["payment"]
    charged = providers.control("POST", path, {"status": "charged_back"})["payment"]
    wholly = providers.control("POST", path, {"status": "refunded", "notify": False})["payment"]
    approved = providers.control("POST", path, {"status": "approved", "notify": False})["payment"]
    providers.control("POST", path, {"status": "lost"}, status=422)

    assert refunded["transaction_amount_refunded"] == 1000
    assert charged["status"] == "charged_back"
    assert wholly["transaction_amount_refunded"] == 81000.5
    assert approved["date_approved"]
    assert len(receiver.wait_for(1)) == 1
    everything = providers.control("GET", "mercadopago")
    assert list(everything["payments"]) == [str(pending)]


def test_a_pending_payment_can_be_cancelled_by_the_seller(providers, receiver):
    providers.preference()
    body = {"external_reference": "R1", "status": "pending", "notify": False}
    pending = providers.control("POST", "mercadopago/pay", body)["payment"]["id"]
    path = f"/v1/payments/{pending}"

    cancelled = providers.mercadopago("PUT", path, {"status": "cancelled"})
    again = providers.mercadopago("PUT", path, {"status": "cancelled"})

    assert cancelled.json()["status"] == "cancelled"
    assert again.status_code == 400
    assert receiver.wait_for(1)


def test_a_person_pays_on_the_page_and_is_sent_back(providers, receiver):
    preference = providers.preference(back_urls={"success": "https://cabin.example/ok"})
    link = preference["init_point"]

    page = providers.http.get(link)
    paid = providers.http.post(link, data={"status": "approved"}, follow_redirects=True)
    again = providers.http.get(link)

    assert "$ 81.000,50" in page.text
    assert "fue aprobado" in paid.text
    assert re.search(r'href="https://cabin\.example/ok\?[^"]*status=approved', paid.text)
    assert "ya está pago" in again.text
    assert receiver.wait_for(1)[0].authentic


@pytest.mark.parametrize(
    ("status", "words"), [("rejected", "rechazado"), ("pending", "pendiente"), ("other", "Pagar")]
)
def test_the_page_also_rejects_and_waits(providers, status, words):
    link = providers.preference()["init_point"]

    answer = providers.http.post(link, data={"status": status}, follow_redirects=True)

    assert words in answer.text


def test_the_page_says_when_a_link_is_closed_or_unknown(providers):
    preference = providers.preference(
        binary_mode=True, expires=True, expiration_date_to="2026-11-24T16:00:00.000+00:00"
    )

    page = providers.http.get(preference["init_point"])
    providers.clock.now += 24 * 3600
    closed = providers.http.get(preference["init_point"])
    paid = providers.http.post(preference["init_point"], data={"status": "approved"})
    unknown = providers.http.get("/checkout/v1/redirect?pref_id=x")

    assert "disabled" in page.text
    assert "24/11/2026 a las 13:00" in page.text
    assert "venció" in closed.text
    assert "venció" in paid.text
    assert unknown.status_code == 404


def test_the_result_page_believes_the_payment_and_not_its_address(providers):
    link = providers.preference()["init_point"]
    rejected = providers.http.post(link, data={"status": "rejected"}, follow_redirects=True)
    forged = str(rejected.url).replace("status=rejected", "status=approved")

    page = providers.http.get(forged)
    unknown = providers.http.get("/checkout/v1/result?status=approved&payment_id=1")

    assert "rechazado" in page.text
    assert "Este pago no existe" in unknown.text
    assert unknown.status_code == 404


def test_a_rejected_payment_is_not_tried_again_once_its_link_is_closed(providers):
    preference = providers.preference(
        expires=True, expiration_date_to="2026-11-24T16:00:00.000+00:00"
    )
    link = preference["init_point"]
    rejected = providers.http.post(link, data={"status": "rejected"}, follow_redirects=True)

    providers.clock.now += 24 * 3600
    later = providers.http.get(str(rejected.url))

    assert f'href="{link}"' in rejected.text
    assert f'href="{link}"' not in later.text


@pytest.mark.parametrize(
    ("status", "words"),
    [("refunded", "devolvieron"), ("cancelled", "anuló"), ("approved", "Listo")],
)
def test_the_result_page_follows_what_became_of_the_payment(providers, status, words):
    link = providers.preference()["init_point"]
    paid = providers.http.post(link, data={"status": "pending"}, follow_redirects=True)
    payment = paid.url.params["payment_id"]

    providers.control(
        "POST", f"mercadopago/payments/{payment}", {"status": status, "notify": False}
    )
    page = providers.http.get(str(paid.url))

    assert words in page.text
