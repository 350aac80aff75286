/* POST /schedules/{id}/import: a calendar file as a layer of fixed shifts. First as a try, which names whom the file
 * means; then with the people that the caller mapped. A layer of the same name is replaced whole. */
#include <stdio.h>

#include "core/api/internal.h"
#include "core/oncall/holidays.h"
#include "core/oncall/import.h"
#include "core/resources.h"

enum { UNKNOWN_SHOWN = 50 };

/* Nobody is left out without a word: each is an error that says what to do. */
static bool refuse_unknown(Call *c, const Imported *in, Error *err) {
  ApiCtx ctx = api_ctx(c, NULL, NULL);
  for (size_t i = 0; i < in->unmatched.size && i < UNKNOWN_SHOWN; i++) {
    const Value *who = value_at(&in->unmatched, i);
    i64 shifts = value_int_or(value_get_c(who, "shifts"), 0);
    field_error(&ctx.rc, "/people", "not_found",
                "nobody here is \"%.*s\" (%lld shift%s, the first at %.*s): say in people who that is, by text and "
                "user_id, or with user_id null to leave them out",
                STR_ARG(utf8_cut(value_text_or(value_get_c(who, "text"), S("?")), 100)), (long long)shifts,
                shifts == 1 ? "" : "s", STR_ARG(value_text_or(value_get_c(who, "first_at"), S("?"))));
  }
  c->errors = ctx.rc.errors;
  return fail(err, ERR_INVALID, "%u %s in the file could not be matched to a person; nothing was imported",
              in->unmatched.size, in->unmatched.size == 1 ? "name" : "names");
}

/* An event that cannot be read is a shift that would be lost: whoever is underneath would be woken. */
static bool refuse_passed_over(Call *c, const Imported *in, Error *err) {
  ApiCtx ctx = api_ctx(c, NULL, NULL);
  for (size_t i = 0; i < in->warnings.size && i < UNKNOWN_SHOWN; i++)
    field_error(&ctx.rc, "/ics", "invalid", "%.*s", STR_ARG(value_text(value_at(&in->warnings, i))));
  c->errors = ctx.rc.errors;
  return fail(err, ERR_INVALID,
              "%u %s of the file would be passed over; nothing was imported: correct the file, or say "
              "allow_passed_over to import it without them",
              in->warnings.size, in->warnings.size == 1 ? "event" : "events");
}

/* The layers with this one in place of that of its name, which keeps its zone, mode and place; else on top. */
static Value with_layer(ResourceCtx *ctx, const Value *layers, const Value *fresh) {
  static const char *const KEPT[] = {"time_zone", "mode"};
  ValueVec out = {0};
  bool there = false;
  Str name = value_text(value_get_c(fresh, "name"));
  for (size_t i = 0; value_is(layers, VALUE_LIST) && i < layers->size; i++) {
    const Value *layer = value_at(layers, i);
    Value put = *layer;
    if (!there && str_equal(value_text_or(value_get_c(layer, "name"), STR_NONE), name)) {
      there = true;
      put = *fresh;
      for (size_t k = 0; k < COUNT(KEPT); k++) {
        const Value *kept = value_get_c(layer, KEPT[k]);
        if (kept) resource_put(ctx, &put, KEPT[k], *kept);
      }
    }
    *VEC_PUSH(ctx->arena, &out) = put;
  }
  if (!there) *VEC_PUSH(ctx->arena, &out) = *fresh;
  return list_done(&out);
}

/* Anchors are the server's: an input that has one is refused. */
static Value without_anchors(ResourceCtx *ctx, const Value *layers) {
  ValueVec out = {0};
  for (size_t i = 0; value_is(layers, VALUE_LIST) && i < layers->size; i++) {
    const Value *layer = value_at(layers, i);
    MapBuilder map = map_builder(ctx->arena);
    for (size_t m = 0; m < layer->size; m++) {
      Str name = value_text(&layer->members[m].key);
      if (!str_equal_c(name, "anchor")) map_put(&map, name, layer->members[m].value);
    }
    *VEC_PUSH(ctx->arena, &out) = map_done(&map);
  }
  return list_done(&out);
}

static bool read_file(Call *c, Db *db, i64 id, Value *out_row, Imported *out, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  bool found = false;
  const Zone *zone = zone_utc();
  if (!resource_load(&ctx.rc, registry_find(c->app->registry, S("schedule")), id, out_row, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such schedule");
  Str name = api_text(c, "layer");
  if (!zone_find(c->app->zones, value_text_or(value_get_c(out_row, "time_zone"), S("UTC")), &zone, err)) return false;
  const Value *layers = value_get_c(out_row, "layers");
  for (size_t i = 0; value_is(layers, VALUE_LIST) && i < layers->size; i++) {
    const Value *layer = value_at(layers, i);
    Str own = value_text_or(value_get_c(layer, "time_zone"), STR_NONE);
    if (own.len && str_equal(value_text_or(value_get_c(layer, "name"), STR_NONE), name) &&
        !zone_find(c->app->zones, own, &zone, err))
      return false;
  }
  ImportAsk ask = {.org_id = c->org_id,
                   .now_ms = clock_now(&c->app->clock),
                   .ics = api_text(c, "ics"),
                   .layer = name,
                   .zone = zone,
                   .people = value_get_c(&c->body, "people")};
  if (oncall_import(c->arena, c->app->zones, c->setup, &ask, out, err)) return true;
  if (!err->pointer[0]) snprintf(err->pointer, sizeof err->pointer, "/ics");
  return false;
}

static Value answer_of(Call *c, const Imported *in, bool applied) {
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "layer", value_string(api_text(c, "layer")));
  map_put_c(&map, "shifts", value_int((i64)in->shift_count));
  map_put_c(&map, "matched", in->matched);
  map_put_c(&map, "unmatched", in->unmatched);
  map_put_c(&map, "warnings", in->warnings);
  map_put_c(&map, "preview", in->layer);
  map_put_c(&map, "applied", value_bool(applied));
  return map_done(&map);
}

static bool try_import(Call *c, Db *db, Error *err) {
  Imported in = {0};
  Value row = value_null();
  i64 id = 0;
  if (!api_resolve(c, db, "schedule", 0, &id, err) || !read_file(c, db, id, &row, &in, err)) return false;
  c->answer = answer_of(c, &in, false);
  return true;
}

static bool import(Call *c, Cycle *cycle, Error *err) {
  Imported in = {0};
  Value row = value_null(), made = value_null();
  i64 id = 0;
  if (!api_resolve(c, cycle->db, "schedule", 0, &id, err) || !read_file(c, cycle->db, id, &row, &in, err)) return false;
  if (in.unmatched.size) return refuse_unknown(c, &in, err);
  if (in.warnings.size && !value_bool_or(value_get_c(&c->body, "allow_passed_over"), false))
    return refuse_passed_over(c, &in, err);
  if (in.layer.kind != VALUE_MAP && in.warnings.size)
    return fail_at(err, ERR_INVALID, "/ics", "no shift of the file is left: there is nothing to import");
  if (in.layer.kind != VALUE_MAP)
    return fail_at(err, ERR_INVALID, "/people", "everybody in the file is left out: there is nothing to import");
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  Value plain = without_anchors(&ctx.rc, value_get_c(&row, "layers"));
  MapBuilder patch = map_builder(c->arena);
  map_put_c(&patch, "layers", with_layer(&ctx.rc, &plain, &in.layer));
  Value body = map_done(&patch);
  bool ok = resource_update(&ctx.rc, registry_find(c->app->registry, S("schedule")), id, &body, 0, &made, err);
  c->errors = ctx.rc.errors;
  c->answer = answer_of(c, &in, true);
  return ok;
}

static const Field MAPPING_FIELDS[] = {
    {.name = "text", .kind = F_TEXT, .required = true, .max = 500, .doc = "What the file calls them."},
    {.name = "user_id", .kind = F_REF, .ref = "user", .doc = "Who that is; null: their shifts are left out."}};
static const Field MAPPING_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(MAPPING_FIELDS), .doc = "One person."};
static const Field IMPORT_BODY[] = {
    {.name = "ics",
     .kind = F_TEXT,
     .required = true,
     .min = 1,
     .max = 900 * 1024,
     .doc = "The text of an iCalendar file, as PagerDuty, Opsgenie, Google and others export one.",
     .example = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20270104T080000Z\r\nDTEND:20270111T080000Z\r\n"
                "SUMMARY:On Call - Ann Smith\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"},
    {.name = "layer", .kind = F_TEXT, .def = "Imported", .max = 120, .doc = "Its name; one that is there is replaced."},
    {.name = "people", .kind = F_LIST, .of = &MAPPING_ITEM, .max = 500, .doc = "Who is meant, where it is not found."},
    {.name = "allow_passed_over",
     .kind = F_BOOL,
     .def = "false",
     .doc = "Import although events of the file cannot be read; without it that is refused."}};

static const Field MATCHED_FIELDS[] = {
    {.name = "text", .kind = F_TEXT, .required = true, .doc = "What the file calls them."},
    {.name = "user_id", .kind = F_REF, .ref = "user", .doc = "Who that is; null: left out, as asked."},
    {.name = "by", .kind = F_TEXT, .required = true, .doc = "attendee, summary or mapped."},
    {.name = "shifts", .kind = F_INT, .required = true, .doc = "How many."}};
static const Field MATCHED_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(MATCHED_FIELDS), .doc = "One person."};
static const Field UNMATCHED_FIELDS[] = {
    {.name = "text", .kind = F_TEXT, .required = true, .doc = "What the file calls them."},
    {.name = "shifts", .kind = F_INT, .required = true, .doc = "How many."},
    {.name = "first_at", .kind = F_TIME, .required = true, .doc = "The first of them."}};
static const Field UNMATCHED_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(UNMATCHED_FIELDS), .doc = "Somebody who is nobody here."};
static const Field SENTENCE = {.kind = F_TEXT, .required = true, .doc = "An event that was passed over, and why."};
static const Field IMPORTED[] = {
    {.name = "layer", .kind = F_TEXT, .required = true, .doc = "Its name."},
    {.name = "shifts", .kind = F_INT, .required = true, .doc = "Of people who are found."},
    {.name = "matched", .kind = F_LIST, .of = &MATCHED_ITEM, .required = true, .doc = "Who was found."},
    {.name = "unmatched", .kind = F_LIST, .of = &UNMATCHED_ITEM, .required = true, .doc = "Who was not."},
    {.name = "warnings",
     .kind = F_LIST,
     .of = &SENTENCE,
     .required = true,
     .doc = "What of the file is passed over; refused unless allowed."},
    {.name = "preview", .kind = F_JSON, .doc = "The layer; null: nothing is left."},
    {.name = "applied", .kind = F_BOOL, .required = true, .doc = "Is it in the schedule?"}};

static bool fetch(Call *c, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  Value row = value_null();
  bool found = false;
  i64 id = 0;
  if (!api_resolve(c, cycle->db, "holiday_calendar", 0, &id, err) ||
      !resource_load(&ctx.rc, registry_find(c->app->registry, S("holiday_calendar")), id, &row, &found, err))
    return false;
  if (!value_is(value_get_c(&row, "url"), VALUE_STRING))
    return fail(err, ERR_CONFLICT, "this calendar has no address to ask: its file was uploaded; send ics again");
  return holidays_changed(cycle, c->org_id, id, NULL, err) &&
         api_answer_with(c, cycle->db, "holiday_calendar", id, err);
}

const Route IMPORT_ROUTES[] = {
    {HTTP_POST, "holiday-calendars/{id}/fetch", "holiday-calendars:write", .write = fetch,
     .answers = "holiday_calendar", .doc = "Asks its address now; what comes shows in days, fetched_at and error."},
    {HTTP_POST, "schedules/{id}/import-preview", "schedules:read", .read = try_import, BODY(IMPORT_BODY),
     ANSWER(IMPORTED), .doc = "What an import would make, and whom the file names who is nobody here."},
    {HTTP_POST, "schedules/{id}/import", "schedules:write", .write = import, BODY(IMPORT_BODY), ANSWER(IMPORTED),
     .doc =
         "Makes a calendar file a layer of fixed shifts, from 30 days back to 400 days ahead; all of it or nothing."},
    {.path = NULL},
};
