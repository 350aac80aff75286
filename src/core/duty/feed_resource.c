/* Calendar feeds: the address is shown once, at creation, and only the SHA-256 of its secret is stored. Deleting one
 * revokes it. */
#include "core/resources.h"

enum { SECRET_CHARS = 40, HINT_CHARS = 6, ALARM_MINUTES_MAX = 7 * 24 * 60 };

static const Field FEED_FIELDS[] = {
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .required = true,
     .filled = true,
     .immutable = true,
     .owner = true,
     .filter = "calendar_feed_user",
     .doc = "Whose it is; you when not given. It ends when they leave."},
    {.name = "schedule_id",
     .kind = F_REF,
     .ref = "schedule",
     .immutable = true,
     .owner = true,
     .filter = FILTER_SCAN,
     .doc = "Everybody's shifts of this schedule; null: the person's own of all schedules."},
    {.name = "alarm_minutes",
     .kind = F_INT,
     .min = 0,
     .max = ALARM_MINUTES_MAX,
     .doc = "Each shift has a reminder so long before it; null: none.",
     .example = "60"},
    {.name = "hash", .kind = F_TEXT, .hidden = true, .doc = "SHA-256 of the secret, in hex."},
    {.name = "hint", .kind = F_TEXT, .read_only = true, .doc = "The secret's first characters, to recognise it by."},
    {.name = "url",
     .kind = F_TEXT,
     .computed = true,
     .read_only = true,
     .doc = "The address to subscribe to: only in the answer to its creation. Whoever has it reads the calendar."},
};

static bool feed_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  const Value *user = value_get_c(draft, "user_id");
  (void)err;
  if (old) return true;
  Str secret = random_token(ctx->arena, SECRET_CHARS);
  MapBuilder once = map_builder(ctx->arena);
  map_put_c(&once, "url",
            value_string(str_format(ctx->arena, "%s/calendar/%.*s.ics", ctx->public_url ? ctx->public_url : "",
                                    STR_ARG(secret))));
  ctx->once = map_done(&once);
  if ((!user || user->kind == VALUE_NULL) && str_equal_c(str_from_c(ctx->actor.kind), "user"))
    resource_put(ctx, draft, "user_id", value_string(ctx->actor.id));
  resource_put(ctx, draft, "hash", value_string(sha256_hex(ctx->arena, secret)));
  resource_put(ctx, draft, "hint", value_string(str_slice(secret, 0, HINT_CHARS)));
  return true;
}

const Resource CALENDAR_FEED = {
    .name = "calendar_feed",
    .plural = "calendar-feeds",
    .prefix = "cal",
    .table = "calendar_feed",
    .doc = "Shifts as a calendar that programs subscribe to by a secret address.",
    FIELDS(FEED_FIELDS),
    .verbs = VERBS_ALL,
    .owner_column = "user_id",
    .prepare = feed_prepare,
};
