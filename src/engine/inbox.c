/* The inbox: every request that has arrived becomes a row (append), and what it carries is applied, at ordinary load in
 * the same commit. What does not fit into the round's budget waits as a pending row, oldest first inside an
 * integration, the integrations taking turns. A batch that fails is undone and halved until the poisoned request is
 * alone; that one is parked. Pending rows are never deleted. */
#include "engine/inbox_internal.h"

static const DbStmt INBOX_INSERT = {
    "inbox_insert",
    "INSERT INTO inbox (id, org_id, integration_id, received_at, state, tries, method, headers, body, body_bytes, "
    "outcome, "
    "errors, events, alert_ids, change_ids, warnings, node) "
    "VALUES ($1,$2,$3,$4,$5,0,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)",
    NULL};
static const DbStmt INBOX_TRY = {"inbox_try", "UPDATE inbox SET tries = tries + 1, node = $1 WHERE state = 1", NULL};
static const DbStmt IDEMPOTENCY_GET = {
    "idempotency_get",
    "SELECT answer FROM idempotency WHERE org_id = $1 AND scope = $2 AND \"key\" = $3 AND expires_at > $4", NULL};
static const DbStmt IDEMPOTENCY_PUT = {
    "idempotency_put",
    "INSERT INTO idempotency (org_id, scope, \"key\", status, answer, expires_at) VALUES ($1,$2,$3,202,$4,$5) "
    "ON CONFLICT (org_id, scope, \"key\") DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at",
    NULL};

enum { DIRECT_EVENTS_MAX = 1000 }; /* a request up to this size is applied at once when the round has nothing else */

/* What waits ------------------------------------------------------------------------------------------------------ */

/* The rows are ours, whoever's they were where they were exported. */
static bool count_tries(Engine *engine, Error *err) {
  if (!db_begin(engine->db, err)) return false;
  if (db_run(engine->db, &INBOX_TRY, err, db_int(engine->options.ids->node)) && db_commit(engine->db, err)) return true;
  db_rollback(engine->db);
  return false;
}

bool inbox_open(Engine *engine, Error *err) {
  engine->pending_arena = arena_new();
  if (!engine->shared && !count_tries(engine, err)) return false; /* else it was done when we joined */
  if (!inbox_load_sources(engine, err)) return false;
  inbox_update_gauges(engine);
  return true;
}

void inbox_update_gauges(Engine *engine) {
  i64 count = 0, oldest = INT64_MAX, now = clock_now(engine->options.clock);
  pthread_mutex_lock(&engine->blocked_lock);
  engine->blocked_sources.count = 0;
  for (size_t i = 0; i < engine->pending.count; i++) {
    const PendingSource *source = &engine->pending.items[i];
    count += source->count;
    oldest = MIN(oldest, source->oldest_ms);
    if (now - source->oldest_ms > PENDING_TOO_OLD_MS)
      *VEC_PUSH(engine->blocked_arena, &engine->blocked_sources) = source->integration_id;
  }
  pthread_mutex_unlock(&engine->blocked_lock);
  atomic_store(&engine->pending_count, count);
  atomic_store(&engine->oldest_pending_ms, oldest);
}

/* Append ---------------------------------------------------------------------------------------------------------- */

static bool read_answer(const DbRow *row, void *ctx) {
  Arrival *arrival = ctx;
  arrival->stored_answer = db_row_text(row, 0, arrival->arena);
  arrival->duplicate = true;
  return true;
}

/* The same delivery within 24 h: its first answer again, and nothing is applied. */
static bool check_redelivery(Cycle *cycle, Arrival *arrival, Error *err) {
  arrival->duplicate = false;
  if (arrival->idempotency_key.len == 0) return true;
  Str scope = str_format(cycle->arena, "in:%lld", (long long)arrival->integration_id);
  bool found = false;
  if (!db_query_one(
          cycle->db, &IDEMPOTENCY_GET,
          DB_ARGS(db_int(arrival->org_id), db_text(scope), db_text(arrival->idempotency_key), db_int(cycle->now_ms)),
          read_answer, arrival, &found, err))
    return false;
  if (found) return true;
  return db_run(cycle->db, &IDEMPOTENCY_PUT, err, db_int(arrival->org_id), db_text(scope),
                db_text(arrival->idempotency_key), db_text(arrival->answer),
                db_int(cycle->now_ms + arrival->answer_kept_ms));
}

static bool insert_row(Cycle *cycle, Arrival *arrival, bool waits, Error *err) {
  Str events = waits ? cycle->engine->options.hooks.encode(cycle->arena, arrival) : STR_NONE;
  return db_run_gathered(
      cycle->db, &INBOX_INSERT, 1, err, db_int(arrival->id), db_int(arrival->org_id), db_int(arrival->integration_id),
      db_int(arrival->received_ms), db_int(waits ? 1 : 0), db_text(arrival->method), db_text(arrival->headers),
      arrival->body.len ? db_blob(arrival->body) : db_null(), db_int(arrival->body_bytes),
      db_text(str_from_c(arrival->outcome)), db_text_or_null(arrival->errors), events.len ? db_blob(events) : db_null(),
      db_text_or_null(inbox_ids_text(cycle->arena, STR_NONE, arrival->alert_ids.items, arrival->alert_ids.count)),
      db_text_or_null(inbox_ids_text(cycle->arena, STR_NONE, arrival->change_ids.items, arrival->change_ids.count)),
      db_text_or_null(arrival->warnings), db_int(cycle->ids->node));
}

/* Arrivals -------------------------------------------------------------------------------------------------------- */

/* One integration's part of the round. */
typedef struct Share {
  i64 integration_id;
  size_t wants, has; /* events */
  bool waits;        /* what it sends from here on goes to the inbox: order inside an integration is kept */
} Share;

typedef VEC(Share) Shares;

static Share *share_of(Arena *arena, Shares *shares, i64 integration_id) {
  for (size_t i = 0; i < shares->count; i++)
    if (shares->items[i].integration_id == integration_id) return &shares->items[i];
  Share *share = VEC_PUSH(arena, shares);
  *share = (Share){.integration_id = integration_id};
  return share;
}

static bool to_apply(const Arrival *a) {
  return !a->duplicate && a->event_count > 0;
}

/* The most that each integration may have so that all together stay inside the budget. */
static size_t fair_cap(const Shares *shares, size_t budget) {
  size_t cap = 0, left = budget, open = 0;
  for (size_t i = 0; i < shares->count; i++) open += !shares->items[i].waits;
  for (size_t step; open > 0 && (step = left / open) > 0;) {
    cap += step;
    left = budget;
    open = 0;
    for (size_t i = 0; i < shares->count; i++) {
      const Share *share = &shares->items[i];
      if (share->waits) continue;
      left -= MIN(left, MIN(share->wants, cap));
      open += share->wants > cap;
    }
  }
  return cap;
}

/* Sorts arrivals into those applied now and those that wait. What an integration sent earlier goes first; one that
 * floods takes nothing from the others. */
static size_t choose(Cycle *cycle, Round *round, Arrival **now, Arrival **later, size_t *out_later, size_t budget) {
  size_t count = 0, waiting = 0, wanted = 0;
  Shares shares = {0};
  for (Arrival *a = round->arrivals; a; a = a->next) {
    if (!to_apply(a)) continue;
    Share *share = share_of(cycle->arena, &shares, a->integration_id);
    share->waits = inbox_source(cycle->engine, a->integration_id) != NULL;
    share->wants += a->event_count;
    wanted += a->event_count;
  }
  bool alone = cycle->engine->pending.count == 0 && wanted <= DIRECT_EVENTS_MAX && round->arrival_count == 1;
  size_t cap = alone ? wanted : fair_cap(&shares, budget);
  for (Arrival *a = round->arrivals; a; a = a->next) {
    if (!to_apply(a)) continue;
    Share *share = share_of(cycle->arena, &shares, a->integration_id);
    share->waits |= share->has + a->event_count > cap;
    if (share->waits) {
      later[waiting++] = a;
    } else {
      now[count++] = a;
      share->has += a->event_count;
    }
  }
  *out_later = waiting;
  return count;
}

static bool append_applied(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  for (size_t i = 0; i < count; i++)
    if (!insert_row(cycle, batch[i], false, err)) return false;
  return true;
}

/* Cheap path: apply, then insert each row once with what came of it. What is parked needs its row first, so after a
 * failure the rows go in as waiting ones. */
static bool apply_arrivals(Cycle *cycle, Round *round, Arrival **batch, size_t count, Error *err) {
  bool applied = false;
  if (count == 0) return true;
  if (!inbox_apply_whole(cycle, round, batch, count, &applied, err)) return false;
  if (applied) return append_applied(cycle, batch, count, err);
  for (size_t i = 0; i < count; i++)
    if (!insert_row(cycle, batch[i], true, err)) return false;
  return inbox_apply(cycle, round, batch, count, err) && inbox_finish(cycle, batch, count, err);
}

static bool append_log_entries(Cycle *cycle, Round *round, Error *err) {
  for (Arrival *a = round->arrivals; a; a = a->next)
    if (!a->duplicate && a->event_count == 0 && !insert_row(cycle, a, false, err)) return false;
  return true;
}

static bool append_waiting(Cycle *cycle, Arrival **later, size_t count, Error *err) {
  for (size_t i = 0; i < count; i++) {
    later[i]->state = ARRIVAL_PENDING;
    if (!insert_row(cycle, later[i], true, err)) return false;
    inbox_source_add(cycle->engine, later[i]);
  }
  return true;
}

bool inbox_append_and_apply(Cycle *cycle, Round *round, Error *err) {
  Engine *engine = cycle->engine;
  if (engine->sources_stale && !inbox_load_sources(engine, err)) return false;
  engine->sources_stale = false;
  for (Arrival *a = round->arrivals; a; a = a->next)
    if (!check_redelivery(cycle, a, err)) return false;
  size_t later_count = 0;
  Arrival **now = ARENA_ARRAY(cycle->arena, Arrival *, round->arrival_count + 1);
  Arrival **later = ARENA_ARRAY(cycle->arena, Arrival *, round->arrival_count + 1);
  bool had_waiting = engine->pending.count > 0;
  size_t now_count = choose(cycle, round, now, later, &later_count, budget_direct(engine));
  if (!append_log_entries(cycle, round, err) || !append_waiting(cycle, later, later_count, err)) return false;
  if (engine_fault(engine, "cycle.after_append")) return fail(err, ERR_STORAGE, "fault cycle.after_append");
  if (!apply_arrivals(cycle, round, now, now_count, err)) return false;
  if (had_waiting && !inbox_apply_waiting(cycle, round, budget_waiting(engine, round), err)) return false;
  return !round->arrivals || !engine->options.hooks.appended ||
         engine->options.hooks.appended(cycle, round->arrivals, err);
}
