/* Shift notices: each person who asked for some has a job, `duty.notice`, that is due when the next is. What it says is
 * found when it goes out, over all schedules, so notices of one instant are one message, and a swap made a moment ago
 * is right. Nobody who did not ask has a job. Up to when a person's notices were sent stands in shift_notice. */
#include <stdlib.h>

#include "core/duty/duty.h"
#include "core/paging/internal.h"
#include "lang/json.h"

enum { LEADS_MAX = 8, LATE_S = 3600, LOOK_S = 86400, SIGHT_S = 2 * 86400 };

typedef struct Wish {
  i64 begins_s[LEADS_MAX], ends_s[LEADS_MAX];
  size_t begin_count, end_count;
  bool report;
} Wish;

typedef struct Edge { /* a shift of theirs begins or ends */
  const SetupSchedule *schedule;
  i64 at_ms;
  bool begins;
  bool report; /* not told: the hand-off report goes out */
} Edge;

typedef struct Noticing {
  Cycle *cycle;
  const Setup *setup;
  const SetupUser *user;
  const Zone *zone;
  Wish wish;
  i64 done_until_ms, next_ms;
  bool asked;
  VEC(Edge) edges;
} Noticing;

/* What they want -------------------------------------------------------------------------------------------------- */

static size_t read_leads(const Value *list, i64 *out) {
  size_t count = 0;
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size && count < LEADS_MAX; i++)
    out[count++] = value_int_or(value_at(list, i), 0);
  return count;
}

static bool read_wish(const DbRow *row, void *ctx) {
  Noticing *n = ctx;
  Value json = value_null();
  Error ignored = {0};
  Str text = db_row_text(row, 0, n->cycle->arena);
  if (!text.len || !json_parse(n->cycle->arena, text, NULL, &json, &ignored)) return true;
  n->wish.begin_count = read_leads(value_get_c(&json, "begins_s"), n->wish.begins_s);
  n->wish.end_count = read_leads(value_get_c(&json, "ends_s"), n->wish.ends_s);
  n->wish.report = value_bool_or(value_get_c(&json, "report"), false);
  n->asked = n->wish.begin_count || n->wish.end_count || n->wish.report;
  return true;
}

static bool load_wish(Noticing *n, i64 user_id, Error *err) {
  static const DbStmt WISH = {"notice_wish",
                              "SELECT shift_notices FROM account WHERE id = $1 AND status <> 'deactivated'", NULL};
  static const DbStmt DONE = {"notice_done", "SELECT done_until FROM shift_notice WHERE user_id = $1", NULL};
  bool found = false;
  n->done_until_ms = n->cycle->now_ms;
  if (!db_query_one(n->cycle->db, &WISH, DB_ARGS(db_int(user_id)), read_wish, n, &found, err) ||
      !db_query_int(n->cycle->db, &DONE, DB_ARGS(db_int(user_id)), &n->done_until_ms, &found, err))
    return false;
  n->done_until_ms = MAX(n->done_until_ms, n->cycle->now_ms - LATE_S * 1000);
  return true;
}

/* What is due ----------------------------------------------------------------------------------------------------- */

static void look_at_edge(Noticing *n, const Edge *edge, const i64 *leads, size_t count) {
  bool is_due = false; /* two of one edge that are both due are one */
  for (size_t i = 0; i < count; i++) {
    i64 due = edge->at_ms - leads[i] * 1000;
    if (due > n->cycle->now_ms) {
      n->next_ms = MIN(n->next_ms, due);
    } else if (due > n->done_until_ms && !is_due) {
      *VEC_PUSH(n->cycle->arena, &n->edges) = *edge;
      is_due = true;
    }
  }
}

static bool look_at_schedule(Noticing *n, const SetupSchedule *schedule, Error *err) {
  static const i64 AT_ONCE[] = {0};
  i64 from = n->done_until_ms - 1000, to = n->cycle->now_ms + SIGHT_S * 1000;
  Rendered rendered;
  ShiftList own;
  if (!oncall_range(n->cycle->db, n->cycle->arena, cycle_app(n->cycle), schedule, from, to, &rendered, err))
    return false;
  duty_shifts_of(n->cycle->arena, &rendered.final, n->user->id, &own);
  for (size_t i = 0; i < own.count; i++) {
    const Shift *shift = &own.items[i];
    Edge begins = {.schedule = schedule, .at_ms = shift->starts_ms, .begins = true};
    Edge ends = {.schedule = schedule, .at_ms = shift->ends_ms}, report = begins;
    report.report = true;
    bool really_begins = shift->starts_ms > from, really_ends = shift->ends_ms < to;
    if (really_begins) look_at_edge(n, &begins, n->wish.begins_s, n->wish.begin_count);
    if (really_ends) look_at_edge(n, &ends, n->wish.ends_s, n->wish.end_count);
    if (n->wish.report && really_begins) look_at_edge(n, &report, AT_ONCE, 1);
  }
  return true;
}

/* Saying it ------------------------------------------------------------------------------------------------------- */

static Str edge_text(const Noticing *n, const Edge *edge) {
  Arena *arena = n->cycle->arena;
  bool soon = edge->at_ms > n->cycle->now_ms;
  Str when = str_format(arena, "%.*s (%.*s)", STR_ARG(zone_text_ms(arena, n->zone, edge->at_ms)),
                        STR_ARG(time_text_ms(arena, edge->at_ms)));
  if (!edge->begins)
    return str_format(arena, "your shift on %.*s %s at %.*s", STR_ARG(edge->schedule->name),
                      soon ? "ends" : "has ended", STR_ARG(when));
  return str_format(arena, "you are on call for %.*s from %.*s on", STR_ARG(edge->schedule->name), STR_ARG(when));
}

static int compare_edges(const void *a, const void *b) {
  const Edge *x = a, *y = b;
  if (x->at_ms != y->at_ms) return x->at_ms < y->at_ms ? -1 : 1;
  return x->begins - y->begins;
}

static bool say(Noticing *n, Error *err) {
  Arena *arena = n->cycle->arena;
  Buf text = buf_new(arena, KIB(16));
  Str title = STR_NONE;
  size_t queued = 0, lines = 0;
  if (n->edges.count == 0) return true;
  qsort(n->edges.items, n->edges.count, sizeof(Edge), compare_edges);
  for (size_t i = 0; i < n->edges.count; i++) {
    if (n->edges.items[i].report) continue;
    Str line = edge_text(n, &n->edges.items[i]);
    if (lines++ == 0) title = line;
    buf_format(&text, "- %.*s\n", STR_ARG(line));
  }
  if (lines == 0) return true;
  if (lines > 1) title = str_format(arena, "%.*s, and %zu more", STR_ARG(title), lines - 1);
  NotifyText what = {.org_id = n->user->org_id,
                     .user_id = n->user->id,
                     .purpose = "shift",
                     .low = true,
                     .title = title,
                     .text = buf_str(&text)};
  return notify_text(n->cycle, &what, &queued, err);
}

/* By e-mail when they have one: it is long. */
static i64 mail_of(const SetupUser *user) {
  for (size_t i = 0; i < user->contact_count; i++) {
    const SetupContact *c = &user->contacts[i];
    if (str_equal_c(c->kind, "email") && c->verified && !c->broken) return c->id;
  }
  return 0;
}

static bool send_reports(Noticing *n, Error *err) {
  DutyCtx d = {cycle_app(n->cycle), n->cycle->db, n->cycle->arena, n->setup};
  for (size_t i = 0; i < n->edges.count; i++) {
    const Edge *edge = &n->edges.items[i];
    Value report = value_null();
    size_t queued = 0;
    if (!edge->report) continue;
    if (!duty_handoff(&d, edge->schedule, edge->at_ms - 1, &report, err)) return false;
    NotifyText what = {.org_id = n->user->org_id,
                       .user_id = n->user->id,
                       .contact_id = mail_of(n->user),
                       .purpose = "handoff",
                       .low = true,
                       .title = str_format(d.arena, "Hand-off of %.*s to you", STR_ARG(edge->schedule->name)),
                       .text = duty_handoff_text(d.arena, &report)};
    if (!notify_text(n->cycle, &what, &queued, err)) return false;
  }
  return true;
}

/* The job --------------------------------------------------------------------------------------------------------- */

static bool keep_done(Noticing *n, Error *err) {
  static const DbStmt KEEP = {"notice_keep",
                              "INSERT INTO shift_notice (user_id, org_id, done_until) VALUES ($1, $2, $3) ON CONFLICT "
                              "(user_id) DO UPDATE SET done_until = excluded.done_until",
                              NULL};
  return db_run(n->cycle->db, &KEEP, err, db_int(n->user->id), db_int(n->user->org_id), db_int(n->cycle->now_ms));
}

bool duty_notice_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  static const DbStmt FORGET = {"notice_forget", "DELETE FROM shift_notice WHERE user_id = $1", NULL};
  Noticing n = {
      .cycle = cycle, .setup = setup_current(cycle_app(cycle)->setup), .next_ms = cycle->now_ms + LOOK_S * 1000};
  n.user = setup_user(n.setup, job->subject_id);
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!load_wish(&n, job->subject_id, err)) return false;
  if (!n.user || !n.asked) return db_run(cycle->db, &FORGET, err, db_int(job->subject_id));
  const SetupOrg *org = setup_org(n.setup, n.user->org_id);
  n.zone = n.user->zone ? n.user->zone : org ? org->zone : zone_utc();
  for (size_t i = 0; i < setup_schedule_count(n.setup); i++) {
    const SetupSchedule *schedule = setup_schedule_at(n.setup, i);
    if (schedule->org_id == n.user->org_id && !look_at_schedule(&n, schedule, err)) return false;
  }
  *out_verdict = JOB_AGAIN;
  job->due_ms = n.next_ms;
  return say(&n, err) && send_reports(&n, err) && keep_done(&n, err);
}

bool duty_user_changed(Cycle *cycle, i64 org_id, i64 user_id, Error *err) {
  JobNew job = {.kind = "duty.notice", .org_id = org_id, .subject_id = user_id, .due_ms = cycle->now_ms};
  return job_cancel(cycle, "duty.notice", user_id, err) && job_add(cycle, &job, err);
}

typedef struct Waiting {
  Arena *arena;
  VEC(i64) ids;
} Waiting;

static bool read_waiting(const DbRow *row, void *ctx) {
  Waiting *w = ctx;
  *VEC_PUSH(w->arena, &w->ids) = db_row_int(row, 0);
  return true;
}

bool duty_notices_changed(Cycle *cycle, i64 org_id, Error *err) {
  static const DbStmt ALL = {
      "notices_waiting",
      "SELECT subject_id FROM job WHERE org_id = $1 AND kind = 'duty.notice' AND due_at > $2 LIMIT 5000", NULL};
  Waiting w = {.arena = cycle->arena};
  if (!db_query(cycle->db, &ALL, DB_ARGS(db_int(org_id), db_int(cycle->now_ms)), read_waiting, &w, err)) return false;
  for (size_t i = 0; i < w.ids.count; i++)
    if (!job_hurry(cycle, "duty.notice", w.ids.items[i], cycle->now_ms, err)) return false;
  return true;
}
