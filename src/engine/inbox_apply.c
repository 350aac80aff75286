/* Apply, with poison in mind: a batch that fails is undone and halved, down to one event. That event's request is
 * parked: kept, shown, alarmed, replayable; the request's other events are applied.
 *
 * Savepoints cost (SQLite copies each page that is touched in one; PostgreSQL must be waited for), and poison is rare:
 * ordinarily there are none. What fails then undoes its round, which is done again from its start, carefully, as are
 * the rounds that follow. */
#include "engine/inbox_internal.h"
#include "lang/json.h"

static const DbStmt INBOX_PARK = {"inbox_park",
                                  "UPDATE inbox SET state = $3, outcome = 'failed', errors = $2, alert_ids = $4, "
                                  "change_ids = $5 WHERE id = $1",
                                  NULL};

Str inbox_ids_text(Arena *arena, Str before, const i64 *ids, size_t count) {
  if (count == 0) return before;
  Buf buf = buf_new(arena, before.len + count * 21 + 2);
  if (before.len > 2)
    buf_put(&buf, str_slice(before, 0, before.len - 1));
  else
    buf_putc(&buf, '[');
  for (size_t i = 0; i < count; i++) {
    if (i || before.len > 2) buf_putc(&buf, ',');
    buf_i64(&buf, ids[i]);
  }
  buf_putc(&buf, ']');
  return buf_str(&buf);
}

/* Its place in the whole request. */
static i64 poisoned_index(const Arrival *arrival) {
  size_t before = arrival->done_events > arrival->event_count ? arrival->done_events - arrival->event_count : 0;
  return (i64)before + arrival->poisoned - 1;
}

/* A request of which slices are left goes on waiting: it is parked after the last. */
bool inbox_park(Cycle *cycle, Arrival *arrival, const Error *why, Error *err) {
  Engine *engine = cycle->engine;
  Buf errors = buf_new(cycle->arena, KIB(8));
  buf_format(&errors, "[{\"index\":%lld,\"reason\":", (long long)poisoned_index(arrival));
  json_write_string(&errors, str_from_c(why->message));
  buf_puts(&errors, "}]");
  log_error("engine", "request %lld cannot be applied and is parked: %s", (long long)arrival->id, why->message);
  metric_add(engine->parked, NULL, 1);
  arrival->state = ARRIVAL_PARKED;
  Str alerts = inbox_ids_text(cycle->arena, arrival->ids_before, arrival->alert_ids.items, arrival->alert_ids.count);
  Str changes =
      inbox_ids_text(cycle->arena, arrival->change_ids_before, arrival->change_ids.items, arrival->change_ids.count);
  if (!db_run(cycle->db, &INBOX_PARK, err, db_int(arrival->id), db_text(buf_str(&errors)),
              db_int(arrival->sliced ? ARRIVAL_PENDING : ARRIVAL_PARKED), db_text_or_null(alerts),
              db_text_or_null(changes)))
    return false;
  return !engine->options.hooks.parked || engine->options.hooks.parked(cycle, arrival, why, err);
}

static bool try_apply(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  if (engine_fault(cycle->engine, "apply.poison")) return fail(err, ERR_INTERNAL, "fault apply.poison");
  for (size_t i = 0; i < count; i++) batch[i]->alert_ids.count = batch[i]->change_ids.count = 0;
  return cycle->engine->options.hooks.apply(cycle, batch, count, err);
}

/* *out_applied false: undone, *why says for what. False: the storage itself fails, or the round is to be done again. */
static bool attempt(Cycle *cycle, Arrival **batch, size_t count, bool *out_applied, Error *why, Error *err) {
  if (cycle->engine->careful_rounds == 0) {
    cycle->engine->round->trusting = *out_applied = true;
    return try_apply(cycle, batch, count, err);
  }
  if (!db_savepoint(cycle->db, err)) return false;
  *out_applied = try_apply(cycle, batch, count, why) && db_settle(cycle->db, why);
  if (*out_applied) return db_release(cycle->db, err);
  if (why->code == ERR_STORAGE || !db_in_transaction(cycle->db)) {
    *err = *why;
    if (err->code == ERR_NONE) fail(err, ERR_STORAGE, "the database undid the transaction");
    return false;
  }
  cycle_undo(cycle);
  return true;
}

typedef struct Poison {
  i64 element; /* index + 1 of the first event that cannot be applied; 0: none */
  Error why;
} Poison;

static void keep_ids(Arrival *whole, const Arrival *part) {
  for (size_t i = 0; i < part->alert_ids.count; i++)
    *VEC_PUSH(whole->arena, &whole->alert_ids) = part->alert_ids.items[i];
  for (size_t i = 0; i < part->change_ids.count; i++)
    *VEC_PUSH(whole->arena, &whole->change_ids) = part->change_ids.items[i];
}

/* Events [from, to) of one request, halving. */
static bool apply_events(Cycle *cycle, Arrival *whole, size_t from, size_t to, Poison *poison, Error *err) {
  bool applied = false;
  Error why = {0};
  Arrival part = *whole, *one = &part;
  part.events = (char *)whole->events + from * cycle->engine->options.hooks.event_bytes;
  part.event_count = to - from;
  part.alert_ids.items = part.change_ids.items = NULL;
  part.alert_ids.capacity = part.change_ids.capacity = 0;
  if (!attempt(cycle, &one, 1, &applied, &why, err)) return false;
  if (applied) {
    keep_ids(whole, &part);
    return true;
  }
  if (to - from <= 1) {
    if (poison->element == 0) *poison = (Poison){.element = (i64)from + 1, .why = why};
    return true;
  }
  size_t half = from + (to - from) / 2;
  return apply_events(cycle, whole, from, half, poison, err) && apply_events(cycle, whole, half, to, poison, err);
}

/* A request whose whole failed for *why. */
static bool apply_alone(Cycle *cycle, Arrival *arrival, const Error *why, Error *err) {
  Poison poison = {0};
  size_t half = arrival->event_count / 2;
  if (half == 0) {
    arrival->poisoned = (i64)arrival->event_count;
    return inbox_park(cycle, arrival, why, err);
  }
  arrival->alert_ids.count = arrival->change_ids.count = 0;
  if (!apply_events(cycle, arrival, 0, half, &poison, err)) return false;
  if (!apply_events(cycle, arrival, half, arrival->event_count, &poison, err)) return false;
  arrival->state = ARRIVAL_APPLIED;
  arrival->poisoned = poison.element;
  return poison.element == 0 || inbox_park(cycle, arrival, &poison.why, err);
}

static bool apply_halving(Cycle *cycle, Arrival **batch, size_t count, Error *err) {
  bool applied = false;
  Error why = {0};
  if (count == 0) return true;
  if (!attempt(cycle, batch, count, &applied, &why, err)) return false;
  if (applied) {
    for (size_t i = 0; i < count; i++) batch[i]->state = ARRIVAL_APPLIED;
    return true;
  }
  if (count == 1) return apply_alone(cycle, batch[0], &why, err);
  size_t half = count / 2;
  return apply_halving(cycle, batch, half, err) && apply_halving(cycle, batch + half, count - half, err);
}

static void note_cost(Round *round, Arrival **batch, size_t count, i64 before_us) {
  round->applied_us += clock_monotonic_us() - before_us;
  for (size_t i = 0; i < count; i++) round->applied_events += (i64)batch[i]->event_count;
}

bool inbox_apply(Cycle *cycle, Round *round, Arrival **batch, size_t count, Error *err) {
  i64 before = clock_monotonic_us();
  if (!apply_halving(cycle, batch, count, err)) return false;
  note_cost(round, batch, count, before);
  return true;
}

bool inbox_apply_whole(Cycle *cycle, Round *round, Arrival **batch, size_t count, bool *out_applied, Error *err) {
  i64 before = clock_monotonic_us();
  Error why = {0};
  if (!attempt(cycle, batch, count, out_applied, &why, err)) return false;
  if (!*out_applied) return true;
  for (size_t i = 0; i < count; i++) batch[i]->state = ARRIVAL_APPLIED;
  note_cost(round, batch, count, before);
  return true;
}
