"""Real clients of BankID against the simulator: pybankid and bankid6.

Arguments: the relying party's API, the app's page, the folder with the
certificates. Either client works as it comes, but for the address.
"""

import json
import re
import sys
import time
import urllib.request

import bankid
import bankid6
from bankid import exceptions

API, APP, FOLDER = sys.argv[1:]
CERTIFICATE, AUTHORITY = f"{FOLDER}/rp.pem", f"{FOLDER}/ca.pem"
TOLVAN = "191212121212"


def control(path, **body):
    request = urllib.request.Request(
        f"{APP}control/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def pybankid():
    class Client(bankid.BankIDClient):
        def __init__(self):
            import bankid.baseclient as base

            original = base.resolve_cert_path
            base.resolve_cert_path = lambda _: AUTHORITY
            try:
                super().__init__((CERTIFICATE, CERTIFICATE), test_server=True)
            finally:
                base.resolve_cert_path = original
            for name in ("auth", "sign", "collect", "cancel"):
                setattr(self, f"_{name}_endpoint", API + name)

    return Client()


def with_pybankid():
    client = pybankid()

    # To completion, by the animated code that pybankid makes.
    order = client.authenticate("192.0.2.7", user_visible_data="Logga in")
    started = time.time()
    reference = order["orderRef"]
    assert client.collect(reference)["hintCode"] == "outstandingTransaction"
    code = client.generate_qr_code_content(
        order["qrStartToken"], started, order["qrStartSecret"]
    )
    assert control("scan", text=code)["order_ref"] == reference
    assert client.collect(reference)["hintCode"] == "started"
    control(f"orders/{reference}/choose", personal_number=TOLVAN)
    assert client.collect(reference)["hintCode"] == "userSign"
    control(f"orders/{reference}/complete")
    done = client.collect(reference)
    assert done["status"] == "complete", done
    assert done["completionData"]["user"]["personalNumber"] == TOLVAN
    assert done["completionData"]["signature"]
    try:
        client.collect(reference)
        raise AssertionError("the end was told twice")
    except exceptions.InvalidParametersError:
        pass

    # Cancelled by the citizen, then by the service.
    order = client.sign("192.0.2.7", "Jag delar mina bilder")
    control(f"orders/{order['orderRef']}/cancel")
    assert client.collect(order["orderRef"])["hintCode"] == "userCancel"
    order = client.sign("192.0.2.7", "Jag delar mina bilder")
    assert client.cancel(order["orderRef"])

    # Two for one person.
    same = {"personalNumber": TOLVAN}
    first = client.authenticate("192.0.2.7", requirement=same)
    try:
        client.authenticate("192.0.2.7", requirement=same)
        raise AssertionError("two orders for one person")
    except exceptions.AlreadyInProgressError:
        pass
    assert client.collect(first["orderRef"])["hintCode"] == "cancelled"

    # Out of time.
    never = client.authenticate("192.0.2.7")
    opened = client.authenticate("192.0.2.7")
    control("scan", text=opened["autoStartToken"])
    control("clock", advance_seconds=31)
    assert client.collect(never["orderRef"])["hintCode"] == "startFailed"
    control("clock", advance_seconds=150)
    assert client.collect(opened["orderRef"])["hintCode"] == "expiredTransaction"

    # Closed.
    control("outage", error="maintenance")
    try:
        client.authenticate("192.0.2.7")
        raise AssertionError("open in spite of maintenance")
    except exceptions.MaintenanceError:
        pass
    control("outage", error=None)
    try:
        client.authenticate("not an address")
        raise AssertionError("an address that is none")
    except exceptions.InvalidParametersError:
        pass


def with_bankid6():
    client = bankid6.BankIdClient(
        cert_pem=CERTIFICATE, key_pem=CERTIFICATE, ca_pem=AUTHORITY, request_timeout=10
    )
    client.api_url = API
    # Or requests puts REQUESTS_CA_BUNDLE before the authority it was given.
    client.client.trust_env = False

    start = client.auth("192.0.2.7", requirement={"personalNumber": TOLVAN})
    pending = client.collect()
    assert pending.hintCode == "outstandingTransaction"
    assert pending.message["qrcode"]["swedish"] == "Starta BankID-appen."
    control("scan", text=pending.qr_data)
    control(f"orders/{start.orderRef}/complete", personal_number=TOLVAN)
    done = client.collect()
    assert done.completionData.user.name == "Tolvan Tolvansson"
    assert done.completionData.bankIdIssueDate.year == 2025

    # By the link for the same device, and the page.
    start = client.sign("192.0.2.7", "Jag delar <b>mina</b> bilder")
    link = re.sub("^bankid:///", APP, start.launch_url())
    with urllib.request.urlopen(link, timeout=10) as page:
        html = page.read().decode()
    assert "Jag delar &lt;b&gt;mina&lt;" in html, html
    assert client.collect().hintCode == "started"
    client.cancel()
    try:
        client.collect()
        raise AssertionError("a cancelled order goes on")
    except bankid6.BankIdError as error:
        assert error.errorCode == "invalidParameters", error

    client.auth("192.0.2.7")
    control("clock", advance_seconds=31)
    assert client.collect().hintCode == "startFailed"


with_pybankid()
with_bankid6()
print("done")
