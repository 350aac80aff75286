/* Who comes on call while nobody has answered is paged, too: a job looks when the next shift of one of the page's
 * schedules begins, and when somebody edits a schedule or an override. */
#include "core/paging/internal.h"
#include "lang/json.h"

static const DbStmt TOLD = {
    "newcomer_told",
    "SELECT id FROM notification WHERE page_id = $1 AND user_id = $2 AND epoch = $3 AND purpose "
    "= 'page' LIMIT 1",
    NULL};
static const DbStmt WATCHING = {
    "newcomers_watching", "SELECT subject_id FROM job WHERE org_id = $1 AND kind = 'page.newcomers' LIMIT 5000", NULL};

/* Levels that were reached: up to the present one, after the first round all. */
static size_t reached(const Page *page, const Snapshot *snapshot) {
  if (page->round > 0) return snapshot->level_count;
  return MIN((size_t)MAX(page->level, 0), snapshot->level_count);
}

bool page_watch_shifts(Cycle *cycle, const Page *page, const Snapshot *snapshot, Error *err) {
  Finding f = finding_of(cycle);
  i64 until = INT64_MAX;
  if (!snapshot->page_newcomers) return true;
  for (size_t l = 0; l < reached(page, snapshot); l++)
    for (size_t t = 0; t < snapshot->levels[l].target_count; t++) {
      People people = {0};
      const SetupTarget *target = &snapshot->levels[l].targets[t];
      if (target->kind == TARGET_SCHEDULE && !target_users(&f, target, &people, &until, err)) return false;
    }
  if (until == INT64_MAX) return true;
  JobNew job = {.kind = "page.newcomers",
                .org_id = page->org_id,
                .subject_id = page->id,
                .due_ms = until,
                .data = str_format(cycle->arena, "{\"epoch\":%lld}", (long long)page->epoch)};
  return job_cancel(cycle, "page.newcomers", page->id, err) && job_add(cycle, &job, err);
}

static bool tell_newcomer(Cycle *cycle, Page *page, i64 user_id, i64 level, Error *err) {
  const SetupUser *user = setup_user(setup_current(cycle_app(cycle)->setup), user_id);
  Buf data = buf_new(cycle->arena, KIB(4));
  Notified told = {0};
  i64 id = 0, at = page->level;
  bool found = false;
  if (!db_query_int(cycle->db, &TOLD, DB_ARGS(db_int(page->id), db_int(user_id), db_int(page->epoch)), &id, &found,
                    err))
    return false;
  if (found) return true;
  page->level = level;
  bool ok = notify_user(cycle, page, user_id, "page", &told, err);
  page->level = at;
  buf_format(&data, "{\"level\":%lld,\"users\":[", (long long)level);
  json_write_string(&data, user ? user->name : S(""));
  buf_puts(&data, "]}");
  return ok && page_tell(cycle, page, "paged_newcomer", &WHO_SYSTEM, buf_str(&data), err);
}

static bool tell_newcomers(Cycle *cycle, Page *page, const Snapshot *snapshot, Error *err) {
  Finding f = finding_of(cycle);
  for (size_t l = 0; l < reached(page, snapshot); l++) {
    const SetupLevel *level = &snapshot->levels[l];
    People people = {0};
    if (level->round_robin) continue; /* the one who was chosen has it */
    for (size_t t = 0; t < level->target_count; t++)
      if (level->targets[t].kind == TARGET_SCHEDULE && !target_users(&f, &level->targets[t], &people, NULL, err))
        return false;
    for (size_t i = 0; i < people.count; i++)
      if (!tell_newcomer(cycle, page, people.ids[i], (i64)l + 1, err)) return false;
  }
  return true;
}

bool page_newcomers_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Page page = {0};
  Snapshot snapshot = {0};
  bool found = false;
  if (!page_load(cycle->db, cycle->arena, job->subject_id, &page, &found, err)) return false;
  if (!found || page.status != PAGE_ACTIVE || page.epoch != value_int_or(value_get_c(&job->data, "epoch"), 0))
    return true;
  return snapshot_read(cycle->arena, page.policy, &snapshot, err) && tell_newcomers(cycle, &page, &snapshot, err) &&
         page_watch_shifts(cycle, &page, &snapshot, err);
}

typedef struct Watching {
  Arena *arena;
  VEC(i64) ids;
} Watching;

static bool read_watching(const DbRow *row, void *ctx) {
  Watching *w = ctx;
  *VEC_PUSH(w->arena, &w->ids) = db_row_int(row, 0);
  return true;
}

/* Due a moment later, so that the picture of the configuration is the new one by then. */
bool page_shifts_changed(Cycle *cycle, i64 org_id, Error *err) {
  Watching watching = {.arena = cycle->arena};
  if (!db_query(cycle->db, &WATCHING, DB_ARGS(db_int(org_id)), read_watching, &watching, err)) return false;
  for (size_t i = 0; i < watching.ids.count; i++)
    if (!job_hurry(cycle, "page.newcomers", watching.ids.items[i], cycle->now_ms, err)) return false;
  return true;
}
