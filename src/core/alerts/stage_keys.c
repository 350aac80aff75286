/* Stage 1: the lasting row of each key, and the alert it names, loaded before anything is decided. Keys are visited in
 * sorted order so that two writers never wait for each other in a circle. */
#include <stdlib.h>

#include "core/alerts/batch.h"

static const DbStmt KEY_LOAD = {
    "alert_key_load",
    "SELECT alert_id, resolve_t, resolve_at, fire_t FROM alert_key WHERE org_id = $1 AND space = $2 AND \"key\" = $3",
    "SELECT alert_id, resolve_t, resolve_at, fire_t FROM alert_key WHERE org_id = $1 AND space = $2 AND \"key\" = $3 "
    "FOR UPDATE"};
static const DbStmt KEY_WRITE = {
    "alert_key_write",
    "INSERT INTO alert_key (org_id, space, \"key\", alert_id, resolve_t, resolve_at, fire_t, ordered_at, ordered_by) "
    "VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (org_id, space, \"key\") DO UPDATE SET alert_id = "
    "excluded.alert_id, "
    "resolve_t = excluded.resolve_t, resolve_at = excluded.resolve_at, fire_t = excluded.fire_t, "
    "ordered_at = excluded.ordered_at, ordered_by = excluded.ordered_by",
    NULL};

static bool read_key(const DbRow *row, void *ctx) {
  Key *key = ctx;
  key->stored = true;
  key->alert_id = db_row_int(row, 0);
  key->resolve_t = db_row_int(row, 1);
  key->resolve_ms = db_row_int(row, 2);
  key->fire_t = db_row_int(row, 3);
  return true;
}

static bool look_up(Batch *batch, Key *key, Error *err) {
  bool found = false;
  key->looked_up = true;
  if (!db_query_one(batch->cycle->db, &KEY_LOAD, DB_ARGS(db_int(key->org_id), db_int(key->space), db_text(key->key)),
                    read_key, key, &found, err))
    return false;
  if (!key->alert_id) return true;
  Alert *alert = ARENA_NEW(batch->arena, Alert);
  if (!alert_load(batch->cycle->db, batch->arena, key->alert_id, alert, &found, err)) return false;
  if (found) key->alert = alert; /* else its 400 days are over */
  return true;
}

static Key *key_slot(Batch *batch, i64 org_id, i64 space, Str text) {
  char head[48];
  Buf name = buf_new(batch->arena, text.len + sizeof head);
  buf_i64(&name, org_id);
  buf_putc(&name, '/');
  buf_i64(&name, space);
  buf_putc(&name, '/');
  buf_put(&name, text);
  void **slot = map_slot(batch->keys, buf_str(&name));
  if (!*slot) {
    Key *key = ARENA_NEW(batch->arena, Key);
    *key = (Key){.org_id = org_id, .space = space, .key = text};
    *slot = key;
  }
  return *slot;
}

bool batch_key(Batch *batch, i64 org_id, i64 space, Str text, Key **out, Error *err) {
  Key *key = key_slot(batch, org_id, space, text);
  *out = key;
  return key->looked_up || look_up(batch, key, err);
}

static int compare_keys(const void *a, const void *b) {
  const Key *x = *(Key *const *)a, *y = *(Key *const *)b;
  if (x->org_id != y->org_id) return x->org_id < y->org_id ? -1 : 1;
  if (x->space != y->space) return x->space < y->space ? -1 : 1;
  return str_compare(x->key, y->key);
}

typedef struct Loading {
  Arena *arena;
  Key **keys;
} Loading;

static void bind_key(size_t i, DbValue *args, void *ctx) {
  const Key *key = ((const Loading *)ctx)->keys[i];
  args[0] = db_int(key->org_id);
  args[1] = db_int(key->space);
  args[2] = db_text(key->key);
}

static bool take_key(size_t i, const DbRow *row, void *ctx) {
  return read_key(row, ((const Loading *)ctx)->keys[i]);
}

/* All keys, then the alerts that they name, each in one journey. */
static bool load_sorted(Batch *batch, Error *err) {
  size_t count = map_count(batch->keys), missing = 0, named = 0;
  Key **keys = ARENA_ARRAY(batch->arena, Key *, count + 1);
  for (size_t i = 0; i < count; i++) {
    Key *key = map_at(batch->keys, i)->value;
    if (!key->looked_up) keys[missing++] = key;
  }
  qsort(keys, missing, sizeof *keys, compare_keys);
  Loading loading = {.arena = batch->arena, .keys = keys};
  if (!db_query_each(batch->cycle->db, &KEY_LOAD, 3, missing, bind_key, take_key, &loading, err)) return false;
  for (size_t i = 0; i < missing; i++) {
    keys[i]->looked_up = true;
    if (keys[i]->alert_id) keys[named++] = keys[i];
  }
  i64 *ids = ARENA_ARRAY(batch->arena, i64, named + 1);
  Alert **alerts = ARENA_ARRAY(batch->arena, Alert *, named + 1);
  for (size_t i = 0; i < named; i++) ids[i] = keys[i]->alert_id;
  if (!alert_load_each(batch->cycle->db, batch->arena, ids, named, alerts, err)) return false;
  for (size_t i = 0; i < named; i++) keys[i]->alert = alerts[i]; /* NULL: its 400 days are over */
  return true;
}

static void add_items(Batch *batch, Arrival *arrival, const SetupIntegration *integration) {
  Event *events = arrival->events;
  for (size_t i = 0; i < arrival->event_count; i++) {
    Item item = {.arrival = arrival, .event = &events[i], .integration = integration};
    i64 space = integration && !integration->shared_space ? integration->id : 0;
    if (!integration || events[i].own) space = arrival->integration_id;
    if (events[i].kind == EVENT_ALERT) item.key = key_slot(batch, arrival->org_id, space, events[i].dedup_key);
    *VEC_PUSH(batch->arena, &batch->items) = item;
  }
}

bool stage_keys(Batch *batch, Arrival **arrivals, size_t count, Error *err) {
  for (size_t i = 0; i < count; i++)
    add_items(batch, arrivals[i], setup_integration(batch->setup, arrivals[i]->integration_id));
  return load_sorted(batch, err);
}

bool key_write(Cycle *cycle, Key *key, Error *err) {
  if (!key->changed) return true;
  key->changed = false;
  return db_run_gathered(cycle->db, &KEY_WRITE, 3, err, db_int(key->org_id), db_int(key->space), db_text(key->key),
                         db_id(key->alert_id), db_id(key->resolve_t), db_id(key->resolve_ms), db_id(key->fire_t),
                         db_int(cycle->now_ms), db_int(0));
}
