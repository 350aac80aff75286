/* What is allowed and nearly always a slip, in sentences: shown with the schedule, in its preview and by the client. */
#include "core/oncall/oncall.h"

static size_t count_of(const Value *row, const char *name) {
  const Value *list = value_get_c(row, name);
  return value_is(list, VALUE_LIST) ? list->size : 0;
}

static bool has_people(const Value *layer) {
  const Value *members = value_get_c(layer, "members");
  if (count_of(layer, "shifts")) return true;
  for (size_t i = 0; i < count_of(layer, "members"); i++)
    if (value_is(value_at(members, i), VALUE_LIST) && value_at(members, i)->size) return true;
  return false;
}

static bool is_over(const Value *layer, const Zone *zone, i64 now_ms) {
  Civil ends;
  return civil_parse(value_text_or(value_get_c(layer, "ends_at"), STR_NONE), &ends) &&
         zone_to_utc(zone, ends) * 1000 <= now_ms;
}

Value oncall_warnings(Arena *arena, ZoneDb *zones, const Value *layers, const Zone *zone, i64 now_ms) {
  ValueVec out = {0};
  size_t count = value_is(layers, VALUE_LIST) ? layers->size : 0;
  if (count == 0) *VEC_PUSH(arena, &out) = value_string(S("it has no layers: nobody is on call from it"));
  for (size_t i = 0; i < count; i++) {
    const Value *layer = value_at(layers, i);
    Str name = value_text_or(value_get_c(layer, "name"), S("")),
        own = value_text_or(value_get_c(layer, "time_zone"), STR_NONE);
    const Zone *clock = zone;
    Error ignored = {0};
    if (own.len && !zone_find(zones, own, &clock, &ignored)) clock = zone;
    if (!has_people(layer))
      *VEC_PUSH(arena, &out) = value_string(
          str_format(arena, "every turn of the layer %.*s is empty: nobody is ever on call from it", STR_ARG(name)));
    else if (is_over(layer, clock, now_ms))
      *VEC_PUSH(arena, &out) =
          value_string(str_format(arena, "the layer %.*s ended at %.*s: nobody is on call from it any more",
                                  STR_ARG(name), STR_ARG(value_text_or(value_get_c(layer, "ends_at"), S("?")))));
  }
  return list_done(&out);
}
