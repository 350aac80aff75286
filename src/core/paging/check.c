/* The canary of a connector: once a day, and when it was written, its provider is asked whether it takes our
 * credentials, without a message to anybody; so that a wrong secret is known before the night in which it counts. While
 * it is not well it is asked every quarter of an hour, and its alert closes without a page in between. */
#include "core/paging/notify.h"

enum { EVERY_S = 24 * 3600, UNWELL_S = 15 * 60 };

static const DbStmt CHECKED = {"connector_checked", "UPDATE connector SET checked_at = $2 WHERE id = $1", NULL};
static const DbStmt UNPLANNED = {"connector_unplanned",
                                 "SELECT c.id, c.org_id FROM connector AS c WHERE c.enabled = 1 AND NOT EXISTS (SELECT "
                                 "1 FROM job AS j WHERE j.kind = "
                                 "'connector.check' AND j.subject_id = c.id) ORDER BY c.id LIMIT 1000",
                                 NULL};

typedef struct CheckWork {
  Arena *arena;
  App *app;
  const Channel *channel;
  ChannelMessage message;
  i64 job_id, token;
} CheckWork;

typedef struct CheckResult {
  Arena *arena;
  SendVerdict verdict;
  Str error;
} CheckResult;

/* In the next round: then it stands in the picture. */
bool connector_check_soon(Cycle *cycle, i64 org_id, i64 connector_id, Error *err) {
  JobNew job = {.kind = "connector.check", .org_id = org_id, .subject_id = connector_id, .due_ms = cycle->now_ms + 1};
  return job_cancel(cycle, "connector.check", connector_id, err) && job_add(cycle, &job, err);
}

typedef struct Unplanned {
  Arena *arena;
  VEC(JobNew) items;
} Unplanned;

static bool read_unplanned(const DbRow *row, void *ctx) {
  Unplanned *found = ctx;
  *VEC_PUSH(found->arena, &found->items) =
      (JobNew){.kind = "connector.check", .subject_id = db_row_int(row, 0), .org_id = db_row_int(row, 1)};
  return true;
}

bool connector_checks_plan(Cycle *cycle, Error *err) {
  Unplanned found = {.arena = cycle->arena};
  if (!db_query(cycle->db, &UNPLANNED, 0, NULL, read_unplanned, &found, err)) return false;
  for (size_t i = 0; i < found.items.count; i++) {
    JobNew job = found.items.items[i];
    job.due_ms = cycle->now_ms;
    if (!job_add(cycle, &job, err)) return false;
  }
  return true;
}

static CheckWork *work_new(Cycle *cycle, const SetupConnector *c, Error *err) {
  App *app = cycle_app(cycle);
  Provider provider = {.channel = c->channel, .connector = c};
  Value nothing = {.kind = VALUE_MAP}, context = provider_context(app, cycle->arena, &provider, 0, &nothing);
  Arena *arena = arena_new();
  CheckWork *work = ARENA_NEW(arena, CheckWork);
  *work = (CheckWork){.arena = arena, .app = app, .channel = c->channel};
  if (channel_render_check(c->channel, arena, &context, &work->message, err)) return work;
  arena_free(arena);
  return NULL;
}

/* A connector that is gone, not used or cannot be asked has no job until it is written again. */
bool connector_check_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  const SetupConnector *c = setup_connector(setup_current(cycle_app(cycle)->setup), job->subject_id);
  Error why = {0};
  *out_verdict = JOB_DONE;
  if (!c || !c->enabled || !c->channel || !channel_can_check(c->channel)) return true;
  CheckWork *work = work_new(cycle, c, &why);
  if (!work)
    return provider_judged(cycle, c->id, SEND_CONFIGURATION, str_copy(cycle->arena, str_from_c(why.message)), err);
  *out_work = work;
  *out_verdict = JOB_OUTSIDE;
  return true;
}

static void answered(void *ctx, const OutboundResult *outbound) {
  CheckWork *work = ctx;
  Arena *arena = arena_new();
  CheckResult *result = ARENA_NEW(arena, CheckResult);
  Str error = STR_NONE;
  *result = (CheckResult){.arena = arena};
  result->verdict = channel_judge_check(work->channel, arena, outbound, &error);
  result->error = utf8_cut(str_copy(arena, error), 500);
  for (const JobKind *kind = PAGING_JOBS; kind->name; kind++)
    if (str_equal_c(str_from_c(kind->name), "connector.check"))
      engine_job_result(work->app->engine, kind, work->job_id, work->token, result);
  arena_free(work->arena);
}

void connector_check_outside(Engine *engine, const Job *job, void *context) {
  CheckWork *work = context;
  (void)engine;
  work->job_id = job->id;
  work->token = job->token;
  HttpCall call = {.method = work->message.method,
                   .url = work->message.url,
                   .body = work->message.body,
                   .headers = work->message.headers,
                   .header_count = work->message.header_count,
                   .timeout_ms = work->message.timeout_ms,
                   .done = answered,
                   .ctx = work};
  http_client_call(work->app->outbound, &call);
}

bool connector_check_finish(Cycle *cycle, Job *job, void *context, JobVerdict *out_verdict, Error *err) {
  const CheckResult *result = context;
  bool well = result->verdict == SEND_SENT;
  *out_verdict = JOB_AGAIN;
  job->due_ms = cycle->now_ms + (well ? EVERY_S : UNWELL_S) * 1000;
  cycle_publish(cycle, job->org_id, "connector", job->subject_id, 0);
  return db_run(cycle->db, &CHECKED, err, db_int(job->subject_id), db_int(cycle->now_ms)) &&
         provider_judged(cycle, job->subject_id, result->verdict, result->error, err);
}

void connector_check_free(void *result) {
  arena_free(((CheckResult *)result)->arena);
}
