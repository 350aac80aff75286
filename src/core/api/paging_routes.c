/* Verbs of pages, and paging by hand. */
#include "core/alerts/alerts.h"
#include "core/api/api.h"
#include "core/oncall/policy_check.h"
#include "core/paging/internal.h"
#include "core/resources.h"

static bool page_ack(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  Str first = STR_NONE;
  return api_resolve(c, cycle->db, "page", 0, &id, err) && page_acknowledge(cycle, id, &c->who, &first, err) &&
         api_answer_with(c, cycle->db, "page", id, err);
}

static bool page_hold_on(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return api_resolve(c, cycle->db, "page", 0, &id, err) && page_extend(cycle, id, &c->who, err) &&
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
  i64 service_id; /* the first that was named: the alert's */
} ByHand;

/* A service: whom its default chain names; the organization's owners when that is nobody. */
static void add_service(const Call *c, i64 id, ByHand *out) {
  const SetupService *service = setup_service(c->setup, id);
  const SetupTeam *team = setup_team(c->setup, service ? service->team_id : 0);
  const SetupOrg *org = setup_org(c->setup, c->org_id);
  const i64 chain[] = {service ? service->policy_id : 0, team ? team->policy_id : 0, org ? org->policy_id : 0};
  if (service) out->service_id = id;
  for (size_t i = 0; i < COUNT(chain); i++)
    if (setup_policy(c->setup, chain[i])) {
      out->policies[out->policy_count++] = chain[i];
      return;
    }
  for (size_t i = 0; org && i < org->owner_count && out->target_count < HAND_TARGETS_MAX; i++)
    out->targets[out->target_count++] = (SetupTarget){TARGET_USER, org->owner_ids[i]};
}

static void sort_targets(const Call *c, ByHand *out) {
  static const struct {
    const char *kind;
    TargetKind target;
  } KINDS[] = {{"user", TARGET_USER}, {"schedule", TARGET_SCHEDULE}, {"team", TARGET_TEAM}};
  const Value *list = value_get_c(&c->body, "targets");
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    Str kind = value_text_or(value_get_c(value_at(list, i), "kind"), STR_NONE);
    i64 id = resource_ref_id(c->app->registry, value_get_c(value_at(list, i), "id"));
    if (str_equal_c(kind, "policy")) out->policies[out->policy_count++] = id;
    if (str_equal_c(kind, "service")) add_service(c, id, out);
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

/* Of the alert that a page by hand opens. */
enum { HIGH_PRIORITY = 1, LOW_PRIORITY = 3 };

static bool page_by_hand(Call *c, Cycle *cycle, Error *err) {
  ByHand whom = {0};
  i64 alert_id = 0, page_id = 0;
  Str message = api_text(c, "message"), urgency = api_text(c, "urgency");
  Str key = str_format(c->arena, "manual/%lld", (long long)id_next(cycle->ids));
  bool low = str_equal_c(urgency, "low");
  AlertOwn own = {.org_id = c->org_id,
                  .dedup_key = key,
                  .title = message,
                  .priority = low ? LOW_PRIORITY : HIGH_PRIORITY,
                  .no_page = true};
  sort_targets(c, &whom);
  const SetupService *service = setup_service(c->setup, whom.service_id);
  if (service) own.service = service->name;
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
static const Field SERVICE_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "service", .required = true, .doc = "Its policy, or that of its team."}};
static const Field POLICY_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "escalation_policy", .required = true, .doc = "Level by level, as it says."}};
static const Field TARGETS[] = {
    {.name = "user", .kind = F_OBJECT, FIELDS(USER_TARGET), .doc = "A person."},
    {.name = "schedule", .kind = F_OBJECT, FIELDS(SCHEDULE_TARGET), .doc = "Who is on call."},
    {.name = "team", .kind = F_OBJECT, FIELDS(TEAM_TARGET), .doc = "A whole team."},
    {.name = "service", .kind = F_OBJECT, FIELDS(SERVICE_TARGET), .doc = "Whoever answers for a service."},
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

static const Field PREVIEW[] = {
    {.name = "targets",
     .kind = F_LIST,
     .of = &TARGET_ITEM,
     .min = 1,
     .max = HAND_TARGETS_MAX,
     .doc = "Whom; this or policy.",
     .example = "[{\"kind\": \"policy\", \"id\": \"payments\"}]"},
    {.name = "urgency",
     .kind = F_ENUM,
     .values = URGENCIES,
     .doc = "Which of people's rules it uses; null: what the policy says of the priority."},
    {.name = "priority",
     .kind = F_PRIORITY,
     .doc = "Of the alert, for the conditions of levels; null: that of a page by hand, p1, with low urgency p3.",
     .example = "p1"},
    {.name = "labels", .kind = F_LABELS, .doc = "Of the alert, for the conditions of levels."},
    {.name = "at", .kind = F_TIME, .doc = "When it would begin; now when not given."},
    {.name = "message", .kind = F_TEXT, .max = 1024, .doc = "As in a page by hand; changes nothing here."},
    {.name = "policy",
     .kind = F_OBJECT,
     .fields = POLICY_FIELDS,
     .field_count = POLICY_FIELD_COUNT,
     .doc = "A policy that is not saved yet, as POST /escalation-policies takes it."}};
static const Field MESSAGE_FIELDS[] = {
    {.name = "at", .kind = F_TIME, .required = true, .doc = "When it would be sent."},
    {.name = "after_s", .kind = F_INT, .required = true, .doc = "So long after the beginning."},
    {.name = "kind", .kind = F_TEXT, .required = true, .doc = "The channel."},
    {.name = "label", .kind = F_TEXT, .doc = "What the person calls it."},
    {.name = "error", .kind = F_TEXT, .doc = "Why it would fail at once; null: it would be sent."}};
static const Field MESSAGE_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(MESSAGE_FIELDS), .doc = "One message."};
static const Field TOLD_FIELDS[] = {
    {.name = "user_id", .kind = F_REF, .ref = "user", .required = true, .doc = "Who."},
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "Their name."},
    {.name = "reachable", .kind = F_BOOL, .required = true, .doc = "One of their methods can be used."},
    {.name = "messages", .kind = F_LIST, .of = &MESSAGE_ITEM, .required = true, .doc = "As long as nobody answers."}};
static const Field TOLD_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(TOLD_FIELDS), .doc = "One person."};
static const EnumValue WHATS[] = {{"paged", 0, "These people are told."},
                                  {"skipped", 0, "Its condition does not hold."},
                                  {"held", 0, "It waits for its condition."},
                                  {"nobody", 0, "Nobody is on call."},
                                  {"unreachable", 0, "None of them has a method that works."},
                                  {"exhausted", 0, "Nobody answered: these are told, loudly."},
                                  {NULL}};
static const Field LADDER_STEP_FIELDS[] = {
    {.name = "at", .kind = F_TIME, .required = true, .doc = "When."},
    {.name = "after_s", .kind = F_INT, .required = true, .doc = "So long after the beginning."},
    {.name = "level", .kind = F_INT, .required = true, .doc = "0: after the last."},
    {.name = "round", .kind = F_INT, .required = true, .doc = "0 is the first pass."},
    {.name = "what", .kind = F_ENUM, .values = WHATS, .required = true, .doc = "What happens."},
    {.name = "reason", .kind = F_TEXT, .doc = "Why it is skipped or held."},
    {.name = "people", .kind = F_LIST, .of = &TOLD_ITEM, .required = true, .doc = "Who is told."}};
static const Field LADDER_STEP_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(LADDER_STEP_FIELDS), .doc = "One run of one level."};
static const Field LADDER_FIELDS[] = {
    {.name = "policy_id", .kind = F_REF, .ref = "escalation_policy", .doc = "Null: the people named, as one level."},
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "Of the policy."},
    {.name = "urgency", .kind = F_TEXT, .required = true, .doc = "high or low."},
    {.name = "steps",
     .kind = F_LIST,
     .of = &LADDER_STEP_ITEM,
     .required = true,
     .doc = "In order of time; at most 200."}};
static const Field LADDER_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(LADDER_FIELDS), .doc = "One policy."};
static const Field PREVIEW_ANSWER[] = {
    {.name = "at", .kind = F_TIME, .required = true, .doc = "When it would begin."},
    {.name = "ladders", .kind = F_LIST, .of = &LADDER_ITEM, .required = true, .doc = "They run side by side."}};

static bool is_low(const Call *c, const SetupPolicy *policy, i64 priority) {
  Str urgency = api_text(c, "urgency");
  if (urgency.len) return str_equal_c(urgency, "low");
  if (policy && !str_equal_c(policy->urgency, "by_priority")) return str_equal_c(policy->urgency, "low");
  return priority >= 3;
}

static i64 priority_of(const Call *c) {
  Str text = api_text(c, "priority");
  if (text.len == 0) return str_equal_c(api_text(c, "urgency"), "low") ? LOW_PRIORITY : HIGH_PRIORITY;
  return text.len == 2 && text.ptr[0] == 'p' ? text.ptr[1] - '0' : 0;
}

static bool push_ladder(Call *c, Db *db, PagePreview *ask, ValueVec *out, Error *err) {
  Value ladder = value_null();
  const SetupPolicy *policy = ask->draft ? ask->draft : setup_policy(c->setup, ask->policy_id);
  ask->low = is_low(c, policy, ask->priority);
  ask->team_id = policy ? policy->team_id : 0;
  if (!page_preview(c->app, db, c->arena, c->setup, ask, &ladder, err)) return false;
  *VEC_PUSH(c->arena, out) = ladder;
  return true;
}

/* By the rule that a write would be held to; its sentences point into the draft. */
static bool check_draft(Call *c, Db *db, const Value *draft, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  policy_check(&ctx.rc, NULL, draft);
  c->errors = ctx.rc.errors;
  for (size_t i = 0; i < c->errors.count; i++)
    c->errors.items[i].pointer = str_format(c->arena, "/policy%.*s", STR_ARG(c->errors.items[i].pointer));
  return ctx.rc.errors.count == 0 || fail(err, ERR_INVALID, "the policy is not right yet");
}

static bool preview(Call *c, Db *db, Error *err) {
  ByHand whom = {0};
  ValueVec ladders = {0};
  const Value *labels = value_get_c(&c->body, "labels");
  PagePreview ask = {.org_id = c->org_id,
                     .priority = priority_of(c),
                     .at_ms = clock_now(&c->app->clock),
                     .labels = labels ? *labels : value_null()};
  const Value *draft = value_get_c(&c->body, "policy"), *targets = value_get_c(&c->body, "targets");
  SetupPolicy policy = {0};
  if (api_text(c, "at").len && !api_time(c, "at", &ask.at_ms, err)) return false;
  if (value_is(draft, VALUE_MAP)) {
    if (!check_draft(c, db, draft, err)) return false;
    policy = setup_draft_policy(c->arena, c->org_id, draft);
    ask.draft = &policy;
    if (!push_ladder(c, db, &ask, &ladders, err)) return false;
    ask.draft = NULL;
  } else if (!value_is(targets, VALUE_LIST) || targets->size == 0)
    return fail_at(
        err, ERR_INVALID, "/targets",
        "say whom: targets, such as [{\"kind\": \"user\", \"id\": \"ann@example.org\"}], or policy, a draft");
  sort_targets(c, &whom);
  ask.targets = whom.targets;
  ask.target_count = whom.target_count;
  if (whom.target_count && !push_ladder(c, db, &ask, &ladders, err)) return false;
  ask.target_count = 0;
  for (size_t i = 0; i < whom.policy_count; i++) {
    ask.policy_id = whom.policies[i];
    if (!push_ladder(c, db, &ask, &ladders, err)) return false;
  }
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "at", value_string(time_text_ms(c->arena, ask.at_ms)));
  map_put_c(&map, "ladders", list_done(&ladders));
  c->answer = map_done(&map);
  return true;
}

const Route PAGING_ROUTES[] = {
    {HTTP_POST, "pages", "pages:write", .write = page_by_hand, BODY(BY_HAND), .answers = "page", .creates = true,
     .doc = "Pages people by hand; opens an alert of source manual."},
    {HTTP_POST, "pages/{id}/acknowledge", "pages:write", .write = page_ack, .answers = "page",
     .doc = "Acknowledges what the page is about."},
    {HTTP_POST, "pages/preview", "pages:read", .read = preview, BODY(PREVIEW), ANSWER(PREVIEW_ANSWER),
     .doc = "Who would be told when, by what: the whole ladder on paper, nothing is sent."},
    {HTTP_POST, "pages/{id}/extend", "pages:write", .write = page_hold_on, .answers = "page",
     .doc = "The acknowledgement that runs out begins anew."},
    {HTTP_POST, "pages/{id}/escalate", "pages:write", .write = page_next, .answers = "page", .doc = "Next level now."},
    {.path = NULL},
};
