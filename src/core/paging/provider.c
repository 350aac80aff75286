/* Which provider a message goes by: the organization's connectors for the kind of method, in their order, those that
 * fail last; or a channel that needs none. A breaker per connector, in memory: five failures within a minute, or a
 * refusal of our credentials, and the others are tried first for a while; then one message tries again. */
#include "core/alerts/alerts.h"
#include "core/paging/notify.h"

enum { BREAKER_FAILURES = 5, BREAKER_WINDOW_S = 60, FAILING_S = 60, MISCONFIGURED_S = 300 };

static const DbStmt STATE_SET = {
    "connector_state",
    "UPDATE connector SET state = $2, state_reason = $3, state_at = $4, version = version + "
    "1 WHERE id = $1 AND (state <> $2 OR (state = 'misconfigured' AND state_reason <> $3))",
    NULL};

/* Also when it was told before this start. */
static const DbStmt REFUSED = {"connector_refused",
                               "SELECT id FROM connector WHERE id = $1 AND state = 'misconfigured'", NULL};

static bool fits(const SetupConnector *c, i64 org_id, Str kind) {
  return c->org_id == org_id && c->enabled && c->channel && str_equal(channel_kind(c->channel), kind);
}

static const Channel *channel_without_connector(const Catalog *catalog, Str kind) {
  for (size_t i = 0; i < channel_count(catalog); i++) {
    const Channel *channel = channel_at(catalog, i);
    if (str_equal(channel_kind(channel), kind) && !channel_needs_connector(channel)) return channel;
  }
  return NULL;
}

bool provider_exists(const Finding *f, i64 org_id, Str kind) {
  for (size_t i = 0; i < setup_connector_count(f->setup); i++)
    if (fits(setup_connector_at(f->setup, i), org_id, kind)) return true;
  return channel_without_connector(f->app->catalog, kind) != NULL;
}

/* Lower is better: position, then those that fail, then the one to avoid. */
static i64 rank(const Finding *f, const SetupConnector *c, i64 avoid_id) {
  const Breaker *breaker = breaker_of(f->app, c->id);
  return c->position + (f->at_ms < breaker->open_until_ms ? 10000 : 0) + (c->id == avoid_id ? 100000 : 0);
}

bool provider_choose(const Finding *f, i64 org_id, Str kind, i64 avoid_id, Provider *out) {
  const SetupConnector *best = NULL;
  for (size_t i = 0; i < setup_connector_count(f->setup); i++) {
    const SetupConnector *c = setup_connector_at(f->setup, i);
    if (fits(c, org_id, kind) && (!best || rank(f, c, avoid_id) < rank(f, best, avoid_id))) best = c;
  }
  *out =
      (Provider){.channel = best ? best->channel : channel_without_connector(f->app->catalog, kind), .connector = best};
  return out->channel != NULL;
}

bool provider_other(const Finding *f, i64 org_id, Str kind, i64 connector_id) {
  for (size_t i = 0; i < setup_connector_count(f->setup); i++) {
    const SetupConnector *c = setup_connector_at(f->setup, i);
    if (c->id != connector_id && fits(c, org_id, kind) && f->at_ms >= breaker_of(f->app, c->id)->open_until_ms)
      return true;
  }
  return false;
}

static bool set_state(Cycle *cycle, i64 org_id, i64 connector_id, const char *state, Str reason, Error *err) {
  cycle_publish(cycle, org_id, "connector", connector_id, 0);
  return db_run(cycle->db, &STATE_SET, err, db_int(connector_id), db_text(str_from_c(state)),
                reason.len ? db_text(reason) : db_text(S("")), db_int(cycle->now_ms));
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

bool provider_worked(Cycle *cycle, i64 connector_id, Error *err) {
  const SetupConnector *c = setup_connector(setup_current(cycle_app(cycle)->setup), connector_id);
  if (!c) return true;
  Breaker *breaker = breaker_of(cycle_app(cycle), connector_id);
  bool told = breaker->told;
  i64 id = 0;
  if (breaker->worked) return true;
  if (!told && !db_query_int(cycle->db, &REFUSED, DB_ARGS(db_int(connector_id)), &id, &told, err)) return false;
  *breaker = (Breaker){.connector_id = connector_id, .worked = true};
  return set_state(cycle, c->org_id, connector_id, "working", STR_NONE, err) &&
         (!told || tell_misconfigured(cycle, c, S("over"), true, err));
}

bool provider_failed(Cycle *cycle, i64 connector_id, bool configuration, Str reason, Error *err) {
  const SetupConnector *c = setup_connector(setup_current(cycle_app(cycle)->setup), connector_id);
  if (!c) return true;
  Breaker *breaker = breaker_of(cycle_app(cycle), connector_id);
  if (cycle->now_ms - breaker->window_ms >= BREAKER_WINDOW_S * 1000) {
    breaker->window_ms = cycle->now_ms;
    breaker->failures = 0;
  }
  breaker->failures++;
  breaker->worked = false;
  if (configuration) {
    bool told = breaker->told;
    breaker->told = true;
    breaker->open_until_ms = cycle->now_ms + MISCONFIGURED_S * 1000;
    return set_state(cycle, c->org_id, connector_id, "misconfigured", reason, err) &&
           (told || tell_misconfigured(cycle, c, reason, false, err));
  }
  if (breaker->failures < BREAKER_FAILURES) return true;
  breaker->open_until_ms = cycle->now_ms + FAILING_S * 1000;
  return set_state(cycle, c->org_id, connector_id, "failing", reason, err);
}
