"""Makes keys and assertions with Authlib, which nobody here wrote.

Reads {"machine", "audience"} and writes [{"alg", "jwks", "assertion"}, ...].
"""

import json
import sys

from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc.jwk import ECKey, RSAKey

asked = json.load(sys.stdin)
made = []
for alg, key in [
    ("RS384", RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig", "alg": "RS384"})),
    ("ES384", ECKey.generate_key("P-384", {"kid": "ec", "use": "sig", "alg": "ES384"})),
    ("ES256", ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})),
]:
    assertion = private_key_jwt_sign(
        key.as_pem(private=True),
        asked["machine"],
        asked["audience"],
        alg=alg,
        header={"alg": alg, "kid": key.kid},
        expires_in=300,
    )
    jwks = {"keys": [key.as_dict(private=False)]}
    made.append({"alg": alg, "jwks": jwks, "assertion": assertion})
json.dump(made, sys.stdout)
