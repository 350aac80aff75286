/* The calendar of maintenance windows: every occurrence that overlaps a range, by the arithmetic that quiets. A window
 * that is over or was ended is not in it: what it kept quiet stands with the alerts. Cost: one read of the windows that
 * are left, and their rules in the range; at most WINDOW_CALENDAR_MAX occurrences. */
#include <stdlib.h>

#include "core/quiet/window.h"
#include "lang/ical.h"

static const DbStmt LIST = {"window_calendar",
                            "SELECT id, name, team_id, starts_at, ends_at, rrule, time_zone FROM maintenance_window "
                            "WHERE org_id = $1 AND state IN ('scheduled', 'active') ORDER BY id",
                            NULL};

typedef struct Occurrence {
  i64 starts_ms, ends_ms, id;
  Value item;
} Occurrence;

typedef struct Listing {
  Arena *arena;
  ZoneDb *zones;
  WindowRange range;
  VEC(Occurrence) items;
  bool more;
} Listing;

static void add(Listing *l, const DbRow *row, i64 starts, i64 ends) {
  Arena *arena = l->arena;
  MapBuilder map = map_builder(arena);
  Occurrence one = {starts, ends, db_row_int(row, 0), value_null()};
  if (ends <= l->range.from_ms || starts >= l->range.to_ms) return;
  if (l->items.count == WINDOW_CALENDAR_MAX) {
    l->more = true;
    return;
  }
  map_put_c(&map, "id", value_string(id_text(arena, "mnt", one.id)));
  map_put_c(&map, "name", value_string(db_row_text(row, 1, arena)));
  map_put_c(&map, "team_id",
            db_row_int(row, 2) ? value_string(id_text(arena, "team", db_row_int(row, 2))) : value_null());
  map_put_c(&map, "starts_at", value_string(time_text_ms(arena, starts)));
  map_put_c(&map, "ends_at", value_string(time_text_ms(arena, ends)));
  one.item = map_done(&map);
  *VEC_PUSH(arena, &l->items) = one;
}

static bool read_window(const DbRow *row, void *ctx) {
  Listing *l = ctx;
  i64 starts = db_row_int(row, 3), length = db_row_int(row, 4) - starts;
  Str rrule = db_row_text(row, 5, l->arena);
  const Zone *zone = zone_utc();
  IcalTimes times = {0};
  Error ignored = {0};
  if (rrule.len == 0) return add(l, row, starts, starts + length), true;
  if (!zone_find(l->zones, db_row_peek(row, 6), &zone, &ignored)) zone = zone_utc();
  IcalRange range = {.from_s = MAX(starts / 1000, (l->range.from_ms - length) / 1000),
                     .to_s = (l->range.to_ms + 999) / 1000,
                     .count_max = WINDOW_CALENDAR_MAX};
  if (!ical_occurrences(l->arena, rrule, zone_to_local(zone, starts / 1000), zone, &range, &times, &ignored))
    return true;
  for (size_t i = 0; i < times.count; i++) add(l, row, times.items[i].at_s * 1000, times.items[i].at_s * 1000 + length);
  l->more = l->more || times.more;
  return true;
}

static int compare(const void *a, const void *b) {
  const Occurrence *x = a, *y = b;
  if (x->starts_ms != y->starts_ms) return x->starts_ms < y->starts_ms ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

bool window_calendar(Db *db, Arena *arena, ZoneDb *zones, i64 org_id, WindowRange range, Value *out, Error *err) {
  Listing l = {.arena = arena, .zones = zones, .range = range};
  ValueVec items = {0};
  if (!db_query(db, &LIST, DB_ARGS(db_int(org_id)), read_window, &l, err)) return false;
  if (l.items.count) qsort(l.items.items, l.items.count, sizeof(Occurrence), compare);
  for (size_t i = 0; i < l.items.count; i++) *VEC_PUSH(arena, &items) = l.items.items[i].item;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&items));
  map_put_c(&map, "more", value_bool(l.more));
  return *out = map_done(&map), true;
}
