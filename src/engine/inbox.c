/* The inbox: every request that has arrived becomes a row (append), and what it carries is applied, at ordinary load in
 * the same commit. What does not fit into the round's budget waits as a pending row, oldest first inside an
 * integration, the integrations taking turns. A batch that fails is undone and halved until the poisoned request is
 * alone; that one is parked. Pending rows are never deleted. */
#include "engine/internal.h"
#include "lang/json.h"

static const DbStmt INBOX_INSERT = {
    "inbox_insert",
    "INSERT INTO inbox (id, org_id, integration_id, received_at, state, tries, method, headers, body, body_bytes, "
    "outcome, "
    "errors, events, alert_ids, change_ids, warnings) VALUES ($1,$2,$3,$4,$5,0,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)",
    NULL};
static const DbStmt INBOX_APPLIED = {
    "inbox_applied", "UPDATE inbox SET state = 0, events = NULL, alert_ids = $2, change_ids = $3 WHERE id = $1", NULL};
static const DbStmt INBOX_IDS = {"inbox_ids", "UPDATE inbox SET alert_ids = $2, change_ids = $3 WHERE id = $1", NULL};
static const DbStmt INBOX_PARK = {
    "inbox_park", "UPDATE inbox SET state = 2, outcome = 'failed', errors = $2, events = $3 WHERE id = $1", NULL};
static const DbStmt INBOX_TRY = {"inbox_try", "UPDATE inbox SET tries = tries + 1 WHERE state = 1", NULL};
static const DbStmt INBOX_SOURCES = {
    "inbox_sources",
    "SELECT integration_id, COUNT(*), MIN(received_at) FROM inbox WHERE state = 1 GROUP BY integration_id", NULL};
static const DbStmt INBOX_PENDING = {"inbox_pending",
                                     "SELECT id, org_id, received_at, tries, events FROM inbox WHERE state = 1 AND "
                                     "integration_id = $1 ORDER BY id LIMIT $2",
                                     NULL};
static const DbStmt IDEMPOTENCY_GET = {
    "idempotency_get",
    "SELECT answer FROM idempotency WHERE org_id = $1 AND scope = $2 AND \"key\" = $3 AND expires_at > $4", NULL};
static const DbStmt IDEMPOTENCY_PUT = {
    "idempotency_put",
    "INSERT INTO idempotency (org_id, scope, \"key\", status, answer, expires_at) VALUES ($1,$2,$3,202,$4,$5) "
    "ON CONFLICT (org_id, scope, \"key\") DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at",
    NULL};

enum { SECOND_TRY_BATCH = 64, TRIES_MAX = 3, TURN_ROWS = 64 };

/* What waits ------------------------------------------------------------------------------------------------------ */

static bool read_source(const DbRow *row, void *ctx) {
  Engine *engine = ctx;
  *VEC_PUSH(engine->pending_arena, &engine->pending) = (PendingSource){
      .integration_id = db_row_int(row, 0), .count = db_row_int(row, 1), .oldest_ms = db_row_int(row, 2)};
  return true;
}

static bool load_sources(Engine *engine, Error *err) {
  arena_clear(engine->pending_arena);
  engine->pending.items = NULL;
  engine->pending.count = engine->pending.capacity = 0;
  return db_query(engine->db, &INBOX_SOURCES, 0, NULL, read_source, engine, err);
}

bool inbox_open(Engine *engine, Error *err) {
  engine->pending_arena = arena_new();
  if (!db_begin(engine->db, err)) return false;
  if (!db_exec(engine->db, &INBOX_TRY, 0, NULL, NULL, err) || !db_commit(engine->db, err)) {
    db_rollback(engine->db);
    return false;
  }
  if (!load_sources(engine, err)) return false;
  inbox_update_gauges(engine);
  return true;
}

static PendingSource *source_find(Engine *engine, i64 integration_id) {
  for (size_t i = 0; i < engine->pending.count; i++)
    if (engine->pending.items[i].integration_id == integration_id) return &engine->pending.items[i];
  return NULL;
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

static Str ids_text(Arena *arena, const i64 *ids, size_t count) {
  if (count == 0) return STR_NONE;
  Buf buf = buf_new(arena, MIB(4));
  buf_putc(&buf, '[');
  for (size_t i = 0; i < count; i++) {
    if (i) buf_putc(&buf, ',');
    buf_i64(&buf, ids[i]);
  }
  buf_putc(&buf, ']');
  return buf_str(&buf);
}

typedef struct StoredAnswer {
  Arrival *arrival;
} StoredAnswer;

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
                db_text(arrival->idempotency_key), db_text(arrival->answer), db_int(cycle->now_ms + DAY_MS));
}

static bool insert_row(Cycle *cycle, Arrival *arrival, bool waits, Error *err) {
  Str events = waits ? cycle->engine->options.hooks.encode(cycle->arena, arrival) : STR_NONE;
  return db_run(cycle->db, &INBOX_INSERT, err, db_int(arrival->id), db_int(arrival->org_id),
                db_int(arrival->integration_id), db_int(arrival->received_ms), db_int(waits ? 1 : 0),
                db_text(arrival->method), db_text(arrival->headers),
                arrival->body.len ? db_blob(arrival->body) : db_null(), db_int(arrival->body_bytes),
                db_text(str_from_c(arrival->outcome)), db_text_or_null(arrival->errors), db_text_or_null(events),
                db_text_or_null(ids_text(cycle->arena, arrival->alert_ids.items, arrival->alert_ids.count)),
                db_text_or_null(ids_text(cycle->arena, arrival->change_ids.items, arrival->change_ids.count)),
                db_text_or_null(arrival->warnings));
}

/* Apply ----------------------------------------------------------------------------------------------------------- */

static bool park(Cycle *cycle, Arrival *arrival, const Error *why, Error *err) {
  Engine *engine = cycle->engine;
  Buf errors = buf_new(cycle->arena, KIB(8));
  buf_puts(&errors, "[{\"index\":-1,\"reason\":");
  json_write_string(&errors, str_from_c(why->message));
  buf_puts(&errors, "}]");
  Str events = engine->options.hooks.encode(cycle->arena, arrival);
  log_error("engine", "request %lld cannot be applied and is parked: %s", (long long)arrival->id, why->message);
  metric_add(engine->parked, NULL, 1);
  arrival->state = ARRIVAL_PARKED;
  if (!db_run(cycle->db, &INBOX_PARK, err, db_int(arrival->id), db_text(buf_str(&errors)), db_text_or_null(events)))
    return false;
  return !engine->options.hooks.parked || engine->options.hooks.parked(cycle, arrival, why, err);
}

static bool try_apply(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  if (engine_fault(cycle->engine, "apply.poison")) return fail(err, ERR_INTERNAL, "fault apply.poison");
  for (size_t i = 0; i < count; i++) batch[i]->alert_ids.count = batch[i]->change_ids.count = 0;
  return cycle->engine->options.hooks.apply(cycle, batch, count, err);
}

/* Applies all or, halving, as much as can be applied. Only trouble with the storage itself fails. */
static bool apply_batch(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  if (count == 0) return true;
  Error why = {0};
  if (!db_savepoint(cycle->db, err)) return false;
  if (try_apply(cycle, batch, count, &why)) {
    for (size_t i = 0; i < count; i++) batch[i]->state = ARRIVAL_APPLIED;
    return db_release(cycle->db, err);
  }
  if (why.code == ERR_STORAGE || !db_in_transaction(cycle->db)) {
    *err = why;
    return false;
  }
  db_rollback_to(cycle->db);
  if (count == 1) return park(cycle, batch[0], &why, err);
  size_t half = count / 2;
  return apply_batch(cycle, batch, half, err) && apply_batch(cycle, batch + half, count - half, err);
}

static size_t events_of(Arrival **batch, size_t count) {
  size_t events = 0;
  for (size_t i = 0; i < count; i++) events += batch[i]->event_count;
  return events;
}

static bool apply_timed(Cycle *cycle, Round *round, Arrival **batch, size_t count, Error *err) {
  i64 before = clock_monotonic_us();
  if (!apply_batch(cycle, batch, count, err)) return false;
  round->applied_us += clock_monotonic_us() - before;
  round->applied_events += (i64)events_of(batch, count);
  return true;
}

/* How many events this round may apply: the larger of 5 ms and four times the commit, at the smoothed cost of one. */
static size_t round_budget(const Engine *engine) {
  double us = MAX(5000.0, 4.0 * (double)db_last_commit_us(engine->db));
  double events = us / MAX(engine->event_us, 1.0);
  return events < 16 ? 16 : events > 100000 ? 100000 : (size_t)events;
}

/* Pending rows ---------------------------------------------------------------------------------------------------- */

typedef struct PendingRows {
  Cycle *cycle;
  i64 integration_id;
  VEC(Arrival *) * out;
  Error *err;
  bool ok;
} PendingRows;

static bool read_pending(const DbRow *row, void *ctx) {
  PendingRows *rows = ctx;
  Cycle *cycle = rows->cycle;
  Arrival *arrival = ARENA_NEW(cycle->arena, Arrival);
  arrival->arena = cycle->arena;
  arrival->id = db_row_int(row, 0);
  arrival->org_id = db_row_int(row, 1);
  arrival->integration_id = rows->integration_id;
  arrival->received_ms = db_row_int(row, 2);
  arrival->tries = (u32)db_row_int(row, 3);
  arrival->from_inbox = true;
  arrival->state = ARRIVAL_PENDING;
  Error why = {0};
  if (!cycle->engine->options.hooks.decode(arrival, db_row_text(row, 4, cycle->arena), &why)) {
    arrival->tries = TRIES_MAX;
    arrival->event_count = 0;
  }
  VEC(Arrival *) *out = (void *)rows->out;
  *VEC_PUSH(cycle->arena, out) = arrival;
  return true;
}

static bool finish_pending(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  for (size_t i = 0; i < count; i++) {
    if (batch[i]->state != ARRIVAL_APPLIED) continue;
    if (!db_run(cycle->db, &INBOX_APPLIED, err, db_int(batch[i]->id),
                db_text_or_null(ids_text(cycle->arena, batch[i]->alert_ids.items, batch[i]->alert_ids.count)),
                db_text_or_null(ids_text(cycle->arena, batch[i]->change_ids.items, batch[i]->change_ids.count))))
      return false;
  }
  return true;
}

/* Rows that an earlier run may have died on go in small batches, then alone, then are parked. */
static bool apply_pending_batch(Cycle *cycle, Round *round, Arrival **batch, size_t count, Error *err) {
  for (size_t from = 0; from < count;) {
    u32 tries = batch[from]->tries;
    if (tries >= TRIES_MAX) {
      Error why = {0};
      fail(&why, ERR_INTERNAL, "applying this request failed or ended the program %u times", tries);
      if (!park(cycle, batch[from], &why, err)) return false;
      from++;
      continue;
    }
    size_t limit = tries == 0 ? count : tries == 1 ? SECOND_TRY_BATCH : 1, to = from;
    while (to < count && to - from < limit && batch[to]->tries == tries) to++;
    if (!apply_timed(cycle, round, batch + from, to - from, err)) return false;
    from = to;
    if (tries > 0) break; /* one such batch a round: its commit is the proof */
  }
  return finish_pending(cycle, batch, count, err);
}

static bool apply_waiting(Cycle *cycle, Round *round, size_t budget, Error *err) {
  Engine *engine = cycle->engine;
  if (engine->pending.count == 0) return true;
  VEC(Arrival *) batch = {0};
  for (size_t i = 0; i < engine->pending.count && batch.count < budget; i++) {
    PendingRows rows = {
        .cycle = cycle, .integration_id = engine->pending.items[i].integration_id, .out = (void *)&batch};
    size_t share = MAX((size_t)TURN_ROWS, budget / engine->pending.count);
    if (!db_query(cycle->db, &INBOX_PENDING, DB_ARGS(db_int(rows.integration_id), db_int((i64)share)), read_pending,
                  &rows, err))
      return false;
  }
  return apply_pending_batch(cycle, round, batch.items, batch.count, err) && load_sources(engine, err);
}

/* Arrivals -------------------------------------------------------------------------------------------------------- */

/* Sorts arrivals into those applied now and those that wait: what an integration sent earlier goes first. */
static size_t choose(Engine *engine, Round *round, Arrival **now, Arrival **later, size_t *out_later, size_t budget) {
  size_t count = 0, waiting = 0, events = 0;
  for (Arrival *a = round->arrivals; a; a = a->next) {
    if (a->duplicate || a->event_count == 0) continue;
    bool fits = events == 0 || events + a->event_count <= budget;
    if (fits && engine->pending.count == 0 && waiting == 0) {
      now[count++] = a;
      events += a->event_count;
    } else {
      later[waiting++] = a;
    }
  }
  *out_later = waiting;
  return count;
}

static bool append_applied(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  for (size_t i = 0; i < count; i++) {
    Arrival *a = batch[i];
    if (a->state == ARRIVAL_APPLIED && !insert_row(cycle, a, false, err)) return false;
    if (a->state == ARRIVAL_PARKED && !db_run(cycle->db, &INBOX_IDS, err, db_int(a->id), db_null(), db_null()))
      return false;
  }
  return true;
}

/* A parked arrival needs its row before it is parked, so rows are written first when the batch may fail: the row goes
 * in with the batch's ids known afterwards. Cheap path: apply, then insert with ids; if anything was parked, its row is
 * made by park's caller below. */
static bool apply_arrivals(Cycle *cycle, Round *round, Arrival **batch, size_t count, Error *err) {
  Error why = {0};
  if (count == 0) return true;
  i64 before = clock_monotonic_us();
  if (!db_savepoint(cycle->db, err)) return false;
  bool applied = try_apply(cycle, batch, count, &why);
  if (applied) {
    for (size_t i = 0; i < count; i++) batch[i]->state = ARRIVAL_APPLIED;
    round->applied_us += clock_monotonic_us() - before;
    round->applied_events += (i64)events_of(batch, count);
    return db_release(cycle->db, err) && append_applied(cycle, batch, count, err);
  }
  if (why.code == ERR_STORAGE || !db_in_transaction(cycle->db)) {
    *err = why;
    return false;
  }
  db_rollback_to(cycle->db);
  for (size_t i = 0; i < count; i++)
    if (!insert_row(cycle, batch[i], true, err)) return false;
  return apply_timed(cycle, round, batch, count, err) && finish_pending(cycle, batch, count, err);
}

static bool append_log_entries(Cycle *cycle, Round *round, Error *err) {
  for (Arrival *a = round->arrivals; a; a = a->next)
    if (!a->duplicate && a->event_count == 0 && !insert_row(cycle, a, false, err)) return false;
  return true;
}

static bool append_waiting(Cycle *cycle, Arrival **later, size_t count, Error *err) {
  Engine *engine = cycle->engine;
  for (size_t i = 0; i < count; i++) {
    later[i]->state = ARRIVAL_PENDING;
    if (!insert_row(cycle, later[i], true, err)) return false;
    PendingSource *source = source_find(engine, later[i]->integration_id);
    if (source) {
      source->count++;
    } else {
      *VEC_PUSH(engine->pending_arena, &engine->pending) =
          (PendingSource){.integration_id = later[i]->integration_id, .count = 1, .oldest_ms = later[i]->received_ms};
    }
  }
  return true;
}

bool inbox_append_and_apply(Cycle *cycle, Round *round, Error *err) {
  Engine *engine = cycle->engine;
  for (Arrival *a = round->arrivals; a; a = a->next)
    if (!check_redelivery(cycle, a, err)) return false;
  size_t budget = round_budget(engine), later_count = 0;
  Arrival **now = ARENA_ARRAY(cycle->arena, Arrival *, round->arrival_count + 1);
  Arrival **later = ARENA_ARRAY(cycle->arena, Arrival *, round->arrival_count + 1);
  size_t now_count = choose(engine, round, now, later, &later_count, budget);
  if (!append_log_entries(cycle, round, err)) return false;
  bool had_waiting = engine->pending.count > 0;
  if (!append_waiting(cycle, later, later_count, err)) return false;
  if (engine_fault(engine, "cycle.after_append")) return fail(err, ERR_STORAGE, "fault cycle.after_append");
  if (!(had_waiting ? apply_waiting(cycle, round, budget, err) : apply_arrivals(cycle, round, now, now_count, err)))
    return false;
  return !round->arrivals || !engine->options.hooks.appended ||
         engine->options.hooks.appended(cycle, round->arrivals, err);
}
