/* Times: what RFC 3339 and local times read is written and read again as itself; local times go to an instant and back.
 */
#include "lang/time.h"

static void check_instant(Arena *arena, Str text) {
  i64 seconds, again;
  i32 nanos, again_nanos;
  if (!time_parse(text, &seconds, &nanos)) return;
  Buf out = buf_new(arena, 100);
  time_write(seconds, nanos, &out);
  ASSERT(nanos >= 0 && nanos < 1000000000);
  /* an offset may lead out of the years 1 to 9999 */
  if (seconds < -62135596800 || seconds > 253402300799) return;
  ASSERT(time_parse(buf_str(&out), &again, &again_nanos) && again == seconds && again_nanos == nanos);
}

static void check_local(Arena *arena, const Zone *zone, Str text) {
  Civil civil, again;
  if (!civil_parse(text, &civil)) return;
  Buf out = buf_new(arena, 100);
  civil_write(civil, &out);
  ASSERT(civil_parse(buf_str(&out), &again) && civil_to_seconds(again) == civil_to_seconds(civil));
  i64 at = zone_to_utc(zone, civil);
  Civil shown = zone_to_local(zone, at);
  i64 moved = civil_to_seconds(shown) - civil_to_seconds(civil);
  ASSERT(moved >= 0 && moved <= 86400); /* only a gap moves, and forward */
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count) {
  static ZoneDb *zones;
  static const Zone *zone;
  if (!zones) zones = zone_db_new("tests/data/zones");
  if (!zone && !zone_find(zones, S("Europe/Berlin"), &zone, NULL)) zone = zone_utc();
  Arena *arena = arena_new();
  Str text = {(const char *)bytes, count};
  check_instant(arena, text);
  check_local(arena, zone, text);
  arena_free(arena);
  return 0;
}
