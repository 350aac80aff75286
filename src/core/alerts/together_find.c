/* Looks for pairs among the open alerts that changed last, or for those of one alert among what is open and began near
 * it. Nothing further apart than TOGETHER_APART_MS is a pair. For a worker thread. The graph is that of `depends_on`,
 * in both directions. */
#include "core/alerts/together.h"

#include <stdlib.h>

#include "core/alerts/batch.h"
#include "lang/json.h"

enum { AROUND_MAX = 100 };

typedef struct Candidate {
  i64 id, number, service_id, at_ms, priority;
  Str title, status;
  Value labels;
  Shingles shingles;
} Candidate;

typedef struct Pair {
  const Candidate *a, *b;
  TogetherScore score;
  double rare; /* share of equal labels whose values few others have: the tie-break */
} Pair;

typedef VEC(i64) Ids;

typedef struct Finding {
  Db *db;
  Arena *arena;
  const Setup *setup;
  i64 org_id;
  VEC(Candidate) alerts;
  VEC(Pair) pairs;
  Map *edges;    /* "service/service" -> itself */
  Map *near;     /* service -> its neighbours */
  Ids around;    /* of the service that was asked last: those within two hops */
  Map *answered; /* "a/b" -> itself */
  Map *values;   /* "label=value" -> how many candidates have it */
} Finding;

static Str pair_key(Arena *arena, i64 a, i64 b) {
  return str_format(arena, "%lld/%lld", (long long)MIN(a, b), (long long)MAX(a, b));
}

/* The graph ------------------------------------------------------------------------------------------------------- */

static void add_edge(Finding *f, i64 from, i64 to) {
  *map_slot(f->edges, pair_key(f->arena, from, to)) = f;
  for (int i = 0; i < 2; i++) {
    void **slot = map_slot(f->near, str_format(f->arena, "%lld", (long long)(i ? to : from)));
    if (!*slot) *slot = ARENA_NEW(f->arena, Ids);
    Ids *ids = *slot;
    *VEC_PUSH(f->arena, ids) = i ? from : to;
  }
}

static bool read_service(const DbRow *row, void *ctx) {
  Finding *f = ctx;
  Value needs = value_null();
  Error ignored = {0};
  if (!json_parse(f->arena, db_row_text(row, 1, f->arena), NULL, &needs, &ignored)) return true;
  for (size_t i = 0; value_is(&needs, VALUE_LIST) && i < needs.size; i++) {
    i64 to = setup_ref(value_at(&needs, i));
    if (to) add_edge(f, db_row_int(row, 0), to);
  }
  return true;
}

static int hops_between(const Finding *f, i64 a, i64 b) {
  if (!a || !b) return -1;
  if (a == b) return 0;
  if (map_get(f->edges, pair_key(f->arena, a, b))) return 1;
  const Ids *near = map_get(f->near, str_format(f->arena, "%lld", (long long)a));
  for (size_t i = 0; near && i < near->count; i++)
    if (map_get(f->edges, pair_key(f->arena, near->items[i], b))) return 2;
  return -1;
}

static bool among(const Ids *ids, i64 id) {
  for (size_t i = 0; i < ids->count; i++)
    if (ids->items[i] == id) return true;
  return false;
}

static void add_around(Finding *f, const Ids *near, i64 centre) {
  for (size_t i = 0; near && i < near->count && f->around.count < AROUND_MAX; i++)
    if (near->items[i] != centre && !among(&f->around, near->items[i]))
      *VEC_PUSH(f->arena, &f->around) = near->items[i];
}

static size_t services_around(void *ctx, i64 service_id, const i64 **out) {
  Finding *f = ctx;
  f->around.count = 0;
  add_around(f, map_get(f->near, str_format(f->arena, "%lld", (long long)service_id)), service_id);
  for (size_t i = 0, direct = f->around.count; i < direct; i++)
    add_around(f, map_get(f->near, str_format(f->arena, "%lld", (long long)f->around.items[i])), service_id);
  *out = f->around.items;
  return f->around.count;
}

/* What there is --------------------------------------------------------------------------------------------------- */

/* A reopened alert began anew. */
#define CANDIDATE_COLUMNS                                                                                              \
  "id, number, service_id, CASE WHEN status = 'triggered' THEN status_changed_at ELSE first_seen_at END, priority, "   \
  "title, status, labels"

static bool read_candidate(const DbRow *row, void *ctx) {
  Finding *f = ctx;
  Error ignored = {0};
  Candidate c = {.id = db_row_int(row, 0),
                 .number = db_row_int(row, 1),
                 .service_id = db_row_int(row, 2),
                 .at_ms = db_row_int(row, 3),
                 .priority = db_row_int(row, 4),
                 .title = db_row_text(row, 5, f->arena),
                 .status = db_row_text(row, 6, f->arena),
                 .labels = value_null()};
  if (!json_parse(f->arena, db_row_text(row, 7, f->arena), NULL, &c.labels, &ignored)) c.labels = value_null();
  c.shingles = together_shingles(f->arena, c.title, &c.labels);
  *VEC_PUSH(f->arena, &f->alerts) = c;
  return true;
}

static bool read_answer(const DbRow *row, void *ctx) {
  Finding *f = ctx;
  *map_slot(f->answered, pair_key(f->arena, db_row_int(row, 0), db_row_int(row, 1))) = f;
  return true;
}

static Str label_key(const Finding *f, const Member *m) {
  return str_format(f->arena, "%.*s=%.*s", STR_ARG(value_text(&m->key)), STR_ARG(value_display(f->arena, &m->value)));
}

static void count_values(Finding *f) {
  for (size_t i = 0; i < f->alerts.count; i++) {
    const Value *labels = &f->alerts.items[i].labels;
    for (size_t k = 0; value_is(labels, VALUE_MAP) && k < labels->size; k++) {
      void **slot = map_slot(f->values, label_key(f, &labels->members[k]));
      if (!*slot) *slot = ARENA_NEW(f->arena, size_t);
      ++*(size_t *)*slot;
    }
  }
}

static double rare_in_common(const Finding *f, const Candidate *a, const Candidate *b) {
  size_t rare = 0, all = 0, few = MAX(f->alerts.count / 10, (size_t)2);
  for (size_t k = 0; value_is(&a->labels, VALUE_MAP) && k < a->labels.size; k++) {
    const Member *m = &a->labels.members[k];
    const Value *other = value_get(&b->labels, value_text(&m->key));
    const size_t *count = map_get(f->values, label_key(f, m));
    all++;
    rare += other && value_equal(other, &m->value) && count && *count <= few;
  }
  return all ? (double)rare / (double)all : 0;
}

static bool load_graph(Finding *f, Error *err) {
  static const DbStmt SERVICES = {"together_services",
                                  "SELECT id, depends_on FROM service WHERE org_id = $1 AND depends_on <> '[]'", NULL};
  f->edges = map_new(f->arena);
  f->near = map_new(f->arena);
  f->answered = map_new(f->arena);
  f->values = map_new(f->arena);
  return db_query(f->db, &SERVICES, DB_ARGS(db_int(f->org_id)), read_service, f, err);
}

/* Pairs ----------------------------------------------------------------------------------------------------------- */

static int better(const void *x, const void *y) {
  const Pair *a = x, *b = y;
  if (a->score.score != b->score.score) return a->score.score < b->score.score ? 1 : -1;
  if (a->rare != b->rare) return a->rare < b->rare ? 1 : -1;
  return (a->b->id < b->b->id) - (a->b->id > b->b->id);
}

static void look_at_pair(Finding *f, const Candidate *a, const Candidate *b) {
  i64 apart = a->at_ms > b->at_ms ? a->at_ms - b->at_ms : b->at_ms - a->at_ms;
  if (apart > TOGETHER_APART_MS || map_get(f->answered, pair_key(f->arena, a->id, b->id))) return;
  Pair pair = {.a = a, .b = b};
  pair.score =
      together_score(&a->shingles, &b->shingles, a->at_ms, b->at_ms, hops_between(f, a->service_id, b->service_id));
  if (pair.score.score < TOGETHER_SHOWN_FROM) return;
  pair.rare = rare_in_common(f, a, b);
  *VEC_PUSH(f->arena, &f->pairs) = pair;
}

static Value percent(double of) {
  return value_int((i64)(of * 100 + 0.5));
}

static void put_alert(Finding *f, MapBuilder *map, const char *prefix, const Candidate *c) {
  Arena *arena = f->arena;
  Str id = str_format(arena, "%sid", prefix), number = str_format(arena, "%snumber", prefix),
      title = str_format(arena, "%stitle", prefix), status = str_format(arena, "%sstatus", prefix);
  map_put(map, id, value_string(id_text(arena, "alr", c->id)));
  map_put(map, number, value_string(str_format(arena, "ALERT-%lld", (long long)c->number)));
  map_put(map, title, value_string(c->title));
  map_put(map, status, value_string(c->status));
}

static Value pair_value(Finding *f, const Pair *p) {
  const SetupService *a = setup_service(f->setup, p->a->service_id), *b = setup_service(f->setup, p->b->service_id);
  MapBuilder map = map_builder(f->arena);
  put_alert(f, &map, "alert_", p->a);
  put_alert(f, &map, "other_", p->b);
  map_put_c(&map, "score", percent(p->score.score));
  map_put_c(&map, "text", percent(p->score.text));
  map_put_c(&map, "time", percent(p->score.time));
  map_put_c(&map, "graph", percent(p->score.graph));
  map_put_c(&map, "hops", p->score.hops >= 0 ? value_int(p->score.hops) : value_null());
  map_put_c(&map, "because",
            value_string(
                together_because(f->arena, &p->score, a ? a->name : S("no service"), b ? b->name : S("no service"))));
  return map_done(&map);
}

static bool load_answers(Finding *f, Error *err) {
  static const DbStmt ANSWERED = {
      "together_answered", "SELECT a_id, b_id FROM together_answer WHERE org_id = $1 ORDER BY at DESC LIMIT 2000",
      NULL};
  return db_query(f->db, &ANSWERED, DB_ARGS(db_int(f->org_id)), read_answer, f, err);
}

#define OPEN_ONLY "status IN ('triggered', 'acknowledged')"

static int earlier(const void *a, const void *b) {
  const Candidate *x = a, *y = b;
  if (x->at_ms != y->at_ms) return x->at_ms < y->at_ms ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

static void look_at_index(void *ctx, size_t a, size_t b) {
  Finding *f = ctx;
  look_at_pair(f, &f->alerts.items[b], &f->alerts.items[a]);
}

/* Bounded by time and number before it is asked which of them are open: a quiet night after a year of alerts must not
 * make it walk the year. */
static bool pair_all(Finding *f, i64 now_ms, Error *err) {
  static const DbStmt LAST = {"together_last",
                              "SELECT " CANDIDATE_COLUMNS
                              " FROM (SELECT id, number, service_id, status_changed_at, first_seen_at, priority, "
                              "title, status, labels FROM alert WHERE org_id = $1 AND status_changed_at >= $2 ORDER BY "
                              "status_changed_at DESC, id DESC LIMIT $3) AS changed WHERE " OPEN_ONLY " LIMIT $4",
                              NULL};
  DbValue args[] = {db_int(f->org_id), db_int(now_ms - TOGETHER_PAST_MS), db_int(TOGETHER_WALK_MAX),
                    db_int(TOGETHER_ALERTS_MAX)};
  TogetherLook look = {.ctx = f, .pair = look_at_index, .near = services_around};
  if (!db_query(f->db, &LAST, COUNT(args), args, read_candidate, f, err)) return false;
  size_t count = f->alerts.count;
  if (count) qsort(f->alerts.items, count, sizeof(Candidate), earlier);
  TogetherItem *items = ARENA_ARRAY(f->arena, TogetherItem, count + 1);
  for (size_t i = 0; i < count; i++) {
    const Candidate *c = &f->alerts.items[i];
    items[i] = (TogetherItem){c->at_ms, c->service_id, c->shingles};
  }
  count_values(f);
  together_pairs(f->arena, items, count, &look);
  return true;
}

/* Those that began near it: of what is acknowledged, status_changed_at is when somebody took it, and the id is from
 * when it began. */
static bool load_near(Finding *f, i64 at_ms, Error *err) {
  static const DbStmt BEFORE = {"together_before",
                                "SELECT " CANDIDATE_COLUMNS
                                " FROM alert WHERE org_id = $1 AND status = 'triggered' AND id <> $2 AND "
                                "status_changed_at BETWEEN $3 AND $4 ORDER BY status_changed_at DESC LIMIT $5",
                                NULL};
  static const DbStmt AFTER = {"together_after",
                               "SELECT " CANDIDATE_COLUMNS
                               " FROM alert WHERE org_id = $1 AND status = 'triggered' AND id <> $2 AND "
                               "status_changed_at > $3 AND status_changed_at <= $4 ORDER BY status_changed_at LIMIT $5",
                               NULL};
  static const DbStmt TAKEN = {"together_taken",
                               "SELECT " CANDIDATE_COLUMNS
                               " FROM alert WHERE org_id = $1 AND status = 'acknowledged' AND id <> $2 AND id BETWEEN "
                               "$3 AND $4 ORDER BY id DESC LIMIT $5",
                               NULL};
  i64 id = f->alerts.items[0].id, from = at_ms - TOGETHER_APART_MS, to = at_ms + TOGETHER_APART_MS;
  DbValue before[] = {db_int(f->org_id), db_int(id), db_int(from), db_int(at_ms), db_int(TOGETHER_ALERTS_MAX / 2)};
  DbValue after[] = {db_int(f->org_id), db_int(id), db_int(at_ms), db_int(to), db_int(TOGETHER_ALERTS_MAX / 2)};
  DbValue taken[] = {db_int(f->org_id), db_int(id), db_int(id_at_time(from)), db_int(id_at_time(to)),
                     db_int(TOGETHER_ALERTS_MAX / 2)};
  return db_query(f->db, &BEFORE, COUNT(before), before, read_candidate, f, err) &&
         db_query(f->db, &AFTER, COUNT(after), after, read_candidate, f, err) &&
         db_query(f->db, &TAKEN, COUNT(taken), taken, read_candidate, f, err);
}

static bool pair_one(Finding *f, i64 alert_id, Error *err) {
  static const DbStmt ONE = {"together_one", "SELECT " CANDIDATE_COLUMNS " FROM alert WHERE id = $1", NULL};
  if (!db_query(f->db, &ONE, DB_ARGS(db_int(alert_id)), read_candidate, f, err)) return false;
  if (f->alerts.count == 0) return true;
  if (!load_near(f, f->alerts.items[0].at_ms, err)) return false;
  count_values(f);
  for (size_t k = 1; k < f->alerts.count; k++) look_at_pair(f, &f->alerts.items[0], &f->alerts.items[k]);
  return true;
}

bool together_suggest(Db *db, Arena *arena, const Setup *setup, const TogetherAsk *ask, Value *out, Error *err) {
  Finding f = {.db = db, .arena = arena, .setup = setup, .org_id = ask->org_id};
  ValueVec items = {0};
  if (!load_graph(&f, err) || !load_answers(&f, err)) return false;
  if (!(ask->alert_id ? pair_one(&f, ask->alert_id, err) : pair_all(&f, ask->now_ms, err))) return false;
  if (f.pairs.count) qsort(f.pairs.items, f.pairs.count, sizeof(Pair), better);
  for (size_t i = 0; i < MIN(f.pairs.count, (size_t)TOGETHER_SHOWN); i++)
    *VEC_PUSH(arena, &items) = pair_value(&f, &f.pairs.items[i]);
  return *out = list_done(&items), true;
}

bool together_of(Db *db, Arena *arena, const Setup *setup, i64 org_id, i64 a, i64 b, TogetherScore *out,
                 bool *out_found, Error *err) {
  static const DbStmt BOTH = {"together_both",
                              "SELECT " CANDIDATE_COLUMNS " FROM alert WHERE org_id = $1 AND id IN ($2, $3)", NULL};
  Finding f = {.db = db, .arena = arena, .setup = setup, .org_id = org_id};
  DbValue args[] = {db_int(org_id), db_int(a), db_int(b)};
  if (!load_graph(&f, err) || !db_query(db, &BOTH, COUNT(args), args, read_candidate, &f, err)) return false;
  *out_found = f.alerts.count == 2;
  if (!*out_found) return true;
  const Candidate *x = &f.alerts.items[0], *y = &f.alerts.items[1];
  *out = together_score(&x->shingles, &y->shingles, x->at_ms, y->at_ms, hops_between(&f, x->service_id, y->service_id));
  return true;
}
