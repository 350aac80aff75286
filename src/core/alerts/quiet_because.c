/* The sentence, and the list of everything that is held. */
#include "core/alerts/quiet_because.h"

#include <stdlib.h>

#include "core/alerts/batch.h"
#include "core/setup/setup.h"
#include "lang/json.h"

static const char *const REASONS[] = {"silence", "maintenance", "inhibition", "flapping", "suppressed",
                                      "snooze",  "own_snooze",  "pause",      "quiet"};

static Str rule_name(const Setup *setup, i64 org_id, i64 rule_id) {
  const SetupOrg *org = setup_org(setup, org_id);
  for (size_t i = 0; org && i < org->rule_count; i++)
    if (org->rules[i]->id == rule_id) return org->rules[i]->name;
  return S("a rule that is gone");
}

static void say_silence(Buf *out, const Silence *s) {
  buf_puts(out, "silenced");
  if (s && s->who.len) buf_format(out, " by %.*s", STR_ARG(s->who));
  if (s && s->comment.len) buf_format(out, " (%.*s)", STR_ARG(utf8_cut(s->comment, 200)));
  if (s && s->until_resolved) buf_puts(out, ", until what it is about is resolved");
}

static void say_hold(Buf *out, const Setup *setup, i64 org_id, Str reason, i64 id) {
  const Quiet *quiet = setup_quiet(setup);
  const MaintenanceWindow *window = quiet_window(quiet, id);
  const InhibitionRule *rule = quiet_rule(quiet, id);
  const SetupUser *user = setup_user(setup, id);
  Str suppressing = rule_name(setup, org_id, id);
  if (str_equal_c(reason, "silence"))
    say_silence(out, quiet_silence(quiet, id));
  else if (str_equal_c(reason, "maintenance"))
    buf_format(out, "in maintenance%s%.*s%s", window ? " \"" : "", STR_ARG(window ? window->name : S("")),
               window ? "\"" : "");
  else if (str_equal_c(reason, "inhibition"))
    buf_format(out, "quiet because of another alert, by \"%.*s\"",
               STR_ARG(rule ? rule->name : S("a rule that is gone")));
  else if (str_equal_c(reason, "flapping"))
    buf_puts(out, "flapping: held until it is steady");
  else if (str_equal_c(reason, "suppressed"))
    buf_format(out, "suppressed by \"%.*s\"", STR_ARG(suppressing));
  else if (str_equal_c(reason, "snooze"))
    buf_puts(out, "snoozed");
  else if (str_equal_c(reason, "own_snooze"))
    buf_format(out, "snoozed by %.*s for themselves alone", STR_ARG(user ? user->name : S("somebody who is gone")));
  else if (str_equal_c(reason, "pause"))
    buf_puts(out, "waiting, because a rule lets its pages wait");
  else
    buf_puts(out, "its integration is in quiet mode");
}

static i64 time_of(const Value *hold, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(hold, name), STR_NONE), &ms) ? ms : 0;
}

Str quiet_because(Arena *arena, const Setup *setup, i64 org_id, const Value *holds, const Zone *zone) {
  Buf out = buf_new(arena, KIB(8));
  if (!value_is(holds, VALUE_LIST) || holds->size == 0) return STR_NONE;
  for (size_t i = 0; i < holds->size && i < 4; i++) {
    const Value *hold = value_at(holds, i);
    i64 until = time_of(hold, "until");
    if (i) buf_puts(&out, "; ");
    say_hold(&out, setup, org_id, value_text_or(value_get_c(hold, "reason"), STR_NONE),
             setup_ref(value_get_c(hold, "id")));
    if (until) buf_format(&out, " until %.*s", STR_ARG(zone_text_ms(arena, zone, until)));
  }
  if (holds->size > 4) buf_format(&out, "; and %u more", holds->size - 4);
  Str text = buf_str(&out);
  if (text.len && text.ptr[0] >= 'a' && text.ptr[0] <= 'z') out.ptr[0] = (char)(text.ptr[0] - 'a' + 'A');
  return text;
}

Value quiet_with_snoozes(Arena *arena, const Value *holds, const OwnSnoozed *snoozes, size_t count) {
  ValueVec list = {0};
  for (size_t i = 0; value_is(holds, VALUE_LIST) && i < holds->size; i++) *VEC_PUSH(arena, &list) = *value_at(holds, i);
  for (size_t i = 0; i < count; i++) {
    MapBuilder hold = map_builder(arena);
    map_put_c(&hold, "reason", value_c("own_snooze"));
    map_put_c(&hold, "id", value_string(id_text(arena, "usr", snoozes[i].user_id)));
    map_put_c(&hold, "until", value_string(time_text_ms(arena, snoozes[i].until_ms)));
    map_put_c(&hold, "since", value_string(time_text_ms(arena, snoozes[i].since_ms)));
    *VEC_PUSH(arena, &list) = map_done(&hold);
  }
  return list_done(&list);
}

Value quiet_snoozes_value(Arena *arena, const Setup *setup, const OwnSnoozed *snoozes, size_t count) {
  ValueVec list = {0};
  for (size_t i = 0; i < count; i++) {
    const SetupUser *user = setup_user(setup, snoozes[i].user_id);
    MapBuilder map = map_builder(arena);
    map_put_c(&map, "user_id", value_string(id_text(arena, "usr", snoozes[i].user_id)));
    map_put_c(&map, "name", user ? value_string(user->name) : value_null());
    map_put_c(&map, "until", value_string(time_text_ms(arena, snoozes[i].until_ms)));
    map_put_c(&map, "since", value_string(time_text_ms(arena, snoozes[i].since_ms)));
    *VEC_PUSH(arena, &list) = map_done(&map);
  }
  return list_done(&list);
}

/* The list -------------------------------------------------------------------------------------------------------- */

typedef struct Held {
  size_t reason; /* of the first of its holds, in the order of REASONS */
  i64 since_ms, id;
  Value item;
} Held;

typedef struct Listing {
  Arena *arena;
  const Setup *setup;
  const Zone *zone;
  i64 org_id, counts[COUNT(REASONS)], urgent[COUNT(REASONS)], oldest[COUNT(REASONS)], alerts;
  Str only;
  OwnSnoozes snoozes;
  VEC(Held) items;
} Listing;

static size_t reason_of(Str text) {
  for (size_t i = 0; i < COUNT(REASONS); i++)
    if (str_equal_c(text, REASONS[i])) return i;
  return COUNT(REASONS) - 1;
}

static Value item_of(Listing *l, const DbRow *row, const Value *holds, i64 since_ms) {
  Arena *arena = l->arena;
  i64 priority = db_row_int(row, 4);
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", value_string(id_text(arena, "alr", db_row_int(row, 0))));
  map_put_c(&map, "number", value_string(str_format(arena, "ALERT-%lld", (long long)db_row_int(row, 1))));
  map_put_c(&map, "title", value_string(db_row_text(row, 2, arena)));
  map_put_c(&map, "status", value_string(db_row_text(row, 3, arena)));
  map_put_c(&map, "priority", priority ? value_string(priority_text((i32)priority)) : value_null());
  map_put_c(&map, "since", value_string(time_text_ms(arena, since_ms)));
  map_put_c(&map, "holds", *holds);
  map_put_c(&map, "quiet_because", value_string(quiet_because(arena, l->setup, l->org_id, holds, l->zone)));
  return map_done(&map);
}

/* Sorted by alert: those of this one. */
static const OwnSnoozed *snoozes_of(const Listing *l, i64 alert_id, size_t *out_count) {
  size_t low = 0, high = l->snoozes.items.count, end = 0;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (l->snoozes.items.items[middle].alert_id < alert_id)
      low = middle + 1;
    else
      high = middle;
  }
  for (end = low; end < l->snoozes.items.count && l->snoozes.items.items[end].alert_id == alert_id;) end++;
  *out_count = end - low;
  return l->snoozes.items.items + low;
}

static bool read_held(const DbRow *row, void *ctx) {
  Listing *l = ctx;
  size_t own = 0;
  const OwnSnoozed *snoozes = snoozes_of(l, db_row_int(row, 0), &own);
  Value holds = value_null();
  Error ignored = {0};
  Held held = {.reason = COUNT(REASONS), .since_ms = INT64_MAX, .id = db_row_int(row, 0)};
  bool wanted = l->only.len == 0;
  Str list = db_row_text(row, 5, l->arena);
  if (list.len && !json_parse(l->arena, list, NULL, &holds, &ignored)) return true;
  if (own) holds = quiet_with_snoozes(l->arena, &holds, snoozes, own);
  for (size_t i = 0; value_is(&holds, VALUE_LIST) && i < holds.size; i++) {
    Str reason = value_text_or(value_get_c(value_at(&holds, i), "reason"), STR_NONE);
    i64 since = time_of(value_at(&holds, i), "since");
    size_t at = reason_of(reason);
    if (since == 0) since = db_row_int(row, 6);
    l->counts[at]++;
    l->urgent[at] += db_row_int(row, 4) <= 2;
    l->oldest[at] = l->oldest[at] ? MIN(l->oldest[at], since) : since;
    wanted = wanted || str_equal(reason, l->only);
    held.reason = MIN(held.reason, at);
    held.since_ms = MIN(held.since_ms, since);
  }
  if (held.reason == COUNT(REASONS)) return true;
  l->alerts++;
  if (!wanted) return true;
  if (l->only.len) held.reason = reason_of(l->only);
  held.item = item_of(l, row, &holds, held.since_ms);
  *VEC_PUSH(l->arena, &l->items) = held;
  return true;
}

static int compare(const void *a, const void *b) {
  const Held *x = a, *y = b;
  if (x->reason != y->reason) return x->reason < y->reason ? -1 : 1;
  if (x->since_ms != y->since_ms) return x->since_ms < y->since_ms ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

static Value reasons_value(const Listing *l) {
  ValueVec list = {0};
  for (size_t i = 0; i < COUNT(REASONS); i++) {
    if (l->counts[i] == 0) continue;
    MapBuilder map = map_builder(l->arena);
    map_put_c(&map, "reason", value_c(REASONS[i]));
    map_put_c(&map, "count", value_int(l->counts[i]));
    map_put_c(&map, "urgent", value_int(l->urgent[i]));
    map_put_c(&map, "oldest_at", value_string(time_text_ms(l->arena, l->oldest[i])));
    *VEC_PUSH(l->arena, &list) = map_done(&map);
  }
  return list_done(&list);
}

#define LISTED                                                                                                         \
  "SELECT id, number, title, status, priority, hold_list, status_changed_at FROM alert WHERE org_id = $1 AND status "  \
  "IN ('triggered', 'acknowledged') "
bool quiet_list(Db *db, Arena *arena, const Setup *setup, const QuietAsk *ask, Value *out, Error *err) {
  static const DbStmt HELD = {"quiet_list", LISTED "AND holds > 0 ORDER BY id LIMIT $2", NULL};
  static const DbStmt SNOOZED = {"quiet_list_snoozed",
                                 LISTED
                                 "AND holds = 0 AND id IN (SELECT alert_id FROM own_snooze WHERE org_id = $1 AND "
                                 "until_at > $3) ORDER BY id LIMIT $2",
                                 NULL};
  i64 org_id = ask->org_id;
  size_t limit = ask->limit;
  Listing l = {.arena = arena,
               .setup = setup,
               .zone = ask->zone,
               .org_id = org_id,
               .only = ask->reason,
               .snoozes = {.arena = arena}};
  ValueVec items = {0};
  DbValue args[] = {db_int(org_id), db_int(QUIET_LIST_ROWS), db_int(ask->now_ms)};
  if (!own_snooze_list(db, org_id, 0, ask->now_ms, QUIET_LIST_ROWS, &l.snoozes, err) ||
      !db_query(db, &HELD, 2, args, read_held, &l, err) || !db_query(db, &SNOOZED, 3, args, read_held, &l, err))
    return false;
  if (l.items.count) qsort(l.items.items, l.items.count, sizeof(Held), compare);
  for (size_t i = 0; i < MIN(l.items.count, limit); i++) *VEC_PUSH(arena, &items) = l.items.items[i].item;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&items));
  map_put_c(&map, "reasons", reasons_value(&l));
  map_put_c(&map, "total", value_int(l.alerts));
  map_put_c(&map, "more", value_bool(l.items.count > limit));
  return *out = map_done(&map), true;
}
