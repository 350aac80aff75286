/* Wiring: the parts of a server, opened in order. app_close() frees what there is when one of them fails. */
#include "core/server/parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/alerts/flapping.h"
#include "core/alerts/inhibiting.h"
#include "core/alerts/quiet_watch.h"
#include "core/alerts/rate_alarm.h"
#include "core/alerts/rule.h"
#include "core/api/api.h"
#include "core/api/gate.h"
#include "core/api/limits.h"
#include "core/api/oidc.h"
#include "core/duty/duty.h"
#include "core/heartbeats/heartbeats.h"
#include "core/identity/letter.h"
#include "core/identity/password.h"
#include "core/identity/session.h"
#include "core/incidents/incidents.h"
#include "core/oncall/cover.h"
#include "core/oncall/holidays.h"
#include "core/operations/operations.h"
#include "core/paging/paging.h"
#include "core/quiet/window.h"
#include "core/resources.h"
#include "core/server/inbound_internal.h"
#include "core/server/secret_key.h"
#include "core/server/upkeep.h"
#include "net/jwt.h"
#include "net/proxies.h"
#include "net/web_push.h"

enum { READERS_MAX = 6, WORKERS = 4 };

/* The database ---------------------------------------------------------------------------------------------------- */

static const DbStmt META_GET = {"meta_get", "SELECT value FROM meta WHERE name = $1", NULL};
static const DbStmt META_PUT = {
    "meta_put",
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", NULL};

typedef struct MetaRow {
  Arena *arena;
  Str value;
} MetaRow;

static bool read_meta(const DbRow *row, void *ctx) {
  MetaRow *meta = ctx;
  meta->value = db_row_text(row, 0, meta->arena);
  return true;
}

static bool meta_get(Db *db, Arena *arena, const char *name, Str *out, Error *err) {
  MetaRow row = {.arena = arena};
  bool found = false;
  if (!db_query_one(db, &META_GET, DB_ARGS(db_text(str_from_c(name))), read_meta, &row, &found, err)) return false;
  *out = row.value;
  return true;
}

static bool load_secret(App *app, Db *db, Error *err) {
  Str secret = STR_NONE;
  if (!meta_get(db, app->arena, "link_secret", &secret, err)) return false;
  if (secret.len == 0) {
    secret = random_token(app->arena, 52);
    if (!db_run(db, &META_PUT, err, db_text(S("link_secret")), db_text(secret))) return false;
  }
  app->link_secret = secret;
  return true;
}

static bool load_push_key(App *app, Db *db, Error *err) {
  CLEANUP(pkey_freep) EVP_PKEY *key = NULL;
  Str pem = STR_NONE;
  if (!meta_get(db, app->arena, "push_key", &pem, err)) return false;
  if (pem.len == 0 &&
      (!web_push_key_new(app->arena, &pem, err) || !db_run(db, &META_PUT, err, db_text(S("push_key")), db_text(pem))))
    return false;
  app->push_key = pem;
  return pkey_from_pem(pem, &key, err) && web_push_public(app->arena, key, &app->push_public, err);
}

static bool prepare_database(App *app, const ServeOptions *o, Error *err) {
  CLEANUP(db_closep) Db *db = NULL;
  u32 from = 0, to = 0;
  Str high = STR_NONE;
  i64 high_water = 0;
  if (!db_open(app->db_url, DB_WRITER, &db, err)) return false;
  if (o->migrate) db_allow_migration(db);
  if (!db_migrate(db, &from, &to, err)) return false;
  if (from != to) log_info("db", "migrated the database from version %u to %u", from, to);
  if (!meta_get(db, app->arena, "id_high_water", &high, err) || !load_secret(app, db, err) ||
      !load_push_key(app, db, err))
    return false;
  if (!str_to_i64(high, 0, INT64_MAX, &high_water)) high_water = 0;
  id_gen_init(&app->ids, 0, high_water);
  app->forget_secrets = o->forget_secrets;
  if (!secret_key_open(app, o->secret_key_file, db, err)) return false;
  return setup_load(app, db, err) && bad_sources_load(app, db, err);
}

/* The parts ------------------------------------------------------------------------------------------------------- */

static bool read_password(App *app, const char *path, Error *err) {
  char text[512];
  FILE *file = fopen(path, "re");
  if (!file) return fail(err, ERR_INVALID, "--smtp-password-file: cannot read %s: %s", path, strerror(errno));
  size_t got = fread(text, 1, sizeof text, file);
  fclose(file);
  app->relay.password = str_to_c(app->arena, str_trim((Str){text, got}));
  return true;
}

static bool open_outbound(App *app, const ServeOptions *o, Error *err) {
  app->relay = (SmtpRelay){.url = o->smtp_url, .from = o->smtp_from ? o->smtp_from : "Tocsin <tocsin@localhost>"};
  if (o->smtp_password_file && !read_password(app, o->smtp_password_file, err)) return false;
  HttpClientOptions options = {.outbound_allow = o->outbound_allow, .ca_file = o->outbound_ca, .metrics = app->metrics};
  return http_client_new(&options, &app->outbound, err);
}

static void picture_undone(void *app) {
  setup_doubted(((App *)app)->setup);
}

/* Nobody listens in `init`. */
static void answering(void *ctx, bool begins) {
  App *app = ctx;
  if (app->http) (begins ? http_server_hold : http_server_let_go)(app->http);
}

static bool open_engine(App *app, const ServeOptions *o, Error *err) {
  static const JobKind *const JOBS[] = {
      ALERT_JOBS,    QUIET_SWEEP_JOBS, QUIET_WATCH_JOBS, SILENCE_JOBS, WINDOW_JOBS, INHIBITION_JOBS, FLAPPING_JOBS,
      INCIDENT_JOBS, PAGING_JOBS,      INBOUND_JOBS,     UPKEEP_JOBS,  BULK_JOBS,   LETTER_JOBS,     HEARTBEAT_JOBS,
      DUTY_JOBS,     COVER_JOBS,       HOLIDAY_JOBS,     RATE_JOBS,    NULL};
  EngineOptions options = {.db_url = app->db_url,
                           .clock = &app->clock,
                           .ids = &app->ids,
                           .metrics = app->metrics,
                           .app = app,
                           .hooks = {.apply = alerts_apply,
                                     .appended = sources_appended,
                                     .event_bytes = sizeof(Event),
                                     .encode = alerts_encode,
                                     .decode = alerts_decode,
                                     .refresh = setup_refresh,
                                     .answering = answering,
                                     .published = live_published,
                                     .others = bad_sources_follow,
                                     .undone = picture_undone,
                                     .parked = alerts_parked},
                           .job_tables = JOBS,
                           .data_folder = o->data_folder,
                           .test_control = o->test_control != NULL};
  return engine_new(&options, &app->engine, err);
}

static double read_backlog(void *ctx) {
  return (double)engine_backlog(ctx);
}
static double read_age(void *ctx) {
  return (double)engine_inbox_age_ms(ctx) / 1000.0;
}

bool parts_open(App *app, const ServeOptions *o, Error *err) {
  const char *url =
      o->db_url ? o->db_url : str_to_c(app->arena, str_format(app->arena, "sqlite:%s/tocsin.db", o->data_folder));
  if (o->db_password_file && !db_url_with_password(app->arena, url, o->db_password_file, &url, err)) return false;
  app->data_folder = o->data_folder;
  app->db_url = url;
  app->started_ms = clock_true_ms();
  app->metrics = metrics_new();
  app->zones = zone_db_new(NULL);
  app->rule_env = rule_env_new(app->arena, app->zones);
  app->inbound = inbound_tables_new();
  app->page_rates = page_rates_new();
  app->deadlines = deadline_seconds_new();
  app->sign_in_guard = sign_in_guard_new();
  app->oidc = oidc_cache_new();
  app->test_control = o->test_control != NULL;
  app->watchdog_url = o->watchdog_url;
  app->outbound_ca = o->outbound_ca;
  app->limits = limits_new();
  app->key_limit = o->key_limit;
  app->address_limit = o->address_limit;
  app->limited = metrics_counter(app->metrics, "tocsin_requests_limited_total", "Requests refused by a limit.", NULL);
  if (!proxies_new(o->trusted_proxies, &app->proxies, err) ||
      !origins_new(app->arena, o->cors_origins, &app->origins, err))
    return false;
  Registry *registry = NULL;
  if (!catalog_new(app->zones, &app->catalog, err) ||
      !registry_new(CORE_RESOURCES, CORE_RESOURCE_COUNT, &registry, err))
    return false;
  app->registry = registry;
  if (!api_access(app, err)) return false;
  app->openapi = api_openapi(app->arena, registry);
  app->api_page = api_manual(app->arena, registry, true);
  if (!setup_store_new(app, &app->setup, err) || !prepare_database(app, o, err) ||
      !db_pool_new(url, READERS_MAX, &app->readers, err) || !open_outbound(app, o, err) ||
      !live_new(app, &app->live, err) || !open_engine(app, o, err))
    return false;
  metrics_gauge_fn(app->metrics, "tocsin_inbox_pending", "Requests that wait in the inbox.", read_backlog, app->engine);
  metrics_gauge_fn(app->metrics, "tocsin_inbox_age_seconds", "Age of the oldest request that waits.", read_age,
                   app->engine);
  duty_metrics(app);
  if (!password_pool_new(&app->passwords, err)) return false;
  return workers_new(WORKERS, &app->workers) || fail(err, ERR_INTERNAL, "cannot start the worker threads");
}
