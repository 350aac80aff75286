/* One level of a page is due: who is it now, tell them, and plan the next. An empty level is skipped at once and said.
 * After the last level the rounds repeat; after the last round the page is exhausted, which is told to somebody loudly.
 */
#include "core/alerts/alerts.h"
#include "core/oncall/oncall.h"
#include "core/paging/internal.h"
#include "lang/json.h"

static const DbStmt PAGE_AT_LEVEL = {"page_at_level",
                                     "UPDATE page SET level = $2, round = $3, next_escalation_at = $4, updated_at = "
                                     "$5, version = version + 1 WHERE id = $1",
                                     NULL};
static const DbStmt PAGE_EXHAUSTED_ROW = {"page_exhausted",
                                          "UPDATE page SET status = 'exhausted', reason = $2, next_escalation_at = $3, "
                                          "updated_at = $4, version = version + 1 WHERE id = $1",
                                          NULL};
static const DbStmt ROUND_ROBIN = {"round_robin",
                                   "INSERT INTO counter (org_id, name, value) VALUES ($1, $2, 0) "
                                   "ON CONFLICT (org_id, name) DO UPDATE SET value = counter.value + 1 RETURNING value",
                                   NULL};

typedef struct Levelling {
  Cycle *cycle;
  Page *page;
  Snapshot snapshot;
  i64 level, round, attempt; /* level from 1 */
} Levelling;

/* Who ------------------------------------------------------------------------------------------------------------- */

static void add_user(const Setup *setup, i64 id, i64 *ids, size_t *count) {
  const SetupUser *user = setup_user(setup, id);
  if (!user || str_equal_c(user->status, "deactivated") || *count == TARGETS_MAX) return;
  for (size_t i = 0; i < *count; i++)
    if (ids[i] == id) return;
  ids[(*count)++] = id;
}

bool target_users(Cycle *cycle, const SetupTarget *target, i64 *ids, size_t *count, Error *err) {
  const App *app = cycle_app(cycle);
  const Setup *setup = setup_current(app->setup);
  if (target->kind == TARGET_USER) add_user(setup, target->id, ids, count);
  const SetupTeam *team = target->kind == TARGET_TEAM ? setup_team(setup, target->id) : NULL;
  for (size_t i = 0; team && i < team->member_count; i++) add_user(setup, team->members[i].user_id, ids, count);
  const SetupSchedule *schedule = target->kind == TARGET_SCHEDULE ? setup_schedule(setup, target->id) : NULL;
  if (!schedule) return true;
  Shift shift = {0};
  if (!oncall_now(cycle->db, cycle->arena, app, schedule, cycle->now_ms, &shift, err)) return false;
  for (size_t i = 0; i < shift.user_count; i++) add_user(setup, shift.user_ids[i], ids, count);
  return true;
}

static bool level_users(Levelling *l, const SetupLevel *level, i64 *ids, size_t *count, Error *err) {
  *count = 0;
  for (size_t i = 0; i < level->target_count; i++)
    if (!target_users(l->cycle, &level->targets[i], ids, count, err)) return false;
  if (!level->round_robin || *count < 2) return true;
  i64 turn = 0;
  bool found = false;
  Str name = str_format(l->cycle->arena, "round_robin/%lld/%lld", (long long)l->page->policy_id, (long long)l->level);
  if (!db_query_int(l->cycle->db, &ROUND_ROBIN, DB_ARGS(db_int(l->page->org_id), db_text(name)), &turn, &found, err))
    return false;
  ids[0] = ids[(size_t)turn % *count];
  *count = 1;
  return true;
}

/* Telling --------------------------------------------------------------------------------------------------------- */

static bool tell_level(Levelling *l, const i64 *ids, size_t count, const char *kind, Error *err) {
  const Setup *setup = setup_current(cycle_app(l->cycle)->setup);
  Buf data = buf_new(l->cycle->arena, KIB(64));
  buf_format(&data, "{\"level\":%lld,\"round\":%lld,\"page_id\":", (long long)l->level, (long long)l->round);
  json_write_string(&data, id_text(l->cycle->arena, "pag", l->page->id));
  buf_puts(&data, ",\"users\":[");
  for (size_t i = 0; i < count; i++) {
    const SetupUser *user = setup_user(setup, ids[i]);
    if (i) buf_putc(&data, ',');
    json_write_string(&data, user ? user->name : S(""));
  }
  buf_puts(&data, "]}");
  return page_tell(l->cycle, l->page, kind, &WHO_SYSTEM, buf_str(&data), err);
}

/* *out_queued: how many messages are on their way; 0: none of them can be told. */
static bool notify_all(Levelling *l, const i64 *ids, size_t count, const char *purpose, size_t *out_queued,
                       Error *err) {
  *out_queued = 0;
  for (size_t i = 0; i < count; i++) {
    size_t queued = 0;
    if (!notify_user(l->cycle, l->page, ids[i], purpose, &queued, err)) return false;
    *out_queued += queued;
  }
  return true;
}

/* Exhausted ------------------------------------------------------------------------------------------------------- */

static bool owners_of_team(Cycle *cycle, i64 team_id, i64 *ids, size_t *count) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  const SetupTeam *team = setup_team(setup, team_id);
  for (size_t i = 0; team && i < team->member_count; i++)
    if (team->members[i].owner) add_user(setup, team->members[i].user_id, ids, count);
  return *count > 0;
}

/* The policy's word, else the team's owners, then the organization's. */
static bool exhausted_users(Levelling *l, i64 *ids, size_t *count, Error *err) {
  const Setup *setup = setup_current(cycle_app(l->cycle)->setup);
  const SetupOrg *org = setup_org(setup, l->page->org_id);
  *count = 0;
  for (size_t i = 0; i < l->snapshot.exhausted_count; i++)
    if (!target_users(l->cycle, &l->snapshot.exhausted[i], ids, count, err)) return false;
  if (*count || owners_of_team(l->cycle, l->page->team_id, ids, count)) return true;
  for (size_t i = 0; org && i < org->owner_count; i++) add_user(setup, org->owners[i]->id, ids, count);
  return true;
}

static bool exhaust(Levelling *l, Error *err) {
  Cycle *cycle = l->cycle;
  i64 ids[TARGETS_MAX];
  size_t count = 0, queued = 0;
  bool high = str_equal_c(l->page->urgency, "high");
  i64 again = high ? cycle->now_ms + EXHAUSTED_AGAIN_S * 1000 : 0;
  if (!exhausted_users(l, ids, &count, err) || !notify_all(l, ids, count, "exhausted", &queued, err) ||
      !tell_level(l, ids, count, "page_exhausted", err) ||
      !db_run(cycle->db, &PAGE_EXHAUSTED_ROW, err, db_int(l->page->id), db_text(S("nobody answered")), db_id(again),
              db_int(cycle->now_ms)))
    return false;
  log_warn("paging", "page %lld is exhausted: nobody answered", (long long)l->page->id);
  cycle_publish(cycle, l->page->org_id, "page", l->page->id, l->page->version + 1);
  JobNew job = {.kind = "page.exhausted_again",
                .org_id = l->page->org_id,
                .subject_id = l->page->id,
                .due_ms = again,
                .data = str_format(cycle->arena, "{\"epoch\":%lld}", (long long)l->page->epoch)};
  return !high || job_add(cycle, &job, err);
}

/* Next ------------------------------------------------------------------------------------------------------------ */

/* Where it goes after this level: the same again (attempts), the next, round 2, or nowhere. */
static bool next_level(const Levelling *l, i64 *level, i64 *round, i64 *attempt) {
  const SetupLevel *here = &l->snapshot.levels[l->level - 1];
  *level = l->level;
  *round = l->round;
  *attempt = l->attempt + 1;
  if (l->attempt < here->attempts) return true;
  *attempt = 1;
  if (l->level < (i64)l->snapshot.level_count) return ++*level, true;
  *level = 1;
  ++*round;
  return *round <= l->snapshot.repeat;
}

static bool plan_next(Levelling *l, i64 due_ms, Error *err) {
  i64 level = 0, round = 0, attempt = 0;
  bool more = next_level(l, &level, &round, &attempt);
  if (!more) level = 0;
  JobNew job = {.kind = "page.level",
                .org_id = l->page->org_id,
                .subject_id = l->page->id,
                .due_ms = due_ms,
                .data = str_format(l->cycle->arena, "{\"epoch\":%lld,\"level\":%lld,\"round\":%lld,\"attempt\":%lld}",
                                   (long long)l->page->epoch, (long long)level, (long long)(more ? round : l->round),
                                   (long long)attempt)};
  cycle_publish(l->cycle, l->page->org_id, "page", l->page->id, l->page->version + 1);
  return job_add(l->cycle, &job, err) &&
         db_run(l->cycle->db, &PAGE_AT_LEVEL, err, db_int(l->page->id), db_int(l->level), db_int(l->round),
                db_int(due_ms), db_int(l->cycle->now_ms));
}

static bool run_level(Levelling *l, Error *err) {
  i64 ids[TARGETS_MAX];
  size_t count = 0, queued = 0;
  if (l->level < 1 || l->level > (i64)l->snapshot.level_count) return exhaust(l, err);
  l->page->level = l->level;
  l->page->round = l->round;
  const SetupLevel *level = &l->snapshot.levels[l->level - 1];
  if (!level_users(l, level, ids, &count, err)) return false;
  if (count == 0) return tell_level(l, ids, 0, "page_nobody", err) && plan_next(l, l->cycle->now_ms, err);
  if (!notify_all(l, ids, count, "page", &queued, err)) return false;
  if (queued == 0) { /* none of them has a method that could be tried: trying again changes nothing */
    l->attempt = level->attempts;
    return tell_level(l, ids, count, "page_unreachable", err) && plan_next(l, l->cycle->now_ms, err);
  }
  return tell_level(l, ids, count, "paged", err) && plan_next(l, l->cycle->now_ms + level->wait_s * 1000, err);
}

/* Lost levels ----------------------------------------------------------------------------------------------------- */

/* What was written with this notification: one run of one level. */
#define SAME_RUN                                                                                                       \
  "FROM notification n JOIN notification o ON o.page_id = n.page_id AND o.level = n.level AND o.round = n.round AND "  \
  "o.epoch = n.epoch AND o.queued_at = n.queued_at AND o.purpose = 'page' WHERE n.id = $1"
static const DbStmt LEVEL_HOPE = {"level_hope", "SELECT o.id " SAME_RUN " AND o.status <> 'failed' LIMIT 1", NULL};
static const DbStmt LEVEL_LOST = {"level_lost", "SELECT DISTINCT o.user_id " SAME_RUN " ORDER BY o.user_id LIMIT 200",
                                  NULL};

typedef struct LostUsers {
  i64 ids[TARGETS_MAX];
  size_t count;
} LostUsers;

static bool read_lost(const DbRow *row, void *ctx) {
  LostUsers *lost = ctx;
  if (lost->count < TARGETS_MAX) lost->ids[lost->count++] = db_row_int(row, 0);
  return true;
}

/* The last level's wait stands: were a whole round given up at once, a network that is away for minutes would use up
 * all rounds. */
bool page_level_lost(Cycle *cycle, Page *page, i64 notification_id, Error *err) {
  Levelling l = {.cycle = cycle, .page = page, .level = page->level, .round = page->round};
  LostUsers lost = {0};
  i64 hope = 0;
  bool found = false;
  if (!db_query_int(cycle->db, &LEVEL_HOPE, DB_ARGS(db_int(notification_id)), &hope, &found, err)) return false;
  if (found) return true;
  if (!db_query(cycle->db, &LEVEL_LOST, DB_ARGS(db_int(notification_id)), read_lost, &lost, err) ||
      !snapshot_read(cycle->arena, page->policy, &l.snapshot, err) ||
      !tell_level(&l, lost.ids, lost.count, "page_unreachable", err))
    return false;
  if (l.level < 1 || l.level >= (i64)l.snapshot.level_count) return true;
  l.attempt = l.snapshot.levels[l.level - 1].attempts;
  return job_cancel(cycle, "page.level", page->id, err) && plan_next(&l, cycle->now_ms, err);
}

static i64 data_int(const Job *job, const char *name, i64 otherwise) {
  return value_int_or(value_get_c(&job->data, name), otherwise);
}

bool page_level_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Page page = {0};
  bool found = false;
  if (!page_load(cycle->db, cycle->arena, job->subject_id, &page, &found, err)) return false;
  if (!found || page.status != PAGE_ACTIVE || page.epoch != data_int(job, "epoch", 0)) return true;
  Levelling l = {.cycle = cycle,
                 .page = &page,
                 .level = data_int(job, "level", 1),
                 .round = data_int(job, "round", 0),
                 .attempt = data_int(job, "attempt", 1)};
  return snapshot_read(cycle->arena, page.policy, &l.snapshot, err) && run_level(&l, err);
}

/* Half an hour later: if it still burns, everybody again. */
bool page_exhausted_again(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Page page = {0};
  bool found = false;
  if (!page_load(cycle->db, cycle->arena, job->subject_id, &page, &found, err)) return false;
  if (!found || page.status != PAGE_EXHAUSTED || page.epoch != data_int(job, "epoch", 0)) return true;
  cycle_publish(cycle, page.org_id, "page", page.id, page.version + 1);
  return page_begin(cycle, page.id, page.org_id, page.epoch + 1, cycle->now_ms, err) &&
         page_tell(cycle, &page, "page_started_again", &WHO_SYSTEM, STR_NONE, err);
}

bool page_ack_timeout(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Page page = {0};
  bool found = false, changed = false;
  if (!page_load(cycle->db, cycle->arena, job->subject_id, &page, &found, err)) return false;
  if (!found || page.status != PAGE_ACKNOWLEDGED || page.epoch != data_int(job, "epoch", 0)) return true;
  if (!page_tell(cycle, &page, "acknowledgement_timed_out", &WHO_SYSTEM, STR_NONE, err)) return false;
  if (page.incident_id) return page_restart(cycle, page.incident_id, &WHO_SYSTEM, err);
  AlertAct act = {.verb = ALERT_VERB_UNACKNOWLEDGE, .who = &WHO_SYSTEM, .reason = S("acknowledgement timed out")};
  Error refused = {0};
  if (alert_act(cycle, page.alert_id, &act, &changed, &refused) || refused.code == ERR_CONFLICT) return true;
  *err = refused;
  return false;
}
