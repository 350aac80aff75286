/* Recurrence rules ('r' first) and calendar files ('f'): occurrences rise, lie in the range and stay within the limits;
 * what was read is written and read again with the same times. */
#include "lang/ical.h"

static const IcalRange RANGE = {1767571200, 1798761600, 200}; /* 2026 */

static void check_rule(Arena *arena, Str rule) {
  IcalTimes times;
  Error err = {0};
  Civil start = {2025, 12, 29, 9, 30, 0};
  if (!ical_occurrences(arena, rule, start, zone_utc(), &RANGE, &times, &err)) {
    ASSERT(err.message[0] && utf8_valid(str_from_c(err.message)));
    return;
  }
  ASSERT(times.count <= RANGE.count_max);
  for (size_t i = 0; i < times.count; i++) {
    ASSERT(times.items[i].at_s >= RANGE.from_s && times.items[i].at_s < RANGE.to_s);
    ASSERT(i == 0 || times.items[i].at_s > times.items[i - 1].at_s);
  }
}

static void check_file(Arena *arena, ZoneDb *zones, Str text) {
  IcalEvents events, again;
  Error err = {0};
  Str written;
  if (!ical_read(arena, text, zones, zone_utc(), &RANGE, &events, &err)) {
    ASSERT(err.message[0]);
    return;
  }
  for (size_t i = 0; i < events.count; i++) {
    ASSERT(events.items[i].end.at_s >= events.items[i].start.at_s && utf8_valid(events.items[i].summary));
    ASSERT(i == 0 || events.items[i].start.at_s >= events.items[i - 1].start.at_s);
  }
  IcalFile file = {.name = events.name, .refresh_s = 900};
  ASSERT(ical_write(arena, &file, events.items, events.count, &written, &err));
  if (events.more || written.len > ICAL_FILE_BYTES_MAX) return;
  ASSERT(ical_read(arena, written, zones, zone_utc(), &RANGE, &again, &err));
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count) {
  static ZoneDb *zones;
  if (!zones) zones = zone_db_new("tests/data/zones");
  if (count == 0) return 0;
  Arena *arena = arena_new();
  Str text = {(const char *)bytes + 1, count - 1};
  if (bytes[0] == 'r')
    check_rule(arena, text);
  else
    check_file(arena, zones, text);
  arena_free(arena);
  return 0;
}
