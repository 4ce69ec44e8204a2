"""Checks audit messages with validators that are not ours.

Reads {"dicom": [xml ...], "fhir": [resource ...], "rng": path} from standard
input; prints one line for each that does not hold.
"""

import json
import sys

from fhir.resources.R4B.auditevent import AuditEvent
from lxml import etree

given = json.load(sys.stdin)
schema = etree.RelaxNG(etree.parse(given["rng"]))
for number, text in enumerate(given["dicom"]):
    try:
        schema.assertValid(etree.fromstring(text.encode()))
    except (etree.XMLSyntaxError, etree.DocumentInvalid) as error:
        print(f"dicom {number}: {error}")
for number, resource in enumerate(given["fhir"]):
    try:
        AuditEvent.model_validate(resource)
    except ValueError as error:
        print(f"fhir {number}: {error}")
