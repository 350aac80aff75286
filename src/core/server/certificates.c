/* Certificates of signed webhooks, fetched once by URL and kept; the sources whose messages were not understood; and
 * the confirmation of subscriptions. Small tables behind one lock. */
#include <pthread.h>
#include <stdlib.h>

#include "core/server/inbound_internal.h"

enum { CERTIFICATES_MAX = 32, BAD_SOURCES_MAX = 10000 };

typedef struct Certificate {
  char *url, *pem;
} Certificate;

struct InboundTables {
  pthread_mutex_t lock; /* guards all below */
  Certificate certificates[CERTIFICATES_MAX];
  size_t certificate_count, certificate_next;
  i64 bad_sources[BAD_SOURCES_MAX];
  size_t bad_count;
};

InboundTables *inbound_tables_new(void) {
  InboundTables *tables = xcalloc(1, sizeof *tables);
  pthread_mutex_init(&tables->lock, NULL);
  return tables;
}

void inbound_tables_free(InboundTables *tables) {
  if (!tables) return;
  for (size_t i = 0; i < tables->certificate_count; i++) {
    free(tables->certificates[i].url);
    free(tables->certificates[i].pem);
  }
  pthread_mutex_destroy(&tables->lock);
  free(tables);
}

/* Sources --------------------------------------------------------------------------------------------------------- */

void bad_sources_put(App *app, i64 integration_id) {
  InboundTables *t = app->inbound;
  pthread_mutex_lock(&t->lock);
  bool there = false;
  for (size_t i = 0; i < t->bad_count; i++) there = there || t->bad_sources[i] == integration_id;
  if (!there && t->bad_count < BAD_SOURCES_MAX) t->bad_sources[t->bad_count++] = integration_id;
  pthread_mutex_unlock(&t->lock);
}

bool bad_sources_take(App *app, i64 integration_id) {
  InboundTables *t = app->inbound;
  bool found = false;
  pthread_mutex_lock(&t->lock);
  for (size_t i = 0; i < t->bad_count && !found; i++)
    if (t->bad_sources[i] == integration_id) {
      t->bad_sources[i] = t->bad_sources[--t->bad_count];
      found = true;
    }
  pthread_mutex_unlock(&t->lock);
  return found;
}

static bool read_bad(const DbRow *row, void *ctx) {
  bad_sources_put(ctx, db_row_int(row, 0));
  return true;
}

bool bad_sources_load(App *app, Db *db, Error *err) {
  static const DbStmt OPEN = {"bad_sources",
                              "SELECT i.id FROM integration i CROSS JOIN alert_key k CROSS JOIN alert a "
                              "WHERE k.org_id = i.org_id AND k.space = i.id AND k.\"key\" = 'tocsin/not-understood' "
                              "AND a.id = k.alert_id AND a.status IN ('triggered', 'acknowledged')",
                              NULL};
  return db_query(db, &OPEN, 0, NULL, read_bad, app, err);
}

bool bad_sources_follow(Cycle *cycle, Error *err) {
  return bad_sources_load(cycle_app(cycle), cycle->db, err);
}

/* Certificates ---------------------------------------------------------------------------------------------------- */

static bool certificate_find(InboundTables *t, Arena *arena, Str url, Str *out) {
  bool found = false;
  pthread_mutex_lock(&t->lock);
  for (size_t i = 0; i < t->certificate_count && !found; i++)
    if (str_equal_c(url, t->certificates[i].url)) {
      *out = str_copy(arena, str_from_c(t->certificates[i].pem));
      found = true;
    }
  pthread_mutex_unlock(&t->lock);
  return found;
}

static char *heap_text(Str text) {
  char *out = xmalloc(text.len + 1);
  for (size_t i = 0; i < text.len; i++) out[i] = text.ptr[i];
  out[text.len] = 0;
  return out;
}

static void certificate_keep(InboundTables *t, Str url, Str pem) {
  pthread_mutex_lock(&t->lock);
  size_t i =
      t->certificate_count < CERTIFICATES_MAX ? t->certificate_count++ : t->certificate_next++ % CERTIFICATES_MAX;
  free(t->certificates[i].url);
  free(t->certificates[i].pem);
  t->certificates[i] = (Certificate){heap_text(url), heap_text(pem)};
  pthread_mutex_unlock(&t->lock);
}

typedef struct Fetch {
  App *app;
  char *url;
  void (*again)(void *ctx);
  void *ctx;
} Fetch;

/* An empty certificate says that it could not be fetched: the check then fails with the reason. */
static void fetched(void *ctx, const OutboundResult *result) {
  Fetch *fetch = ctx;
  bool ok = result->outcome == OUTBOUND_ANSWERED && result->status == 200;
  certificate_keep(fetch->app->inbound, str_from_c(fetch->url), ok ? result->body : S(""));
  if (!workers_do(fetch->app->workers, fetch->again, fetch->ctx)) fetch->again(fetch->ctx);
  free(fetch->url);
  free(fetch);
}

static void certificate_forget(InboundTables *t, Str url) {
  pthread_mutex_lock(&t->lock);
  for (size_t i = 0; i < t->certificate_count; i++)
    if (str_equal_c(url, t->certificates[i].url)) t->certificates[i].url[0] = 0;
  pthread_mutex_unlock(&t->lock);
}

bool certificate_check(App *app, HttpRequest *request, const SetupIntegration *integration, const RawRequest *raw,
                       Str url, void (*again)(void *ctx), void *ctx, Error *err) {
  Str pem = STR_NONE;
  if (certificate_find(app->inbound, request->arena, url, &pem)) {
    if (pem.len) return spec_authenticate_certificate(integration->spec, request->arena, raw, pem, err);
    certificate_forget(app->inbound, url);
    return fail(err, ERR_UNAVAILABLE, "the certificate of the signature could not be fetched from %.*s; send it again",
                STR_ARG(url));
  }
  Fetch *fetch = xcalloc(1, sizeof *fetch);
  *fetch = (Fetch){.app = app, .url = heap_text(url), .again = again, .ctx = ctx};
  HttpCall call = {
      .method = S("GET"), .url = url, .timeout_ms = 5000, .body_bytes_max = KIB(32), .done = fetched, .ctx = fetch};
  http_client_call(app->outbound, &call);
  error_clear(err);
  return false;
}

/* Confirmation of subscriptions
 * ------------------------------------------------------------------------------------------ */

typedef struct ConfirmWork {
  App *app;
  char *url;
  i64 job_id, token;
} ConfirmWork;

typedef struct ConfirmResult {
  bool ok;
  char error[256];
} ConfirmResult;

static bool confirm_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)err;
  *out_verdict = JOB_DONE;
  if (job->tries >= 5) return true;
  ConfirmWork *work = xcalloc(1, sizeof *work);
  work->app = cycle_app(cycle);
  work->url = heap_text(value_text_or(value_get_c(&job->data, "url"), STR_NONE));
  *out_work = work;
  *out_verdict = JOB_OUTSIDE;
  return true;
}

static void confirmed(void *ctx, const OutboundResult *result) {
  ConfirmWork *work = ctx;
  ConfirmResult *out = xcalloc(1, sizeof *out);
  out->ok = result->outcome == OUTBOUND_ANSWERED && result->status >= 200 && result->status < 300;
  Str why = str_from_c(result->error);
  for (size_t i = 0; i < why.len && i < sizeof out->error - 1; i++) out->error[i] = why.ptr[i];
  engine_job_result(work->app->engine, &INBOUND_JOBS[0], work->job_id, work->token, out);
  free(work->url);
  free(work);
}

static void confirm_outside(Engine *engine, const Job *job, void *context) {
  (void)engine;
  ConfirmWork *work = context;
  work->job_id = job->id;
  work->token = job->token;
  HttpCall call = {.method = S("GET"), .url = str_from_c(work->url), .done = confirmed, .ctx = work};
  http_client_call(work->app->outbound, &call);
}

static bool confirm_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err) {
  (void)err;
  const ConfirmResult *r = result;
  *out_verdict = r->ok || job->tries >= 5 ? JOB_DONE : JOB_AGAIN;
  job->due_ms = cycle->now_ms + 10000 * (i64)(job->tries + 1);
  if (!r->ok) log_warn("inbound", "a subscription could not be confirmed: %s", r->error);
  return true;
}

const JobKind INBOUND_JOBS[] = {
    {.name = "inbound.confirm",
     .lease_ms = 60000,
     .claim = confirm_claim,
     .outside = confirm_outside,
     .finish = confirm_finish,
     .free_result = free},
    {.name = NULL},
};
