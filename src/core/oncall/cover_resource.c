/* Cover requests: what they are, and what is refused. */
#include "core/oncall/cover.h"
#include "core/resources.h"

static const EnumValue STATUSES[] = {{"open", 0, "Somebody may take it."},
                                     {"taken", 0, "Somebody did; the overrides say so."},
                                     {"cancelled", 0, "It is not wanted any more, or was declined."},
                                     {"expired", 0, "Its time went by; nobody took it."},
                                     {NULL}};
static const Field ID_ITEM = {.kind = F_TEXT, .required = true, .doc = "An override."};
static const Field RETURN_FIELDS[] = {
    {.name = "starts_at", .kind = F_TIME, .required = true, .doc = "From then on.", .example = "2030-03-08T08:00:00Z"},
    {.name = "ends_at",
     .kind = F_TIME,
     .required = true,
     .doc = "Until then, exclusive.",
     .example = "2030-03-09T08:00:00Z"}};

static const Field COVER_FIELDS[] = {
    {.name = "schedule_id",
     .kind = F_REF,
     .ref = "schedule",
     .required = true,
     .immutable = true,
     .owner = true,
     .filter = "cover_request_schedule",
     .doc = "Of which schedule."},
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .required = true,
     .filled = true,
     .immutable = true,
     .owner = true,
     .filter = FILTER_SCAN,
     .doc = "Who asks; not given: the caller."},
    {.name = "starts_at",
     .kind = F_TIME,
     .required = true,
     .immutable = true,
     .doc = "From then on.",
     .example = "2030-03-01T08:00:00Z"},
    {.name = "ends_at",
     .kind = F_TIME,
     .required = true,
     .immutable = true,
     .doc = "Until then, exclusive.",
     .example = "2030-03-02T08:00:00Z"},
    {.name = "asked_user_id",
     .kind = F_REF,
     .ref = "user",
     .immutable = true,
     .owner = true,
     .filter = FILTER_SCAN,
     .doc = "Only this person may take it; null: anybody."},
    {.name = "in_return",
     .kind = F_OBJECT,
     .immutable = true,
     FIELDS(RETURN_FIELDS),
     .doc = "A swap: in this time who asks stands in for asked_user_id. Both are covered, or none."},
    {.name = "message",
     .kind = F_TEXT,
     .def = "",
     .max = 500,
     .immutable = true,
     .doc = "Why, for those who are asked."},
    {.name = "status",
     .kind = F_ENUM,
     .values = STATUSES,
     .read_only = true,
     .def = "open",
     .filter = "cover_request_status",
     .doc = "Moved by the verbs and by the clock."},
    {.name = "taken_by", .kind = F_ACTOR, .read_only = true, .doc = "Who stands in."},
    {.name = "taken_at", .kind = F_TIME, .read_only = true, .doc = "When they took it."},
    {.name = "override_ids",
     .kind = F_LIST,
     .of = &ID_ITEM,
     .read_only = true,
     .def = "[]",
     .max = 2,
     .doc = "What taking it wrote: one, of a swap two."},
    {.name = "absence_id",
     .kind = F_TEXT,
     .read_only = true,
     .filter = "cover_request_absence",
     .doc = "The absence that opened it; null: somebody by hand."},
};

static bool cover_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  const Value *given = value_get_c(draft, "user_id");
  (void)err;
  if (old || (given && given->kind != VALUE_NULL)) return true;
  if (ctx->actor.kind && str_equal_c(S("user"), ctx->actor.kind))
    resource_put(ctx, draft, "user_id", value_string(ctx->actor.id));
  return true;
}

static bool cover_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  return old || cover_check(ctx, fresh, err);
}

static bool cover_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  return old || !hooks->cover_opened || hooks->cover_opened(ctx, fresh, err);
}

const Resource COVER_REQUEST = {
    .name = "cover_request",
    .plural = "cover-requests",
    .prefix = "cvr",
    .table = "cover_request",
    .doc = "Somebody asks for another person in their place for a while, or for a swap.",
    FIELDS(COVER_FIELDS),
    .verbs = VERB_CREATE | VERB_READ | VERB_LIST,
    .default_sort = "-id",
    .team_sql = "EXISTS (SELECT 1 FROM schedule AS s WHERE s.id = schedule_id AND (s.team_id IS NULL OR s.team_id IN "
                "({teams}))) OR user_id = {user} OR asked_user_id = {user}",
    .prepare = cover_prepare,
    .before_write = cover_before_write,
    .after_write = cover_after_write,
};
