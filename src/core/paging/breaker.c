/* Breakers: a second's memory of the rows of `connector`. */
#include "core/paging/breaker.h"

enum { MEMORY_MS = 1000, PROBE_MS = 60000 };

static const DbStmt READ = {
    "breakers", "SELECT id, state, failures, failures_since, open_until FROM connector ORDER BY id LIMIT $1", NULL};
static const DbStmt COUNTED = {
    "breaker_counted", "UPDATE connector SET failures = $2, failures_since = $3, open_until = $4 WHERE id = $1", NULL};
static const DbStmt STATE_SET = {
    "connector_state",
    "UPDATE connector SET state = $2, state_reason = $3, state_at = $4, version = version + 1 WHERE id = $1 AND (state "
    "<> $2 OR COALESCE(state_reason, '') <> $3)",
    NULL};

const char *connector_state_name(ConnectorState state) {
  static const char *const NAMES[CONNECTOR_STATE_COUNT] = {"untried", "working", "failing", "misconfigured"};
  return NAMES[state];
}

static ConnectorState state_of(Str name) {
  for (int i = 0; i < CONNECTOR_STATE_COUNT; i++)
    if (str_equal_c(name, connector_state_name((ConnectorState)i))) return (ConnectorState)i;
  return CONNECTOR_UNTRIED;
}

static Breaker *find(Breakers *breakers, i64 connector_id) {
  for (size_t i = 0; i < breakers->count; i++)
    if (breakers->items[i].connector_id == connector_id) return &breakers->items[i];
  return NULL;
}

/* When there are more connectors than places, the first gives its place up: its row knows it all. */
static Breaker *place_for(Breakers *breakers, i64 connector_id) {
  Breaker *breaker = find(breakers, connector_id);
  if (breaker) return breaker;
  breaker = &breakers->items[breakers->count < BREAKERS_MAX ? breakers->count++ : 0];
  *breaker = (Breaker){.connector_id = connector_id};
  return breaker;
}

static bool read_row(const DbRow *row, void *ctx) {
  Breaker *breaker = place_for(ctx, db_row_int(row, 0));
  breaker->state = state_of(db_row_peek(row, 1));
  breaker->failures = db_row_int(row, 2);
  breaker->since_ms = db_row_int(row, 3);
  breaker->open_until_ms = db_row_int(row, 4);
  return true;
}

bool breakers_refresh(Cycle *cycle, Error *err) {
  Breakers *breakers = breakers_of(cycle_app(cycle));
  i64 now = clock_true_ms();
  bool fresh = breakers->read_ms && now - breakers->read_ms < MEMORY_MS && now >= breakers->read_ms;
  if (fresh && breakers->undone == cycle_undone(cycle)) return true;
  if (!db_query(cycle->db, &READ, DB_ARGS(db_int(BREAKERS_MAX)), read_row, breakers, err)) return false;
  breakers->read_ms = now;
  breakers->undone = cycle_undone(cycle);
  return true;
}

Breaker breaker_get(App *app, i64 connector_id) {
  const Breaker *breaker = find(breakers_of(app), connector_id);
  return breaker ? *breaker : (Breaker){.connector_id = connector_id};
}

bool breaker_is_open(const Breaker *breaker, i64 now_ms) {
  bool sane = breaker->open_until_ms - now_ms <= BREAKER_OPEN_MS_MAX; /* else the clock was set back */
  return breaker->open_until_ms && sane && (now_ms < breaker->open_until_ms || now_ms < breaker->probe_until_ms);
}

void breaker_uses(App *app, i64 connector_id, i64 now_ms) {
  Breaker *breaker = find(breakers_of(app), connector_id);
  if (breaker && breaker->open_until_ms && now_ms >= breaker->open_until_ms)
    breaker->probe_until_ms = now_ms + PROBE_MS;
}

bool breaker_put(Cycle *cycle, i64 org_id, const Breaker *breaker, Str reason, Error *err) {
  i64 changed = 0;
  *place_for(breakers_of(cycle_app(cycle)), breaker->connector_id) = *breaker;
  DbValue state[] = {db_int(breaker->connector_id), db_text(str_from_c(connector_state_name(breaker->state))),
                     db_text(reason.len ? reason : S("")), db_int(cycle->now_ms)};
  if (!db_run(cycle->db, &COUNTED, err, db_int(breaker->connector_id), db_int(breaker->failures),
              db_int(breaker->since_ms), db_int(breaker->open_until_ms)) ||
      !db_exec(cycle->db, &STATE_SET, COUNT(state), state, &changed, err))
    return false;
  if (changed) cycle_publish(cycle, org_id, "connector", breaker->connector_id, 0);
  return true;
}
