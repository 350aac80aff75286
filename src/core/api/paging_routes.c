/* Verbs of pages, and paging by hand. */
#include "core/alerts/alerts.h"
#include "core/api/api.h"
#include "core/paging/internal.h"

static bool page_ack(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  Str first = STR_NONE;
  return api_resolve(c, cycle->db, "page", 0, &id, err) && page_acknowledge(cycle, id, &c->who, &first, err) &&
         api_answer_with(c, cycle->db, "page", id, err);
}

static bool page_next(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return api_resolve(c, cycle->db, "page", 0, &id, err) && page_escalate(cycle, id, &c->who, err) &&
         api_answer_with(c, cycle->db, "page", id, err);
}

/* Targets of a page by hand become a policy of its own, kept in the page's snapshot only. */
static bool hand_targets(Call *c, Cycle *cycle, SetupTarget *out, size_t *count, Error *err) {
  static const struct {
    const char *kind, *resource;
    TargetKind target;
  } KINDS[] = {{"user", "user", TARGET_USER}, {"schedule", "schedule", TARGET_SCHEDULE}, {"team", "team", TARGET_TEAM}};
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  const Value *list = value_get_c(&c->body, "targets");
  if (!value_is(list, VALUE_LIST) || list->size == 0 || list->size > 20)
    return fail_at(err, ERR_INVALID, "/targets",
                   "say whom to page: 1 to 20 targets such as {\"kind\": \"user\", \"id\": \"ann@example.org\"}");
  for (size_t i = 0; i < list->size; i++) {
    Str kind = value_text_or(value_get_c(value_at(list, i), "kind"), STR_NONE),
        id = value_text_or(value_get_c(value_at(list, i), "id"), STR_NONE);
    size_t k = 0;
    while (k < COUNT(KINDS) && !str_equal_c(kind, KINDS[k].kind)) k++;
    if (k == COUNT(KINDS))
      return fail_at(err, ERR_INVALID, "/targets", "\"%.*s\" is no kind of target; use user, schedule or team",
                     STR_ARG(kind));
    out[*count].kind = KINDS[k].target;
    if (!resource_resolve(&ctx.rc, registry_find(c->app->registry, str_from_c(KINDS[k].resource)), id, &out[*count].id,
                          err))
      return false;
    (*count)++;
  }
  return true;
}

static bool page_by_hand(Call *c, Cycle *cycle, Error *err) {
  SetupTarget targets[20];
  size_t count = 0;
  i64 alert_id = 0;
  Str message = api_text(c, "message"), urgency = api_text(c, "urgency");
  if (str_is_blank(message)) return fail_at(err, ERR_INVALID, "/message", "say what it is about: message");
  if (urgency.len && !str_equal_c(urgency, "high") && !str_equal_c(urgency, "low"))
    return fail_at(err, ERR_INVALID, "/urgency", "urgency is high or low, not \"%.*s\"", STR_ARG(urgency));
  if (!hand_targets(c, cycle, targets, &count, err)) return false;
  Str key = str_format(c->arena, "manual/%lld", (long long)id_next(cycle->ids));
  AlertOwn own = {.org_id = c->org_id,
                  .dedup_key = key,
                  .title = message,
                  .priority = str_equal_c(urgency, "low") ? 3 : 1,
                  .no_page = true};
  PageOutcome outcome = {0};
  if (!alert_own(cycle, &own, &alert_id, err)) return false;
  PageStart start = {.org_id = c->org_id,
                     .subject_kind = "alert",
                     .subject_id = alert_id,
                     .alert_id = alert_id,
                     .episode = 1,
                     .start = 1,
                     .urgent = !str_equal_c(urgency, "low"),
                     .severity = -1,
                     .title = message,
                     .targets = targets,
                     .target_count = count,
                     .why = str_format(c->arena, "by hand, %.*s", STR_ARG(c->who.name))};
  if (!page_start(cycle, &start, &outcome, err)) return false;
  c->status = 201;
  return api_answer_with(c, cycle->db, "page", outcome.page_id, err);
}

const Route PAGING_ROUTES[] = {
    {HTTP_POST, "pages", "pages:write", .write = page_by_hand,
     .doc = "Pages people by hand; opens an alert of source manual."},
    {HTTP_POST, "pages/{id}/acknowledge", "pages:write", .write = page_ack,
     .doc = "Acknowledges what the page is about."},
    {HTTP_POST, "pages/{id}/escalate", "pages:write", .write = page_next, .doc = "Next level now."},
    {.path = NULL},
};
