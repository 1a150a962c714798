"""A receiver for the webhook as docs/webhook.md asks for one: it keeps each item once, by its key."""

import json

from tests.servers.http_double import HttpDouble


class WebhookReceiver(HttpDouble):
    """`items`: key -> item, in order of arrival. `times`: how often each came. `refuses(item)`: a reason."""

    def __init__(self, port=0):
        super().__init__(port)
        self.items, self.times, self.batches = {}, {}, []
        self.refuses = lambda _item: None
        self.chokes = lambda _items: None  # a status for the whole batch
        self.largest = None
        self.knows = False  # answers 409 to a batch whose key it has

    def answer(self, request, body):
        batch = json.loads(body)
        key = request.headers["Idempotency-Key"]
        if status := self.chokes(batch["items"]):
            return status, {"title": "no"}, {}
        if self.largest and len(batch["items"]) > self.largest:
            return 413, None, {}
        if self.knows and batch["items"] and key in {one for one, _ in self.batches}:
            return 409, None, {}
        if batch["items"]:
            self.batches.append((key, len(batch["items"])))
        refused = []
        for item in batch["items"]:
            self.times[item["key"]] = self.times.get(item["key"], 0) + 1
            if reason := self.refuses(item):
                refused.append({"key": item["key"], "reason": reason})
            elif item["key"] in self.items:
                assert self.items[item["key"]] == item
            else:
                self.items[item["key"]] = item
        return (200, {"refused": refused}, {}) if refused else (204, None, {})
