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

/* Whom a page by hand is for: people, schedules and teams together are one page, with a policy of its own that stands
 * in the page's snapshot only; each policy named is a page that runs as the policy says. */
typedef struct ByHand {
  SetupTarget targets[HAND_TARGETS_MAX];
  size_t target_count;
  i64 policies[HAND_TARGETS_MAX];
  size_t policy_count;
} ByHand;

static void sort_targets(const Call *c, ByHand *out) {
  static const struct {
    const char *kind;
    TargetKind target;
  } KINDS[] = {{"user", TARGET_USER}, {"schedule", TARGET_SCHEDULE}, {"team", TARGET_TEAM}};
  const Value *list = value_get_c(&c->body, "targets");
  for (size_t i = 0; i < list->size; i++) {
    Str kind = value_text_or(value_get_c(value_at(list, i), "kind"), STR_NONE);
    i64 id = resource_ref_id(c->app->registry, value_get_c(value_at(list, i), "id"));
    if (str_equal_c(kind, "policy")) out->policies[out->policy_count++] = id;
    for (size_t k = 0; k < COUNT(KINDS); k++)
      if (str_equal_c(kind, KINDS[k].kind)) out->targets[out->target_count++] = (SetupTarget){KINDS[k].target, id};
  }
}

/* The first page is the answer; all are about one alert, so that one answer ends them. */
static bool start_pages(Cycle *cycle, const ByHand *whom, PageStart start, i64 *out_page, Error *err) {
  PageOutcome outcome = {0};
  if (whom->target_count) {
    start.targets = whom->targets;
    start.target_count = whom->target_count;
    if (!page_start(cycle, &start, &outcome, err)) return false;
  }
  *out_page = outcome.page_id;
  for (size_t i = 0; i < whom->policy_count; i++) {
    start.policy_id = whom->policies[i];
    start.targets = NULL;
    start.target_count = 0;
    if (!page_start(cycle, &start, &outcome, err)) return false;
    if (!*out_page) *out_page = outcome.page_id;
  }
  return true;
}

static bool page_by_hand(Call *c, Cycle *cycle, Error *err) {
  ByHand whom = {0};
  i64 alert_id = 0, page_id = 0;
  Str message = api_text(c, "message"), urgency = api_text(c, "urgency");
  Str key = str_format(c->arena, "manual/%lld", (long long)id_next(cycle->ids));
  bool low = str_equal_c(urgency, "low");
  AlertOwn own = {.org_id = c->org_id, .dedup_key = key, .title = message, .priority = low ? 3 : 1, .no_page = true};
  sort_targets(c, &whom);
  if (!alert_own(cycle, &own, &alert_id, err)) return false;
  PageStart start = {.org_id = c->org_id,
                     .subject_kind = "alert",
                     .subject_id = alert_id,
                     .alert_id = alert_id,
                     .episode = 1,
                     .start = 1,
                     .by_hand = true,
                     .urgent = !low,
                     .service_urgency = low ? S("low") : S("high"), /* the person's word, over a policy's */
                     .severity = -1,
                     .title = message,
                     .why = str_format(c->arena, "by hand, %.*s", STR_ARG(c->who.name))};
  if (!start_pages(cycle, &whom, start, &page_id, err)) return false;
  c->status = 201;
  return api_answer_with(c, cycle->db, "page", page_id, err);
}

static const Field USER_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "user", .required = true, .doc = "The person."}};
static const Field SCHEDULE_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "schedule", .required = true, .doc = "Whoever is on call there."}};
static const Field TEAM_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "team", .required = true, .doc = "Everybody in the team."}};
static const Field POLICY_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "escalation_policy", .required = true, .doc = "Level by level, as it says."}};
static const Field TARGETS[] = {
    {.name = "user", .kind = F_OBJECT, FIELDS(USER_TARGET), .doc = "A person."},
    {.name = "schedule", .kind = F_OBJECT, FIELDS(SCHEDULE_TARGET), .doc = "Who is on call."},
    {.name = "team", .kind = F_OBJECT, FIELDS(TEAM_TARGET), .doc = "A whole team."},
    {.name = "policy", .kind = F_OBJECT, FIELDS(POLICY_TARGET), .doc = "An escalation policy."}};
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
