/* An absence opens a cover request for each shift that falls into it, on schedules that do not pass over who is away.
 */
#include "core/oncall/cover_internal.h"
#include "core/resources.h"

enum { REQUESTS_MAX = 50 };

typedef struct Away {
  Cycle *cycle;
  ResourceCtx *ctx;
  const Setup *setup;
  i64 user_id, starts_ms, ends_ms;
  Str id, reason;
  size_t made;
} Away;

static bool insert(const Away *a, const SetupSchedule *schedule, const Shift *shift, bool *out_made, Error *err) {
  static const DbStmt INSERT = {
      "cover_insert",
      "INSERT INTO cover_request (id, org_id, schedule_id, user_id, starts_at, ends_at, message, status, override_ids, "
      "absence_id, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', '[]', $8, $9, $9, 1)",
      NULL};
  static const DbStmt TWICE = {"cover_absent_twice",
                               "SELECT id FROM cover_request WHERE schedule_id = $1 AND user_id = $2 AND status = "
                               "'open' AND starts_at < $4 AND ends_at > $3 ORDER BY id LIMIT 1",
                               NULL};
  Cycle *cycle = a->cycle;
  i64 id = id_next(cycle->ids), other = 0;
  if (!db_query_int(cycle->db, &TWICE,
                    DB_ARGS(db_int(schedule->id), db_int(a->user_id), db_int(shift->starts_ms), db_int(shift->ends_ms)),
                    &other, out_made, err))
    return false;
  if (*out_made) return *out_made = false, true; /* they asked for it by hand */
  *out_made = true;
  JobNew job = {.kind = "cover.expire", .org_id = a->ctx->org_id, .subject_id = id, .due_ms = shift->ends_ms};
  cycle_publish(cycle, a->ctx->org_id, "cover_request", id, 1);
  return db_run(cycle->db, &INSERT, err, db_int(id), db_int(a->ctx->org_id), db_int(schedule->id), db_int(a->user_id),
                db_int(shift->starts_ms), db_int(shift->ends_ms), db_text(a->reason), db_text(a->id),
                db_int(cycle->now_ms)) &&
         job_add(cycle, &job, err);
}

static bool open_for(Away *a, const SetupSchedule *schedule, Error *err) {
  ShiftList shifts = {0};
  CoverNews news = {.schedule = schedule, .user_id = a->user_id, .message = a->reason};
  if (!cover_shifts(a->ctx, schedule, a->user_id, a->starts_ms, a->ends_ms, &shifts, err)) return false;
  for (size_t i = 0; i < shifts.count && a->made < REQUESTS_MAX; i++) {
    bool made = false;
    if (!insert(a, schedule, &shifts.items[i], &made, err)) return false;
    if (!made) continue;
    if (news.count++ == 0) news.first = &shifts.items[i];
    a->made++;
  }
  return news.count == 0 ||
         (cover_tell_asked(a->cycle, a->setup, &news, err) && cover_tell_owners(a->cycle, a->setup, &news, err));
}

/* Those that nobody has taken. */
static bool close_open(const Away *a, Error *err) {
  static const DbStmt CLOSE = {"cover_absence_over",
                               "UPDATE cover_request SET status = 'cancelled', updated_at = $3, version = version + 1 "
                               "WHERE org_id = $1 AND absence_id = $2 AND status = 'open'",
                               NULL};
  return db_run(a->cycle->db, &CLOSE, err, db_int(a->ctx->org_id), db_text(a->id), db_int(a->cycle->now_ms));
}

bool cover_absence(Cycle *cycle, ResourceCtx *ctx, const Value *absence, bool changed, bool deleted, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Away a = {.cycle = cycle,
            .ctx = ctx,
            .setup = setup,
            .user_id = cover_ref(ctx, absence, "user_id"),
            .starts_ms = cover_time(absence, "starts_at"),
            .ends_ms = cover_time(absence, "ends_at"),
            .id = value_text_or(value_get_c(absence, "id"), STR_NONE),
            .reason = value_text_or(value_get_c(absence, "reason"), S(""))};
  if ((changed || deleted) && !close_open(&a, err)) return false;
  for (size_t i = 0; !deleted && i < setup_schedule_count(setup); i++) {
    const SetupSchedule *schedule = setup_schedule_at(setup, i);
    if (schedule->org_id == ctx->org_id && !schedule->skip_absent && !open_for(&a, schedule, err)) return false;
  }
  return true;
}
