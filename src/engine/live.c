/* Live events: the round's changed objects, once each, written with the round and published after its commit. */
#include <string.h>

#include "engine/internal.h"

enum { CATCH_UP_ROWS = 2000 };

static const DbStmt LIVE_LAST = {"live_last", "SELECT MAX(sequence) FROM live_event", NULL};
static const DbStmt LIVE_SINCE = {
    "live_catch_up", "SELECT first, org_id, events FROM live_event WHERE sequence > $1 ORDER BY sequence LIMIT $2",
    NULL};
static const DbStmt LIVE_INSERT = {
    "live_insert", "INSERT INTO live_event (sequence, org_id, first, events, at) VALUES ($1,$2,$3,$4,$5)", NULL};

/* "kind:id:version" of another node's row. A kind's name lives as long as the engine. */
static const char *kind_of(Engine *engine, Str word) {
  for (size_t i = 0; i < engine->kind_count; i++)
    if (str_equal_c(word, engine->kinds[i])) return engine->kinds[i];
  if (engine->kind_count == COUNT(engine->kinds)) return NULL;
  char *kind = xcalloc(1, word.len + 1);
  memcpy(kind, word.ptr, word.len);
  return engine->kinds[engine->kind_count++] = kind;
}

typedef struct CatchUp {
  Cycle *cycle;
  VEC(LiveEvent) events;
} CatchUp;

static void add_foreign(CatchUp *c, Str text, i64 sequence, i64 org_id) {
  Str kind, rest, id, version;
  LiveEvent e = {.sequence = sequence, .org_id = org_id};
  if (!str_cut(text, ':', &kind, &rest) || !str_cut(rest, ':', &id, &version) ||
      !str_to_i64(id, 0, INT64_MAX, &e.object_id) || !str_to_i64(version, 0, INT64_MAX, &e.version))
    return;
  e.kind = kind_of(c->cycle->engine, kind);
  if (e.kind) *VEC_PUSH(c->cycle->arena, &c->events) = e;
}

static bool read_foreign(const DbRow *row, void *ctx) {
  i64 sequence = db_row_int(row, 0), org_id = db_row_int(row, 1);
  Str rest = db_row_peek(row, 2), event;
  while (rest.len) {
    (void)str_cut(rest, ' ', &event, &rest);
    add_foreign(ctx, event, sequence++, org_id);
  }
  return true;
}

/* Committed rows of others, in the order of their commits: rounds take turns. What is more than a screen can use is
 * passed over; streams that ask for it by their cursor read the table. */
bool live_catch_up(Cycle *cycle, i64 last, Error *err) {
  Engine *engine = cycle->engine;
  CatchUp c = {.cycle = cycle};
  if (!db_query(cycle->db, &LIVE_SINCE, DB_ARGS(db_int(engine->next_sequence - 1), db_int(CATCH_UP_ROWS)), read_foreign,
                &c, err))
    return false;
  engine->next_sequence = last + 1;
  if (c.events.count && engine->options.hooks.published)
    engine->options.hooks.published(engine->options.app, c.events.items, c.events.count);
  return true;
}

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

/* Orders events by organization, so that each organization's are one row; the order inside one stays. */
static size_t number_org(Cycle *cycle, Round *round, i64 org_id, size_t count) {
  for (size_t i = 0; i < round->published.count; i++) {
    const Published *p = &round->published.items[i];
    if (p->org_id != org_id) continue;
    round->live[count] = (LiveEvent){.sequence = cycle->engine->next_sequence + (i64)count,
                                     .org_id = org_id,
                                     .object_id = p->object_id,
                                     .version = p->version,
                                     .kind = p->kind};
    count++;
  }
  return count;
}

static bool write_row(Cycle *cycle, const LiveEvent *events, size_t count, Error *err) {
  Buf text = buf_new(cycle->arena, MIB(64));
  for (size_t i = 0; i < count; i++) {
    if (i) buf_putc(&text, ' ');
    buf_puts(&text, events[i].kind);
    buf_putc(&text, ':');
    buf_i64(&text, events[i].object_id);
    buf_putc(&text, ':');
    buf_i64(&text, events[i].version);
  }
  return db_run(cycle->db, &LIVE_INSERT, err, db_int(events[count - 1].sequence), db_int(events[0].org_id),
                db_int(events[0].sequence), db_text(buf_str(&text)), db_int(cycle->now_ms));
}

static bool seen_before(const Round *round, size_t i) {
  for (size_t k = 0; k < round->live_count; k++)
    if (round->live[k].org_id == round->published.items[i].org_id) return true;
  return false;
}

bool live_write(Cycle *cycle, Round *round, Error *err) {
  round->live = ARENA_ARRAY(cycle->arena, LiveEvent, round->published.count + 1);
  for (size_t i = 0; i < round->published.count && round->live_count < round->published.count; i++) {
    if (seen_before(round, i)) continue;
    size_t from = round->live_count;
    round->live_count = number_org(cycle, round, round->published.items[i].org_id, from);
    if (!write_row(cycle, round->live + from, round->live_count - from, err)) return false;
  }
  return true;
}
