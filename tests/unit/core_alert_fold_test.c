/* The life of an alert as text: when, what came, what became of it. The stage that folds events runs alone, on a
 * database that it only writes occurrences to; nothing else of the server is there.
 *
 *     "05:00 resolve t=04:50 | resolved e1 n2"
 *
 * Events: fire, resolve, ack of the source; dismiss, person-ack, person-resolve set what people's verbs set. Words of
 * an event: p1..p4; t= its own time, s= startsAt, end= endsAt, all as mm:ss or hh:mm:ss after the beginning; title=.
 * Expected: status, episode, counted fires, priority; then what the stage asks of the next: new, rules (they run),
 * reopened, raised, kept (its acknowledgement), late; "nothing" when the key has no alert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alerts/batch.h"
#include "core/setup/internal.h"
#include "db/db.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

static const i64 BEGIN_MS = 1767600000000; /* 2026-01-05 08:00 */

typedef struct World {
  Arena *arena;
  char folder[64];
  Db *db;
  IdGen ids;
  Setup setup;
  SetupIntegration *integration;
  Key key;
  i64 alerts; /* made so far */
} World;

static int setup_world(void **state) {
  World *w = xcalloc(1, sizeof *w);
  Error err = {0};
  u32 from = 0, to = 0;
  w->arena = arena_new();
  snprintf(w->folder, sizeof w->folder, "/tmp/tocsin-fold-XXXXXX");
  assert_non_null(mkdtemp(w->folder));
  Str url = str_format(w->arena, "sqlite:%s/tocsin.db", w->folder);
  assert_true(db_open(str_to_c(w->arena, url), DB_WRITER, &w->db, &err));
  assert_true(db_migrate(w->db, &from, &to, &err));
  assert_true(db_begin(w->db, &err));
  id_gen_init(&w->ids, 0, 0);
  Value none = value_null();
  SetupOrg *org = VEC_PUSH(w->arena, &w->setup.orgs);
  *org = (SetupOrg){.id = 1, .defaults = setup_defaults(&none)};
  w->integration = VEC_PUSH(w->arena, &w->setup.integrations);
  *w->integration = (SetupIntegration){.id = 7,
                                       .org_id = 1,
                                       .name = S("Source"),
                                       .reopen_window_s = 1800,
                                       .late_window_s = 300,
                                       .settings = {.limits = EVENT_LIMITS}};
  *state = w;
  return 0;
}

static int teardown_world(void **state) {
  World *w = *state;
  db_rollback(w->db);
  db_close(w->db);
  static const char *const FILES[] = {"tocsin.db", "tocsin.db-wal", "tocsin.db-shm"};
  for (size_t i = 0; i < COUNT(FILES); i++)
    unlink(str_to_c(w->arena, str_format(w->arena, "%s/%s", w->folder, FILES[i])));
  rmdir(w->folder);
  arena_free(w->arena);
  free(w);
  return 0;
}

/* Reading a line -------------------------------------------------------------------------------------------------- */

static i64 read_time(Str text) { /* mm:ss or hh:mm:ss, after the beginning */
  i64 seconds = 0;
  for (bool more = true; more;) {
    Str part = STR_NONE;
    i64 n = 0;
    more = str_cut(text, ':', &part, &text);
    assert_true(str_to_i64(part, 0, 1000, &n));
    seconds = seconds * 60 + n;
  }
  return BEGIN_MS + seconds * 1000;
}

typedef struct Line {
  i64 at_ms;
  Str verb, expected;
  Event event;
} Line;

static void read_word(Str word, Event *event) {
  Str name = STR_NONE, value = STR_NONE;
  if (word.len == 2 && word.ptr[0] == 'p') event->priority = word.ptr[1] - '0';
  if (!str_cut(word, '=', &name, &value)) return;
  if (str_equal_c(name, "t")) event->occurred_ms = str_equal_c(value, "1970") ? 1000 : read_time(value);
  if (str_equal_c(name, "s")) event->starts_ms = read_time(value);
  if (str_equal_c(name, "end")) event->ends_ms = read_time(value);
  if (str_equal_c(name, "title")) event->title = value;
}

static Line read_line(const char *text) {
  Line line = {.event = {.kind = EVENT_ALERT,
                         .dedup_key = S("key"),
                         .title = S("Problem"),
                         .source = S("test"),
                         .labels = {.kind = VALUE_MAP}}};
  Str rest = str_from_c(text), word = STR_NONE, left = STR_NONE;
  (void)str_cut(rest, '|', &left, &line.expected);
  line.expected = str_trim(line.expected);
  left = str_trim(left);
  for (int i = 0; left.len; i++) {
    (void)str_cut(left, ' ', &word, &left);
    left = str_trim(left);
    if (i == 0) line.at_ms = read_time(word);
    if (i == 1) line.verb = word;
    if (i > 1) read_word(word, &line.event);
  }
  line.event.status = str_equal_c(line.verb, "resolve") ? EVENT_RESOLVED
                      : str_equal_c(line.verb, "ack")   ? EVENT_ACKNOWLEDGED
                                                        : EVENT_TRIGGERED;
  return line;
}

/* Running --------------------------------------------------------------------------------------------------------- */

/* What the verbs of people and the next stages leave behind: only what this stage asks for later. */
static void by_person(World *w, const Line *line) {
  Alert *a = w->key.alert;
  assert_non_null(a);
  if (str_equal_c(line->verb, "dismiss")) a->status = ALERT_DISMISSED;
  if (str_equal_c(line->verb, "person-ack")) {
    a->status = ALERT_ACKNOWLEDGED;
    a->acknowledged_ms = line->at_ms;
    a->acknowledged_by = S("{}");
  }
  if (str_equal_c(line->verb, "person-resolve")) {
    a->status = ALERT_RESOLVED;
    a->resolved_ms = line->at_ms;
  }
}

static Item fold(World *w, Line *line) {
  Error err = {0};
  Cycle cycle = {.db = w->db, .arena = w->arena, .now_ms = line->at_ms, .ids = &w->ids};
  Arrival arrival = {.arena = w->arena,
                     .id = id_next(&w->ids),
                     .org_id = 1,
                     .integration_id = 7,
                     .received_ms = line->at_ms,
                     .events = &line->event,
                     .event_count = 1};
  Batch batch = {.cycle = &cycle, .arena = w->arena, .setup = &w->setup, .now_ms = line->at_ms};
  Item item = {.arrival = &arrival, .event = &line->event, .integration = w->integration, .key = &w->key};
  *VEC_PUSH(w->arena, &batch.items) = item;
  if (!stage_fold(&batch, &err)) fail_msg("%s", err.message);
  return batch.items.items[0];
}

static Str outcome(World *w, const Item *item) {
  Alert *a = w->key.alert;
  Buf buf = buf_new(w->arena, KIB(1));
  if (!a) return S("nothing");
  buf_format(&buf, "%s e%lld n%lld", alert_status_name(a->status), (long long)a->episode, (long long)a->count);
  if (a->priority) buf_format(&buf, " p%d", a->priority);
  if (item && a->is_new) buf_puts(&buf, " new");
  if (item && a->run_rules) buf_puts(&buf, " rules");
  if (item && a->reopened) buf_puts(&buf, " reopened");
  if (item && a->raised) buf_puts(&buf, " raised");
  if (item && a->tell_acker) buf_puts(&buf, " kept");
  if (item && item->late) buf_puts(&buf, " late");
  return buf_str(&buf);
}

/* As if the row had been written and loaded again. */
static void settle(World *w) {
  Alert *a = w->key.alert;
  if (!a) return;
  a->is_new = a->run_rules = a->reopened = a->raised = a->tell_acker = a->resolved_now = a->acked_now = false;
  a->why = NULL;
  a->status_before = a->status;
}

static void run(World *w, const char *const *lines, size_t count) {
  w->key = (Key){.org_id = 1, .space = 7, .key = S("key"), .looked_up = true};
  for (size_t i = 0; i < count; i++) {
    Line line = read_line(lines[i]);
    bool source = str_equal_c(line.verb, "fire") || str_equal_c(line.verb, "resolve") || str_equal_c(line.verb, "ack");
    Item item = {0};
    if (source)
      item = fold(w, &line);
    else
      by_person(w, &line);
    Str got = outcome(w, source ? &item : NULL);
    if (!str_equal(got, line.expected)) fail_msg("line %zu: %s\n  became: %.*s", i + 1, lines[i], STR_ARG(got));
    settle(w);
  }
}

#define STORY(name, ...)                                                                                               \
  static void name(void **state) {                                                                                     \
    static const char *const LINES[] = {__VA_ARGS__};                                                                  \
    run(*state, LINES, COUNT(LINES));                                                                                  \
  }

/* T 4.1: the machine ------------------------------------------------------------------------------------------------
 */

STORY(resolve_of_unknown_creates_nothing, "00:00 resolve | nothing", "00:10 ack | nothing",
      "00:20 fire | triggered e1 n1 new rules")
STORY(repeat_counts_and_asks_nothing, "00:00 fire p3 | triggered e1 n1 p3 new rules",
      "00:10 fire p3 | triggered e1 n2 p3", "00:20 fire p4 | triggered e1 n3 p3", "00:30 fire | triggered e1 n4 p3")
STORY(a_raise_runs_the_rules, "00:00 fire p3 | triggered e1 n1 p3 new rules",
      "00:10 fire p1 | triggered e1 n2 p1 rules raised", "00:20 fire p3 | triggered e1 n3 p1",
      "00:30 fire p1 | triggered e1 n4 p1")
STORY(a_priority_where_none_was_is_a_raise, "00:00 fire | triggered e1 n1 new rules",
      "00:10 fire p4 | triggered e1 n2 p4 rules raised")
STORY(a_change_of_words_runs_the_rules, "00:00 fire title=A | triggered e1 n1 new rules",
      "00:10 fire title=B | triggered e1 n2 rules", "00:20 fire title=B | triggered e1 n3")
STORY(the_sources_acknowledgement, "00:00 fire p3 | triggered e1 n1 p3 new rules", "00:10 ack | acknowledged e1 n1 p3",
      "00:20 ack | acknowledged e1 n1 p3", "00:30 fire p3 | acknowledged e1 n2 p3",
      "00:40 fire p1 | acknowledged e1 n3 p1 rules raised", "00:50 resolve | resolved e1 n3 p1",
      "00:55 ack | resolved e1 n3 p1")
STORY(dismissed_is_silent_until_it_is_raised, "00:00 fire p3 | triggered e1 n1 p3 new rules",
      "00:10 dismiss | dismissed e1 n1 p3", "00:20 fire p3 | dismissed e1 n2 p3",
      "00:30 fire p2 | triggered e1 n3 p2 rules raised", "00:40 dismiss | dismissed e1 n3 p2",
      "00:50 resolve | resolved e1 n3 p2")
STORY(a_resolve_says_nothing_about_priority, "00:00 fire p3 | triggered e1 n1 p3 new rules",
      "00:10 resolve p1 | resolved e1 n1 p3", "00:20 resolve | resolved e1 n1 p3")
STORY(within_the_window_it_is_the_next_episode, "00:00 fire p2 | triggered e1 n1 p2 new rules",
      "01:00 resolve | resolved e1 n1 p2", "31:00 fire p3 | triggered e2 n2 p3 rules reopened",
      "31:10 fire p3 | triggered e2 n3 p3")
STORY(after_the_window_it_is_a_new_alert, "00:00 fire p2 | triggered e1 n1 p2 new rules",
      "01:00 resolve | resolved e1 n1 p2", "31:01 fire p3 | triggered e1 n1 p3 new rules")
STORY(a_fire_on_what_a_person_resolved_reopens, "00:00 fire | triggered e1 n1 new rules",
      "01:00 person-resolve | resolved e1 n1", "02:00 fire | triggered e2 n2 rules reopened")
STORY(an_acknowledgement_is_kept_for_ten_minutes, "00:00 fire | triggered e1 n1 new rules",
      "01:00 person-ack | acknowledged e1 n1", "02:00 resolve | resolved e1 n1",
      "11:00 fire | acknowledged e2 n2 rules reopened kept", "12:00 resolve | resolved e2 n2",
      "12:30 fire | triggered e3 n3 rules reopened")

/* T 4.3: order ------------------------------------------------------------------------------------------------------
 */

STORY(a_fire_older_than_the_resolve_is_late, "00:00 fire | triggered e1 n1 new rules",
      "01:00 resolve t=00:55 | resolved e1 n1", "01:10 fire t=00:50 | resolved e1 n1 late",
      "01:20 fire t=00:55 | triggered e2 n2 rules reopened")
STORY(a_fire_without_a_time_is_never_late, "00:00 fire | triggered e1 n1 new rules",
      "01:00 resolve t=00:55 | resolved e1 n1", "01:10 fire | triggered e2 n2 rules reopened")
STORY(starts_at_does_not_make_late, "00:00 fire s=00:00 | triggered e1 n1 new rules",
      "01:00 resolve end=00:55 | resolved e1 n1", "01:10 fire s=00:00 | triggered e2 n2 rules reopened")
STORY(late_only_within_the_window_of_the_resolve, "00:00 fire | triggered e1 n1 new rules",
      "01:00 resolve t=00:59 | resolved e1 n1", "06:01 fire t=00:58 | triggered e2 n2 rules reopened")
STORY(late_only_when_its_own_time_is_near, "00:00 fire | triggered e1 n1 new rules",
      "10:00 resolve t=09:59 | resolved e1 n1", "10:10 fire t=04:00 | triggered e2 n2 rules reopened")
STORY(the_end_of_a_resolve_is_its_time, "00:00 fire | triggered e1 n1 new rules",
      "01:00 resolve end=00:55 | resolved e1 n1", "01:10 fire t=00:50 | resolved e1 n1 late")
STORY(a_resolve_of_an_episode_before_is_late, "00:00 fire t=00:00 | triggered e1 n1 new rules",
      "01:00 resolve t=01:00 | resolved e1 n1", "02:00 fire t=02:00 | triggered e2 n2 rules reopened",
      "02:10 resolve t=00:59 | triggered e2 n2 late", "02:20 resolve t=02:15 | resolved e2 n2")
STORY(a_slow_clock_cannot_leave_it_open, "10:00 fire t=05:00 | triggered e1 n1 new rules",
      "11:00 resolve t=06:00 | resolved e1 n1", "12:00 fire t=07:00 | triggered e2 n2 rules reopened",
      "13:00 resolve t=08:00 | resolved e2 n2")
STORY(a_fire_late_against_a_tombstone_is_born_resolved, "01:00 resolve t=00:59 | nothing",
      "01:10 fire t=00:50 | resolved e1 n0 new late", "01:20 fire | triggered e2 n1 rules reopened")
STORY(every_other_fire_after_a_tombstone_is_ordinary, "01:00 resolve t=00:59 | nothing",
      "01:10 fire t=01:05 | triggered e1 n1 new rules")
STORY(times_that_cannot_be_are_the_time_of_receipt, "00:00 fire | triggered e1 n1 new rules",
      "01:00 resolve t=00:55 | resolved e1 n1", "01:10 fire t=1970 | triggered e2 n2 rules reopened",
      "02:00 resolve t=30:00 | resolved e2 n2", "02:10 fire t=02:05 | triggered e3 n3 rules reopened")
STORY(persons_make_nothing_late, "00:00 fire | triggered e1 n1 new rules", "01:00 person-resolve | resolved e1 n1",
      "01:10 fire t=00:30 | triggered e2 n2 rules reopened")

/* Several of one key in one body: folded in that order, the end state decides, each is an occurrence. */
static void events_of_one_body_are_folded_in_order(void **state) {
  World *w = *state;
  Error err = {0};
  w->key = (Key){.org_id = 1, .space = 7, .key = S("key"), .looked_up = true};
  Line lines[] = {read_line("00:00 fire p3 |"), read_line("00:00 resolve |"), read_line("00:00 fire p2 |")};
  Event events[] = {lines[0].event, lines[1].event, lines[2].event};
  Cycle cycle = {.db = w->db, .arena = w->arena, .now_ms = BEGIN_MS, .ids = &w->ids};
  Arrival arrival = {.arena = w->arena, .id = 1, .org_id = 1, .integration_id = 7, .received_ms = BEGIN_MS};
  Batch batch = {.cycle = &cycle, .arena = w->arena, .setup = &w->setup, .now_ms = BEGIN_MS};
  for (size_t i = 0; i < COUNT(events); i++)
    *VEC_PUSH(w->arena, &batch.items) =
        (Item){.arrival = &arrival, .event = &events[i], .integration = w->integration, .key = &w->key};
  assert_true(stage_fold(&batch, &err));
  const Alert *a = w->key.alert;
  assert_int_equal(a->status, ALERT_TRIGGERED);
  assert_int_equal(a->count, 2);
  assert_int_equal(a->occurrences, 3);
  assert_int_equal(batch.alerts.count, 1);
}

/* "first 500 and last 500": the 1,001st takes the place of the 501st. */
static void a_thousand_occurrences_are_kept_the_first_and_the_last(void **state) {
  World *w = *state;
  w->key = (Key){.org_id = 1, .space = 7, .key = S("key"), .looked_up = true};
  for (int i = 0; i < 1203; i++) {
    Line line = read_line("00:00 fire p3 |");
    (void)fold(w, &line);
    settle(w);
  }
  static const DbStmt KEPT = {"test_kept", "SELECT COUNT(*) FROM occurrence WHERE alert_id = $1", NULL};
  static const DbStmt GAP = {"test_gap",
                             "SELECT COUNT(*) FROM occurrence WHERE alert_id = $1 AND (n < 500 OR n >= 703)", NULL};
  i64 kept = 0, ends = 0;
  bool found = false;
  Error err = {0};
  assert_true(db_query_int(w->db, &KEPT, DB_ARGS(db_int(w->key.alert->id)), &kept, &found, &err));
  assert_true(db_query_int(w->db, &GAP, DB_ARGS(db_int(w->key.alert->id)), &ends, &found, &err));
  assert_int_equal(kept, 999); /* the first lies with the alert */
  assert_int_equal(ends, 999);
  assert_true(w->key.alert->first_request_id > 0);
  assert_int_equal(w->key.alert->count, 1203);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_world, teardown_world)

/* Two files' "silence" are two places where the linker does not make one of them. */
static void a_hold_is_the_same_by_what_it_says(void **state) {
  char stored[] = "silence";
  Alert a = {0};
  (void)state;
  assert_true(hold_add(&a, (Hold){.reason = stored, .id = 7, .until_ms = 10}));
  assert_false(hold_add(&a, (Hold){.reason = "silence", .id = 7, .until_ms = 20}));
  assert_int_equal(a.holds[0].until_ms, 20);
  assert_true(hold_add(&a, (Hold){.reason = "silence", .id = 8}));
  assert_true(hold_add(&a, (Hold){.reason = "inhibition", .id = 7}));
  assert_int_equal(a.hold_count, 3);
  assert_true(hold_remove(&a, "silence", 7));
  assert_int_equal(a.hold_count, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(resolve_of_unknown_creates_nothing),
      TEST(repeat_counts_and_asks_nothing),
      TEST(a_raise_runs_the_rules),
      TEST(a_priority_where_none_was_is_a_raise),
      TEST(a_change_of_words_runs_the_rules),
      TEST(the_sources_acknowledgement),
      TEST(dismissed_is_silent_until_it_is_raised),
      TEST(a_resolve_says_nothing_about_priority),
      TEST(within_the_window_it_is_the_next_episode),
      TEST(after_the_window_it_is_a_new_alert),
      TEST(a_fire_on_what_a_person_resolved_reopens),
      TEST(an_acknowledgement_is_kept_for_ten_minutes),
      TEST(a_fire_older_than_the_resolve_is_late),
      TEST(a_fire_without_a_time_is_never_late),
      TEST(starts_at_does_not_make_late),
      TEST(late_only_within_the_window_of_the_resolve),
      TEST(late_only_when_its_own_time_is_near),
      TEST(the_end_of_a_resolve_is_its_time),
      TEST(a_resolve_of_an_episode_before_is_late),
      TEST(a_slow_clock_cannot_leave_it_open),
      TEST(a_fire_late_against_a_tombstone_is_born_resolved),
      TEST(every_other_fire_after_a_tombstone_is_ordinary),
      TEST(times_that_cannot_be_are_the_time_of_receipt),
      TEST(persons_make_nothing_late),
      TEST(events_of_one_body_are_folded_in_order),
      cmocka_unit_test(a_hold_is_the_same_by_what_it_says),
      TEST(a_thousand_occurrences_are_kept_the_first_and_the_last),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
