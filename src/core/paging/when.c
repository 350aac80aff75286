/* A level's condition: priorities, windows on the wall clock, labels, rounds. Looked at when the level is due, by the
 * ladder and by its preview alike. */
#include "core/oncall/oncall.h"
#include "core/paging/internal.h"
#include "lang/cel/regex.h"
#include "lang/json.h"

enum { HELD_LOOK_S = 60 };

static const DbStmt FACTS_OF_ALERT = {"when_alert", "SELECT priority, labels FROM alert WHERE id = $1", NULL};
static const DbStmt FACTS_OF_INCIDENT = {"when_incident",
                                         "SELECT priority, labels FROM alert WHERE incident_id = $1 ORDER BY CASE WHEN "
                                         "priority > 0 THEN priority ELSE 9 END, "
                                         "id LIMIT 1",
                                         NULL};

typedef struct ReadingFacts {
  Arena *arena;
  WhenFacts *out;
} ReadingFacts;

static bool read_facts(const DbRow *row, void *ctx) {
  ReadingFacts *r = ctx;
  Error ignored = {0};
  Str labels = db_row_text(row, 1, r->arena);
  r->out->priority = db_row_int(row, 0);
  if (!labels.len || !json_parse(r->arena, labels, NULL, &r->out->labels, &ignored)) r->out->labels = value_null();
  return true;
}

/* Of an incident: its most urgent alert. */
bool when_facts(const Finding *f, i64 alert_id, i64 incident_id, WhenFacts *out, Error *err) {
  ReadingFacts reading = {.arena = f->arena, .out = out};
  bool found = false;
  *out = (WhenFacts){.labels = value_null()};
  if (alert_id)
    return db_query_one(f->db, &FACTS_OF_ALERT, DB_ARGS(db_int(alert_id)), read_facts, &reading, &found, err);
  return !incident_id ||
         db_query_one(f->db, &FACTS_OF_INCIDENT, DB_ARGS(db_int(incident_id)), read_facts, &reading, &found, err);
}

/* A page that speaks for many: each of them, the most urgent first. */
static const DbStmt FACTS_OF_MEMBERS = {
    "when_members",
    "SELECT a.priority, a.labels, a.id FROM page p JOIN alert a ON a.id = p.alert_id WHERE p.storm_page_id = $1 AND "
    "p.status = 'active' UNION ALL SELECT a.priority, a.labels, a.id FROM page p JOIN alert a ON a.incident_id = "
    "p.incident_id WHERE p.storm_page_id = $1 AND p.status = 'active' AND p.alert_id IS NULL ORDER BY 1, 3 LIMIT 1000",
    NULL};

typedef struct ReadingMembers {
  Arena *arena;
  VEC(WhenFacts) items;
} ReadingMembers;

static bool read_member(const DbRow *row, void *ctx) {
  ReadingMembers *r = ctx;
  ReadingFacts one = {.arena = r->arena, .out = VEC_PUSH(r->arena, &r->items)};
  *one.out = (WhenFacts){.labels = value_null()};
  return read_facts(row, &one);
}

static bool is_priority(const Value *list, i64 priority) {
  static const char *const NAMES[] = {"none", "p1", "p2", "p3", "p4"};
  const char *name = NAMES[priority >= 1 && priority <= 4 ? priority : 0];
  for (size_t i = 0; i < list->size; i++)
    if (str_equal_c(value_text_or(value_at(list, i), STR_NONE), name)) return true;
  return false;
}

static bool is_round(const Value *list, i64 round) {
  for (size_t i = 0; i < list->size; i++)
    if (value_int_or(value_at(list, i), -1) == round) return true;
  return false;
}

static bool whole_match(Arena *arena, Str pattern, Str text) {
  const Regex *regex = NULL;
  RegexMatch match;
  Error ignored = {0};
  u64 cost = 0;
  Str whole = str_format(arena, "^(?:%.*s)$", STR_ARG(pattern));
  return regex_new(arena, whole, false, &regex, &ignored) && regex_find(regex, text, 0, &match, &cost) == REGEX_YES;
}

static bool label_matches(Arena *arena, const Value *matcher, const Value *labels) {
  Str name = value_text_or(value_get_c(matcher, "name"), S("")), op = value_text_or(value_get_c(matcher, "op"), S("="));
  Str wanted = value_text_or(value_get_c(matcher, "value"), S(""));
  const Value *label = value_is(labels, VALUE_MAP) ? value_get(labels, name) : NULL;
  Str text = value_text_or(label, S(""));
  if (str_equal_c(op, "=")) return str_equal(text, wanted);
  if (str_equal_c(op, "!=")) return !str_equal(text, wanted);
  return whole_match(arena, wanted, text) == str_equal_c(op, "=~");
}

static const Zone *zone_of(const Finding *f, const Value *when, const SetupOrg *org) {
  const Zone *zone = org ? org->zone : zone_utc();
  Str name = value_text_or(value_get_c(when, "time_zone"), STR_NONE);
  Error ignored = {0};
  return name.len && zone_find(f->app->zones, name, &zone, &ignored) ? zone : org ? org->zone : zone_utc();
}

/* What cannot be foreseen (a priority that rises, a label that comes) is looked at once a minute. */
bool when_holds(const Finding *f, const Value *when, i64 org_id, const WhenFacts *facts, When *out) {
  const SetupOrg *org = setup_org(f->setup, org_id);
  const Value *priorities = value_get_c(when, "priorities"), *rounds = value_get_c(when, "rounds");
  const Value *matchers = value_get_c(when, "matchers");
  *out = (When){.hold = str_equal_c(value_text_or(value_get_c(when, "otherwise"), STR_NONE), "hold"),
                .look_again_ms = f->at_ms + HELD_LOOK_S * 1000};
  if (!value_is(when, VALUE_MAP)) return true;
  if (value_is(priorities, VALUE_LIST) && priorities->size && !is_priority(priorities, facts->priority))
    return out->open_end = true, out->why = "its priority is none of this level's", false;
  if (value_is(rounds, VALUE_LIST) && rounds->size && !is_round(rounds, facts->round))
    return out->why = "it is not for this round", out->hold = false, false;
  for (size_t i = 0; value_is(matchers, VALUE_LIST) && i < matchers->size; i++)
    if (!label_matches(f->arena, value_at(matchers, i), &facts->labels))
      return out->open_end = true, out->why = "its labels do not match", false;
  if (oncall_in_windows(f->arena, value_get_c(when, "windows"), zone_of(f, when, org), (Holidays){0}, f->at_ms,
                        &out->look_again_ms))
    return true;
  return out->why = "it is outside of this level's hours", false;
}

bool when_holds_for(const Finding *f, const Value *when, const Page *page, i64 round, When *out, bool *out_holds,
                    Error *err) {
  WhenFacts facts = {.labels = value_null()};
  ReadingMembers members = {.arena = f->arena};
  if (page->subject_id) {
    if (!when_facts(f, page->alert_id, page->incident_id, &facts, err)) return false;
    facts.round = round;
    return *out_holds = when_holds(f, when, page->org_id, &facts, out), true;
  }
  if (!db_query(f->db, &FACTS_OF_MEMBERS, DB_ARGS(db_int(page->id)), read_member, &members, err)) return false;
  facts.round = round;
  *out_holds = when_holds(f, when, page->org_id, members.items.count ? &members.items.items[0] : &facts, out);
  for (size_t i = 0; i < members.items.count && !*out_holds; i++) {
    When other = {0};
    members.items.items[i].round = round;
    *out_holds = when_holds(f, when, page->org_id, &members.items.items[i], &other);
  }
  return true;
}
