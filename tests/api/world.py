"""A small world per test: people, a policy and integrations of its own inside a shared server, so that tests do not meet.

Every person has a webhook as contact method, on a path of their own in the HTTP sink: what they were told is counted there.
"""

import itertools

NUMBERS = itertools.count(1)


class World:
    def __init__(self, server, sink, relay=None):
        self.server, self.sink, self.relay = server, sink, relay
        self.name = f"w{next(NUMBERS)}"
        self.integrations = []

    # Making.

    def user(self, name, delay_s=0, **fields):
        """Somebody who is told by webhook, `delay_s` after being paged, for both urgencies."""
        email = f"{name}.{self.name}@example.org"
        user = self.server.make("users", name=f"{name.title()} {self.name}", email=email, role="responder", **fields)
        method = self.method(user, "webhook", self.sink.url + self.path(name))
        self.steps(user, [(delay_s, [method])])
        return user

    def path(self, name):
        return f"/{self.name}/{name}"

    def method(self, user, kind, address, **fields):
        fields.setdefault("verified", True)
        return self.server.make("contact-methods", user_id=user["id"], kind=kind, address=address, label=kind, **fields)

    def sms_of_before(self, user):
        """A method whose kind has no channel: none can be made, but one may be stored. Starts the server anew."""
        address = f"https://example.org/{self.name}/{user['id']}"
        method = self.method(user, "webhook", address)
        self.server.stop()
        self.server.sql("UPDATE contact_method SET kind = 'sms' WHERE address = ?", address)
        self.server.start()
        return method

    def steps(self, user, steps, urgencies=("high", "low")):
        """Sets the notification rules: steps is a list of (delay_s, [contact method, ...]); empty: there are none then."""
        body = [{"delay_s": delay_s, "contact_method_ids": [m["id"] for m in methods]} for delay_s, methods in steps]
        have = {rule["urgency"]: rule for rule in self.server.items("notification-rules", user_id=user["id"])}
        for urgency in urgencies:
            if not body:
                self.server.api("DELETE", f"notification-rules/{have[urgency]['id']}")
            elif urgency in have:
                self.server.change("notification-rules", have[urgency]["id"], steps=body)
            else:
                self.server.make("notification-rules", user_id=user["id"], urgency=urgency, steps=body)

    def policy(self, *levels, wait_s=300, **fields):
        """Each level is a list of users (or of targets {kind, id})."""
        name = fields.pop("name", f"Policy {self.name} {next(NUMBERS)}")
        made = [{"targets": [target if "kind" in target and "email" not in target else {"kind": "user", "id": target["id"]}
                             for target in level], "wait_s": wait_s} for level in levels]
        return self.server.make("escalation-policies", name=name, levels=made, **fields)

    def integration(self, policy=None, template="generic", **fields):
        number = next(NUMBERS)
        fields.setdefault("name", f"Source {self.name} {number}")
        fields.setdefault("key", f"key-{self.name}-{number}-0123456789")
        if policy:
            fields["policy_id"] = policy["id"]
        made = self.server.make("integrations", template=template, **fields)
        self.integrations.append(made)
        return made

    def rule(self, integration, when, *actions, **fields):
        fields.setdefault("name", f"Rule {self.name} {next(NUMBERS)}")
        fields.setdefault("stop", not actions)  # a rule that does nothing is refused
        return self.server.make("alert-rules", integration_ids=[integration["id"]], when=when, actions=list(actions), **fields)

    def usual(self, **integration):
        """Ann, then Bob five minutes later; one integration."""
        self.ann, self.bob = self.user("ann"), self.user("bob")
        self.chain = self.policy([self.ann], [self.bob])
        self.source = self.integration(self.chain, **integration)
        return self

    # Acting.

    def fire(self, dedup_key, integration=None, **fields):
        body = {"dedup_key": dedup_key, "title": fields.pop("title", f"Problem {dedup_key}"), "status": "triggered", **fields}
        return self.server.send((integration or self.source)["key"], body)

    def resolve(self, dedup_key, integration=None, **fields):
        return self.server.send((integration or self.source)["key"], {"dedup_key": dedup_key, "title": f"Problem {dedup_key}",
                                                                      "status": "resolved", **fields})

    # Looking.

    def alerts(self, dedup_key=None, integration=None):
        """Of one integration, oldest first."""
        found = self.server.items("alerts", integration_id=(integration or self.source)["id"])
        return sorted((a for a in found if dedup_key in (None, a["dedup_key"])), key=lambda a: a["id"])

    def alert(self, dedup_key=None, integration=None):
        """The newest with this key; None when there is none."""
        found = self.alerts(dedup_key, integration)
        return self.server.get(f"alerts/{found[-1]['id']}") if found else None

    def pages(self, alert):
        return sorted(self.server.items("pages", alert_id=alert["id"]), key=lambda p: p["id"])

    def page(self, alert):
        found = self.pages(alert)
        return found[-1] if found else None

    def incident(self, alert):
        return self.server.get(f"incidents/{alert['incident_id']}") if alert["incident_id"] else None

    def notifications(self, page):
        return sorted(self.server.items("notifications", page_id=page["id"]), key=lambda n: n["id"])

    def told(self, name):
        """How often this person's webhook was called."""
        return len(self.calls(name))

    def calls(self, name):
        return [r for r in self.sink.requests if r.path == self.path(name)]

    def tally(self, *names):
        return tuple(self.told(name) for name in names)

    # Ending: what is left open would page on when the clock is turned for others.

    def close(self):
        for integration in self.integrations:
            for alert in self.server.items("alerts", integration_id=integration["id"]):
                if alert["status"] in ("triggered", "acknowledged"):
                    self.server.try_api("POST", f"alerts/{alert['id']}/resolve", {})
                if alert.get("incident_id"):
                    self.server.try_api("POST", f"incidents/{alert['incident_id']}/close", {})
        self.server.settle()


def ack_url(request):
    """The link in a webhook's message, wherever it stands."""
    return find_link(request.body.decode())


def find_link(text):
    at = text.index("/ack/")
    token = ""
    for character in text[at + len("/ack/"):]:
        if not (character.isalnum() or character in "-_"):
            break
        token += character
    return "/ack/" + token
