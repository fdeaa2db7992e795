from alojamientos.ops.simulator.signing import mercadopago_signature, meta_signature

BODY = (
    rb'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",'
    rb'"value":{"messaging_product":"whatsapp","messages":[{"from":"5491155550000","id":"wamid.A",'
    rb'"timestamp":"1742505638","type":"text","text":{"body":"\u00bfHay lugar?"}}]}}]}]}'
)


def test_meta_signature_is_that_of_the_known_vector():
    assert meta_signature(BODY, secret="meta-app-secret") == (
        "sha256=f9232930168cf22126e40a07e8e463b59db045da3cdf164b7009a8b0884dceb4"
    )


def test_mercado_pago_signature_is_that_of_the_known_vector():
    signature = mercadopago_signature(
        data_id="123456789",
        request_id="2066ca19-c6f1-498a-be75-1923005edd06",
        ts="1742505638683",
        secret="mp-test-secret",
    )

    assert signature == (
        "ts=1742505638683,v1=7b282476bbf71cd1172353ad450b7244edd3b0dfabfec1c558ad38ff422b2edf"
    )
