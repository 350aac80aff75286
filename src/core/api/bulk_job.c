/* A verb on more rows than one round should do: a row that tells how far it is, slices of ids, and a job that takes one
 * slice each time. Each slice is done in the name of whoever asked, with what they may do at that moment: a key that is
 * gone, or a person who left, stops it. */
#include "core/api/bulk.h"
#include "core/resources.h"
#include "lang/json.h"

enum { KEPT_DAYS = 30 };

static const DbStmt ADD = {
    "bulk_add",
    "INSERT INTO bulk_job (id, org_id, area, verb, filter, body, status, total, done, failed, failures, created_by, "
    "user_id, key_id, request, address, created_at, updated_at, version) VALUES "
    "($1,$2,$3,$4,$5,$6,'running',$7,0,0,'[]',$8,$9,$10,$11,$12,$13,$13,1)",
    NULL};
static const DbStmt ADD_PART = {"bulk_add_part", "INSERT INTO bulk_part (job_id, n, org_id, ids) VALUES ($1,$2,$3,$4)",
                                NULL};
static const DbStmt FORGET = {
    "bulk_forget", "DELETE FROM bulk_job WHERE org_id = $1 AND status <> 'running' AND updated_at < $2", NULL};
static const DbStmt LOAD = {
    "bulk_load",
    "SELECT id, org_id, area, verb, body, status, failures, user_id, key_id, request, address, version "
    "FROM bulk_job WHERE id = $1",
    NULL};
static const DbStmt PART = {"bulk_part", "SELECT n, ids FROM bulk_part WHERE job_id = $1 ORDER BY n LIMIT 1", NULL};
static const DbStmt PART_DONE = {"bulk_part_done", "DELETE FROM bulk_part WHERE job_id = $1 AND n = $2", NULL};
static const DbStmt PARTS_DROP = {"bulk_parts_drop", "DELETE FROM bulk_part WHERE job_id = $1", NULL};
static const DbStmt ADVANCE = {
    "bulk_advance",
    "UPDATE bulk_job SET done = done + $2, failed = failed + $3, failures = $4, updated_at = $5, version = version + 1 "
    "WHERE id = $1",
    NULL};
static const DbStmt END = {"bulk_end",
                           "UPDATE bulk_job SET status = $2, reason = $3, finished_at = $4, updated_at = $4, version = "
                           "version + 1 WHERE id = $1 AND status = 'running'",
                           NULL};

/* Beginning -----------------------------------------------------------------------------------------------------------
 */

static Str ids_text(Arena *arena, const Str *ids, size_t count) {
  ValueVec list = {0};
  for (size_t i = 0; i < count; i++) *VEC_PUSH(arena, &list) = value_string(ids[i]);
  Value value = list_done(&list);
  return json_text(arena, &value);
}

static bool add_parts(Cycle *cycle, i64 org_id, i64 job_id, const Str *ids, size_t count, Error *err) {
  for (size_t at = 0; at < count; at += BULK_SLICE) {
    Str text = ids_text(cycle->arena, ids + at, MIN((size_t)BULK_SLICE, count - at));
    if (!db_run(cycle->db, &ADD_PART, err, db_int(job_id), db_int((i64)(at / BULK_SLICE)), db_int(org_id),
                db_text(text)))
      return false;
  }
  return true;
}

bool bulk_later(Call *call, Cycle *cycle, const Str *ids, size_t count, Error *err) {
  i64 id = id_next(cycle->ids), now = cycle->now_ms;
  Arena *arena = call->arena;
  Str filter = value_text_or(value_get_c(&call->body, "filter"), STR_NONE);
  JobNew job = {.kind = "bulk.slice", .org_id = call->org_id, .subject_id = id, .due_ms = now};
  DbValue row[] = {db_int(id),
                   db_int(call->org_id),
                   db_text(call->area),
                   db_text(call->verb),
                   db_text_or_null(filter),
                   db_text(json_text(arena, &call->single_body)),
                   db_int((i64)count),
                   db_text(who_json(arena, &call->who)),
                   call->user ? db_int(call->user->id) : db_null(),
                   db_int(call->key_id ? call->key_id : call->session_id),
                   db_text(call->request->id),
                   db_text(call->request->client),
                   db_int(now)};
  if (!db_run(cycle->db, &FORGET, err, db_int(call->org_id), db_int(now - KEPT_DAYS * DAY_MS)) ||
      !db_exec(cycle->db, &ADD, COUNT(row), row, NULL, err) || !add_parts(cycle, call->org_id, id, ids, count, err) ||
      !job_add(cycle, &job, err) || !api_answer_with(call, cycle->db, "job", id, err))
    return false;
  cycle_publish(cycle, call->org_id, "job", id, 1);
  call->status = 202;
  return true;
}

/* Working -------------------------------------------------------------------------------------------------------------
 */

typedef struct Work {
  Arena *arena;
  i64 id, org_id, user_id, key_id, version;
  Str area, verb, body, status, failures, request, address;
  i64 part;
  Str ids;
} Work;

static bool read_work(const DbRow *row, void *ctx) {
  Work *w = ctx;
  w->id = db_row_int(row, 0);
  w->org_id = db_row_int(row, 1);
  w->area = db_row_text(row, 2, w->arena);
  w->verb = db_row_text(row, 3, w->arena);
  w->body = db_row_text(row, 4, w->arena);
  w->status = db_row_text(row, 5, w->arena);
  w->failures = db_row_text(row, 6, w->arena);
  w->user_id = db_row_int(row, 7);
  w->key_id = db_row_int(row, 8);
  w->request = db_row_text(row, 9, w->arena);
  w->address = db_row_text(row, 10, w->arena);
  w->version = db_row_int(row, 11);
  return true;
}

static bool read_part(const DbRow *row, void *ctx) {
  Work *w = ctx;
  w->part = db_row_int(row, 0);
  w->ids = db_row_text(row, 1, w->arena);
  return true;
}

/* The call as it was made, by whoever made it, with what they may do now. */
static bool call_again(Cycle *cycle, const Work *w, Call *call, HttpRequest *request, Error *err) {
  App *app = cycle_app(cycle);
  *request = (HttpRequest){.arena = cycle->arena,
                           .method = HTTP_POST,
                           .method_text = S("POST"),
                           .path = str_format(cycle->arena, "/api/v1/%.*s/%.*s", STR_ARG(w->area), STR_ARG(w->verb)),
                           .client = w->address,
                           .id = w->request};
  *call = (Call){.app = app, .request = request, .arena = cycle->arena, .setup = setup_current(app->setup)};
  call->single = bulk_single(app->registry, w->area, w->verb, &call->resource);
  if (!call->single) return fail(err, ERR_NOT_FOUND, "this server does not know the verb any more");
  call->route = call->single;
  return json_parse(cycle->arena, w->body, NULL, &call->single_body, err) &&
         api_authenticate_again(call, w->key_id, w->user_id, err) && api_allowed(call, err);
}

/* The first BULK_FAILURES_MAX of what was refused. */
static Str more_failures(const Work *w, const BulkOutcome *outcome) {
  Value known = value_null();
  ValueVec list = {0};
  Error ignored = {0};
  if (json_parse(w->arena, w->failures, NULL, &known, &ignored))
    for (size_t i = 0; i < known.size; i++) *VEC_PUSH(w->arena, &list) = known.items[i];
  for (size_t i = 0; i < outcome->items.count && list.count < BULK_FAILURES_MAX; i++) {
    static const char *const KEPT[] = {"id", "status", "code", "detail"};
    const Value *item = &outcome->items.items[i];
    if (value_is(value_get_c(item, "code"), VALUE_NULL)) continue;
    MapBuilder map = map_builder(w->arena);
    for (size_t k = 0; k < COUNT(KEPT); k++) map_put_c(&map, KEPT[k], *value_get_c(item, KEPT[k]));
    *VEC_PUSH(w->arena, &list) = map_done(&map);
  }
  Value value = list_done(&list);
  return json_text(w->arena, &value);
}

static bool slice(Cycle *cycle, const Work *w, const Call *call, Error *err) {
  BulkOutcome outcome = {0};
  Value list = value_null();
  if (!json_parse(w->arena, w->ids, NULL, &list, err)) return false;
  Str *ids = ARENA_ARRAY(w->arena, Str, list.size + 1);
  for (u32 i = 0; i < list.size; i++) ids[i] = value_text(value_at(&list, i));
  return bulk_each(call, cycle, ids, list.size, &outcome, err) &&
         db_run(cycle->db, &ADVANCE, err, db_int(w->id), db_int(outcome.done), db_int(outcome.failed),
                db_text(more_failures(w, &outcome)), db_int(cycle->now_ms)) &&
         db_run(cycle->db, &PART_DONE, err, db_int(w->id), db_int(w->part));
}

static bool end_job(Cycle *cycle, const Work *w, const char *status, Str reason, Error *err) {
  return db_run(cycle->db, &END, err, db_int(w->id), db_text(str_from_c(status)), db_text_or_null(reason),
                db_int(cycle->now_ms)) &&
         db_run(cycle->db, &PARTS_DROP, err, db_int(w->id));
}

static bool load_work(Cycle *cycle, i64 id, Work *out, bool *out_runs, bool *out_more, Error *err) {
  bool found = false;
  *out = (Work){.arena = cycle->arena};
  *out_more = false;
  if (!db_query_one(cycle->db, &LOAD, DB_ARGS(db_int(id)), read_work, out, &found, err)) return false;
  *out_runs = found && str_equal_c(out->status, "running");
  return !*out_runs || db_query_one(cycle->db, &PART, DB_ARGS(db_int(id)), read_part, out, out_more, err);
}

static bool take_slice(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Work w;
  Call call;
  HttpRequest request;
  Error why = {0};
  bool runs = false, more = false;
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!load_work(cycle, job->subject_id, &w, &runs, &more, err)) return false;
  if (!runs) return true;
  cycle_publish(cycle, w.org_id, "job", w.id, w.version + 1);
  if (!more) return end_job(cycle, &w, "done", STR_NONE, err);
  if (!call_again(cycle, &w, &call, &request, &why)) {
    if (why.code == ERR_STORAGE || why.code == ERR_UNAVAILABLE) return *err = why, false;
    return end_job(cycle, &w, "stopped", str_from_c(why.message), err);
  }
  Str before = log_about(w.request);
  bool ok = slice(cycle, &w, &call, err);
  log_about(before);
  *out_verdict = JOB_AGAIN;
  job->due_ms = cycle->now_ms;
  return ok;
}

const JobKind BULK_JOBS[] = {
    {.name = "bulk.slice", .lease_ms = 30000, .claim = take_slice},
    {.name = NULL},
};

bool api_cancel_job(Call *call, Cycle *cycle, Error *err) {
  Work w;
  i64 id = 0;
  bool runs = false, more = false;
  if (!api_resolve(call, cycle->db, "job", 0, &id, err) || !load_work(cycle, id, &w, &runs, &more, err)) return false;
  if (!runs) return fail(err, ERR_CONFLICT, "this job has ended: it is %.*s", STR_ARG(w.status));
  if (!end_job(cycle, &w, "cancelled", STR_NONE, err) || !job_cancel(cycle, "bulk.slice", id, err)) return false;
  cycle_publish(cycle, w.org_id, "job", id, w.version + 1);
  return api_answer_with(call, cycle->db, "job", id, err);
}
