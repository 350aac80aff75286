/* The inbox with a domain of numbers: an event is an i64, applying it appends it to the table `applied`; -666 cannot be
 * applied. Everything goes through the real engine and a real file. */
#include <pthread.h>

#include "engine/engine.h"
#include "engine/inbox_internal.h"

#include "db_fixture.h"
#undef fail /* cmocka's; ours tells why */

enum { POISON = -666, WAIT_S_MAX = 20 };

static const DbStmt APPLIED = {"applied", "INSERT INTO applied (request, integration, number) VALUES ($1, $2, $3)",
                               NULL};

static bool apply(Cycle *cycle, Arrival **arrivals, size_t count, Error *err) {
  for (size_t i = 0; i < count; i++) {
    const i64 *numbers = arrivals[i]->events;
    for (size_t k = 0; k < arrivals[i]->event_count; k++) {
      if (numbers[k] == POISON) return fail(err, ERR_INTERNAL, "%d cannot be applied", POISON);
      if (!db_run(cycle->db, &APPLIED, err, db_int(arrivals[i]->id), db_int(arrivals[i]->integration_id),
                  db_int(numbers[k])))
        return false;
      *VEC_PUSH(arrivals[i]->arena, &arrivals[i]->alert_ids) = numbers[k];
    }
  }
  return true;
}

static Str encode(Arena *arena, const Arrival *arrival) {
  return str_copy(arena, (Str){arrival->events, arrival->event_count * sizeof(i64)});
}
static bool decode(Arrival *arrival, Str bytes, Error *err) {
  if (bytes.len % sizeof(i64)) return fail(err, ERR_INTERNAL, "not whole numbers");
  i64 *numbers = ARENA_ARRAY(arrival->arena, i64, bytes.len / sizeof(i64) + 1);
  memcpy(numbers, bytes.ptr, bytes.len);
  arrival->events = numbers;
  arrival->event_count = bytes.len / sizeof(i64);
  return true;
}
static bool refresh(Cycle *cycle, Error *err) {
  (void)cycle;
  (void)err;
  return true;
}

typedef struct Rig {
  Fixture *f;
  Clock clock;
  IdGen ids;
  Metrics *metrics;
  Engine *engine;
  Db *reader;
  pthread_mutex_t lock; /* guards the counts */
  pthread_cond_t changed;
  size_t sent, answered, refused;
} Rig;

static const JobKind NO_JOBS[] = {{.name = NULL}};
static const JobKind *const JOB_TABLES[] = {NO_JOBS, NULL};

static void rig_open(Rig *r) {
  EngineOptions options = {
      .db_url = r->f->url,
      .clock = &r->clock,
      .ids = &r->ids,
      .metrics = r->metrics,
      .hooks = {.apply = apply, .event_bytes = sizeof(i64), .encode = encode, .decode = decode, .refresh = refresh},
      .job_tables = JOB_TABLES,
      .test_control = true};
  Error err = {0};
  if (!engine_new(&options, &r->engine, &err)) print_error("%s\n", err.message);
  assert_non_null(r->engine);
}

static int rig_setup(void **state) {
  Rig *r = xcalloc(1, sizeof *r);
  u32 from = 0, to = 0;
  Error err = {0};
  assert_int_equal(fixture_setup(state), 0);
  r->f = *state;
  id_gen_init(&r->ids, 1, 0);
  r->metrics = metrics_new();
  pthread_mutex_init(&r->lock, NULL);
  pthread_cond_init(&r->changed, NULL);
  Db *writer = must_open(r->f->url, DB_WRITER);
  assert_true(db_migrate(writer, &from, &to, &err));
  must_do(writer, "CREATE TABLE applied (id INTEGER PRIMARY KEY, request BIGINT, integration BIGINT, number BIGINT)");
  db_close(writer);
  rig_open(r);
  r->reader = must_open(r->f->url, DB_READER);
  *state = r;
  return 0;
}

static int rig_teardown(void **state) {
  Rig *r = *state;
  engine_stop(r->engine);
  engine_free(r->engine);
  db_close(r->reader);
  metrics_free(r->metrics);
  pthread_mutex_destroy(&r->lock);
  pthread_cond_destroy(&r->changed);
  void *f = r->f;
  free(r);
  return fixture_teardown(&f);
}

static void arrived(Arrival *arrival, bool ok, const Error *err) {
  Rig *r = arrival->ctx;
  (void)err;
  pthread_mutex_lock(&r->lock);
  r->answered++;
  r->refused += !ok;
  pthread_cond_signal(&r->changed);
  pthread_mutex_unlock(&r->lock);
  arena_free(arrival->arena);
}

/* Numbers first, first + 1, … ; `poison_at` (from 0) becomes POISON, SIZE_MAX none. */
static i64 send(Rig *r, i64 integration, i64 first, size_t count, size_t poison_at) {
  Arena *arena = arena_new();
  i64 *numbers = ARENA_ARRAY(arena, i64, count + 1);
  for (size_t i = 0; i < count; i++) numbers[i] = i == poison_at ? POISON : first + (i64)i;
  Arrival *arrival = ARENA_NEW(arena, Arrival);
  *arrival = (Arrival){.arena = arena,
                       .id = id_next(&r->ids),
                       .org_id = 1,
                       .integration_id = integration,
                       .received_ms = clock_now(&r->clock),
                       .method = STR("POST"),
                       .headers = STR("{}"),
                       .outcome = "accepted",
                       .events = numbers,
                       .event_count = count,
                       .answer = STR("{}"),
                       .done = arrived,
                       .ctx = r};
  i64 id = arrival->id;
  r->sent++;
  assert_int_equal(engine_arrive(r->engine, arrival), ARRIVAL_TAKEN);
  return id;
}

static void settle(Rig *r) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += WAIT_S_MAX;
  pthread_mutex_lock(&r->lock);
  while (r->answered < r->sent)
    if (pthread_cond_timedwait(&r->changed, &r->lock, &until) != 0) break;
  pthread_mutex_unlock(&r->lock);
  assert_int_equal(r->answered, r->sent);
  for (int i = 0; i < WAIT_S_MAX * 1000 && !engine_idle(r->engine); i++) usleep(1000);
  assert_true(engine_idle(r->engine));
}

static i64 ask(Rig *r, const char *format, i64 id) {
  return must_int(r->reader, str_to_c(r->f->arena, str_format(r->f->arena, format, (long long)id)));
}

static void what_fits_is_applied_with_its_answer(void **state) {
  Rig *r = *state;
  i64 id = send(r, 7, 1, 3, SIZE_MAX);
  engine_start(r->engine);
  settle(r);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE request = %lld", id), 3);
  assert_int_equal(ask(r, "SELECT state FROM inbox WHERE id = %lld", id), 0);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM inbox WHERE id = %lld AND alert_ids = '[1,2,3]'", id), 1);
}

static void one_bad_event_stops_no_other(void **state) {
  static const size_t PLACES[] = {0, 1, 6, 12};
  Rig *r = *state;
  engine_start(r->engine);
  for (size_t i = 0; i < COUNT(PLACES); i++) {
    i64 id = send(r, 7, 1000 * (i64)(i + 1), 13, PLACES[i]);
    settle(r);
    assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE request = %lld", id), 12);
    assert_int_equal(ask(r, "SELECT state FROM inbox WHERE id = %lld", id), 2);
    Str where = str_format(r->f->arena,
                           "SELECT COUNT(*) FROM inbox WHERE id = %lld AND outcome = 'failed' AND errors LIKE "
                           "'[{\"index\":%zu,%%' ",
                           (long long)id, PLACES[i]);
    assert_int_equal(must_int(r->reader, str_to_c(r->f->arena, where)), 1);
  }
}

static void one_bad_request_among_many_is_alone(void **state) {
  Rig *r = *state;
  i64 bad = 0;
  for (i64 i = 0; i < 50; i++) {
    i64 id = send(r, 7 + i % 3, 10 * i, 1, i == 23 ? 0 : SIZE_MAX);
    if (i == 23) bad = id;
  }
  engine_start(r->engine); /* all of them are one round */
  settle(r);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE request <> %lld", bad), 49);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM inbox WHERE state = 2 AND id = %lld", bad), 1);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM inbox WHERE state <> 0 AND id <> %lld", bad), 0);
}

typedef struct Note {
  Command command;
  int runs;
  _Atomic int answers;
} Note;

static bool note_run(Command *command, Cycle *cycle, Error *err) {
  ((Note *)(void *)command)->runs++;
  return db_run(cycle->db, &APPLIED, err, db_int(-1), db_int(0), db_int(0));
}
static void note_done(Command *command, bool ok, const Error *err) {
  (void)err;
  ((Note *)(void *)command)->answers += ok ? 1 : 1000;
}

/* The round is undone and done again, and what people did in it is there once. The rounds that follow are careful. */
static void a_command_beside_poison_is_done_once(void **state) {
  Rig *r = *state;
  Note note = {.command = {.run = note_run, .done = note_done}}, later = note;
  i64 bad = send(r, 7, 0, 1, 0), good = send(r, 7, 1, 1, SIZE_MAX);
  assert_true(engine_submit(r->engine, &note.command));
  engine_start(r->engine); /* all of them are one round */
  settle(r);
  assert_int_equal(note.runs, 2);
  assert_int_equal(note.answers, 1);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE request = %lld", -1), 1);
  assert_int_equal(ask(r, "SELECT state FROM inbox WHERE id = %lld", bad), 2);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE request = %lld", good), 1);
  assert_true(engine_submit(r->engine, &later.command));
  bad = send(r, 7, 5, 1, 0);
  settle(r);
  assert_int_equal(later.runs, 1);
  assert_int_equal(later.answers, 1);
  assert_int_equal(ask(r, "SELECT state FROM inbox WHERE id = %lld", bad), 2);
}

static void a_large_request_goes_in_slices_and_whole(void **state) {
  Rig *r = *state;
  enum { COUNT_ALL = 20000 };
  i64 small = send(r, 8, 0, 1, SIZE_MAX), large = send(r, 7, 1, COUNT_ALL, SIZE_MAX);
  engine_start(r->engine);
  settle(r);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE request = %lld", large), COUNT_ALL);
  assert_int_equal(ask(r, "SELECT COUNT(DISTINCT number) FROM applied WHERE request = %lld", large), COUNT_ALL);
  assert_int_equal(ask(r, "SELECT MAX(number) FROM applied WHERE request = %lld", large), COUNT_ALL);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM inbox WHERE id = %lld AND state = 0 AND events IS NULL", large), 1);
  /* its list of ids is complete: count the commas */
  assert_int_equal(
      ask(r, "SELECT length(alert_ids) - length(replace(alert_ids, ',', '')) FROM inbox WHERE id = %lld", large),
      COUNT_ALL - 1);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE request = %lld", small), 1);
}

static void a_bad_event_in_a_large_request_stops_no_slice(void **state) {
  Rig *r = *state;
  i64 small = send(r, 8, 0, 1, SIZE_MAX), large = send(r, 7, 1, 6000, 3456);
  engine_start(r->engine);
  settle(r);
  assert_int_equal(ask(r, "SELECT COUNT(DISTINCT number) FROM applied WHERE request = %lld", large), 5999);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM inbox WHERE id = %lld AND state = 2 AND outcome = 'failed'", large), 1);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM inbox WHERE id = %lld AND errors LIKE '[{\"index\":3456,%%'", large),
                   1);
  assert_int_equal(
      ask(r, "SELECT length(alert_ids) - length(replace(alert_ids, ',', '')) FROM inbox WHERE id = %lld", large), 5998);
  assert_int_equal(ask(r, "SELECT state FROM inbox WHERE id = %lld", small), 0);
}

static void a_flood_takes_nothing_from_the_others(void **state) {
  Rig *r = *state;
  for (i64 i = 0; i < 300; i++) send(r, 7, i * 100, 100, SIZE_MAX);
  for (i64 i = 0; i < 5; i++) send(r, 8 + i, 0, 1, SIZE_MAX);
  engine_start(r->engine);
  settle(r);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE integration = %lld", 7), 30000);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE integration > %lld", 7), 5);
  /* the quiet ones came last and were applied in the first round, within its budget */
  assert_true(ask(r, "SELECT MAX(id) FROM applied WHERE integration > %lld", 7) < 15000);
  /* order inside the flood is kept */
  assert_int_equal(
      ask(r,
          "SELECT COUNT(*) FROM applied a JOIN applied b ON b.id = a.id + 1 WHERE a.integration = %lld AND "
          "b.integration = 7 AND b.number < a.number",
          7),
      0);
}

static void what_waits_survives_a_restart(void **state) {
  Rig *r = *state;
  for (i64 i = 0; i < 40; i++) send(r, 7, i * 1000, 1000, SIZE_MAX);
  engine_start(r->engine);
  pthread_mutex_lock(&r->lock);
  while (r->answered < r->sent) pthread_cond_wait(&r->changed, &r->lock);
  pthread_mutex_unlock(&r->lock);
  engine_stop(r->engine); /* answered, not all applied */
  engine_free(r->engine);
  rig_open(r);
  engine_start(r->engine);
  settle(r);
  assert_int_equal(ask(r, "SELECT COUNT(DISTINCT number) FROM applied WHERE integration = %lld", 7), 40000);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE integration = %lld", 7), 40000);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM inbox WHERE state <> %lld", 0), 0);
}

static void a_round_that_fails_promises_nothing(void **state) {
  Rig *r = *state;
  assert_true(engine_fault_arm(r->engine, S("cycle.before_commit"), 1, FAULT_ERROR));
  for (i64 i = 0; i < 30; i++) send(r, 7, i * 100, 100, SIZE_MAX);
  engine_start(r->engine);
  settle(r);
  assert_int_equal(r->refused, 30);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM inbox WHERE id > %lld", 0), 0);
  for (int i = 0; i < WAIT_S_MAX * 1000 && !engine_writable(r->engine); i++) usleep(1000);
  i64 id = send(r, 7, 5, 2, SIZE_MAX);
  settle(r);
  assert_int_equal(r->refused, 30);
  assert_int_equal(ask(r, "SELECT COUNT(*) FROM applied WHERE request = %lld", id), 2);
  assert_int_equal(engine_backlog(r->engine), 0);
}

static bool take_plan(const DbRow *row, void *ctx) {
  Buf *plan = ctx;
  buf_put(plan, db_row_peek(row, 3));
  buf_putc(plan, '\n');
  return true;
}

/* Another index of the same columns would read all that the integration has ever sent, each round. */
static void what_waits_is_found_by_its_own_index(void **state) {
  Rig *r = *state;
  const DbStmt *const STATEMENTS[] = {&INBOX_PENDING, &INBOX_OLDEST};
  DbValue args[] = {db_int(7), db_int(1), db_int(1)};
  for (size_t i = 0; i < COUNT(STATEMENTS); i++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Buf plan = buf_new(arena, KIB(8));
    Error err = {0};
    Str sql = str_format(arena, "EXPLAIN QUERY PLAN %s", STATEMENTS[i]->sql);
    assert_true(db_query_text(r->reader, sql, COUNT(args), args, take_plan, &plan, &err));
    Str text = buf_str(&plan);
    if (str_find(text, S("inbox_pending (node=? AND integration_id=?)"), 0) == SIZE_MAX)
      print_error("%s: %.*s\n", STATEMENTS[i]->name, STR_ARG(text));
    assert_true(str_find(text, S("inbox_pending (node=? AND integration_id=?)"), 0) != SIZE_MAX);
  }
}

int main(void) {
  const struct CMUnitTest TESTS[] = {
      cmocka_unit_test_setup_teardown(what_fits_is_applied_with_its_answer, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(one_bad_event_stops_no_other, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(one_bad_request_among_many_is_alone, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_command_beside_poison_is_done_once, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_large_request_goes_in_slices_and_whole, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_bad_event_in_a_large_request_stops_no_slice, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_flood_takes_nothing_from_the_others, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(what_waits_survives_a_restart, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_round_that_fails_promises_nothing, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(what_waits_is_found_by_its_own_index, rig_setup, rig_teardown),
  };
  return cmocka_run_group_tests(TESTS, NULL, NULL);
}
