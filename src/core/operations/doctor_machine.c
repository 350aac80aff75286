/* The machine under it: versions, disk, clock, zones, rights of files, options that are unsafe. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "core/operations/doctor.h"
#include "core/operations/operations.h"
#include "lang/time.h"

enum { WRITES = 15, WRITE_SLOW_US = 20000, FREE_ERROR_MB = 200, FREE_WARNING_MB = 2000, AHEAD_MS_MAX = 60000 };

static const DbStmt VERSION = {"doctor_version", "SELECT 'SQLite ' || sqlite_version()",
                               "SELECT 'PostgreSQL ' || current_setting('server_version')"};
static const DbStmt SCHEMA = {"doctor_schema", "SELECT MAX(version) FROM schema", NULL};
static const DbStmt HIGH_WATER = {"doctor_high_water",
                                  "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'id_high_water'", NULL};
static const DbStmt STANDBYS = {"doctor_standbys", "SELECT 1",
                                "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"};
static const DbStmt CLOCK = {"doctor_clock", "SELECT NULL",
                             "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"};

static bool read_version(const DbRow *row, void *ctx) {
  Doctor *doctor = ctx;
  i64 schema = 0;
  bool found = false;
  Error ignored = {0};
  Str engine = db_row_text(row, 0, doctor->arena);
  if (!db_query_int(doctor->db, &SCHEMA, 0, NULL, &schema, &found, &ignored)) schema = 0;
  finding(doctor, FINDING_OK, "versions", "tocsin %s, %.*s, database at version %lld of %u", tocsin_version(),
          STR_ARG(engine), (long long)schema, db_migrations_latest());
  return false;
}

static void look_at_versions(Doctor *doctor) {
  Error err = {0};
  if (!db_query(doctor->db, &VERSION, 0, NULL, read_version, doctor, &err))
    finding(doctor, FINDING_ERROR, "database", "cannot be read: %s; see the log of the server", err.message);
}

/* Disk ------------------------------------------------------------------------------------------------------------- */

static const char *network_name(const char *folder) {
  static const struct {
    long magic;
    const char *name;
  } NETWORKS[] = {
      {0x6969, "NFS"}, {0x517b, "SMB"}, {(long)0xff534d42, "CIFS"}, {(long)0xfe534d42, "SMB"}, {0x65735546, "FUSE"}};
  struct statfs fs;
  if (statfs(folder, &fs) != 0) return NULL;
  for (size_t i = 0; i < COUNT(NETWORKS); i++)
    if ((long)fs.f_type == NETWORKS[i].magic) return NETWORKS[i].name;
  return NULL;
}

static void look_at_space(Doctor *doctor) {
  const char *folder = doctor->app->data_folder, *network = network_name(folder);
  struct statvfs fs;
  if (network)
    finding(doctor, FINDING_ERROR, "disk", "%s lies on %s, where locks and the log do not hold; use a local disk",
            folder, network);
  if (statvfs(folder, &fs) != 0) {
    finding(doctor, FINDING_ERROR, "disk", "%s cannot be looked at: %s", folder, strerror(errno));
    return;
  }
  i64 free_mb = (i64)((double)fs.f_bavail * (double)fs.f_frsize / 1e6);
  FindingLevel level = free_mb < FREE_ERROR_MB     ? FINDING_ERROR
                       : free_mb < FREE_WARNING_MB ? FINDING_WARNING
                                                   : FINDING_OK;
  finding(doctor, level, "disk", "%lld MB free in %s%s", (long long)free_mb, folder,
          level == FINDING_OK ? "" : "; make room: alerts are refused when it is full");
}

static int by_size(const void *a, const void *b) {
  i64 x = *(const i64 *)a, y = *(const i64 *)b;
  return (x > y) - (x < y);
}

/* What each commit waits for: the median of some small writes with fsync. */
static void look_at_writes(Doctor *doctor) {
  const char *path = str_to_c(doctor->arena, str_format(doctor->arena, "%s/doctor.part", doctor->app->data_folder));
  char block[4096] = {0};
  i64 took[WRITES];
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool ok = fd >= 0;
  for (int i = 0; ok && i < WRITES; i++) {
    i64 before = clock_monotonic_us();
    ok = write(fd, block, sizeof block) == (ssize_t)sizeof block && fdatasync(fd) == 0;
    took[i] = clock_monotonic_us() - before;
  }
  int code = errno;
  if (fd >= 0) close(fd);
  unlink(path);
  if (!ok) {
    finding(doctor, FINDING_ERROR, "disk", "%s cannot be written: %s", doctor->app->data_folder, strerror(code));
    return;
  }
  qsort(took, WRITES, sizeof took[0], by_size);
  double ms = (double)took[WRITES / 2] / 1000.0;
  if (took[WRITES / 2] > WRITE_SLOW_US)
    finding(doctor, FINDING_WARNING, "disk",
            "a synced write takes %.1f ms; every answer waits for one: use a faster disk", ms);
  else
    finding(doctor, FINDING_OK, "disk", "a synced write takes %.1f ms", ms);
}

/* Clock and zones -------------------------------------------------------------------------------------------------- */

static void look_at_clock(Doctor *doctor) {
  struct timex now = {0};
  i64 high = 0, theirs = 0;
  bool found = false;
  Error ignored = {0};
  int state = adjtimex(&now);
  if (state == TIME_ERROR || (now.status & STA_UNSYNC))
    finding(doctor, FINDING_WARNING, "clock", "the system says that its clock is not synchronised; run chrony or ntpd");
  else if (state >= 0)
    finding(doctor, FINDING_OK, "clock", "the system's clock is synchronised");
  if (db_query_int(doctor->db, &HIGH_WATER, 0, NULL, &high, &found, &ignored) && found &&
      id_time_ms(high) - clock_true_ms() > AHEAD_MS_MAX)
    finding(doctor, FINDING_ERROR, "clock", "it is %lld s behind the last id that was given; set the clock right",
            (long long)(id_time_ms(high) - clock_true_ms()) / 1000);
  if (db_query_int(doctor->db, &CLOCK, 0, NULL, &theirs, &found, &ignored) && found &&
      llabs(theirs - clock_true_ms()) > 2000)
    finding(doctor, FINDING_WARNING, "clock", "the database's clock differs by %lld ms; synchronise both machines",
            (long long)(theirs - clock_true_ms()));
}

static void look_at_zones(Doctor *doctor) {
  Str version = zone_db_version(doctor->app->zones, doctor->arena);
  const Zone *zone = NULL;
  Error err = {0};
  i64 year = 0, now = zone_to_local(zone_utc(), clock_true_ms() / 1000).year;
  if (!zone_find(doctor->app->zones, S("Europe/Berlin"), &zone, &err))
    finding(doctor, FINDING_ERROR, "zones", "%s", err.message);
  else if (version.len < 5 || !str_to_i64(str_slice(version, 0, 4), 1990, 2200, &year))
    finding(doctor, FINDING_NOTE, "zones", "the version of the zone database is not known");
  else if (now - year > 1)
    finding(doctor, FINDING_WARNING, "zones", "the zone database is of %.*s; upgrade the package tzdata",
            STR_ARG(version));
  else
    finding(doctor, FINDING_OK, "zones", "zone database %.*s", STR_ARG(version));
}

/* What is unsafe --------------------------------------------------------------------------------------------------- */

static void look_at_rights(Doctor *doctor) {
  static const char *const FILES[] = {"", "/tocsin.db", "/secret.key", "/admin.key"};
  for (size_t i = 0; i < COUNT(FILES); i++) {
    Str path = str_format(doctor->arena, "%s%s", doctor->app->data_folder, FILES[i]);
    struct stat st;
    if (stat(str_to_c(doctor->arena, path), &st) != 0 || (st.st_mode & 077) == 0) continue;
    finding(doctor, FINDING_WARNING, "unsafe", "%.*s can be opened by others (mode %03o); run chmod %s", STR_ARG(path),
            (unsigned)st.st_mode & 0777, i == 0 ? "700" : "600");
  }
}

static void look_at_options(Doctor *doctor) {
  App *app = doctor->app;
  const char *marker = str_to_c(doctor->arena, str_format(doctor->arena, "%s/test-mode", app->data_folder));
  if (app->test_control)
    finding(doctor, FINDING_ERROR, "unsafe",
            "--test-control is on: whoever opens the socket can stop the clock; leave it out");
  else if (access(marker, F_OK) == 0)
    finding(doctor, FINDING_WARNING, "unsafe", "%s allows --test-control; remove the file", marker);
  if (engine_paging_held(app->engine))
    finding(doctor, FINDING_ERROR, "paging", "all paging is held after a restore; see tocsin resume");
  if (!app->watchdog_url)
    finding(doctor, FINDING_NOTE, "watchdog",
            "nobody outside would notice that this server is dead; give --watchdog-url");
}

static void look_at_standbys(Doctor *doctor) {
  i64 count = 0;
  bool found = false;
  Error ignored = {0};
  if (db_query_int(doctor->db, &STANDBYS, 0, NULL, &count, &found, &ignored) && found && count == 0)
    finding(doctor, FINDING_NOTE, "database",
            "PostgreSQL has no synchronous standby: safe for a restart, not for a failover");
}

void doctor_machine(Doctor *doctor) {
  look_at_versions(doctor);
  look_at_space(doctor);
  look_at_writes(doctor);
  look_at_clock(doctor);
  look_at_zones(doctor);
  look_at_rights(doctor);
  look_at_options(doctor);
  look_at_standbys(doctor);
}
