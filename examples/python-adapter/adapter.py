"""An adapter in Python, standard library only: the keys of examples/keys-api.ts. The protocol: docs/adapter-protocol.md.

Deployed twice from this file, as `adapter.issue` and `adapter.retire`. It reads KEYS_URL, and the administrator's token from the secret that
KEYS_ADMIN_SECRET names, by the AWS Parameters and Secrets Lambda Extension (or from KEYS_ADMIN, on your own machine).
"""

import json, os, re, secrets, sys, time, urllib.error, urllib.parse, urllib.request

URL = os.environ["KEYS_URL"]
MARK = re.compile(r"keyturn/v1/(\d{12}/[\w-]+/[\w-]+)/([0-9a-f]{32})/[\w-]{1,64}", re.ASCII)


class Refusal(Exception):
    """An answer of the protocol that is an error. Its message holds no key."""

    def __init__(self, kind, message, **more):
        self.error = {"kind": kind, "message": message, **more}


def permanent(reason, field, message):
    return Refusal("permanent", message, reason=reason, field=field)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None  # The token would go along.


opener = urllib.request.build_opener(NoRedirect)  # Each call makes a connection of its own.
REFUSED = {403: ("access-denied", "adminSecret"), 404: ("target-missing", "target"), 409: ("quota", "target"), 422: ("misconfigured", "entitlements")}


def send(method, path, headers, body=None):
    """Status and text. Whatever may pass is transient."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 429 or error.code >= 500:
            after = error.headers.get("retry-after", "")
            raise Refusal("transient", f"HTTP {error.code}", retryAfterMs=int(after) * 1000 if after.isdigit() else None)
        return error.code, b""
    except (OSError, urllib.error.URLError) as error:
        raise Refusal("transient", f"No answer: {type(error).__name__}")


def admin_token():
    if "KEYS_ADMIN" in os.environ:
        return os.environ["KEYS_ADMIN"]
    name = urllib.parse.quote(os.environ["KEYS_ADMIN_SECRET"], safe="")
    headers = {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}
    request = urllib.request.Request(f"http://localhost:2773/secretsmanager/get?secretId={name}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["SecretString"]


def manage(method, path, body=None, **headers):
    status, text = send(method, path, {"authorization": f"Bearer {admin_token()}", **headers}, body)
    if status >= 300 and status != 412:  # 412: it exists already.
        reason, field = REFUSED.get(status, ("provider-refused", "target"))
        raise permanent(reason, field, f"{method} was refused: HTTP {status}")
    return text


def keys_at(path):
    try:
        found = json.loads(manage("GET", path))
        enabled = found.get("enabled", True)
        return {key["id"]: {**key, "state": state_of(key, enabled)} for key in found["keys"]}
    except (ValueError, KeyError, AttributeError):
        raise permanent("provider-answer", "keys", "The list of keys cannot be read") from None


def state_of(key, client_enabled):
    expired = key["expiresAt"] is not None and key["expiresAt"] <= time.time() * 1000
    return "disabled" if not key["enabled"] else "unusable" if expired or not client_enabled else "enabled"


def keys_of(target):
    check_target(target)
    return keys_at(f"/keys/{target}")


def check_target(target):
    if not re.fullmatch(r"[a-z0-9-]{1,40}", target, re.ASCII):
        raise permanent("misconfigured", "target", "This cannot be a client")


def put(target, key_id, body, **headers):
    if key_id in (".", ".."):  # quote() leaves dots alone: the path would lead elsewhere.
        raise permanent("misconfigured", "keyId", "This cannot be the id of a key")
    manage("PUT", f"/keys/{target}/{urllib.parse.quote(key_id, safe='')}", body, **headers)


def owner(key, mark):
    """'nobody', 'us' or 'somebody': account, Region, stage and secret decide."""
    ours, theirs = MARK.fullmatch(mark), MARK.fullmatch(key["label"] or "")
    if ours is None:
        raise permanent("malformed", "mark", "This is no mark")
    return "nobody" if key["label"] is None else "us" if theirs and theirs.groups() == ours.groups() else "somebody"


def describe(_):
    can = dict.fromkeys(["clientSuppliedKey", "listOwned", "mark", "reversibleDisable", "lastUsed"], True)
    return {**can, "overlap": "multi", "propagationMs": 0, "revocationMs": 0, "expiryOnCreate": False}


def locate(request):
    key = keys_at("/keys").get(request["credential"]["keyId"])
    right = key and secrets.compare_digest(key["secret"].encode(), request["credential"]["secret"].encode())
    return {"target": key["client"]} if right else None


def propose(request):
    check_target(request["target"])
    return {"keyId": secrets.token_urlsafe(24), "secret": secrets.token_urlsafe(24)}


def ensure(request):
    target, mark, like = request["target"], request["mark"], request.get("like")
    key_id, secret = request["credential"]["keyId"], request["credential"]["secret"]
    known = keys_of(target)
    old = known.get(like["keyId"]) if like else None
    if like and old is None:
        raise permanent("not-yours", "like", "The client has no such key as the one to follow")
    wanted = {"label": mark, "scopes": old["scopes"] if old else request["entitlements"]}
    if key_id not in known:
        note = old["note"] if old else ""
        put(target, key_id, {"secret": secret, "note": note, **wanted}, **{"if-none-match": "*"})
    key = keys_of(target).get(key_id)
    if key is None or key["secret"] != secret:
        raise permanent("key-conflict", "keyId", "It exists elsewhere, or with another secret")
    if owner(key, mark) == "somebody":
        raise permanent("key-conflict", "mark", "The key bears a mark that is not ours")
    if key["label"] not in (None, mark):
        raise permanent("key-conflict", "mark", "The key bears the mark of another version")
    if key["state"] == "disabled":
        raise permanent("key-disabled", "keyId", "Somebody disabled the key")
    if any(key[name] != value for name, value in wanted.items()):
        put(target, key_id, wanted)


def mark(request):
    key = keys_of(request["target"]).get(request["keyId"])
    if key is None or owner(key, request["mark"]) == "somebody":
        raise permanent("not-yours", "keyId", "The client has no such key, or it is somebody else's")
    if key["label"] != request["mark"]:
        put(request["target"], key["id"], {"label": request["mark"]})


def check(request):
    key = keys_of(request["target"]).get(request["credential"]["keyId"])
    use = used(request)
    if key is None:
        return {"key": {"state": "absent"}, "use": use}
    told = {"mark": key["label"], "entitlements": sorted(key["scopes"]), "issuedAt": key["createdAt"], "lastUsedAt": key["usedAt"]}
    return {"key": {"state": key["state"], "secretMatches": key["secret"] == request["credential"]["secret"], **told}, "use": use}


def used(request):
    if request["probe"] == "none":
        return {"outcome": "not-asked"}
    for _ in range(request["times"]):
        pair = propose(request) if request["probe"] == "random" else request["credential"]
        status, _ = send("GET", "/ping", {"x-api-key": f"{pair['keyId']}:{pair['secret']}"})
        if status != 200:
            return {"outcome": "rejected", "code": f"http.{status}", "final": False}
    return {"outcome": "accepted"}


def list_keys(request):
    keys = keys_of(request["target"]).values()
    return [{"keyId": key["id"], "state": key["state"], "mark": key["label"], "issuedAt": key["createdAt"]} for key in keys]


def own_key(request, ends):
    """The key, None where it is gone. `ends`: it may not be the last one that somebody can use."""
    keys = keys_of(request["target"])
    key = keys.get(request["keyId"])
    if key and owner(key, request["mark"]) != "us":
        raise permanent("not-yours", "mark", "The key does not bear the mark of this secret")
    usable = [one["id"] for one in keys.values() if one["state"] == "enabled" and one["scopes"]]
    if ends and usable == [request["keyId"]]:
        raise permanent("last-key", "keyId", "It is the last usable key of the client")
    return key


def disable(request):
    key = own_key(request, ends=True)
    if key and key["enabled"]:
        put(request["target"], key["id"], {"enabled": False})


def enable(request):
    key = own_key(request, ends=False)
    if key is None:
        raise permanent("not-yours", "keyId", "The client has no such key")
    if not key["enabled"]:
        put(request["target"], key["id"], {"enabled": True})


def remove(request):
    key = own_key(request, ends=True)
    if key:
        manage("DELETE", f"/keys/{request['target']}/{urllib.parse.quote(key['id'], safe='')}")


TEXT, PAIR = (str,), {"keyId": (str,), "secret": (str,)}
KEY = {"target": TEXT, "keyId": TEXT, "mark": TEXT}
ISSUE = {
    "describe": (describe, {}),
    "locate": (locate, {"credential": PAIR}),
    "propose": (propose, {"target": TEXT, "mark": TEXT}),
    "ensure": (ensure, {"target": TEXT, "credential": PAIR, "entitlements": (list,), "mark": TEXT, "approve": (bool,)}),
    "mark": (mark, KEY),
    "check": (check, {"target": TEXT, "credential": PAIR, "probe": TEXT, "times": (int,)}),
    "list": (list_keys, {"target": TEXT}),
}
RETIRE = {"disable": (disable, KEY), "enable": (enable, KEY), "remove": (remove, KEY), "list": (list_keys, {"target": TEXT})}


def check_fields(given, wanted, at=""):
    for name, form in wanted.items():
        value = given.get(name) if isinstance(given, dict) else None
        if isinstance(form, dict):
            check_fields(value, form, f"{at}{name}.")
        elif not isinstance(value, form) or (value == "" and name != "target"):
            raise permanent("malformed", at + name, "The request is not what its operation asks for")


def serve(operations, request):
    try:
        check_fields(request, {"version": (int, float), "operation": TEXT})
        if request["version"] != 1:
            raise permanent("unsupported", "version", "This version of the protocol is not spoken here")
        if request["operation"] not in operations:
            raise permanent("unsupported", "operation", "This function does not serve the operation")
        run, fields = operations[request["operation"]]
        check_fields(request, fields)
        return {"version": 1, "ok": True, "result": run(request)}
    except Refusal as refusal:
        return {"version": 1, "ok": False, "error": refusal.error}


def issue(event, _context=None):
    return serve(ISSUE, event)


def retire(event, _context=None):
    return serve(RETIRE, event)


if __name__ == "__main__":  # One line a call, {"function":"issue","payload":{…}}: so that a test can invoke it without Lambda.
    for line in sys.stdin:
        call = json.loads(line)
        print(json.dumps({"issue": issue, "retire": retire}[call["function"]](call["payload"])), flush=True)
