/* Zones: names to files, instants to wall clocks and back. A lookup is a search in the list of transitions, then the
 * rule of the tail. The database loads a zone at its first use and keeps it: at most one per file of the folder, since
 * names that are not files leave nothing behind. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lang/time.h"
#include "lang/zone_file.h"

#define FOLDER_DEFAULT "/usr/share/zoneinfo"

enum { NAME_MAX_BYTES = 64, FILE_BYTES_MAX = 256 * 1024 };

struct ZoneDb {
  pthread_mutex_t lock; /* guards arena and zones; a loaded zone itself never changes */
  Arena *arena;
  Map *zones; /* name -> const Zone */
  char *folder;
};

/* Lookups --------------------------------------------------------------------------------------------------------- */

static const ZoneType UTC_TYPE = {0, "UTC"};
static const Zone UTC_ZONE = {.name = STR("UTC"), .types = &UTC_TYPE};

const Zone *zone_utc(void) {
  return &UTC_ZONE;
}

Str zone_name(const Zone *zone) {
  return zone->name;
}

/* How many transitions are at or before the instant. */
static size_t transitions_until(const Zone *zone, i64 utc_seconds) {
  size_t low = 0, high = zone->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (zone->times[middle] <= utc_seconds)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static ZoneSpan span_at(const Zone *zone, i64 utc_seconds) {
  size_t passed = transitions_until(zone, utc_seconds);
  if (passed == zone->count && zone->tail.present) return zone_tail_span(&zone->tail, utc_seconds);
  const ZoneType *type = &zone->types[passed ? zone->kinds[passed - 1] : 0];
  i64 until = passed < zone->count ? zone->times[passed] : INT64_MAX;
  return (ZoneSpan){until, type->offset, type->abbreviation};
}

i32 zone_offset(const Zone *zone, i64 utc_seconds, const char **out_abbreviation) {
  ZoneSpan span = span_at(zone, utc_seconds);
  if (out_abbreviation) *out_abbreviation = span.abbreviation;
  return span.offset;
}

Civil zone_to_local(const Zone *zone, i64 utc_seconds) {
  i64 local;
  bool overflow = __builtin_add_overflow(utc_seconds, (i64)zone_offset(zone, utc_seconds, NULL), &local);
  return civil_from_seconds(overflow ? utc_seconds : local);
}

/* Walks the stretches of one offset around the local time and takes the first that contains it. When it lies between
 * the end of one and the start of the next, it does not exist: the offset before the gap moves it forward by the gap.
 */
i64 zone_to_utc(const Zone *zone, Civil local) {
  enum { STRETCHES_MAX = 200 }; /* within two days; a true zone has two */
  i64 wanted = civil_to_seconds(local), from = wanted - ZONE_OFFSET_MAX;
  ZoneSpan span = span_at(zone, from);
  i64 instant = wanted - span.offset;
  for (int i = 0; i < STRETCHES_MAX && instant >= span.until; i++) {
    from = span.until;
    span = span_at(zone, from);
    if (wanted - span.offset < from) break; /* skipped by the change at `from` */
    instant = wanted - span.offset;
  }
  return instant;
}

Str zone_text_ms(Arena *arena, const Zone *zone, i64 ms) {
  static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  i64 seconds = ms / 1000 - (ms % 1000 < 0);
  const char *abbreviation;
  zone_offset(zone, seconds, &abbreviation);
  Civil c = zone_to_local(zone, seconds);
  i32 weekday = civil_weekday(civil_days(c.year, c.month, c.day));
  return str_format(arena, "%s %d %s %d, %02d:%02d %s", DAYS[weekday], c.day, MONTHS[c.month - 1], c.year, c.hour,
                    c.minute, abbreviation);
}

/* The database ---------------------------------------------------------------------------------------------------- */

ZoneDb *zone_db_new(const char *folder) {
  ZoneDb *db = xcalloc(1, sizeof *db);
  const char *from_environment = getenv("TZDIR");
  if (!folder) folder = from_environment && *from_environment ? from_environment : FOLDER_DEFAULT;
  pthread_mutex_init(&db->lock, NULL);
  db->arena = arena_new();
  db->zones = map_new(db->arena);
  db->folder = xstrdup(folder);
  return db;
}

void zone_db_free(ZoneDb *db) {
  if (!db) return;
  arena_free(db->arena);
  pthread_mutex_destroy(&db->lock);
  free(db->folder);
  free(db);
}

static bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Letters, digits, _ + - in parts between slashes that begin with a letter: no way out of the folder, no hidden files.
 * The first letter is a capital: "localtime", "posix/..." and "right/..." are the folder's own. */
static bool is_zone_name(Str name) {
  if (name.len == 0 || name.len > NAME_MAX_BYTES || name.ptr[name.len - 1] == '/') return false;
  if (name.ptr[0] < 'A' || name.ptr[0] > 'Z') return false;
  bool first = true;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    bool inner = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' || c == '/';
    if (!is_letter(c) && (first || !inner)) return false;
    first = c == '/';
  }
  return true;
}

/* The whole file; false when it is none, or larger than any zone. */
static bool read_file(Arena *arena, const char *path, Str *out) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  struct stat info;
  bool good = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= FILE_BYTES_MAX;
  size_t bytes = good ? (size_t)info.st_size : 0, have = 0;
  char *text = arena_alloc(arena, bytes);
  while (good && have < bytes) {
    ssize_t got = read(fd, text + have, bytes - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      good = false;
    else
      have += (size_t)got;
  }
  close(fd);
  if (good) *out = (Str){text, bytes};
  return good;
}

static bool fail_unknown(Str name, Error *err) {
  return fail(err, ERR_INVALID, "time zone \"%.*s\" is not in the zone database; use a name such as Europe/Berlin",
              STR_ARG(utf8_cut(name, NAME_MAX_BYTES)));
}

static bool fail_unreadable(const ZoneDb *db, Str name, Error *err) {
  if (access(db->folder, R_OK | X_OK) == 0) return fail_unknown(name, err);
  return fail(err, ERR_UNAVAILABLE,
              "the zone database is not at %s; install Debian's package tzdata, or set TZDIR to where it is",
              db->folder);
}

static bool load(ZoneDb *db, Arena *scratch, Str name, const Zone **out, Error *err) {
  Str file, path = str_format(scratch, "%s/%.*s", db->folder, STR_ARG(name));
  if (!read_file(scratch, str_to_c(scratch, path), &file)) return fail_unreadable(db, name, err);
  if (!str_starts_with(file, S("TZif"))) return fail_unknown(name, err); /* the folder holds tables, too */
  Zone *zone = ARENA_NEW(db->arena, Zone);
  if (!tzif_parse(db->arena, file, zone, err))
    return error_prefix(err, "time zone \"%.*s\", file %.*s: ", STR_ARG(name), STR_ARG(path));
  zone->name = str_copy(db->arena, name);
  map_set(db->zones, zone->name, zone);
  *out = zone;
  return true;
}

bool zone_find(ZoneDb *db, Str name, const Zone **out, Error *err) {
  if (str_equal(name, S("UTC"))) { /* needs no file */
    *out = zone_utc();
    return true;
  }
  if (!is_zone_name(name)) return fail_unknown(name, err);
  pthread_mutex_lock(&db->lock);
  const Zone *zone = map_get(db->zones, name);
  bool good = zone != NULL;
  if (!good) {
    Arena *scratch = arena_new();
    ArenaMark mark = arena_mark(db->arena);
    good = load(db, scratch, name, &zone, err);
    if (!good) arena_rewind(db->arena, mark);
    arena_free(scratch);
  }
  pthread_mutex_unlock(&db->lock);
  if (good) *out = zone;
  return good;
}

/* The first line of tzdata.zi: "# version 2026a". */
Str zone_db_version(ZoneDb *db, Arena *arena) {
  char path[4096], line[64];
  int len = snprintf(path, sizeof path, "%s/tzdata.zi", db->folder);
  int fd = len > 0 && (size_t)len < sizeof path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
  if (fd < 0) return S("unknown");
  ssize_t got = read(fd, line, sizeof line);
  close(fd);
  Str head, rest, text = {line, got > 0 ? (size_t)got : 0};
  const Str opening = S("# version ");
  if (!str_starts_with(text, opening) || !str_cut(text, '\n', &head, &rest)) return S("unknown");
  return str_copy(arena, str_trim(str_slice(head, opening.len, head.len)));
}
