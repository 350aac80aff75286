/* Durable jobs: rows with a due time. A claimed job either ends in its transaction or goes outside under a lease, and
 * its result is taken only with the token of that lease. Due times follow the turned clock, leases the true one. A job
 * that fails comes back after 1, 2, 5, 10, 30, 60 s ...; it is never given up here: kinds that may give up say so. */
#include "engine/internal.h"
#include "lang/json.h"

static const DbStmt JOB_INSERT = {
    "job_insert",
    "INSERT INTO job (id, org_id, kind, subject_id, due_at, leased_until, token, tries, data, created_at) "
    "VALUES ($1,$2,$3,$4,$5,0,0,0,$6,$7)",
    NULL};
static const DbStmt JOB_CANCEL = {"job_cancel", "DELETE FROM job WHERE subject_id = $1 AND kind = $2", NULL};
static const DbStmt JOB_DELETE = {"job_delete", "DELETE FROM job WHERE id = $1", NULL};
static const DbStmt JOB_DUE = {"job_due",
                               "SELECT id, org_id, kind, subject_id, due_at, tries, data FROM job "
                               "WHERE due_at <= $1 AND leased_until <= $2 ORDER BY due_at, id LIMIT $3",
                               NULL};
static const DbStmt JOB_NEXT = {"job_next", "SELECT MIN(due_at) FROM job", NULL};
static const DbStmt JOB_MOVE = {
    "job_move", "UPDATE job SET due_at = $2, leased_until = $3, token = $4, tries = $5 WHERE id = $1", NULL};
static const DbStmt JOB_BY_TOKEN = {
    "job_by_token",
    "SELECT id, org_id, kind, subject_id, due_at, tries, data FROM job WHERE id = $1 AND token = $2 AND token > 0",
    NULL};

enum { LEASED_LOOK_MS = 200 };
static const i64 BACKOFF_MS[] = {1000, 2000, 5000, 10000, 30000, 60000, 300000};

static i64 backoff_ms(u32 tries) {
  return BACKOFF_MS[MIN((size_t)tries, COUNT(BACKOFF_MS) - 1)];
}

const JobKind *job_kind_find(const Engine *engine, Str name) {
  for (const JobKind *const *table = engine->options.job_tables; table && *table; table++)
    for (const JobKind *kind = *table; kind->name; kind++)
      if (str_equal_c(name, kind->name)) return kind;
  return NULL;
}

/* Holding paging --------------------------------------------------------------------------------------------------- */

static const DbStmt HOLD_GET = {"hold_get", "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'paging_held'", NULL};
static const DbStmt HOLD_PUT = {
    "hold_put",
    "INSERT INTO meta (name, value) VALUES ('paging_held', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    NULL};
static const DbStmt HOLD_JOBS = {
    "hold_jobs", "UPDATE job SET due_at = due_at + $2, leased_until = 0 WHERE kind = $1 AND due_at < $2", NULL};
static const DbStmt HOLD_END = {"hold_end", "DELETE FROM meta WHERE name = 'paging_held'", NULL};
static const DbStmt HOLD_RELEASE = {"hold_release", "UPDATE job SET due_at = due_at - $1 WHERE due_at >= $1", NULL};

static bool read_hold(Engine *engine, Error *err) {
  i64 since_ms = 0;
  bool found = false;
  if (!db_query_int(engine->db, &HOLD_GET, 0, NULL, &since_ms, &found, err)) return false;
  atomic_store(&engine->paging_held_ms, found ? since_ms : 0);
  return true;
}

bool engine_hold_paging(Db *writer, const JobKind *const *tables, i64 now_ms, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  for (; *tables; tables++)
    for (const JobKind *kind = *tables; kind->name; kind++)
      if (kind->paging && !db_run(writer, &HOLD_JOBS, err, db_text(str_from_c(kind->name)), db_int(JOB_HELD_MS)))
        return false;
  return db_run(writer, &HOLD_PUT, err, db_text(str_format(arena, "%lld", (long long)now_ms)));
}

bool engine_release_paging(Cycle *cycle, Error *err) {
  cycle->engine->next_due_ms = 0;
  return db_exec(cycle->db, &HOLD_END, 0, NULL, NULL, err) &&
         db_run(cycle->db, &HOLD_RELEASE, err, db_int(JOB_HELD_MS)) && read_hold(cycle->engine, err);
}

/* Read again in each round while it lasts: a release may be of another node, or may have been undone. */
bool jobs_refresh_hold(Cycle *cycle, Error *err) {
  return atomic_load(&cycle->engine->paging_held_ms) == 0 || read_hold(cycle->engine, err);
}

i64 engine_paging_held(Engine *engine) {
  return atomic_load(&engine->paging_held_ms);
}

static i64 due_while_held(Engine *engine, Str kind_name, i64 due_ms) {
  if (atomic_load(&engine->paging_held_ms) == 0 || due_ms >= JOB_HELD_MS) return due_ms;
  const JobKind *kind = job_kind_find(engine, kind_name);
  return kind && kind->paging ? due_ms + JOB_HELD_MS : due_ms;
}

/* Rows ------------------------------------------------------------------------------------------------------------- */

static bool read_next_due(Engine *engine, Error *err) {
  i64 next = 0;
  bool found = false;
  if (!db_query_int(engine->db, &JOB_NEXT, 0, NULL, &next, &found, err)) return false;
  engine->next_due_ms = found ? next : INT64_MAX;
  return true;
}

/* One process owns the file (a shared database is another matter: node.c): what was outside when it ended has no other
 * owner, so its leases end now. */
static const DbStmt JOB_RELEASE = {"job_release", "UPDATE job SET leased_until = 0, due_at = $1 WHERE leased_until > 0",
                                   NULL};

bool jobs_open(Engine *engine, Error *err) {
  return clock_open(engine, err) && read_hold(engine, err) &&
         (engine->shared || db_run(engine->db, &JOB_RELEASE, err, db_int(clock_now(engine->options.clock)))) &&
         read_next_due(engine, err);
}

bool job_add(Cycle *cycle, const JobNew *job, Error *err) {
  Engine *engine = cycle->engine;
  ASSERT(job_kind_find(engine, str_from_c(job->kind)) != NULL);
  i64 due_ms = due_while_held(engine, str_from_c(job->kind), job->due_ms);
  engine->next_due_ms = MIN(engine->next_due_ms, due_ms);
  return db_run_gathered(cycle->db, &JOB_INSERT, 1, err, db_int(id_next(cycle->ids)), db_int(job->org_id),
                         db_text(str_from_c(job->kind)), db_int(job->subject_id), db_int(due_ms),
                         db_text_or_null(job->data), db_int(cycle->now_ms));
}

bool job_cancel(Cycle *cycle, const char *kind, i64 subject_id, Error *err) {
  return db_run(cycle->db, &JOB_CANCEL, err, db_int(subject_id), db_text(str_from_c(kind)));
}

static const DbStmt JOB_HURRY = {"job_hurry", "UPDATE job SET due_at = $3 WHERE subject_id = $1 AND kind = $2", NULL};

bool job_hurry(Cycle *cycle, const char *kind, i64 subject_id, i64 due_ms, Error *err) {
  due_ms = due_while_held(cycle->engine, str_from_c(kind), due_ms);
  cycle->engine->next_due_ms = MIN(cycle->engine->next_due_ms, due_ms);
  return db_run(cycle->db, &JOB_HURRY, err, db_int(subject_id), db_text(str_from_c(kind)), db_int(due_ms));
}

typedef struct JobRows {
  Arena *arena;
  VEC(Job) jobs;
} JobRows;

static bool read_job(const DbRow *row, void *ctx) {
  JobRows *rows = ctx;
  Job job = {.id = db_row_int(row, 0),
             .org_id = db_row_int(row, 1),
             .kind = db_row_text(row, 2, rows->arena),
             .subject_id = db_row_int(row, 3),
             .due_ms = db_row_int(row, 4),
             .tries = (u32)db_row_int(row, 5)};
  Str data = db_row_text(row, 6, rows->arena);
  Error ignored = {0};
  if (data.ptr && !json_parse(rows->arena, data, NULL, &job.data, &ignored)) job.data = value_null();
  *VEC_PUSH(rows->arena, &rows->jobs) = job;
  return true;
}

static bool delete_job(Cycle *cycle, i64 id, Error *err) {
  return db_run(cycle->db, &JOB_DELETE, err, db_int(id));
}

static bool move_job(Cycle *cycle, const Job *job, i64 due_ms, i64 leased_until, i64 token, u32 tries, Error *err) {
  due_ms = due_while_held(cycle->engine, job->kind, due_ms);
  cycle->engine->next_due_ms = MIN(cycle->engine->next_due_ms, due_ms);
  return db_run(cycle->db, &JOB_MOVE, err, db_int(job->id), db_int(due_ms), db_int(leased_until), db_int(token),
                db_int(tries));
}

/* A step failed: undo what it wrote, say so, try later. Storage failures go up: they end the round. */
static bool postpone(Cycle *cycle, const Job *job, const Error *why, Error *err) {
  if (why->code == ERR_STORAGE || !db_in_transaction(cycle->db)) {
    *err = *why;
    return false;
  }
  log_warn("engine", "job %.*s of %lld failed and comes back in %lld s: %s", STR_ARG(job->kind),
           (long long)job->subject_id, (long long)backoff_ms(job->tries) / 1000, why->message);
  return move_job(cycle, job, cycle->now_ms + backoff_ms(job->tries), 0, 0, job->tries + 1, err);
}

static bool settle(Cycle *cycle, const Job *job, JobVerdict verdict, Error *err) {
  if (verdict == JOB_AGAIN) return move_job(cycle, job, job->due_ms, 0, 0, job->tries, err);
  return delete_job(cycle, job->id, err);
}

static bool run_claim(Cycle *cycle, const JobKind *kind, Job *job, JobVerdict *verdict, void **work, Error *why) {
  if (engine_fault(cycle->engine, "job.before_claim")) return fail(why, ERR_INTERNAL, "fault job.before_claim");
  if (!kind->claim(cycle, job, verdict, work, why)) return false;
  if (engine_fault(cycle->engine, "job.after_claim")) return fail(why, ERR_INTERNAL, "fault job.after_claim");
  return db_settle(cycle->db, why);
}

static bool claim_one(Cycle *cycle, Round *round, Job *job, Error *err) {
  const JobKind *kind = job_kind_find(cycle->engine, job->kind);
  if (!kind) { /* of a newer program: leave it for one that knows it */
    return move_job(cycle, job, cycle->now_ms + HOUR_MS, 0, 0, job->tries, err);
  }
  JobVerdict verdict = JOB_DONE;
  void *work = NULL;
  Error why = {0};
  if (!db_savepoint(cycle->db, err)) return false;
  if (!run_claim(cycle, kind, job, &verdict, &work, &why)) {
    if (db_in_transaction(cycle->db)) cycle_undo(cycle);
    return postpone(cycle, job, &why, err);
  }
  if (!db_release(cycle->db, err)) return false;
  metric_add(cycle->engine->jobs_run, kind->name, 1);
  if (verdict != JOB_OUTSIDE) return settle(cycle, job, verdict, err);
  job->token = id_next(cycle->ids);
  *VEC_PUSH(cycle->arena, &round->outside) = (OutsideWork){.kind = kind, .job = *job, .work = work};
  return move_job(cycle, job, cycle->now_ms + kind->lease_ms, node_true_ms(cycle->engine) + kind->lease_ms, job->token,
                  job->tries + 1, err);
}

bool jobs_claim(Cycle *cycle, Round *round, Error *err) {
  Engine *engine = cycle->engine;
  if (engine->next_due_ms > cycle->now_ms) return true;
  JobRows rows = {.arena = cycle->arena};
  if (!db_query(cycle->db, &JOB_DUE,
                DB_ARGS(db_int(cycle->now_ms), db_int(node_true_ms(cycle->engine)), db_int(ROUND_JOBS_MAX)), read_job,
                &rows, err))
    return false;
  for (size_t i = 0; i < rows.jobs.count; i++)
    if (!claim_one(cycle, round, &rows.jobs.items[i], err)) return false;
  if (!read_next_due(engine, err)) return false;
  /* what is due but leased (the clock was turned over a lease) is looked at again soon, not at once */
  if (rows.jobs.count == 0) engine->next_due_ms = MAX(engine->next_due_ms, cycle->now_ms + LEASED_LOOK_MS);
  return true;
}

void jobs_start_outside(Engine *engine, Round *round) {
  for (size_t i = 0; i < round->outside.count; i++) {
    OutsideWork *work = &round->outside.items[i];
    engine_fault(engine, "job.before_outside");
    atomic_fetch_add(&engine->outside_count, 1);
    work->kind->outside(engine, &work->job, work->work);
  }
}

static bool run_finish(Cycle *cycle, const JobKind *kind, Job *job, void *result, JobVerdict *verdict, Error *why) {
  if (engine_fault(cycle->engine, "job.before_finish")) return fail(why, ERR_INTERNAL, "fault job.before_finish");
  if (!kind->finish(cycle, job, result, verdict, why)) return false;
  if (engine_fault(cycle->engine, "job.after_finish")) return fail(why, ERR_INTERNAL, "fault job.after_finish");
  return db_settle(cycle->db, why);
}

static bool finish_one(Cycle *cycle, JobResult *result, Error *err) {
  JobRows rows = {.arena = cycle->arena};
  bool found = false;
  if (!db_query_one(cycle->db, &JOB_BY_TOKEN, DB_ARGS(db_int(result->job_id), db_int(result->token)), read_job, &rows,
                    &found, err))
    return false;
  if (!found) return true; /* the lease ended and somebody else has it, or it was cancelled */
  Job *job = &rows.jobs.items[0];
  const JobKind *kind = result->kind;
  JobVerdict verdict = JOB_DONE;
  Error why = {0};
  if (!db_savepoint(cycle->db, err)) return false;
  if (!run_finish(cycle, kind, job, result->result, &verdict, &why)) {
    if (db_in_transaction(cycle->db)) cycle_undo(cycle);
    return postpone(cycle, job, &why, err);
  }
  if (!db_release(cycle->db, err)) return false;
  return settle(cycle, job, verdict, err);
}

bool jobs_take_results(Cycle *cycle, Round *round, Error *err) {
  for (JobResult *result = round->results; result; result = result->next)
    if (!finish_one(cycle, result, err)) return false;
  return true;
}

void engine_job_result(Engine *engine, const JobKind *kind, i64 job_id, i64 token, void *result) {
  JobResult *item = xcalloc(1, sizeof *item);
  *item = (JobResult){.kind = kind, .job_id = job_id, .token = token, .result = result};
  pthread_mutex_lock(&engine->lock);
  *engine->results_tail = item;
  engine->results_tail = &item->next;
  engine->result_count++;
  pthread_cond_signal(&engine->wake);
  pthread_mutex_unlock(&engine->lock);
}
