/* Alertmanager's API v2 under /am/{key}/api/v2: POST alerts, so that a Prometheus sends straight to us with
 * path_prefix: /am/{key}. Each element stands alone: good ones are stored, and a 400 names the bad, as Alertmanager
 * does. Silences are in alertmanager_silences.c. endsAt in the future is a deadline that the next post moves, in the
 * past a resolve, absent now + am_resolve_after_s (5 min). The key is Alertmanager's own fingerprint of the labels, so
 * that the webhook and the API agree on what is one alert. */
#include <stdlib.h>

#include "catalog/catalog.h"
#include "compat/alertmanager.h"
#include "core/server/inbound.h"
#include "lang/fingerprint.h"
#include "lang/json.h"

enum { BODY_MAX = 25 * 1024 * 1024, LARGE_BODY = 256 * 1024, SILENCE_BODY_MAX = 64 * 1024 };

/* Elements -------------------------------------------------------------------------------------------------------- */

static int compare_members(const void *a, const void *b) {
  return str_compare(value_text(&((const Member *)a)->key), value_text(&((const Member *)b)->key));
}

static const char *take_labels(Arena *arena, const Value *json, Member **out, size_t *out_count) {
  *out_count = 0;
  if (!value_is(json, VALUE_MAP)) return "labels are missing";
  *out = ARENA_ARRAY(arena, Member, json->size + 1);
  for (size_t i = 0; i < json->size; i++) {
    const Member *m = &json->members[i];
    if (m->value.kind != VALUE_STRING) return "a label's value must be text";
    if (m->value.size == 0) continue;                    /* an empty label is no label */
    (*out)[(*out_count)++] = (Member){m->key, m->value}; /* cut later: the fingerprint is of the whole */
  }
  qsort(*out, *out_count, sizeof(Member), compare_members);
  return *out_count ? NULL : "at least one label must have a value";
}

static Str label(const Member *labels, size_t count, Str name) {
  for (size_t i = 0; i < count; i++)
    if (str_equal(value_text(&labels[i].key), name)) return value_text(&labels[i].value);
  return STR_NONE;
}

static const char *take_time(const Value *json, i64 *out) {
  *out = 0;
  if (!json || json->kind == VALUE_NULL) return NULL;
  Str text = value_text_or(json, STR_NONE);
  if (!time_parse_ms(text, out)) return "a time must be RFC 3339, such as 2026-01-05T09:00:00Z";
  if (*out < 0) *out = 0; /* the zero time, 0001-01-01 */
  return NULL;
}

static Value links_of(Arena *arena, const Value *json, const Value *annotations) {
  static const struct {
    const char *name, *title;
    bool annotation;
  } LINKS[] = {
      {"generatorURL", "Source", false}, {"runbook_url", "Runbook", true}, {"dashboard_url", "Dashboard", true}};
  ValueVec links = {0};
  for (size_t i = 0; i < COUNT(LINKS); i++) {
    const Value *href = value_get_c(LINKS[i].annotation ? annotations : json, LINKS[i].name);
    if (!value_is(href, VALUE_STRING) || href->size == 0) continue;
    MapBuilder link = map_builder(arena);
    map_put_c(&link, "href", *href);
    map_put_c(&link, "title", value_c(LINKS[i].title));
    *VEC_PUSH(arena, &links) = map_done(&link);
  }
  return links.count ? list_done(&links) : value_null();
}

static Str title_of(Arena *arena, Str name, const Value *annotations, size_t bytes_max) {
  Str summary = value_text_or(value_get_c(annotations, "summary"), STR_NONE);
  if (name.len == 0) return summary.len ? utf8_cut(summary, bytes_max) : S("alert");
  Str parts[] = {name, summary};
  return utf8_cut(summary.len ? str_join(arena, parts, COUNT(parts), S(": ")) : name, bytes_max);
}

static Str service_of(const Member *labels, size_t count) {
  static const Str NAMES[] = {STR("service"),     STR("service_name"),           STR("app"),
                              STR("application"), STR("app_kubernetes_io_name"), STR("component"),
                              STR("job")};
  for (size_t i = 0; i < COUNT(NAMES); i++) {
    Str found = label(labels, count, NAMES[i]);
    if (found.len) return found;
  }
  return STR_NONE;
}

/* As the template of the webhook has it: who says nothing is an error. */
static Str severity_of(const Member *labels, size_t count, const Value *annotations) {
  static const Str NAMES[] = {STR("severity"), STR("priority"), STR("level")};
  for (size_t i = 0; i < COUNT(NAMES); i++) {
    Str found = label(labels, count, NAMES[i]);
    if (found.len) return found;
  }
  Str noted = value_text_or(value_get_c(annotations, "severity"), STR_NONE);
  return noted.len ? noted : S("error");
}

static void put_labels(Arena *arena, const Member *labels, size_t count, const EventLimits *limits, Event *out) {
  MapBuilder map = map_builder(arena);
  out->truncated = count > limits->labels_max;
  for (size_t i = 0; i < MIN(count, limits->labels_max); i++) {
    Str text = value_text(&labels[i].value);
    out->truncated = out->truncated || text.len > limits->label_bytes;
    map_put(&map, value_text(&labels[i].key), value_string(utf8_cut(text, limits->label_bytes)));
  }
  out->labels = map_done(&map);
}

/* NULL: taken. Else why not. */
static const char *take_element(Arena *arena, const Value *json, u32 index, i64 now_ms, const SetupDefaults *defaults,
                                Event *out) {
  Member *labels = NULL;
  size_t count = 0;
  i64 starts = 0, ends = 0;
  if (!value_is(json, VALUE_MAP)) return "an alert must be an object";
  const Value *annotations = value_get_c(json, "annotations");
  const char *bad = take_labels(arena, value_get_c(json, "labels"), &labels, &count);
  if (!bad) bad = take_time(value_get_c(json, "startsAt"), &starts);
  if (!bad) bad = take_time(value_get_c(json, "endsAt"), &ends);
  if (!bad && ends > 0 && starts > ends) bad = "startsAt must be before endsAt";
  if (bad) return bad;
  bool resolved = ends > 0 && ends <= now_ms;
  Str severity = severity_of(labels, count, annotations);
  *out = (Event){
      .kind = EVENT_ALERT,
      .element = index,
      .status = resolved ? EVENT_RESOLVED : EVENT_TRIGGERED,
      .priority = resolved ? 0 : catalog_priority(severity),
      .source_priority = severity,
      .dedup_key = label_fingerprint(arena, value_get_c(json, "labels")),
      .title = title_of(arena, label(labels, count, S("alertname")), annotations, defaults->limits.title_bytes),
      .description = utf8_cut(value_text_or(value_get_c(annotations, "description"), STR_NONE), EVENT_TEXT_BYTES),
      .source = S("prometheus"),
      .service = service_of(labels, count),
      .starts_ms = starts,
      .ends_ms = resolved ? ends : 0,
      .deadline_ms = resolved   ? 0
                     : ends > 0 ? ends
                                : now_ms + defaults->am_resolve_after_s * 1000,
      .links = links_of(arena, json, annotations)};
  put_labels(arena, labels, count, &defaults->limits, out);
  return NULL;
}

/* Requests -------------------------------------------------------------------------------------------------------- */

/* 200 and no body, as Alertmanager answers; 400 when some were bad, although the good ones are stored. */
static void answer(App *app, HttpRequest *request, Arrival *arrival) {
  if (!arrival->errors.ptr) {
    respond_text(app, request, 200, "application/json", S("{}"));
    return;
  }
  respond_text(app, request, 400, "application/json", arrival->errors);
}

static void take_error(Arena *arena, Normalised *n, u32 index, const char *why) {
  n->errors =
      arena_grow(arena, n->errors, n->error_count * sizeof(ElementError), (n->error_count + 1) * sizeof(ElementError));
  ElementError *e = &n->errors[n->error_count++];
  *e = (ElementError){.index = index};
  for (size_t i = 0; why[i] && i < sizeof e->reason - 1; i++) e->reason[i] = why[i];
}

static void take_list(App *app, HttpRequest *request, const SetupIntegration *integration, const Value *list) {
  Arena *arena = request->arena;
  Normalised n = {.outcome = "accepted", .events = ARENA_ARRAY(arena, Event, list->size + 1)};
  i64 now = clock_now(&app->clock);
  SetupDefaults defaults = inbound_defaults(request);
  for (u32 i = 0; i < list->size; i++) {
    const char *bad = take_element(arena, value_at(list, i), i, now, &defaults, &n.events[n.event_count]);
    if (bad)
      take_error(arena, &n, i, bad);
    else
      n.event_count++;
  }
  if (n.error_count) n.outcome = n.event_count ? "partial" : "unmapped";
  InboundTake take = {.integration = integration, .normalised = &n, .answer = answer};
  inbound_take(app, request, &take);
}

typedef struct AmRequest {
  App *app;
  HttpRequest *request;
} AmRequest;

static void process(void *ctx) {
  AmRequest *am = ctx;
  HttpRequest *request = am->request;
  const SetupIntegration *integration = inbound_of(request);
  Value list = value_null();
  Error err = {0};
  JsonOptions options = {.lenient_text = true};
  if (!json_parse(request->arena, request->body, &options, &list, &err)) {
    error_prefix(&err, "the body is not JSON: ");
    inbound_refuse(am->app, request, integration, &err, true);
  } else if (list.kind != VALUE_LIST) {
    fail(&err, ERR_INVALID, "the body must be a list of alerts");
    inbound_refuse(am->app, request, integration, &err, true);
  } else {
    take_list(am->app, request, integration, &list);
  }
}

/* What is behind the key, and which methods it takes (0: nothing is there). */
typedef enum AmPath { AM_NOTHING, AM_ALERTS, AM_STATUS, AM_SILENCES, AM_SILENCE } AmPath;

static AmPath am_path(const HttpRequest *request, Str *out_key, Str *out_id) {
  static const Str ONE = STR("api/v2/silence/");
  Str rest = str_slice(request->path, 4, request->path.len), path = STR_NONE;
  *out_key = rest;
  *out_id = STR_NONE;
  (void)str_cut(rest, '/', out_key, &path);
  if (str_equal_c(path, "api/v2/alerts")) return AM_ALERTS;
  if (str_equal_c(path, "api/v2/status")) return AM_STATUS;
  if (str_equal_c(path, "api/v2/silences")) return AM_SILENCES;
  if (!str_starts_with(path, ONE) || path.len == ONE.len) return AM_NOTHING;
  *out_id = str_slice(path, ONE.len, path.len);
  return AM_SILENCE;
}

static bool am_takes(AmPath path, HttpMethod method) {
  if (method == HTTP_GET) return path != AM_NOTHING;
  if (method == HTTP_DELETE) return path == AM_SILENCE;
  return method == HTTP_POST && (path == AM_ALERTS || path == AM_SILENCES);
}

static void am_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  Str key, id;
  AmPath path = am_path(request, &key, &id);
  verdict->body_bytes_max = path == AM_ALERTS ? BODY_MAX : SILENCE_BODY_MAX;
  if (!inbound_begin(app, request, key, verdict) || am_takes(path, request->method)) return;
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = path == AM_NOTHING ? 404 : 405};
}

static void am_other(App *app, HttpRequest *request, AmPath path, Str id) {
  if (path == AM_STATUS)
    alertmanager_status(app, request);
  else if (path == AM_ALERTS)
    alertmanager_list(app, request);
  else if (request->method == HTTP_POST)
    alertmanager_silence_post(app, request);
  else if (request->method == HTTP_DELETE)
    alertmanager_silence_delete(app, request, id);
  else
    alertmanager_silences(app, request, id);
}

static void am_request(App *app, HttpRequest *request) {
  Str key, id;
  AmPath path = am_path(request, &key, &id);
  if (path != AM_ALERTS || request->method != HTTP_POST) {
    am_other(app, request, path, id);
    return;
  }
  AmRequest *am = ARENA_NEW(request->arena, AmRequest);
  *am = (AmRequest){app, request};
  if (request->body.len < LARGE_BODY || !workers_do(app->workers, process, am)) process(am);
}

const Door ALERTMANAGER_DOORS[] = {
    {.prefix = "/am/", .head = am_head, .request = am_request, .too_large = inbound_too_large},
    {.prefix = NULL},
};
