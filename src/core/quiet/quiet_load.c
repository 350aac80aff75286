/* Builds the set from the database. What has the same stamp as before is taken over compiled; the rest is compiled into
 * a chunk of its own. When there are many chunks all is compiled anew, so that what is gone is not kept for ever. What
 * does not compile (it was checked when it was written) is logged and left out: it holds nobody. */
#include <stdlib.h>

#include "core/quiet/internal.h"
#include "core/quiet/window.h"
#include "core/setup/setup.h"
#include "lang/json.h"

typedef struct Loading {
  App *app;
  Quiet *quiet;
  const Quiet *before; /* NULL: nothing is taken over */
  QuietChunk *fresh;
} Loading;

/* Life ------------------------------------------------------------------------------------------------------------ */

static void chunk_give(QuietChunk *chunk) {
  if (atomic_fetch_sub(&chunk->users, 1) != 1) return;
  arena_free(chunk->arena);
  free(chunk);
}

const Quiet *quiet_take(const Quiet *quiet) {
  if (quiet) atomic_fetch_add(&((Quiet *)(uintptr_t)quiet)->users, 1);
  return quiet;
}

void quiet_give(const Quiet *quiet) {
  Quiet *owned = (Quiet *)(uintptr_t)quiet;
  if (!owned || atomic_fetch_sub(&owned->users, 1) != 1) return;
  for (size_t i = 0; i < owned->chunk_count; i++) chunk_give(owned->chunks[i]);
  arena_free(owned->arena);
  free(owned);
}

static void add_chunk(Quiet *quiet, QuietChunk *chunk) {
  atomic_fetch_add(&chunk->users, 1);
  quiet->chunks[quiet->chunk_count++] = chunk;
}

/* The stamp of all ------------------------------------------------------------------------------------------------ */

bool quiet_changed(Db *db, IdGen *ids, Error *err) {
  static const DbStmt CHANGED = {"quiet_changed",
                                 "INSERT INTO counter (org_id, name, value) VALUES (0, 'quiet', $1) "
                                 "ON CONFLICT (org_id, name) DO UPDATE SET value = excluded.value",
                                 NULL};
  return db_run(db, &CHANGED, err, db_int(id_next(ids)));
}

static bool read_stamp(Db *db, i64 *out, Error *err) {
  static const DbStmt STAMP = {"quiet_stamp", "SELECT value FROM counter WHERE org_id = 0 AND name = 'quiet'", NULL};
  bool found = false;
  *out = 0;
  return db_query_int(db, &STAMP, 0, NULL, out, &found, err);
}

bool quiet_is_fresh(const Quiet *quiet, Db *db, bool *out, Error *err) {
  i64 stamp = 0;
  if (!read_stamp(db, &stamp, err)) return false;
  return *out = quiet && quiet->stamp == stamp, true;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static Value json_cell(Arena *arena, const DbRow *row, int column) {
  Str text = db_row_text(row, column, arena);
  Value value = value_null();
  Error ignored = {0};
  if (text.len && !json_parse(arena, text, NULL, &value, &ignored)) value = value_null();
  return value;
}

/* Who made it, when that is a person. */
static i64 maker_of(const Value *who) {
  bool person = str_equal_c(value_text_or(value_get_c(who, "kind"), STR_NONE), "user");
  return person ? setup_ref(value_get_c(who, "id")) : 0;
}

static const DbStmt SILENCES = {
    "quiet_silences",
    "SELECT id, org_id, stamp, starts_at, ends_at, until_resolved, expires_when_idle, comment, created_by, matchers, "
    "\"when\", integration_id FROM silence WHERE state <> 'ended' ORDER BY id",
    NULL};

static bool read_silence(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Arena *arena = load->fresh->arena;
  const Silence *was = quiet_silence(load->before, db_row_int(row, 0));
  if (was && was->stamp == db_row_int(row, 2)) {
    *VEC_PUSH(load->quiet->arena, &load->quiet->silences) = was;
    return true;
  }
  Silence *s = ARENA_NEW(arena, Silence);
  Value who = json_cell(arena, row, 8), matchers = json_cell(arena, row, 9);
  Error err = {0};
  *s = (Silence){.id = db_row_int(row, 0),
                 .org_id = db_row_int(row, 1),
                 .stamp = db_row_int(row, 2),
                 .starts_ms = db_row_int(row, 3),
                 .ends_ms = db_row_int(row, 4),
                 .until_resolved = db_row_int(row, 5) != 0,
                 .expires_when_idle = db_row_int(row, 6) != 0,
                 .comment = db_row_text(row, 7, arena),
                 .who = value_text_or(value_get_c(&who, "name"), S("")),
                 .user_id = maker_of(&who)};
  if (!quiet_compile(load->app, arena, &matchers, db_row_text(row, 10, arena), &s->match, &err)) {
    log_warn("quiet", "ignoring silence %lld: %s", (long long)s->id, err.message);
    return true;
  }
  s->match.integration_id = db_row_int(row, 11);
  *VEC_PUSH(load->quiet->arena, &load->quiet->silences) = s;
  return true;
}

static const DbStmt WINDOWS = {
    "quiet_windows",
    "SELECT id, org_id, stamp, team_id, name, service_ids, integration_ids, matchers, next_starts_at, next_ends_at, "
    "starts_at, ends_at, rrule, time_zone, passed_at, created_by FROM maintenance_window WHERE state <> 'ended' ORDER "
    "BY id",
    NULL};

/* As it is now, whether its job has looked already or not. */
static bool window_times(Loading *load, const DbRow *row, MaintenanceWindow *w, Error *err) {
  WindowSpan span = {.starts_ms = db_row_int(row, 10),
                     .ends_ms = db_row_int(row, 11),
                     .rrule = db_row_text(row, 12, load->fresh->arena),
                     .zone = zone_utc(),
                     .passed_ms = db_row_int(row, 14)};
  Error ignored = {0};
  if (!zone_find(load->app->zones, db_row_peek(row, 13), &span.zone, &ignored)) span.zone = zone_utc();
  return window_occurrence(load->fresh->arena, &span, clock_now(&load->app->clock), &w->starts_ms, &w->ends_ms, err);
}

static bool add_matches(Loading *load, const DbRow *row, MaintenanceWindow *w, Error *err) {
  Arena *arena = load->fresh->arena;
  Value services = json_cell(arena, row, 5), integrations = json_cell(arena, row, 6),
        matchers = json_cell(arena, row, 7);
  size_t of_services = value_is(&services, VALUE_LIST) ? services.size : 0,
         of_integrations = value_is(&integrations, VALUE_LIST) ? integrations.size : 0;
  w->matches = ARENA_ARRAY(arena, QuietMatch, of_services + of_integrations + 1);
  for (size_t i = 0; i < of_services; i++) w->matches[w->match_count++].service_id = setup_ref(value_at(&services, i));
  for (size_t i = 0; i < of_integrations; i++)
    w->matches[w->match_count++].integration_id = setup_ref(value_at(&integrations, i));
  if (!value_is(&matchers, VALUE_LIST) || matchers.size == 0) return true;
  return quiet_compile(load->app, arena, &matchers, STR_NONE, &w->matches[w->match_count++], err);
}

static bool read_window(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Arena *arena = load->fresh->arena;
  const MaintenanceWindow *was = quiet_window(load->before, db_row_int(row, 0));
  if (was && was->stamp == db_row_int(row, 2)) {
    *VEC_PUSH(load->quiet->arena, &load->quiet->windows) = was;
    return true;
  }
  MaintenanceWindow *w = ARENA_NEW(arena, MaintenanceWindow);
  Value who = json_cell(arena, row, 15);
  Error err = {0};
  *w = (MaintenanceWindow){.id = db_row_int(row, 0),
                           .org_id = db_row_int(row, 1),
                           .stamp = db_row_int(row, 2),
                           .team_id = db_row_int(row, 3),
                           .name = db_row_text(row, 4, arena),
                           .user_id = maker_of(&who)};
  if (window_times(load, row, w, &err) && add_matches(load, row, w, &err))
    *VEC_PUSH(load->quiet->arena, &load->quiet->windows) = w;
  else
    log_warn("quiet", "ignoring maintenance window %lld: %s", (long long)w->id, err.message);
  return true;
}

static const DbStmt RULES = {
    "quiet_rules",
    "SELECT r.id, r.org_id, r.stamp, r.name, r.source, r.target, r.\"equal\", r.missing_equal, r.scope, r.wait_s, "
    "r.release_s, o.defaults FROM inhibition_rule AS r JOIN organization AS o ON o.id = r.org_id WHERE r.enabled = 1 "
    "ORDER BY r.id",
    NULL};

static void read_equal(Arena *arena, const Value *list, InhibitionRule *out) {
  size_t count = value_is(list, VALUE_LIST) ? list->size : 0;
  out->equal = ARENA_ARRAY(arena, Str, count + 1);
  for (size_t i = 0; i < count; i++) out->equal[out->equal_count++] = value_text_or(value_at(list, i), S(""));
}

static bool read_rule(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Arena *arena = load->fresh->arena;
  Value windows = json_cell(load->quiet->arena, row, 11);
  SetupDefaults defaults = setup_defaults(&windows);
  i64 wait_ms = (db_row_is_null(row, 9) ? defaults.wait_s : db_row_int(row, 9)) * 1000,
      release_ms = (db_row_is_null(row, 10) ? defaults.release_s : db_row_int(row, 10)) * 1000;
  const InhibitionRule *was = quiet_rule(load->before, db_row_int(row, 0));
  if (was && was->stamp == db_row_int(row, 2) && was->wait_ms == wait_ms && was->release_ms == release_ms) {
    *VEC_PUSH(load->quiet->arena, &load->quiet->rules) = was;
    return true;
  }
  InhibitionRule *r = ARENA_NEW(arena, InhibitionRule);
  Value source = json_cell(arena, row, 4), target = json_cell(arena, row, 5), equal = json_cell(arena, row, 6);
  Error err = {0};
  *r = (InhibitionRule){.id = db_row_int(row, 0),
                        .org_id = db_row_int(row, 1),
                        .stamp = db_row_int(row, 2),
                        .name = db_row_text(row, 3, arena),
                        .missing_equal = db_row_int(row, 7) != 0,
                        .everything = str_equal_c(db_row_peek(row, 8), "all"),
                        .wait_ms = wait_ms,
                        .release_ms = release_ms};
  read_equal(arena, &equal, r);
  if (quiet_compile(load->app, arena, &source, STR_NONE, &r->source, &err) &&
      quiet_compile(load->app, arena, &target, STR_NONE, &r->target, &err))
    *VEC_PUSH(load->quiet->arena, &load->quiet->rules) = r;
  else
    log_warn("quiet", "ignoring inhibition rule %lld: %s", (long long)r->id, err.message);
  return true;
}

/* All of it ------------------------------------------------------------------------------------------------------- */

static Loading begin(App *app, const Quiet *before, i64 stamp) {
  Quiet *quiet = xcalloc(1, sizeof *quiet);
  QuietChunk *fresh = xcalloc(1, sizeof *fresh);
  bool keep = before && before->chunk_count < QUIET_CHUNKS_MAX;
  quiet->arena = arena_new();
  quiet->stamp = stamp;
  atomic_store(&quiet->users, 1);
  fresh->arena = arena_new();
  for (size_t i = 0; keep && i < before->chunk_count; i++) add_chunk(quiet, before->chunks[i]);
  add_chunk(quiet, fresh);
  return (Loading){.app = app, .quiet = quiet, .before = keep ? before : NULL, .fresh = fresh};
}

bool quiet_load(App *app, Db *db, const Quiet *before, const Quiet **out, Error *err) {
  static const struct {
    const DbStmt *stmt;
    DbRowFn row;
  } PASSES[] = {{&SILENCES, read_silence}, {&WINDOWS, read_window}, {&RULES, read_rule}};
  i64 stamp = 0;
  if (!read_stamp(db, &stamp, err)) return false;
  if (before && before->stamp == stamp) return *out = quiet_take(before), true;
  Loading load = begin(app, before, stamp);
  for (size_t i = 0; i < COUNT(PASSES); i++)
    if (!db_query(db, PASSES[i].stmt, 0, NULL, PASSES[i].row, &load, err)) {
      quiet_give(load.quiet);
      return false;
    }
  quiet_index(load.quiet);
  *out = load.quiet;
  return true;
}
