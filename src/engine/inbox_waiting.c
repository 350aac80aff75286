/* What waits in the inbox. Rows are taken oldest first inside an integration, the integrations in turns, each its share
 * of the round's budget of events; a request larger than the share goes in slices over several rounds (`done` counts
 * its events that are applied). What waits of each integration is counted in memory, so that a long backlog costs a
 * round nothing. */
#include "engine/inbox_internal.h"

static const DbStmt INBOX_APPLIED = {
    "inbox_applied",
    "UPDATE inbox SET state = CASE WHEN outcome = 'failed' THEN 2 ELSE 0 END, events = NULL, alert_ids = $2, "
    "change_ids = $3 WHERE id = $1",
    NULL};
static const DbStmt INBOX_SLICED = {
    "inbox_sliced", "UPDATE inbox SET done = $4, tries = 0, alert_ids = $2, change_ids = $3 WHERE id = $1", NULL};
static const DbStmt INBOX_SOURCES = {
    "inbox_sources",
    "SELECT integration_id, COUNT(*), MIN(received_at) FROM inbox WHERE state = 1 AND node = $1 "
    "GROUP BY integration_id",
    NULL};
const DbStmt INBOX_PENDING = {
    "inbox_pending",
    "SELECT id, org_id, received_at, tries, events, done, alert_ids, change_ids FROM inbox WHERE state = 1 AND "
    "node = $3 AND integration_id = $1 ORDER BY id LIMIT $2",
    NULL};
const DbStmt INBOX_OLDEST = {
    "inbox_oldest",
    "SELECT received_at FROM inbox WHERE state = 1 AND node = $2 AND integration_id = $1 ORDER BY id LIMIT 1", NULL};

enum { SECOND_TRY_BATCH = 64, TRIES_MAX = 3, SLICE_EVENTS_MIN = 200 };

/* Counting -------------------------------------------------------------------------------------------------------- */

static bool read_source(const DbRow *row, void *ctx) {
  Engine *engine = ctx;
  *VEC_PUSH(engine->pending_arena, &engine->pending) = (PendingSource){
      .integration_id = db_row_int(row, 0), .count = db_row_int(row, 1), .oldest_ms = db_row_int(row, 2)};
  return true;
}

static void forget_sources(Engine *engine) {
  arena_clear(engine->pending_arena);
  engine->pending.items = NULL;
  engine->pending.count = engine->pending.capacity = 0;
}

bool inbox_load_sources(Engine *engine, Error *err) {
  forget_sources(engine);
  return db_query(engine->db, &INBOX_SOURCES, DB_ARGS(db_int(engine->options.ids->node)), read_source, engine, err);
}

PendingSource *inbox_source(Engine *engine, i64 integration_id) {
  for (size_t i = 0; i < engine->pending.count; i++)
    if (engine->pending.items[i].integration_id == integration_id) return &engine->pending.items[i];
  return NULL;
}

void inbox_source_add(Engine *engine, const Arrival *arrival) {
  PendingSource *source = inbox_source(engine, arrival->integration_id);
  if (source) {
    source->count++;
    return;
  }
  *VEC_PUSH(engine->pending_arena, &engine->pending) =
      (PendingSource){.integration_id = arrival->integration_id, .count = 1, .oldest_ms = arrival->received_ms};
}

/* After a turn: how many are left, and how old the first of them is. */
static bool recount(Cycle *cycle, Arrival **turn, size_t count, Error *err) {
  PendingSource *source = inbox_source(cycle->engine, turn[0]->integration_id);
  bool found = false;
  if (!source) return true;
  for (size_t i = 0; i < count; i++)
    if (turn[i]->state != ARRIVAL_PENDING) source->count--;
  if (source->count > 0 &&
      !db_query_int(cycle->db, &INBOX_OLDEST, DB_ARGS(db_int(source->integration_id), db_int(cycle->ids->node)),
                    &source->oldest_ms, &found, err))
    return false;
  if (!found) source->count = 0;
  return true;
}

static bool recount_all(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  Engine *engine = cycle->engine;
  size_t kept = 0;
  for (size_t from = 0, to; from < count; from = to) {
    for (to = from + 1; to < count && batch[to]->integration_id == batch[from]->integration_id;) to++;
    if (!recount(cycle, batch + from, to - from, err)) return false;
  }
  for (size_t i = 0; i < engine->pending.count; i++)
    if (engine->pending.items[i].count > 0) engine->pending.items[kept++] = engine->pending.items[i];
  engine->pending.count = kept;
  if (kept == 0) forget_sources(engine);
  return true;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

typedef struct Turn {
  Cycle *cycle;
  i64 integration_id;
  size_t share, events; /* events it may take, has taken */
  VEC(Arrival *) * out;
} Turn;

/* Leaves of a request what was not yet applied, and of that what fits. Small ones go whole: reading one twice costs
 * more than a round that is a little too long. */
static void slice(Turn *turn, Arrival *arrival, size_t done) {
  size_t left = arrival->event_count > done ? arrival->event_count - done : 0;
  size_t fits = MAX(turn->share - MIN(turn->share, turn->events), (size_t)SLICE_EVENTS_MIN);
  arrival->events = (char *)arrival->events + done * turn->cycle->engine->options.hooks.event_bytes;
  arrival->event_count = MIN(left, fits);
  arrival->done_events = done + arrival->event_count;
  arrival->sliced = left > fits;
}

static bool read_pending(const DbRow *row, void *ctx) {
  Turn *turn = ctx;
  Cycle *cycle = turn->cycle;
  Arrival *arrival = ARENA_NEW(cycle->arena, Arrival);
  *arrival = (Arrival){.arena = cycle->arena,
                       .id = db_row_int(row, 0),
                       .org_id = db_row_int(row, 1),
                       .integration_id = turn->integration_id,
                       .received_ms = db_row_int(row, 2),
                       .tries = (u32)db_row_int(row, 3),
                       .from_inbox = true,
                       .state = ARRIVAL_PENDING,
                       .ids_before = db_row_text(row, 6, cycle->arena),
                       .change_ids_before = db_row_text(row, 7, cycle->arena)};
  Error why = {0};
  if (cycle->engine->options.hooks.decode(arrival, db_row_text(row, 4, cycle->arena), &why)) {
    slice(turn, arrival, (size_t)db_row_int(row, 5));
  } else {
    arrival->tries = TRIES_MAX;
    arrival->event_count = 0;
  }
  VEC(Arrival *) *out = (void *)turn->out;
  *VEC_PUSH(cycle->arena, out) = arrival;
  turn->events += MAX(arrival->event_count, (size_t)1);
  return turn->events < turn->share;
}

/* Applying -------------------------------------------------------------------------------------------------------- */

bool inbox_finish(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  for (size_t i = 0; i < count; i++) {
    Arrival *a = batch[i];
    if (a->state == ARRIVAL_PENDING || (a->state == ARRIVAL_PARKED && !a->sliced)) continue;
    DbValue args[] = {
        db_int(a->id),
        db_text_or_null(inbox_ids_text(cycle->arena, a->ids_before, a->alert_ids.items, a->alert_ids.count)),
        db_text_or_null(inbox_ids_text(cycle->arena, a->change_ids_before, a->change_ids.items, a->change_ids.count)),
        db_int((i64)a->done_events)};
    if (!db_gather(cycle->db, a->sliced ? &INBOX_SLICED : &INBOX_APPLIED, 1, a->sliced ? 4 : 3, args, err))
      return false;
    if (a->sliced) a->state = ARRIVAL_PENDING;
  }
  return true;
}

/* Rows that an earlier run may have died on go in small batches, then alone, then are parked. *out_more: another batch
 * may follow in this round. */
static bool apply_by_tries(Cycle *cycle, Round *round, Arrival **batch, size_t count, bool *out_more, Error *err) {
  *out_more = true;
  for (size_t from = 0; from < count;) {
    u32 tries = batch[from]->tries;
    if (tries >= TRIES_MAX) {
      Error why = {0};
      fail(&why, ERR_INTERNAL, "applying this request failed or ended the program %u times", tries);
      if (!inbox_park(cycle, batch[from], &why, err)) return false;
      from++;
      continue;
    }
    size_t limit = tries == 0 ? count : tries == 1 ? SECOND_TRY_BATCH : 1, to = from;
    while (to < count && to - from < limit && batch[to]->tries == tries) to++;
    if (!inbox_apply(cycle, round, batch + from, to - from, err)) return false;
    from = to;
    if (tries > 0) { /* one such batch a round: its commit is the proof */
      *out_more = false;
      break;
    }
  }
  return inbox_finish(cycle, batch, count, err);
}

/* One batch within the budget: its share of every integration that waits. */
static bool apply_turn(Cycle *cycle, Round *round, size_t budget, bool *out_more, Error *err) {
  Engine *engine = cycle->engine;
  size_t sources = engine->pending.count, taken = 0;
  VEC(Arrival *) batch = {0};
  for (size_t i = 0; i < sources && taken < budget; i++) {
    const PendingSource *source = &engine->pending.items[(engine->next_source + i) % sources];
    Turn turn = {.cycle = cycle,
                 .integration_id = source->integration_id,
                 .share = MAX((budget - taken) / (sources - i), (size_t)1),
                 .out = (void *)&batch};
    if (!db_query(cycle->db, &INBOX_PENDING,
                  DB_ARGS(db_int(turn.integration_id), db_int((i64)turn.share), db_int(cycle->ids->node)), read_pending,
                  &turn, err))
      return false;
    taken += turn.events;
  }
  engine->next_source++;
  return apply_by_tries(cycle, round, batch.items, batch.count, out_more, err) &&
         recount_all(cycle, batch.items, batch.count, err);
}

/* A commit costs the same pages for few rows as for many, so while nobody waits the round takes one batch after the
 * other. Whoever comes meanwhile waits for the rest of a batch, and for a commit. */
bool inbox_apply_waiting(Cycle *cycle, Round *round, size_t budget, Error *err) {
  Engine *engine = cycle->engine;
  i64 until_us = clock_monotonic_us() + budget_drain_us(engine);
  bool more = budget > 0;
  while (more && engine->pending.count > 0) {
    if (!apply_turn(cycle, round, budget, &more, err)) return false;
    more = more && clock_monotonic_us() < until_us && !engine_is_wanted(engine);
  }
  return true;
}
