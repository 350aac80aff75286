/* A silence, window or rule began, ended or was edited: everybody whom it holds is asked again, then everybody whom it
 * could hold. Slices, so that 100,000 open alerts never hold up a round. It waits for a picture that knows what
 * changed. Alerts that come or change meanwhile ask the set themselves. */
#include "core/alerts/explanation.h"
#include "core/alerts/quieting.h"
#include "lang/json.h"

enum { ACTED_MAX = 200, HELD_ROWS = 1000, OPEN_ROWS = 1000, OPEN_FILTERED = 10000 };

typedef struct Sweeping {
  Cycle *cycle;
  const Setup *setup;
  Job *job;
  const char *reason;
  Str id_text;
  i64 ids[ACTED_MAX];
  size_t count, seen;
  i64 last_id, last_priority;
  bool full, more; /* more: there are open alerts behind the last one that was asked for */
  PageGather gather;
  QuietSubject subject; /* of the row at hand */
  Arena *scratch;
  Error *err;
} Sweeping;

static const char *known_reason(Str text) {
  static const char *const REASONS[] = {"silence", "maintenance", "inhibition", "quiet"};
  for (size_t i = 0; i < COUNT(REASONS); i++)
    if (str_equal_c(text, REASONS[i])) return REASONS[i];
  return "silence";
}

static bool add_job(Cycle *cycle, const QuietSweep *sweep, const char *phase, i64 priority, i64 after,
                    const PageGather *gather, Error *err) {
  Buf data = buf_new(cycle->arena, KIB(64));
  buf_format(&data, "{\"reason\":\"%s\",\"phase\":\"%s\",\"held_only\":%s,\"priority\":%lld,\"after\":%lld,\"gather\":",
             sweep->reason, phase, sweep->held_only ? "true" : "false", (long long)priority, (long long)after);
  page_gather_write(gather, &data);
  buf_putc(&data, '}');
  JobNew job = {.kind = sweep->release ? "quiet.release" : "quiet.sweep",
                .org_id = sweep->org_id,
                .subject_id = sweep->id,
                .due_ms = cycle->now_ms,
                .data = buf_str(&data)};
  return job_add(cycle, &job, err);
}

/* Later, and beside whatever else is planned for this hold: those of the same time are one. */
static bool sweep_later(Cycle *cycle, const QuietSweep *sweep, Error *err) {
  static const DbStmt THERE = {
      "quiet_release_job",
      "SELECT id FROM job WHERE subject_id = $1 AND kind = 'quiet.release' AND due_at = $2 LIMIT 1", NULL};
  i64 id = 0;
  bool found = false;
  JobNew job = {.kind = "quiet.release",
                .org_id = sweep->org_id,
                .subject_id = sweep->id,
                .due_ms = sweep->at_ms,
                .data =
                    str_format(cycle->arena, "{\"reason\":\"%s\",\"phase\":\"held\",\"held_only\":true,\"after\":0}",
                               sweep->reason)};
  if (!db_query_int(cycle->db, &THERE, DB_ARGS(db_int(sweep->id), db_int(sweep->at_ms)), &id, &found, err))
    return false;
  return found || job_add(cycle, &job, err);
}

bool quiet_sweep(Cycle *cycle, const QuietSweep *sweep, Error *err) {
  PageGather none = {0};
  if (sweep->at_ms > cycle->now_ms) return sweep_later(cycle, sweep, err);
  return job_cancel(cycle, "quiet.sweep", sweep->id, err) && add_job(cycle, sweep, "held", 0, 0, &none, err);
}

/* Whom it holds --------------------------------------------------------------------------------------------------- */

static bool read_held(const DbRow *row, void *ctx) {
  Sweeping *s = ctx;
  if (s->count == ACTED_MAX) return s->full = true, false;
  s->last_id = db_row_int(row, 0);
  s->seen++;
  if (str_find(db_row_peek(row, 1), s->id_text, 0) != SIZE_MAX) s->ids[s->count++] = s->last_id;
  return true;
}

static bool find_held(Sweeping *s, i64 after, Error *err) {
  static const DbStmt HELD = {"quiet_held",
                              "SELECT id, hold_list FROM alert WHERE org_id = $1 AND holds > 0 AND id > $2 ORDER BY id "
                              "LIMIT $3",
                              NULL};
  return db_query(s->cycle->db, &HELD, DB_ARGS(db_int(s->job->org_id), db_int(after), db_int(HELD_ROWS)), read_held, s,
                  err);
}

/* Whom it could hold ---------------------------------------------------------------------------------------------- */

/* By expression: the whole alert is needed, and a query may not be asked inside another. */
static bool needs_facts(const Sweeping *s) {
  const Silence *silence = quiet_silence(setup_quiet(s->setup), s->job->subject_id);
  return silence && silence->match.when;
}

static bool matches(const Sweeping *s, const QuietSubject *subject) {
  const Quiet *quiet = setup_quiet(s->setup);
  const Silence *silence = quiet_silence(quiet, s->job->subject_id);
  if (silence) return silence_active(silence, subject->now_ms) && quiet_match(&silence->match, subject);
  const MaintenanceWindow *window = quiet_window(quiet, s->job->subject_id);
  for (size_t i = 0; window && window_active(window, subject->now_ms) && i < window->match_count; i++)
    if (quiet_match(&window->matches[i], subject)) return true;
  return false;
}

static bool read_open(const DbRow *row, void *ctx) {
  Sweeping *s = ctx;
  if (s->count == ACTED_MAX) return s->full = true, false;
  s->last_id = db_row_int(row, 0);
  s->last_priority = db_row_int(row, 4);
  s->seen++;
  arena_clear(s->scratch);
  Alert a = alert_quiet_row(s->scratch, row, s->job->org_id);
  QuietSubject subject = quiet_subject(s->scratch, s->setup, &a, s->cycle->now_ms);
  if (matches(s, &subject)) s->ids[s->count++] = a.id;
  return true;
}

#define OPEN_COLUMNS "SELECT " QUIET_ROW_COLUMNS
#define OPEN_AFTER                                                                                                     \
  "FROM alert WHERE org_id = $1 AND status IN ('triggered', 'acknowledged') AND (priority, id) > ($2, $3) "

static bool find_any(Sweeping *s, i64 priority, i64 after, Error *err) {
  static const DbStmt OPEN = {"quiet_open", OPEN_COLUMNS ", NULL " OPEN_AFTER "ORDER BY priority, id LIMIT $4", NULL};
  static const DbStmt OPEN_WHOLE = {"quiet_open_whole",
                                    OPEN_COLUMNS ", description " OPEN_AFTER "ORDER BY priority, id LIMIT $4", NULL};
  DbValue args[] = {db_int(s->job->org_id), db_int(priority), db_int(after), db_int(OPEN_ROWS)};
  if (!db_query(s->cycle->db, needs_facts(s) ? &OPEN_WHOLE : &OPEN, COUNT(args), args, read_open, s, err)) return false;
  s->more = s->seen == OPEN_ROWS;
  return true;
}

/* The text of a label as labels are stored, as a pattern: a row without it need not be read apart. */
static Str label_pattern(Arena *arena, const Matcher *m) {
  Buf text = buf_new(arena, KIB(16)), pattern = buf_new(arena, KIB(33));
  json_write_string(&text, m->name);
  buf_putc(&text, ':');
  json_write_string(&text, m->value);
  Str plain = buf_str(&text);
  buf_putc(&pattern, '%');
  for (size_t i = 0; i < plain.len; i++) {
    if (plain.ptr[i] == '%' || plain.ptr[i] == '_' || plain.ptr[i] == '\\') buf_putc(&pattern, '\\');
    buf_putc(&pattern, plain.ptr[i]);
  }
  buf_putc(&pattern, '%');
  return buf_str(&pattern);
}

static bool read_place(const DbRow *row, void *ctx) {
  i64 *place = ctx;
  place[0] = db_row_int(row, 0);
  place[1] = db_row_int(row, 1);
  return true;
}

/* Only those with this label, of the next OPEN_FILTERED: the index says where these end, the database leaves out the
 * others, and no label is parsed that cannot match. */
static bool find_labelled(Sweeping *s, const Matcher *label, i64 priority, i64 after, Error *err) {
  static const DbStmt END = {"quiet_open_end",
                             "SELECT priority, id " OPEN_AFTER "ORDER BY priority, id LIMIT 1 OFFSET $4", NULL};
  static const DbStmt LABELLED = {"quiet_open_labelled",
                                  OPEN_COLUMNS ", NULL " OPEN_AFTER "AND (priority, id) <= ($4, $5) AND labels LIKE $6 "
                                               "ESCAPE '\\' ORDER BY priority, id",
                                  NULL};
  i64 end[] = {INT32_MAX, INT64_MAX};
  DbValue from[] = {db_int(s->job->org_id), db_int(priority), db_int(after), db_int(OPEN_FILTERED - 1)};
  if (!db_query_one(s->cycle->db, &END, COUNT(from), from, read_place, end, &s->more, err)) return false;
  DbValue args[] = {db_int(s->job->org_id), db_int(priority), db_int(after),
                    db_int(end[0]),         db_int(end[1]),   db_text(label_pattern(s->cycle->arena, label))};
  if (!db_query(s->cycle->db, &LABELLED, COUNT(args), args, read_open, s, err)) return false;
  if (!s->full) s->last_priority = end[0], s->last_id = end[1];
  return true;
}

static bool find_open(Sweeping *s, i64 priority, i64 after, Error *err) {
  const Silence *silence = quiet_silence(setup_quiet(s->setup), s->job->subject_id);
  const Matcher *label = silence && !silence->match.when ? quiet_wanted_label(&silence->match) : NULL;
  return label ? find_labelled(s, label, priority, after, err) : find_any(s, priority, after, err);
}

/* One slice ------------------------------------------------------------------------------------------------------- */

static bool act(Sweeping *s, Error *err) {
  Alert **alerts = ARENA_ARRAY(s->cycle->arena, Alert *, ACTED_MAX);
  if (!alert_load_each(s->cycle->db, s->cycle->arena, s->ids, s->count, alerts, err)) return false;
  for (size_t i = 0; i < s->count; i++) {
    Alert *a = alerts[i];
    if (!a || (a->status != ALERT_TRIGGERED && a->status != ALERT_ACKNOWLEDGED)) continue;
    if (!alert_requiet(s->cycle, a, &s->gather, err)) return false;
  }
  return true;
}

/* The picture is older than what this job is about: the next round has read it. */
static bool picture_is_old(Cycle *cycle, const Setup *setup, bool *out, Error *err) {
  bool fresh = false;
  if (!quiet_is_fresh(setup_quiet(setup), cycle->db, &fresh, err)) return false;
  return *out = !fresh, true;
}

static bool sweep(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  const Value *data = &job->data;
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Sweeping *s = ARENA_NEW(cycle->arena, Sweeping);
  const char *reason = known_reason(value_text_or(value_get_c(data, "reason"), STR_NONE));
  bool held = str_equal_c(value_text_or(value_get_c(data, "phase"), STR_NONE), "held"), old = false;
  i64 after = value_int_or(value_get_c(data, "after"), 0), priority = value_int_or(value_get_c(data, "priority"), 0);
  QuietSweep again = {.org_id = job->org_id,
                      .id = job->subject_id,
                      .reason = reason,
                      .held_only = value_bool_or(value_get_c(data, "held_only"), false),
                      .release = str_equal_c(job->kind, "quiet.release")};
  (void)out_work;
  if (!picture_is_old(cycle, setup, &old, err)) return false;
  *out_verdict = old ? JOB_AGAIN : JOB_DONE;
  if (old) return job->due_ms = cycle->now_ms, true;
  *s = (Sweeping){.cycle = cycle, .setup = setup, .job = job, .reason = reason, .scratch = scratch};
  s->id_text = id_text(cycle->arena, hold_id_prefix(str_from_c(reason)), job->subject_id);
  page_gather_read(value_get_c(data, "gather"), &s->gather);
  if (!(held ? find_held(s, after, err) : find_open(s, priority, after, err)) || !act(s, err)) return false;
  bool more = s->full || (held ? s->seen == HELD_ROWS : s->more);
  if (more) return add_job(cycle, &again, held ? "held" : "open", s->last_priority, s->last_id, &s->gather, err);
  return !held || again.held_only || add_job(cycle, &again, "open", -1, 0, &s->gather, err);
}

const JobKind QUIET_SWEEP_JOBS[] = {
    {.name = "quiet.sweep", .lease_ms = 30000, .claim = sweep},
    {.name = "quiet.release", .lease_ms = 30000, .claim = sweep},
    {.name = NULL},
};
