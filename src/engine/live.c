/* Live events: the round's changed objects, once each, written with the round and published after its commit. */
#include "engine/internal.h"

static const DbStmt LIVE_LAST = {"live_last", "SELECT MAX(sequence) FROM live_event", NULL};
static const DbStmt LIVE_INSERT = {
    "live_insert", "INSERT INTO live_event (sequence, org_id, kind, object_id, version, at) VALUES ($1,$2,$3,$4,$5,$6)",
    NULL};

bool live_open(Engine *engine, Error *err) {
  i64 last = 0;
  bool found = false;
  if (!db_query_int(engine->db, &LIVE_LAST, 0, NULL, &last, &found, err)) return false;
  engine->next_sequence = found ? last + 1 : 1;
  return true;
}

void cycle_publish(Cycle *cycle, i64 org_id, const char *kind, i64 object_id, i64 version) {
  Round *round = cycle->engine->round;
  /* The same object is often touched by neighbours in a batch: look back a little, the rest is folded by readers. */
  size_t count = round->published.count;
  for (size_t i = count; i-- > 0 && count - i <= 8;) {
    Published *seen = &round->published.items[i];
    if (seen->object_id == object_id && seen->kind == kind) {
      seen->version = MAX(seen->version, version);
      return;
    }
  }
  *VEC_PUSH(cycle->arena, &round->published) =
      (Published){.org_id = org_id, .object_id = object_id, .version = version, .kind = kind};
}

bool live_write(Cycle *cycle, Round *round, Error *err) {
  Engine *engine = cycle->engine;
  round->live = ARENA_ARRAY(cycle->arena, LiveEvent, round->published.count + 1);
  i64 sequence = engine->next_sequence;
  for (size_t i = 0; i < round->published.count; i++) {
    const Published *p = &round->published.items[i];
    round->live[i] = (LiveEvent){
        .sequence = sequence++, .org_id = p->org_id, .object_id = p->object_id, .version = p->version, .kind = p->kind};
    if (!db_run(cycle->db, &LIVE_INSERT, err, db_int(round->live[i].sequence), db_int(p->org_id),
                db_text(str_from_c(p->kind)), db_int(p->object_id), db_int(p->version), db_int(cycle->now_ms)))
      return false;
  }
  round->live_count = round->published.count;
  return true;
}
