/* The hooks of the resource tables: the catalog's word on templates and addresses, the compilers' word on expressions,
 * the domain's way to declare and move incidents. */
#include "core/api/hooks.h"

#include "catalog/channel.h"
#include "core/alerts/inhibiting.h"
#include "core/alerts/quiet_because.h"
#include "core/alerts/quiet_watch.h"
#include "core/duty/duty.h"
#include "core/heartbeats/heartbeats.h"
#include "core/incidents/incidents.h"
#include "core/oncall/cover.h"
#include "core/oncall/holidays.h"
#include "core/oncall/record.h"
#include "core/paging/internal.h"
#include "core/quiet/window.h"
#include "core/server/inbound.h"
#include "lang/json.h"

static App *app_of(ResourceCtx *ctx) {
  return ctx->app;
}
static Cycle *cycle_of(ResourceCtx *ctx) {
  return ((ApiCtx *)(void *)ctx)->cycle;
}
static Who who_of(const ResourceCtx *ctx) {
  return (Who){ctx->actor.kind, ctx->actor.id, ctx->actor.name};
}

static bool template_known(ResourceCtx *ctx, Str name) {
  return catalog_find(app_of(ctx)->catalog, name) != NULL;
}

static bool check_override(ResourceCtx *ctx, Str field, Str source, Error *err) {
  const CelProgram *program = NULL;
  if (catalog_field_slot(field) < 0) {
    const char **names = arena_alloc(ctx->arena, catalog_field_count() * sizeof *names);
    for (size_t i = 0; i < catalog_field_count(); i++) names[i] = catalog_field_name(i);
    return fail(err, ERR_INVALID, "\"%.*s\" is not a field of an event%.*s", STR_ARG(utf8_cut(field, 60)),
                STR_ARG(resource_suggest(ctx->arena, field, names, catalog_field_count())));
  }
  return catalog_override_compile(app_of(ctx)->catalog, ctx->arena, field, source, &program, err);
}

static bool check_rule(ResourceCtx *ctx, const Value *rule, Error *err) {
  return alert_rule_check(app_of(ctx), rule, err);
}

static bool check_address(ResourceCtx *ctx, Str kind, Str address, Error *err) {
  const Catalog *catalog = app_of(ctx)->catalog;
  Buf names = buf_new(ctx->arena, KIB(4));
  for (size_t i = 0; i < channel_count(catalog); i++) {
    const Channel *channel = channel_at(catalog, i);
    if (str_equal(channel_kind(channel), kind)) return channel_check_address(channel, address, err);
    if (str_find(buf_str(&names), channel_kind(channel), 0) == SIZE_MAX)
      buf_format(&names, "%s%.*s", i ? ", " : "", STR_ARG(channel_kind(channel)));
  }
  return fail(err, ERR_NOT_FOUND, "this server cannot send by \"%.*s\" yet; it sends by: %.*s", STR_ARG(kind),
              STR_ARG(buf_str(&names)));
}

static bool check_connector(ResourceCtx *ctx, const Value *connector, Error *err) {
  const Catalog *catalog = app_of(ctx)->catalog;
  Str name = value_text_or(value_get_c(connector, "channel"), S(""));
  const Channel *channel = channel_find(catalog, name);
  if (channel && channel_needs_connector(channel))
    return channel_check_settings(channel, value_get_c(connector, "settings"),
                                  value_text_or(value_get_c(connector, "secret"), S("")),
                                  value_text_or(value_get_c(connector, "signing_secret"), S("")), err);
  Buf names = buf_new(ctx->arena, KIB(4));
  for (size_t i = 0; i < channel_count(catalog); i++)
    if (channel_needs_connector(channel_at(catalog, i)))
      buf_format(&names, "%s%.*s", names.len ? ", " : "", STR_ARG(channel_name(channel_at(catalog, i))));
  return fail_at(err, ERR_INVALID, "/channel", "\"%.*s\" is %s; connectors are for: %.*s", STR_ARG(utf8_cut(name, 60)),
                 channel ? "a channel that needs no connector" : "not a channel of the catalog",
                 STR_ARG(buf_str(&names)));
}

static Str connector_token(ResourceCtx *ctx, i64 connector_id) {
  return ack_token(app_of(ctx), ctx->arena, connector_id);
}

bool api_check_cel(ResourceCtx *ctx, const Field *field, Str source, Error *err) {
  App *app = app_of(ctx);
  const CelProgram *program = NULL;
  Str kind = str_from_c(field->cel ? field->cel : "rule");
  if (str_equal_c(kind, "rule")) return cel_compile(ctx->arena, app->rule_env, source, NULL, &program, err);
  if (str_equal_c(kind, "condition"))
    return cel_compile(ctx->arena, app->rule_env, source, NULL, &program, err) &&
           cel_is_condition(program, ctx->arena, err);
  return catalog_filter_compile(app->catalog, ctx->arena, source, &program, err);
}

static bool read_body(const DbRow *row, void *ctx) {
  Str *out = ((Str **)ctx)[0];
  Arena *arena = ((Arena **)ctx)[1];
  *out = db_row_text(row, 0, arena);
  return true;
}

static Value request_body(ResourceCtx *ctx, i64 request_id) {
  static const DbStmt BODY = {"request_body", "SELECT body FROM inbox WHERE id = $1", NULL};
  Str stored = STR_NONE, body = STR_NONE;
  void *both[] = {&stored, ctx->arena};
  bool found = false;
  Error ignored = {0};
  if (!db_query_one(ctx->db, &BODY, DB_ARGS(db_int(request_id)), read_body, both, &found, &ignored) || stored.len == 0)
    return value_null();
  if (!body_unpack(ctx->arena, stored, &body)) return value_null();
  return value_string(utf8_clean(ctx->arena, utf8_cut(body, MIB(4))));
}

static void integration_facts(ResourceCtx *ctx, i64 integration_id, MapBuilder *out) {
  source_facts(ctx->db, ctx->arena, integration_id, out);
}

static void rule_facts(ResourceCtx *ctx, i64 rule_id, MapBuilder *out) {
  rule_hits_facts(ctx->db, ctx->arena, rule_id, out);
}

static i64 ref_of(ResourceCtx *ctx, const Value *row, const char *name) {
  const Value *v = value_get_c(row, name);
  return value_is(v, VALUE_STRING) ? resource_ref_id(ctx->registry, v) : 0;
}

static i64 time_of(const Value *row, const char *name) {
  const Value *v = value_get_c(row, name);
  i64 ms = 0;
  if (value_is(v, VALUE_TIMESTAMP)) return v->i * 1000 + v->size / 1000000;
  if (value_is(v, VALUE_INT)) return v->i;
  return time_parse_ms(value_text_or(v, STR_NONE), &ms) ? ms : 0;
}

static bool incident_declare(ResourceCtx *ctx, const Value *fresh, i64 *out_id, Error *err) {
  const Value *services = value_get_c(fresh, "service_ids"), *fields = value_get_c(fresh, "fields");
  Who who = who_of(ctx);
  Incident made = {0};
  Str kind = value_text_or(value_get_c(fresh, "kind"), S("normal"));
  IncidentOpen open = {.org_id = ctx->org_id,
                       .title = value_text_or(value_get_c(fresh, "title"), STR_NONE),
                       .summary = value_text_or(value_get_c(fresh, "summary"), STR_NONE),
                       .severity = value_int_or(value_get_c(fresh, "severity"), 3),
                       .kind = str_to_c(ctx->arena, kind),
                       .team_id = ref_of(ctx, fresh, "team_id"),
                       .reporter_id = ref_of(ctx, fresh, "reporter_id"),
                       .commander_id = ref_of(ctx, fresh, "commander_id"),
                       .private_ = value_bool_or(value_get_c(fresh, "private"), false),
                       .who = &who};
  const Value *roles = value_get_c(fresh, "roles");
  if (roles) open.roles = *roles;
  open.policy_id = ref_of(ctx, fresh, "policy_id");
  open.impact_started_ms = time_of(fresh, "impact_started_at");
  open.detected_ms = time_of(fresh, "detected_at");
  if (services) open.service_ids = *services;
  if (fields) open.fields = *fields;
  if (!open.reporter_id && !id_parse("usr", ctx->actor.id, &open.reporter_id)) open.reporter_id = 0;
  if (!incident_open(cycle_of(ctx), &open, &made, err) ||
      !incident_first_roles(cycle_of(ctx), made.id, fresh, &who, err))
    return false;
  *out_id = made.id;
  i64 page_id = 0;
  return open.policy_id == 0 ||
         incident_page(cycle_of(ctx), &made, open.policy_id, S("declared with this policy"), &page_id, err);
}

static bool incident_changed(ResourceCtx *ctx, i64 incident_id, const Value *before, const Value *after, Error *err) {
  Who who = who_of(ctx);
  return incident_edited(cycle_of(ctx), incident_id, before, after, &who, err);
}

static bool incident_move(ResourceCtx *ctx, i64 incident_id, Str status, Error *err) {
  Who who = who_of(ctx);
  IncidentStatus to = INCIDENT_NEW;
  if (!incident_status_parse(status, &to))
    return fail_at(err, ERR_INVALID, "/status", "\"%.*s\" is not a status", STR_ARG(status));
  return incident_set_status(cycle_of(ctx), incident_id, to, &who, err);
}

static bool rule_changed(ResourceCtx *ctx, i64 rule_id, Error *err) {
  return alerts_held_by_rule(cycle_of(ctx), ctx->org_id, rule_id, err);
}

static bool quiet_written(ResourceCtx *ctx, const char *what, i64 id, bool deleted, Error *err) {
  if (!quiet_watch_forget(cycle_of(ctx), ctx->org_id, id, err)) return false;
  if (str_equal_c(str_from_c(what), "maintenance_window"))
    return window_written(cycle_of(ctx), ctx->org_id, id, deleted, err);
  if (str_equal_c(str_from_c(what), "inhibition_rule"))
    return inhibition_written(cycle_of(ctx), ctx->org_id, id, deleted, err);
  return silence_written(cycle_of(ctx), ctx->org_id, id, deleted, err);
}

/* What keeps it quiet is asked anew: by its labels as they are now. */
static bool ask_quiet(ResourceCtx *ctx, i64 alert_id, Error *err) {
  Alert *a = ARENA_NEW(ctx->arena, Alert);
  bool found = false;
  if (!alert_load(ctx->db, cycle_of(ctx)->arena, alert_id, a, &found, err)) return false;
  bool open = found && (a->status == ALERT_TRIGGERED || a->status == ALERT_ACKNOWLEDGED);
  return !open || alert_requiet(cycle_of(ctx), a, NULL, err);
}

static bool alert_changed(ResourceCtx *ctx, i64 alert_id, const Value *before, const Value *after, Error *err) {
  static const char *const SHOWN[] = {"title", "description", "priority", "service_id", "labels"};
  Who who = who_of(ctx);
  MapBuilder data = map_builder(ctx->arena);
  for (size_t i = 0; i < COUNT(SHOWN); i++) {
    const Value *a = value_get_c(before, SHOWN[i]), *b = value_get_c(after, SHOWN[i]);
    if (!a || !b || value_equal(a, b)) continue;
    MapBuilder pair = map_builder(ctx->arena);
    map_put_c(&pair, "from", *a);
    map_put_c(&pair, "to", *b);
    map_put_c(&data, SHOWN[i], map_done(&pair));
  }
  Value map = map_done(&data);
  if (map.size == 0) return true;
  TimelineEntry entry = {.org_id = ctx->org_id,
                         .subject_kind = "alert",
                         .subject_id = alert_id,
                         .kind = "edited",
                         .who = &who,
                         .data = json_text(ctx->arena, &map)};
  return timeline_add(cycle_of(ctx), &entry, err) && ask_quiet(ctx, alert_id, err);
}

static bool shifts_changed(ResourceCtx *ctx, i64 schedule_id, Error *err) {
  return page_shifts_changed(cycle_of(ctx), ctx->org_id, err) &&
         duty_changed(cycle_of(ctx), ctx->org_id, schedule_id, err);
}

static bool shifts_will_change(ResourceCtx *ctx, i64 schedule_id, Error *err) {
  return shift_record_keep(cycle_of(ctx), ctx->org_id, schedule_id, err);
}

static bool holidays_written(ResourceCtx *ctx, i64 calendar_id, const Value *ics, Error *err) {
  return holidays_changed(cycle_of(ctx), ctx->org_id, calendar_id, ics, err);
}

static bool dropped_holidays(ResourceCtx *ctx, i64 calendar_id, Error *err) {
  return holidays_dropped(cycle_of(ctx), calendar_id, err);
}

static bool opened_cover(ResourceCtx *ctx, const Value *request, Error *err) {
  return cover_opened(cycle_of(ctx), ctx, request, err);
}

static bool absence_written(ResourceCtx *ctx, const Value *absence, bool changed, bool deleted, Error *err) {
  return cover_absence(cycle_of(ctx), ctx, absence, changed, deleted, err);
}

static bool notices_changed(ResourceCtx *ctx, i64 user_id, Error *err) {
  return duty_user_changed(cycle_of(ctx), ctx->org_id, user_id, err);
}

static bool test_page_changed(ResourceCtx *ctx, i64 user_id, Error *err) {
  return duty_test_page_changed(cycle_of(ctx), ctx->org_id, user_id, err);
}

static bool edited_heartbeat(ResourceCtx *ctx, i64 id, bool deleted, Error *err) {
  return heartbeat_edited(cycle_of(ctx), id, deleted, err);
}

static bool connector_changed(ResourceCtx *ctx, i64 id, Error *err) {
  return connector_check_soon(cycle_of(ctx), ctx->org_id, id, err);
}

static Value because(ResourceCtx *ctx, const Value *alert, Value *out_snoozes) {
  const Call *call = ((ApiCtx *)(void *)ctx)->call;
  const Value *own = value_get_c(alert, "holds");
  Value holds = own ? *own : value_null();
  if (!call) return value_null();
  if (!ctx->listing) {
    OwnSnoozes snoozes = {.arena = ctx->arena};
    Error ignored = {0};
    i64 id = resource_ref_id(ctx->registry, value_get_c(alert, "id"));
    if (own_snooze_list(ctx->db, ctx->org_id, id, ctx->now_ms, OWN_SNOOZES_TOLD, &snoozes, &ignored)) {
      holds = quiet_with_snoozes(ctx->arena, &holds, snoozes.items.items, snoozes.items.count);
      *out_snoozes = quiet_snoozes_value(ctx->arena, call->setup, snoozes.items.items, snoozes.items.count);
    }
  }
  if (!value_is(&holds, VALUE_LIST) || holds.size == 0) return value_null();
  const SetupOrg *org = setup_org(call->setup, ctx->org_id);
  const Zone *zone = call->user && call->user->zone ? call->user->zone : org ? org->zone : zone_utc();
  return value_string(quiet_because(ctx->arena, call->setup, ctx->org_id, &holds, zone));
}

static const struct Access *access_list(ResourceCtx *ctx) {
  return app_of(ctx)->access;
}

static const struct Grants *caller_grants(ResourceCtx *ctx) {
  const Call *call = ((ApiCtx *)(void *)ctx)->call;
  return call ? call->grants : NULL;
}

const CoreHooks API_HOOKS = {
    .access = access_list,
    .caller_grants = caller_grants,
    .template_known = template_known,
    .check_override = check_override,
    .check_rule = check_rule,
    .check_address = check_address,
    .request_body = request_body,
    .integration_facts = integration_facts,
    .rule_facts = rule_facts,
    .incident_declare = incident_declare,
    .incident_move = incident_move,
    .incident_changed = incident_changed,
    .rule_changed = rule_changed,
    .quiet_changed = quiet_written,
    .quiet_because = because,
    .alert_changed = alert_changed,
    .shifts_changed = shifts_changed,
    .shifts_will_change = shifts_will_change,
    .holidays_written = holidays_written,
    .holidays_dropped = dropped_holidays,
    .cover_opened = opened_cover,
    .absence_written = absence_written,
    .notices_changed = notices_changed,
    .test_page_changed = test_page_changed,
    .heartbeat_edited = edited_heartbeat,
    .check_connector = check_connector,
    .connector_token = connector_token,
    .connector_changed = connector_changed,
};
