"""An NGSI-LD broker in memory, as strange as real ones are and never kinder.

It takes an older observedAt over a newer one. It replaces an attribute whole, whatever it had beside its
value. Each write of an attribute with observedAt is one more instance in its history, also the second of one
entity in one batch, also a repeat; temporal repeats double. Names are expanded by the context that comes with
them, and told as whole addresses to whoever asks without one. One instance in a history is told as an object,
not as a list. A mix of good and bad is 207, and an unreachable context 503. (ETSI GS CIM 009; observed on
real brokers.)
"""

import itertools
import json
import re
from datetime import datetime
from urllib.parse import unquote

from tests.servers.http_double import HttpDouble

CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
VOCABULARY = "https://uri.etsi.org/ngsi-ld/default-context/"
OWN = {"id", "type", "@context"}
CORE_TERMS = {"location": "https://uri.etsi.org/ngsi-ld/location"}
ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"
ZULU = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
API = "/ngsi-ld/v1"


class Problem(Exception):  # noqa: N818 - NGSI-LD calls it so
    def __init__(self, status, kind, detail=""):
        super().__init__(detail)
        self.status = status
        self.body = {"type": ERRORS + kind, "title": kind, "detail": detail, "status": status}


class NgsiBroker(HttpDouble):
    """See above. `remote`: contexts that it can load, by address. `refuses(entity)`: a reason, or nothing."""

    def __init__(self, port=0, remote=None, tenants=None):
        super().__init__(port)
        self.remote = {CORE: {}, **(remote or {})}
        self.tenants = tenants
        self.entities = {}  # id -> {type, attributes}
        self.history = {}  # id -> {attribute: [instances]}
        self.refuses = lambda _entity: None
        self.writable = True
        self.largest = None  # entities in a batch
        self.shape = "standard"  # of a 207
        self.can_correct = True
        self.older, self.doubled, self.in_one_batch = [], [], []
        self._numbers = itertools.count()

    def answer(self, request, body):
        try:
            return self._route(request, body)
        except Problem as problem:
            return problem.status, problem.body, {}

    def values(self, entity):
        """attribute -> (value, observedAt), names without their vocabulary."""
        return {
            name.rsplit("/", 1)[-1]: (told.get("value"), told.get("observedAt"))
            for name, told in self.entities.get(entity, {}).items()
            if isinstance(told, dict) and told["type"] == "Property"
        }

    def told(self, entity, name):
        """The instances of an attribute in its history."""
        return [
            one
            for term, instances in self.history.get(entity, {}).items()
            if term.rsplit("/", 1)[-1] == name
            for one in instances
        ]

    def _route(self, request, body):  # noqa: PLR0911 - a table
        path, method = request.path, request.method
        tenant = request.headers.get("NGSILD-Tenant")
        if not path.startswith(API):
            return 404, None, {}
        if self.tenants is not None and tenant not in self.tenants:
            raise Problem(404, "NonexistentTenant", str(tenant))
        if method != "GET" and not self.writable:
            return 403, {"title": "read only"}, {}
        rest = [unquote(part) for part in request.raw_path.split("?")[0][len(API) + 1 :].split("/")]
        match method, rest:
            case "POST", ["entityOperations", "upsert"]:
                return self._upsert(request, body)
            case "GET", ["entities", entity]:
                return 200, self._shown(request, entity, self._there(self.entities, entity)), {}
            case "DELETE", ["entities", entity]:
                self._there(self.entities, entity)
                del self.entities[entity]
                self.history.pop(entity, None)
                return 204, None, {}
            case "GET", ["temporal", "entities", entity]:
                return 200, self._window(request, entity), {}
            case "POST", ["temporal", "entities"]:
                return self._begin(request, body)
            case "POST", ["temporal", "entities", entity, "attrs"]:
                self._there(self.history, entity)
                self._add(entity, self._expanded(request, self._json(body)))
                return 204, None, {}
            case "PATCH", ["temporal", "entities", entity, "attrs", name, instance]:
                return self._correct(request, body, entity, name, instance)
        return 404, None, {}

    # Reading what comes.

    @staticmethod
    def _json(body):
        try:
            return json.loads(body, parse_constant=lambda word: (_ for _ in ()).throw(ValueError(word)))
        except ValueError as error:
            raise Problem(400, "InvalidRequest", str(error)) from error

    def _terms(self, request, entity):
        """The context that an entity is to be read with."""
        link = re.search(r"<([^>]+)>", request.headers.get("Link", ""))
        kind = request.headers.get("Content-Type", "")
        if (link is not None) == (kind == "application/ld+json"):
            raise Problem(400, "BadRequestData", "a context belongs into the body of ld+json, else into Link")
        if link is None and "@context" not in entity:
            raise Problem(400, "BadRequestData", "ld+json without @context")
        given = [link[1]] if link else entity["@context"]
        terms = dict(CORE_TERMS)
        for one in given if isinstance(given, list) else [given]:
            terms |= one if isinstance(one, dict) else self._load(one)
        return terms

    def _load(self, address):
        if address not in self.remote:
            raise Problem(503, "LdContextNotAvailable", address)
        return self.remote[address]

    def _expanded(self, request, entity):
        """attribute (whole address) -> instances, each judged."""
        if not isinstance(entity, dict):
            raise Problem(400, "BadRequestData", "no object")
        terms = self._terms(request, entity)
        found = {}
        for name, told in entity.items():
            if name in OWN:
                continue
            instances = told if isinstance(told, list) else [told]
            for one in instances:
                judge(name, one)
            found[terms.get(name, name if ":" in name else VOCABULARY + name)] = instances
        return found

    # Entities.

    def _upsert(self, request, body):
        if request.query.get("options") != "update":
            raise Problem(400, "InvalidRequest", "replaces whole entities")
        batch = self._json(body)
        if not isinstance(batch, list) or not batch:
            raise Problem(400, "BadRequestData", "no entities")
        if self.largest and len(batch) > self.largest:
            return 413, None, {}
        ids = [one.get("id") for one in batch]
        self.in_one_batch += [one for one in set(ids) if ids.count(one) > 1]
        created, errors = [], []
        for entity in batch:
            try:
                created += self._write(request, entity)
            except Problem as problem:
                if problem.status == 503:
                    raise
                errors.append((entity.get("id"), problem.body))
        if errors:
            failed = [entity for entity, _ in errors]
            return 207, self._multi([one for one in ids if one not in failed], errors), {}
        return (201, created, {}) if created else (204, None, {})

    def _multi(self, good, errors):
        if self.shape == "list":
            return [
                *({"id": one, "type": "Upsert", "success": [{"attributes": []}]} for one in good),
                *(
                    {"id": one, "type": "Upsert", "failure": [{**body, "errorCode": 400}]}
                    for one, body in errors
                ),
            ]
        return {"success": good, "errors": [{"entityId": one, "error": body} for one, body in errors]}

    def _write(self, request, entity):
        attributes = self._expanded(request, entity)
        if not str(entity.get("id", "")).startswith("urn:") or not entity.get("type"):
            raise Problem(400, "BadRequestData", "id or type")
        if reason := self.refuses(entity):
            raise reason if isinstance(reason, Problem) else Problem(400, "BadRequestData", reason)
        there = self.entities.get(entity["id"])
        held = self.entities.setdefault(entity["id"], {"id": entity["id"], "type": entity["type"]})
        for name, [new] in attributes.items():
            self._note(entity["id"], name, held.get(name), new)
            held[name] = new  # whatever observedAt says
        self._add(entity["id"], {name: one for name, one in attributes.items() if "observedAt" in one[0]})
        return [entity["id"]] if there is None else []

    def _note(self, entity, name, old, new):
        """Count what no broker minds."""
        if not old or "observedAt" not in new:
            return
        if moment(old) > moment(new) and sub(old, "reading") != sub(new, "reading"):
            self.older.append((entity, name, old, new))
        if [sub(old, key) for key in ("reading", "revision")] == [
            sub(new, key) for key in ("reading", "revision")
        ]:
            self.doubled.append((entity, name, new))

    def _there(self, kept, entity):
        if entity not in kept:
            raise Problem(404, "ResourceNotFound", entity)
        return kept[entity]

    def _shown(self, request, _entity, held):
        link = re.search(r"<([^>]+)>", request.headers.get("Link", ""))
        names = {address: name for name, address in (self._load(link[1]) if link else {}).items()}
        return {names.get(name, name): told for name, told in held.items()}

    # History.

    def _add(self, entity, attributes):
        kept = self.history.setdefault(entity, {})
        for name, instances in attributes.items():
            for one in instances:
                number = f"urn:ngsi-ld:{next(self._numbers)}"
                kept.setdefault(name, []).append({**one, "instanceId": number})

    def _begin(self, request, body):
        entity = self._json(body)
        if entity["id"] in self.history:
            raise Problem(409, "AlreadyExists", entity["id"])
        self._add(entity["id"], self._expanded(request, entity))
        return 201, None, {}

    def _window(self, request, entity):
        kept = self._there(self.history, entity)
        if request.query.get("timerel") != "between":
            raise Problem(400, "BadRequestData", "timerel")
        first, last = (datetime.fromisoformat(request.query[key]) for key in ("timeAt", "endTimeAt"))
        found = {"id": entity}
        for name, instances in kept.items():
            within = [one for one in instances if first <= moment(one) < last]
            if within:
                found[name] = within if len(within) > 1 else within[0]
        return self._shown(request, entity, found)

    def _correct(self, request, body, entity, name, instance):
        if not self.can_correct:
            return 405, None, {}
        kept = self._there(self.history, entity)
        for held in [one for one in kept.get(name, ()) if one["instanceId"] == instance]:
            [new] = next(iter(self._expanded(request, self._json(body)).values()))
            held.update(new)
            return 204, None, {}
        raise Problem(404, "ResourceNotFound", instance)


def judge(name, told):
    """Raises Problem where an attribute is none."""
    value = {"Property": "value", "GeoProperty": "value", "Relationship": "object"}.get(
        told.get("type") if isinstance(told, dict) else None
    )
    if not re.fullmatch(r"\w+|https?://\S+", name):
        raise Problem(400, "BadRequestData", f"the name {name}")
    if value is None or told.get(value) is None or told[value] == []:
        raise Problem(400, "BadRequestData", f"{name} is no attribute: {told}")
    if "observedAt" in told and not ZULU.fullmatch(told["observedAt"]):
        raise Problem(400, "BadRequestData", f"{name} {told['observedAt']}")
    for key, below in told.items():
        if isinstance(below, dict) and key not in ("value", "object"):
            judge(key, below)


def moment(told):
    return datetime.fromisoformat(told["observedAt"])


def sub(told, key):
    return told.get(key, {}).get("value")
