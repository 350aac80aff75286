/* Which provider a message goes by: the organization's connectors for the kind of method, in their order, those that
 * fail last; or a channel that needs none. Five failures within a minute, or a refusal of our credentials, open the
 * connector's breaker: the others are tried first for a while, then one message tries again. */
#include "core/alerts/alerts.h"
#include "core/paging/breaker.h"
#include "core/paging/notify.h"

enum { BREAKER_FAILURES = 5, BREAKER_WINDOW_S = 60, FAILING_S = 60, MISCONFIGURED_S = BREAKER_OPEN_MS_MAX / 1000 };

static bool fits(const SetupConnector *c, i64 org_id, Str kind) {
  return c->org_id == org_id && c->enabled && c->channel && str_equal(channel_kind(c->channel), kind);
}

const Channel *provider_free(const Catalog *catalog, Str kind) {
  for (size_t i = 0; i < channel_count(catalog); i++) {
    const Channel *channel = channel_at(catalog, i);
    if (str_equal(channel_kind(channel), kind) && !channel_needs_connector(channel)) return channel;
  }
  return NULL;
}

bool provider_exists(const Finding *f, i64 org_id, Str kind) {
  for (size_t i = 0; i < setup_connector_count(f->setup); i++)
    if (fits(setup_connector_at(f->setup, i), org_id, kind)) return true;
  return provider_free(f->app->catalog, kind) != NULL;
}

/* Lower is better: position, then those whose breaker is open, then the one to avoid. */
static i64 rank(const Cycle *cycle, const SetupConnector *c, i64 avoid_id) {
  Breaker breaker = breaker_get(cycle_app(cycle), c->id);
  return c->position + (breaker_is_open(&breaker, cycle->now_ms) ? 10000 : 0) + (c->id == avoid_id ? 100000 : 0);
}

bool provider_choose(Cycle *cycle, i64 org_id, Str kind, i64 avoid_id, Provider *out, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  const SetupConnector *best = NULL;
  if (!breakers_refresh(cycle, err)) return false;
  for (size_t i = 0; i < setup_connector_count(setup); i++) {
    const SetupConnector *c = setup_connector_at(setup, i);
    if (fits(c, org_id, kind) && (!best || rank(cycle, c, avoid_id) < rank(cycle, best, avoid_id))) best = c;
  }
  if (best) breaker_uses(cycle_app(cycle), best->id, cycle->now_ms);
  *out =
      (Provider){.channel = best ? best->channel : provider_free(cycle_app(cycle)->catalog, kind), .connector = best};
  return true;
}

bool provider_other(Cycle *cycle, i64 org_id, Str kind, i64 connector_id) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  for (size_t i = 0; i < setup_connector_count(setup); i++) {
    const SetupConnector *c = setup_connector_at(setup, i);
    Breaker breaker = breaker_get(cycle_app(cycle), c->id);
    if (c->id != connector_id && fits(c, org_id, kind) && !breaker_is_open(&breaker, cycle->now_ms)) return true;
  }
  return false;
}

/* One alert as long as it lasts, paged like any other. */
static bool tell_misconfigured(Cycle *cycle, const SetupConnector *c, Str reason, bool over, Error *err) {
  i64 id = 0;
  AlertOwn own = {
      .org_id = c->org_id,
      .dedup_key = str_format(cycle->arena, "connector/%lld", (long long)c->id),
      .title =
          str_format(cycle->arena, "%.*s refuses messages: %.*s", STR_ARG(c->name), STR_ARG(utf8_cut(reason, 300))),
      .description = S("Messages by this connector are not sent until its settings or its secret are right. Other "
                       "connectors of the same kind are used meanwhile."),
      .priority = 2,
      .resolve = over};
  return alert_own(cycle, &own, &id, err);
}

static bool worked(Cycle *cycle, const SetupConnector *c, const Breaker *before, Error *err) {
  Breaker fresh = {.connector_id = c->id, .state = CONNECTOR_WORKING};
  if (before->state == CONNECTOR_WORKING && !before->failures && !before->open_until_ms) return true;
  bool was_bad = before->state == CONNECTOR_FAILING || before->state == CONNECTOR_MISCONFIGURED;
  return breaker_put(cycle, c->org_id, &fresh, STR_NONE, err) &&
         (!was_bad || tell_misconfigured(cycle, c, S("over"), true, err));
}

static bool refuses_us(Cycle *cycle, const SetupConnector *c, Breaker breaker, Str reason, Error *err) {
  bool told = breaker.state == CONNECTOR_MISCONFIGURED;
  breaker.state = CONNECTOR_MISCONFIGURED;
  breaker.probe_until_ms = 0;
  breaker.open_until_ms = cycle->now_ms + MISCONFIGURED_S * 1000;
  return breaker_put(cycle, c->org_id, &breaker, reason, err) &&
         (told || tell_misconfigured(cycle, c, reason, false, err));
}

/* The message that tried again decides alone. */
static bool failed(Cycle *cycle, const SetupConnector *c, Breaker breaker, Str reason, Error *err) {
  bool tried_again = breaker.open_until_ms && cycle->now_ms >= breaker.open_until_ms;
  if (cycle->now_ms - breaker.since_ms >= BREAKER_WINDOW_S * 1000) {
    breaker.since_ms = cycle->now_ms;
    breaker.failures = 0;
  }
  breaker.failures++;
  breaker.probe_until_ms = 0;
  bool opens = tried_again || breaker.failures >= BREAKER_FAILURES;
  if (opens) breaker.open_until_ms = cycle->now_ms + FAILING_S * 1000;
  if (breaker.state != CONNECTOR_MISCONFIGURED) breaker.state = CONNECTOR_FAILING;
  return breaker_put(cycle, c->org_id, &breaker, reason, err);
}

/* It took our credentials and refused this one message. What never worked is not left as if nobody had tried it. */
static bool refused_one(Cycle *cycle, const SetupConnector *c, Breaker breaker, Str reason, Error *err) {
  if (breaker.state != CONNECTOR_UNTRIED) return true;
  breaker.state = CONNECTOR_FAILING;
  return breaker_put(cycle, c->org_id, &breaker, reason, err);
}

bool provider_judged(Cycle *cycle, i64 connector_id, SendVerdict verdict, Str reason, Error *err) {
  const SetupConnector *c = setup_connector(setup_current(cycle_app(cycle)->setup), connector_id);
  if (!c) return true;
  if (!breakers_refresh(cycle, err)) return false;
  Breaker breaker = breaker_get(cycle_app(cycle), connector_id);
  switch (verdict) {
  case SEND_SENT:
  case SEND_DELIVERED: return worked(cycle, c, &breaker, err);
  case SEND_CONFIGURATION: return refuses_us(cycle, c, breaker, reason, err);
  case SEND_PERMANENT:
  case SEND_BROKEN: return refused_one(cycle, c, breaker, reason, err);
  case SEND_RETRY:
  case SEND_UNKNOWN: break;
  }
  return failed(cycle, c, breaker, reason, err);
}
