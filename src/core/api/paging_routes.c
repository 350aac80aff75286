/* Verbs of pages, and paging by hand. */
#include "core/alerts/alerts.h"
#include "core/api/api.h"
#include "core/paging/internal.h"
#include "core/resources.h"

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

enum { HAND_TARGETS_MAX = 20 };

/* Targets of a page by hand become a policy of its own, kept in the page's snapshot only. */
static size_t hand_targets(const Call *c, SetupTarget *out) {
  const Value *list = value_get_c(&c->body, "targets");
  for (size_t i = 0; i < list->size; i++) {
    Str kind = value_text_or(value_get_c(value_at(list, i), "kind"), STR_NONE);
    out[i].kind = str_equal_c(kind, "user")       ? TARGET_USER
                  : str_equal_c(kind, "schedule") ? TARGET_SCHEDULE
                                                  : TARGET_TEAM;
    out[i].id = resource_ref_id(c->app->registry, value_get_c(value_at(list, i), "id"));
  }
  return list->size;
}

static bool page_by_hand(Call *c, Cycle *cycle, Error *err) {
  SetupTarget targets[HAND_TARGETS_MAX] = {0};
  i64 alert_id = 0;
  Str message = api_text(c, "message"), urgency = api_text(c, "urgency");
  size_t count = hand_targets(c, targets);
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

static const Field USER_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "user", .required = true, .doc = "The person."}};
static const Field SCHEDULE_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "schedule", .required = true, .doc = "Whoever is on call there."}};
static const Field TEAM_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "team", .required = true, .doc = "Everybody in the team."}};
static const Field TARGETS[] = {
    {.name = "user", .kind = F_OBJECT, FIELDS(USER_TARGET), .doc = "A person."},
    {.name = "schedule", .kind = F_OBJECT, FIELDS(SCHEDULE_TARGET), .doc = "Who is on call."},
    {.name = "team", .kind = F_OBJECT, FIELDS(TEAM_TARGET), .doc = "A whole team."}};
static const Field TARGET_ITEM = {
    .kind = F_UNION, .tag = "kind", .required = true, FIELDS(TARGETS), .doc = "Whom to page."};
static const Field BY_HAND[] = {
    {.name = "targets",
     .kind = F_LIST,
     .of = &TARGET_ITEM,
     .required = true,
     .min = 1,
     .max = HAND_TARGETS_MAX,
     .doc = "Whom.",
     .example = "[{\"kind\": \"user\", \"id\": \"ann@example.org\"}]"},
    {.name = "message", .kind = F_TEXT, .required = true, .max = 1024, .doc = "What it is about."},
    {.name = "urgency", .kind = F_ENUM, .values = URGENCIES, .def = "high", .doc = "Which of people's rules it uses."}};

const Route PAGING_ROUTES[] = {
    {HTTP_POST, "pages", "pages:write", .write = page_by_hand, BODY(BY_HAND), .answers = "page", .creates = true,
     .doc = "Pages people by hand; opens an alert of source manual."},
    {HTTP_POST, "pages/{id}/acknowledge", "pages:write", .write = page_ack, .answers = "page",
     .doc = "Acknowledges what the page is about."},
    {HTTP_POST, "pages/{id}/escalate", "pages:write", .write = page_next, .answers = "page", .doc = "Next level now."},
    {.path = NULL},
};
