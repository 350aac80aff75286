/* Who is on call: shifts of a schedule, and the one question. */
#include "core/api/internal.h"
#include "core/oncall/layer.h"
#include "core/oncall/versions.h"
#include "core/resources.h"

static bool shifts(Call *c, Db *db, Error *err) {
  i64 id = 0;
  if (!api_resolve(c, db, "schedule", 0, &id, err)) return false;
  i64 from = api_query_time(c, "from", clock_now(&c->app->clock));
  const SetupSchedule *schedule = setup_schedule(c->setup, id);
  if (!schedule) return fail(err, ERR_NOT_FOUND, "there is no such schedule");
  return oncall_shifts_json(db, c->arena, c->app, c->setup, schedule, from, api_query_time(c, "to", from + 14 * DAY_MS),
                            &c->answer, err);
}

static bool on_call(Call *c, Db *db, Error *err) {
  bool range =
      value_is(value_get_c(&c->query, "from"), VALUE_STRING) || value_is(value_get_c(&c->query, "to"), VALUE_STRING);
  i64 now = clock_now(&c->app->clock), from = api_query_time(c, "from", now);
  OnCallAsk ask = {.org_id = c->org_id,
                   .at_ms = range ? from : api_query_time(c, "at", now),
                   .to_ms = range ? api_query_time(c, "to", from + 14 * DAY_MS) : 0,
                   .schedule_id = api_query_ref(c, "schedule_id"),
                   .user_id = api_query_ref(c, "user_id"),
                   .service_id = api_query_ref(c, "service_id"),
                   .policy_id = api_query_ref(c, "policy_id"),
                   .team_id = api_query_ref(c, "team_id")};
  if (range && value_is(value_get_c(&c->query, "at"), VALUE_STRING))
    return fail_at(err, ERR_INVALID, "/at", "ask at an instant, or over a range with from and to, not both");
  return oncall_who_json(db, c->arena, c->app, c->setup, &ask, &c->answer, err) &&
         api_only_seen(c, db, "schedule_id", err);
}

/* Preview --------------------------------------------------------------------------------------------------------- */

static Override read_override(Call *c, const Value *o) {
  i64 from = 0, to = 0;
  Str kind = value_text_or(value_get_c(o, "kind"), S("cover"));
  bool ok = time_parse_ms(value_text_or(value_get_c(o, "starts_at"), STR_NONE), &from) &&
            time_parse_ms(value_text_or(value_get_c(o, "ends_at"), STR_NONE), &to);
  return (Override){.user_id = resource_ref_id(c->app->registry, value_get_c(o, "user_id")),
                    .replaces_user_id = resource_ref_id(c->app->registry, value_get_c(o, "replaces_user_id")),
                    .starts_ms = ok ? from : 0,
                    .ends_ms = ok ? to : 0,
                    .kind = str_equal_c(kind, "add")      ? "add"
                            : str_equal_c(kind, "remove") ? "remove"
                                                          : "cover"};
}

static Block read_block(Call *c, const Value *b) {
  Block block = {.name = value_text_or(value_get_c(b, "name"), S("draft"))};
  if (!time_parse_ms(value_text_or(value_get_c(b, "starts_at"), STR_NONE), &block.starts_ms) ||
      !time_parse_ms(value_text_or(value_get_c(b, "ends_at"), STR_NONE), &block.ends_ms))
    return (Block){0};
  block.shifts = fixed_shifts_read(c->arena, value_get_c(b, "shifts"), &block.shift_count);
  return block;
}

/* The layers as they would be written: with the anchors that keep who is on call now. */
static bool draft_layers(Call *c, Db *db, i64 schedule_id, Value *out, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  Value row = value_null();
  bool found = false;
  if (schedule_id &&
      !resource_load(&ctx.rc, registry_find(c->app->registry, S("schedule")), schedule_id, &row, &found, err))
    return false;
  *out = schedule_next_layers(&ctx.rc, found ? &row : NULL, value_get_c(&c->body, "layers"));
  c->errors = ctx.rc.errors;
  return ctx.rc.errors.count == 0 || fail(err, ERR_INVALID, "the layers are not right yet");
}

static bool preview(Call *c, Db *db, Error *err) {
  i64 now = clock_now(&c->app->clock), id = resource_ref_id(c->app->registry, value_get_c(&c->body, "schedule_id"));
  const Value *overrides = value_get_c(&c->body, "overrides");
  OnCallPreview ask = {.schedule = setup_schedule(c->setup, id), .from_ms = now, .draft = {.zone = zone_utc()}};
  VEC(Override) list = {0};
  if (value_is(value_get_c(&c->body, "from"), VALUE_STRING) && !api_time(c, "from", &ask.from_ms, err)) return false;
  ask.to_ms = ask.from_ms + 56 * DAY_MS;
  if (value_is(value_get_c(&c->body, "to"), VALUE_STRING) && !api_time(c, "to", &ask.to_ms, err)) return false;
  if (!draft_layers(c, db, id, &ask.draft.layers, err) ||
      !zone_find(c->app->zones, api_text(c, "time_zone"), &ask.draft.zone, err))
    return false;
  ask.draft.from_ms = ask.schedule ? now : 0;
  ask.draft.skip_absent = value_bool_or(value_get_c(&c->body, "skip_absent"), false);
  for (size_t i = 0; value_is(overrides, VALUE_LIST) && i < overrides->size; i++)
    *VEC_PUSH(c->arena, &list) = read_override(c, value_at(overrides, i));
  const Value *drafts = value_get_c(&c->body, "blocks");
  VEC(Block) blocks = {0};
  for (size_t i = 0; value_is(drafts, VALUE_LIST) && i < drafts->size; i++)
    *VEC_PUSH(c->arena, &blocks) = read_block(c, value_at(drafts, i));
  ask.blocks = blocks.items;
  ask.block_count = blocks.count;
  ask.overrides = list.items;
  ask.override_count = list.count;
  if (!oncall_preview_json(db, c->arena, c->app, c->setup, &ask, &c->answer, err)) return false;
  ApiCtx ctx = api_ctx(c, db, NULL);
  resource_put(&ctx.rc, &c->answer, "warnings",
               oncall_warnings(c->arena, c->app->zones, &ask.draft.layers, ask.draft.zone, now));
  return true;
}

/* Versions -------------------------------------------------------------------------------------------------------- */

static bool versions(Call *c, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  i64 id = 0;
  return api_resolve(c, db, "schedule", 0, &id, err) && schedule_versions(&ctx.rc, id, &c->answer, err);
}

static bool restore(Call *c, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  i64 id = 0;
  if (!api_resolve(c, cycle->db, "schedule", 0, &id, err)) return false;
  bool ok = schedule_restore(&ctx.rc, id, value_int_or(value_get_c(&c->body, "version"), 0), &c->answer, err);
  c->errors = ctx.rc.errors;
  c->answer_version = value_int_or(value_get_c(&c->answer, "version"), 0);
  return ok;
}

static const Field VERSION_BODY[] = {{.name = "version",
                                      .kind = F_INT,
                                      .required = true,
                                      .min = 1,
                                      .max = INT32_MAX,
                                      .doc = "Which to go back to; it becomes a new version.",
                                      .example = "1"}};
static const Field VERSION_FIELDS[] = {
    {.name = "version", .kind = F_INT, .required = true, .doc = "The version of the schedule that began it."},
    {.name = "effective_from", .kind = F_TIME, .doc = "It holds from then on; null: from the start."},
    {.name = "effective_until", .kind = F_TIME, .doc = "Until then, exclusive; null: it is the present one."},
    {.name = "actor", .kind = F_ACTOR, .required = true, .doc = "Who wrote it."},
    {.name = "schedule", .kind = F_JSON, .required = true, .doc = "time_zone, layers and skip_absent as they were."}};
static const Field VERSION_ITEM = {.kind = F_OBJECT, FIELDS(VERSION_FIELDS), .doc = "One version."};
static const Field VERSIONS[] = {
    {.name = "items", .kind = F_LIST, .of = &VERSION_ITEM, .required = true, .doc = "Newest first."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Null: that is all."}};

/* What they take and answer --------------------------------------------------------------------------------------- */

static const Field SHIFTS_QUERY[] = {
    {.name = "from", .kind = F_TIME, .doc = "From then on; now when not given.", .example = "2026-03-01T00:00:00Z"},
    {.name = "to", .kind = F_TIME, .doc = "Until then, at most 400 days later; 14 days later when not given."}};
static const Field ON_CALL_QUERY[] = {
    {.name = "at", .kind = F_TIME, .doc = "At that instant; now when not given.", .example = "2026-03-01T08:00:00Z"},
    {.name = "from", .kind = F_TIME, .doc = "Instead: over a range, from then on.", .example = "2026-03-01T00:00:00Z"},
    {.name = "to", .kind = F_TIME, .doc = "Until then, at most 400 days later; 14 days later when not given."},
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .doc = "Only of this schedule."},
    {.name = "user_id", .kind = F_REF, .ref = "user", .doc = "Only where this person is on call."},
    {.name = "service_id", .kind = F_REF, .ref = "service", .doc = "Who would be paged for this service."},
    {.name = "policy_id", .kind = F_REF, .ref = "escalation_policy", .doc = "Who would be paged by this policy."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .doc = "Only the schedules of this team."}};

static const Field USER_ITEM = {.kind = F_REF, .ref = "user", .required = true, .doc = "A person."};
#define SPAN                                                                                                           \
  {.name = "starts_at", .kind = F_TIME, .required = true, .doc = "From then on."}, {                                   \
    .name = "ends_at", .kind = F_TIME, .required = true, .doc = "Until then, exclusive."                               \
  }
#define WHY                                                                                                            \
  {                                                                                                                    \
    .name = "why", .kind = F_TEXT, .required = true,                                                                   \
    .doc = "In a sentence; its times are those of the schedule's zone.",                                               \
    .example = "cover by Ana until 18:00, otherwise layer Week, turn 3"                                                \
  }
static const Field SHIFT_FIELDS[] = {
    SPAN,
    {.name = "user_ids", .kind = F_LIST, .of = &USER_ITEM, .required = true, .doc = "Who, sorted."},
    {.name = "source", .kind = F_TEXT, .required = true, .doc = "Which layer or override says so."},
    WHY};
static const Field SHIFT_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(SHIFT_FIELDS), .doc = "One shift."};
static const Field GAP_FIELDS[] = {SPAN, WHY};
static const Field GAP_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(GAP_FIELDS), .doc = "Nobody is on call."};
static const Field LAYER_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "Of the layer."},
    {.name = "shifts", .kind = F_LIST, .of = &SHIFT_ITEM, .required = true, .doc = "What it alone would give."}};
static const Field LAYER_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(LAYER_FIELDS), .doc = "One layer."};
static const Field OVERRIDE_FIELDS[] = {
    {.name = "id", .kind = F_REF, .ref = "schedule_override", .required = true, .doc = "Its id."},
    {.name = "user_id", .kind = F_REF, .ref = "user", .required = true, .doc = "Who."},
    {.name = "replaces_user_id", .kind = F_REF, .ref = "user", .doc = "In place of whom; null: of everyone."},
    {.name = "kind", .kind = F_TEXT, .required = true, .doc = "cover, add or remove."},
    SPAN};
static const Field OVERRIDE_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(OVERRIDE_FIELDS), .doc = "One override."};
static const Field BLOCK_FIELDS[] = {
    {.name = "id", .kind = F_REF, .ref = "schedule_block", .doc = "Its id; null: of the draft."},
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "Its name."},
    SPAN};
static const Field BLOCK_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(BLOCK_FIELDS), .doc = "One block."};
static const Field WARNING_ITEM = {.kind = F_TEXT, .required = true, .doc = "A sentence."};
static const Field SHIFTS[] = {
    {.name = "final", .kind = F_LIST, .of = &SHIFT_ITEM, .required = true, .doc = "What holds."},
    {.name = "layers", .kind = F_LIST, .of = &LAYER_ITEM, .required = true, .doc = "Each layer alone."},
    {.name = "overrides", .kind = F_LIST, .of = &OVERRIDE_ITEM, .required = true, .doc = "That touch the range."},
    {.name = "blocks", .kind = F_LIST, .of = &BLOCK_ITEM, .required = true, .doc = "Of fixed shifts, that touch it."},
    {.name = "warnings", .kind = F_LIST, .of = &WARNING_ITEM, .doc = "Of a preview: what is nearly always a slip."},
    {.name = "gaps", .kind = F_LIST, .of = &GAP_ITEM, .required = true, .doc = "Stretches with nobody."}};

static const Field PERSON_FIELDS[] = {{.name = "id", .kind = F_REF, .ref = "user", .required = true, .doc = "Id."},
                                      {.name = "name", .kind = F_TEXT, .doc = "Name."},
                                      {.name = "email", .kind = F_EMAIL, .doc = "E-mail."}};
static const Field PERSON_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(PERSON_FIELDS), .doc = "A person."};
static const Field RANGE_FIELDS[] = {
    SPAN,
    {.name = "users", .kind = F_LIST, .of = &PERSON_ITEM, .required = true, .doc = "Who; none: nobody."},
    {.name = "source", .kind = F_TEXT, .doc = "Which layer or override says so."},
    WHY};
static const Field RANGE_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(RANGE_FIELDS), .doc = "One shift, or a gap."};
static const Field WHO_FIELDS[] = {
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .doc = "Of which schedule; absent: named in the policy."},
    {.name = "schedule", .kind = F_TEXT, .doc = "Its name."},
    {.name = "level", .kind = F_INT, .doc = "Of the policy, when one was asked for."},
    {.name = "users", .kind = F_LIST, .of = &PERSON_ITEM, .doc = "Who, at the instant; none: nobody."},
    {.name = "shifts", .kind = F_LIST, .of = &RANGE_ITEM, .doc = "Over a range: who in turn; gaps have no users."},
    {.name = "source", .kind = F_TEXT, .doc = "Which layer or override says so."},
    {.name = "why", .kind = F_TEXT, .doc = "In a sentence; its times are those of the schedule's zone."},
    {.name = "until", .kind = F_TIME, .doc = "Until when; null: open end, nothing changes for 400 days or more."},
    {.name = "next", .kind = F_LIST, .of = &PERSON_ITEM, .nullable = true, .doc = "Who is next; null: nobody known."},
    {.name = "next_at", .kind = F_TIME, .doc = "From when."}};
static const Field WHO_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(WHO_FIELDS), .doc = "One source."};
static const Field ON_CALL[] = {
    {.name = "at", .kind = F_TIME, .doc = "The instant."},
    {.name = "from", .kind = F_TIME, .doc = "Or the range."},
    {.name = "to", .kind = F_TIME, .doc = "Its end."},
    {.name = "items", .kind = F_LIST, .of = &WHO_ITEM, .required = true, .doc = "One per schedule or target."}};

static const EnumValue OVERRIDE_KINDS[] = {{"cover"}, {"add"}, {"remove"}, {NULL}};
static const Field DRAFT_FIELDS[] = {
    {.name = "user_id", .kind = F_REF, .ref = "user", .required = true, .doc = "Who."},
    {.name = "replaces_user_id", .kind = F_REF, .ref = "user", .doc = "cover: only in place of this person."},
    {.name = "kind", .kind = F_ENUM, .values = OVERRIDE_KINDS, .def = "cover", .doc = "As of an override."},
    SPAN};
static const Field DRAFT_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(DRAFT_FIELDS), .doc = "An override."};
static const Field DRAFT_BLOCK_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .max = 120, .def = "draft", .doc = "Its name."},
    SPAN,
    {.name = "shifts",
     .kind = F_LIST,
     .of = &FIXED_SHIFT_ITEM,
     .required = true,
     .max = 500,
     .doc = "In place of all layers."}};
static const Field DRAFT_BLOCK_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(DRAFT_BLOCK_FIELDS), .doc = "A block of fixed shifts."};
static const Field PREVIEW_BODY[] = {
    {.name = "schedule_id",
     .kind = F_REF,
     .ref = "schedule",
     .doc = "Of this schedule: with its overrides and its past, the draft from now on. Null: a new one."},
    {.name = "time_zone", .kind = F_ZONE, .required = true, .doc = "Of the draft.", .example = "Europe/Berlin"},
    {.name = "layers",
     .kind = F_LIST,
     .of = &SCHEDULE_LAYER_ITEM,
     .required = true,
     .max = 20,
     .doc = "Of the draft.",
     .example = "[{\"name\": \"Week\", \"starts_at\": \"2026-01-05T09:00:00\", \"members\": [[\"ann@example.org\"]]}]"},
    {.name = "skip_absent", .kind = F_BOOL, .def = "false", .doc = "Of the draft."},
    {.name = "overrides", .kind = F_LIST, .of = &DRAFT_ITEM, .max = 200, .doc = "Beside those that it has."},
    {.name = "blocks", .kind = F_LIST, .of = &DRAFT_BLOCK_ITEM, .max = 50, .doc = "Beside those that it has."},
    {.name = "from", .kind = F_TIME, .doc = "From then on; now when not given."},
    {.name = "to", .kind = F_TIME, .doc = "Until then, at most 400 days later; 8 weeks later when not given."}};

const Route ONCALL_ROUTES[] = {
    {HTTP_POST, "schedules/preview", "schedules:read", .read = preview, BODY(PREVIEW_BODY), ANSWER(SHIFTS),
     .doc = "What a schedule would give before it is saved: as shifts, by the same function."},
    {HTTP_GET, "schedules/{id}/shifts", "schedules:read", .read = shifts, QUERY(SHIFTS_QUERY), ANSWER(SHIFTS),
     .doc = "Who, from when, until when: final, layers, overrides, gaps."},
    {HTTP_GET, "schedules/{id}/versions", "schedules:read", .read = versions, WHOLE_LIST, ANSWER(VERSIONS),
     .doc = "What decided who is on call, and in which time; the newest 1,000."},
    {HTTP_POST, "schedules/{id}/restore", "schedules:write", .write = restore, BODY(VERSION_BODY),
     .answers = "schedule", .doc = "Makes its plan what it was, from now on; that becomes a new version."},
    {HTTP_GET, "on-call", "schedules:read", .read = on_call, QUERY(ON_CALL_QUERY), ANSWER(ON_CALL),
     .doc = "Who is on call at an instant, from which source, until when, who is next; or over a range."},
    {.path = NULL},
};
