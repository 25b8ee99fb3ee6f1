"""Signs and checks a webhook with the reference library of Standard Webhooks: webhook_check.py sign|verify KEY ….

sign KEY ID BODY [AGE]: prints the three header fields as JSON, of a message that is AGE seconds old.
verify KEY HEADERS BODY: prints the body when the fields in HEADERS (JSON) sign it, else fails with the library's words.
"""

import datetime
import json
import sys

from standardwebhooks import Webhook


def main():
    verb, key, *rest = sys.argv[1:]
    if verb == "sign":
        name, body, age = (rest + ["0"])[:3]
        when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=int(age))
        fields = {
            "webhook-id": name,
            "webhook-timestamp": str(int(when.timestamp())),
            "webhook-signature": Webhook(key).sign(name, when, body),
        }
        print(json.dumps(fields))
    elif verb == "verify":
        fields, body = rest
        Webhook(key).verify(body.encode(), json.loads(fields))
        print(body)
    else:
        sys.exit(f"webhook_check.py: there is no verb {verb!r}: use sign or verify")


main()
