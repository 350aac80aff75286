/* The canary of a connector: once a day, and when it was written, its provider is asked whether it takes our
 * credentials, without a message to anybody; so that a wrong secret is known before the night in which it counts. While
 * it is not well it is asked every quarter of an hour, and its alert closes without a page in between. */
#include "core/paging/ask.h"

enum { EVERY_S = 24 * 3600, UNWELL_S = 15 * 60 };

static const DbStmt CHECKED = {"connector_checked", "UPDATE connector SET checked_at = $2 WHERE id = $1", NULL};
static const DbStmt UNPLANNED = {"connector_unplanned",
                                 "SELECT c.id, c.org_id FROM connector AS c WHERE c.enabled = 1 AND NOT EXISTS (SELECT "
                                 "1 FROM job AS j WHERE j.kind = $1 AND j.subject_id = c.id) ORDER BY c.id LIMIT 1000",
                                 NULL};
/* What is done with each again and again; a connector for which it means nothing ends it at once. */
static const char *const JOBS[] = {"connector.check", "connector.poll"};

/* In the next round: then it stands in the picture. */
bool connector_check_soon(Cycle *cycle, i64 org_id, i64 connector_id, Error *err) {
  for (size_t i = 0; i < COUNT(JOBS); i++) {
    JobNew job = {.kind = JOBS[i], .org_id = org_id, .subject_id = connector_id, .due_ms = cycle->now_ms + 1};
    if (!job_cancel(cycle, JOBS[i], connector_id, err) || !job_add(cycle, &job, err)) return false;
  }
  return true;
}

typedef struct Unplanned {
  Arena *arena;
  VEC(JobNew) items;
} Unplanned;

static bool read_unplanned(const DbRow *row, void *ctx) {
  Unplanned *found = ctx;
  *VEC_PUSH(found->arena, &found->items) = (JobNew){.subject_id = db_row_int(row, 0), .org_id = db_row_int(row, 1)};
  return true;
}

static bool plan(Cycle *cycle, const char *kind, Error *err) {
  Unplanned found = {.arena = cycle->arena};
  if (!db_query(cycle->db, &UNPLANNED, DB_ARGS(db_text(str_from_c(kind))), read_unplanned, &found, err)) return false;
  for (size_t i = 0; i < found.items.count; i++) {
    JobNew job = found.items.items[i];
    job.kind = kind;
    job.due_ms = cycle->now_ms;
    if (!job_add(cycle, &job, err)) return false;
  }
  return true;
}

bool connector_checks_plan(Cycle *cycle, Error *err) {
  for (size_t i = 0; i < COUNT(JOBS); i++)
    if (!plan(cycle, JOBS[i], err)) return false;
  return true;
}

/* A connector that is gone, not used or cannot be asked has no job until it is written again. */
bool connector_check_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  const SetupConnector *c = setup_connector(setup_current(cycle_app(cycle)->setup), job->subject_id);
  Error why = {0};
  *out_verdict = JOB_DONE;
  if (!c || !c->enabled || !c->channel || !channel_can(c->channel, CHANNEL_CHECK)) return true;
  Value nothing = {.kind = VALUE_MAP};
  Asking asking = {.job_kind = "connector.check", .provider = {c->channel, c}, .ask = CHANNEL_CHECK};
  asking.context = provider_context(cycle_app(cycle), cycle->arena, &asking.provider, 0, &nothing);
  if (!ask_prepare(cycle, &asking, out_work, &why))
    return provider_judged(cycle, c->id, SEND_CONFIGURATION, str_copy(cycle->arena, str_from_c(why.message)), err);
  if (*out_work) *out_verdict = JOB_OUTSIDE;
  return true;
}

bool connector_check_finish(Cycle *cycle, Job *job, void *context, JobVerdict *out_verdict, Error *err) {
  const AskResult *result = context;
  bool well = result->verdict == SEND_SENT;
  *out_verdict = JOB_AGAIN;
  job->due_ms = cycle->now_ms + (well ? EVERY_S : UNWELL_S) * 1000;
  cycle_publish(cycle, job->org_id, "connector", job->subject_id, 0);
  return db_run(cycle->db, &CHECKED, err, db_int(job->subject_id), db_int(cycle->now_ms)) &&
         provider_judged(cycle, job->subject_id, result->verdict, result->error, err);
}
