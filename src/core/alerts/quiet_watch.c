/* Looks at what is held, in slices: each silence, window, inhibition rule, suppressing rule or integration in quiet
 * mode that has held something urgent (p1, p2, or no priority) for `held_notice_s` is told to whom it belongs, once for
 * what it holds by then, and again for what joins later, but no sooner than after that time again. The place in the
 * list is a counter, so that 100,000 held alerts are looked at over many rounds. */
#include "core/alerts/quiet_watch.h"

#include "core/alerts/quieting.h"
#include "core/quiet/owner.h"
#include "lang/json.h"

enum { ROWS = 1000, EVERY_MS = 5 * 60 * 1000, SOONEST_MS = 10 * 1000, KEPT_DAYS = 30 };

/* What one cause has held for too long, of one team when it is nobody's own. */
typedef struct Overdue {
  QuietCause cause;
  i64 count, since_ms, newest_ms; /* since_ms: of the one held longest, which is named */
  i64 number;
  Str title;
} Overdue;

typedef struct Watching {
  Cycle *cycle;
  const Setup *setup;
  i64 last_id, next_ms;
  size_t seen;
  VEC(Overdue *) found;
  Map *by_key;
} Watching;

static bool has_owner_to_tell(Str reason) {
  static const char *const REASONS[] = {"silence", "maintenance", "inhibition", "suppressed", "quiet"};
  for (size_t i = 0; i < COUNT(REASONS); i++)
    if (str_equal_c(reason, REASONS[i])) return true;
  return false;
}

static Overdue *overdue_of(Watching *w, const QuietCause *cause) {
  i64 team = quiet_has_owner(w->setup, cause) ? 0 : cause->team_id;
  Arena *arena = w->cycle->arena;
  Str key = str_format(arena, "%lld/%.*s/%lld/%lld", (long long)cause->org_id, STR_ARG(cause->reason),
                       (long long)cause->id, (long long)team);
  void **slot = map_slot(w->by_key, key);
  if (*slot) return *slot;
  Overdue *made = ARENA_NEW(arena, Overdue);
  made->cause = *cause;
  made->cause.team_id = team ? team : cause->team_id;
  *slot = made;
  return *VEC_PUSH(arena, &w->found) = made;
}

static void look_at_hold(Watching *w, const DbRow *row, const Value *hold, i64 limit_ms) {
  i64 since = 0;
  QuietCause cause = {.org_id = db_row_int(row, 1),
                      .reason = value_text_or(value_get_c(hold, "reason"), STR_NONE),
                      .id = setup_ref(value_get_c(hold, "id")),
                      .team_id = db_row_int(row, 6),
                      .integration_id = db_row_int(row, 7)};
  if (!has_owner_to_tell(cause.reason)) return;
  if (!time_parse_ms(value_text_or(value_get_c(hold, "since"), STR_NONE), &since)) since = db_row_int(row, 5);
  if (since + limit_ms > w->cycle->now_ms) {
    w->next_ms = MIN(w->next_ms, since + limit_ms);
    return;
  }
  if (str_equal_c(cause.reason, "quiet")) cause.id = cause.integration_id;
  Overdue *o = overdue_of(w, &cause);
  o->newest_ms = MAX(o->newest_ms, since);
  if (o->count++ > 0 && since >= o->since_ms) return;
  o->since_ms = since;
  o->number = db_row_int(row, 2);
  o->title = db_row_text(row, 3, w->cycle->arena);
}

static bool look_at_row(const DbRow *row, void *ctx) {
  Watching *w = ctx;
  const SetupOrg *org = setup_org(w->setup, db_row_int(row, 1));
  Value holds = value_null();
  Error ignored = {0};
  w->last_id = db_row_int(row, 0);
  w->seen++;
  bool urgent = db_row_int(row, 4) <= 2, triggered = str_equal_c(db_row_peek(row, 8), "triggered");
  if (!org || org->defaults.held_notice_s <= 0 || !urgent || !triggered) return true;
  if (!json_parse(w->cycle->arena, db_row_text(row, 9, w->cycle->arena), NULL, &holds, &ignored)) return true;
  for (size_t i = 0; value_is(&holds, VALUE_LIST) && i < holds.size; i++)
    look_at_hold(w, row, value_at(&holds, i), org->defaults.held_notice_s * 1000);
  return true;
}

/* The place in the list ------------------------------------------------------------------------------------------- */

static bool find_slice(Watching *w, i64 after, Error *err) {
  static const DbStmt ORG = {"quiet_watch_org", "SELECT org_id FROM alert WHERE id = $1", NULL};
  static const DbStmt HELD = {
      "quiet_watch_held",
      "SELECT id, org_id, number, title, priority, status_changed_at, team_id, integration_id, status, hold_list FROM "
      "alert WHERE holds > 0 AND (org_id, id) > ($1, $2) ORDER BY org_id, id LIMIT $3",
      NULL};
  i64 org_id = 0;
  bool found = false;
  if (after && !db_query_int(w->cycle->db, &ORG, DB_ARGS(db_int(after)), &org_id, &found, err)) return false;
  return db_query(w->cycle->db, &HELD, DB_ARGS(db_int(org_id), db_int(after), db_int(ROWS)), look_at_row, w, err);
}

static bool load_place(Cycle *cycle, i64 *out, Error *err) {
  static const DbStmt PLACE = {"quiet_watch_place",
                               "SELECT value FROM counter WHERE org_id = 0 AND name = 'quiet.watch'", NULL};
  bool found = false;
  *out = 0;
  return db_query_int(cycle->db, &PLACE, 0, NULL, out, &found, err);
}

static bool keep_place(Cycle *cycle, i64 after, Error *err) {
  static const DbStmt KEEP = {"quiet_watch_keep",
                              "INSERT INTO counter (org_id, name, value) VALUES (0, 'quiet.watch', $1) ON CONFLICT "
                              "(org_id, name) DO UPDATE SET value = excluded.value",
                              NULL};
  return db_run(cycle->db, &KEEP, err, db_int(after));
}

/* Telling --------------------------------------------------------------------------------------------------------- */

static Str length_text(Arena *arena, i64 ms) {
  if (ms < HOUR_MS) return str_format(arena, "%lld minutes", (long long)(ms / MINUTE_MS));
  i64 hours = ms / HOUR_MS;
  return str_format(arena, "%lld hour%s", (long long)hours, hours == 1 ? "" : "s");
}

static Str sentence(Watching *w, const Overdue *o) {
  Arena *arena = w->cycle->arena;
  Str what = quiet_cause_name(arena, w->setup, &o->cause), more = S("");
  if (o->count > 1) more = str_format(arena, " and %lld more", (long long)o->count - 1);
  return str_format(arena, "%.*s has held %lld urgent alert%s for %.*s: ALERT-%lld %.*s%.*s", STR_ARG(what),
                    (long long)o->count, o->count == 1 ? "" : "s",
                    STR_ARG(length_text(arena, w->cycle->now_ms - o->since_ms)), (long long)o->number,
                    STR_ARG(utf8_cut(o->title, 200)), STR_ARG(more));
}

typedef struct Told {
  i64 covered_ms, told_ms;
} Told;

static bool read_told(const DbRow *row, void *ctx) {
  *(Told *)ctx = (Told){db_row_int(row, 0), db_row_int(row, 1)};
  return true;
}

/* The earlier news covers what was overdue then; what became so since waits until the news is as old as the limit. */
static bool is_told(Watching *w, const Overdue *o, i64 team_id, bool *out, Error *err) {
  static const DbStmt TOLD = {
      "quiet_told",
      "SELECT covered_until, told_at FROM quiet_told WHERE org_id = $1 AND reason = $2 AND cause_id = $3 AND team_id = "
      "$4",
      NULL};
  const SetupOrg *org = setup_org(w->setup, o->cause.org_id);
  Told told = {0};
  DbValue args[] = {db_int(o->cause.org_id), db_text(o->cause.reason), db_int(o->cause.id), db_int(team_id)};
  bool found = false;
  *out = false;
  if (!db_query_one(w->cycle->db, &TOLD, COUNT(args), args, read_told, &told, &found, err)) return false;
  if (!found) return true;
  i64 again = told.told_ms + org->defaults.held_notice_s * 1000;
  if (o->newest_ms > told.covered_ms && again > w->cycle->now_ms) w->next_ms = MIN(w->next_ms, again);
  return *out = o->newest_ms <= told.covered_ms || again > w->cycle->now_ms, true;
}

static bool tell(Watching *w, const Overdue *o, Error *err) {
  static const DbStmt KEEP = {
      "quiet_told_keep",
      "INSERT INTO quiet_told (org_id, reason, cause_id, team_id, covered_until, told_at) VALUES ($1,$2,$3,$4,$5,$6) "
      "ON CONFLICT (org_id, reason, cause_id, team_id) DO UPDATE SET covered_until = excluded.covered_until, told_at = "
      "excluded.told_at",
      NULL};
  Cycle *cycle = w->cycle;
  const SetupOrg *org = setup_org(w->setup, o->cause.org_id);
  i64 team_id = quiet_has_owner(w->setup, &o->cause) ? 0 : o->cause.team_id;
  bool told = false;
  QuietOwners owners;
  if (!is_told(w, o, team_id, &told, err)) return false;
  if (told) return true;
  quiet_owners(cycle->arena, w->setup, &o->cause, &owners);
  PageAnnouncement news = {.org_id = o->cause.org_id,
                           .team_id = owners.team_id,
                           .title = sentence(w, o),
                           .user_ids = owners.user_ids,
                           .user_count = owners.count};
  i64 covered = cycle->now_ms - org->defaults.held_notice_s * 1000;
  return db_run(cycle->db, &KEEP, err, db_int(o->cause.org_id), db_text(o->cause.reason), db_int(o->cause.id),
                db_int(team_id), db_int(covered), db_int(cycle->now_ms)) &&
         (owners.count == 0 || page_announce(cycle, &news, err));
}

static bool forget_old(Cycle *cycle, Error *err) {
  static const DbStmt OLD = {"quiet_told_old", "DELETE FROM quiet_told WHERE told_at < $1", NULL};
  return db_run(cycle->db, &OLD, err, db_int(cycle->now_ms - KEPT_DAYS * DAY_MS));
}

static bool watch(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  i64 after = 0, now = cycle->now_ms;
  Watching w = {.cycle = cycle,
                .setup = setup_current(cycle_app(cycle)->setup),
                .next_ms = now + EVERY_MS,
                .by_key = map_new(cycle->arena)};
  (void)out_work;
  if (!load_place(cycle, &after, err) || !find_slice(&w, after, err)) return false;
  for (size_t i = 0; i < w.found.count; i++)
    if (!tell(&w, w.found.items[i], err)) return false;
  bool more = w.seen == ROWS;
  if ((more || after) && !keep_place(cycle, more ? w.last_id : 0, err)) return false;
  if (!more && !forget_old(cycle, err)) return false;
  *out_verdict = JOB_AGAIN;
  job->due_ms = more ? now : MAX(w.next_ms, now + SOONEST_MS);
  return true;
}

bool quiet_watch_plan(Cycle *cycle, void *ctx, Error *err) {
  (void)ctx;
  JobNew job = {.kind = "quiet.watch", .subject_id = 1, .due_ms = cycle->now_ms + EVERY_MS};
  return job_cancel(cycle, job.kind, 1, err) && job_add(cycle, &job, err);
}

bool quiet_watch_forget(Cycle *cycle, i64 org_id, i64 id, Error *err) {
  static const DbStmt FORGET = {"quiet_told_forget", "DELETE FROM quiet_told WHERE org_id = $1 AND cause_id = $2",
                                NULL};
  return db_run(cycle->db, &FORGET, err, db_int(org_id), db_int(id));
}

const JobKind QUIET_WATCH_JOBS[] = {
    {.name = "quiet.watch", .lease_ms = 30000, .claim = watch},
    {.name = NULL},
};
