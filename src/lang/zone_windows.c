/* What Windows calls zones. */
#include "lang/time.h"

typedef struct WindowsZone {
  const char *windows, *zone;
} WindowsZone;

static const WindowsZone ZONES[] = {
#include "lang/zone_windows.inc"
};

Str zone_of_windows(Str name) {
  for (size_t i = 0; i < COUNT(ZONES); i++)
    if (str_equal_nocase(name, str_from_c(ZONES[i].windows))) return str_from_c(ZONES[i].zone);
  return STR_NONE;
}
