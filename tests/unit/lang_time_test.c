/* Time: the calendar, RFC 3339 in and out, and zones against what Python's zoneinfo says (tests/data/zones). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lang/time.h"
#include "lang/zone_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void every_day_of_five_centuries_is_counted_and_read_back(void **state) {
  (void)state;
  i64 day = civil_days(1799, 12, 31);
  for (i32 year = 1800; year < 2300; year++)
    for (i32 month = 1; month <= 12; month++)
      for (i32 d = 1; d <= civil_month_days(year, month); d++) {
        assert_int_equal(civil_days(year, month, d), ++day);
        Civil c = civil_from_seconds(day * 86400 + 86399);
        assert_true(c.year == year && c.month == month && c.day == d && c.hour == 23 && c.minute == 59 &&
                    c.second == 59);
      }
  assert_int_equal(civil_days(1970, 1, 1), 0);
  assert_int_equal(civil_weekday(civil_days(2026, 1, 5)), 0);
  assert_int_equal(civil_weekday(civil_days(1969, 12, 28)), 6);
}

static void fields_out_of_range_carry(void **state) {
  (void)state;
  static const struct {
    Civil civil;
    const char *text;
  } CASES[] = {
      {{2026, 1, 32, 25, 0, 0}, "2026-02-02T01:00:00"},   {{2026, 13, 1, 0, 0, 0}, "2027-01-01T00:00:00"},
      {{2026, 0, 1, 0, 0, 0}, "2025-12-01T00:00:00"},     {{2026, 3, 0, 0, 0, 0}, "2026-02-28T00:00:00"},
      {{2024, 2, 29, 23, 59, 60}, "2024-03-01T00:00:00"}, {{2026, 1, 1, 0, 0, -1}, "2025-12-31T23:59:59"},
      {{2026, -23, 1, 0, 0, 0}, "2024-01-01T00:00:00"},
  };
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Buf out = buf_new(arena, 100);
    civil_write(civil_from_seconds(civil_to_seconds(CASES[i].civil)), &out);
    assert_string_equal(str_to_c(arena, buf_str(&out)), CASES[i].text);
  }
  static const i64 EXTREMES[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, 60000000000000000};
  for (size_t i = 0; i < COUNT(EXTREMES); i++) {
    civil_to_seconds(civil_from_seconds(EXTREMES[i]));
    zone_to_local(zone_utc(), EXTREMES[i]);
  }
  arena_free(arena);
}

static void rfc_3339_is_read(void **state) {
  (void)state;
  static const struct {
    const char *text;
    i64 seconds;
    i32 nanos;
  } CASES[] = {
      {"1970-01-01T00:00:00Z", 0, 0},
      {"2026-01-05T09:00:00+01:00", 1767600000, 0},
      {"2026-01-05T09:00:00+0100", 1767600000, 0},
      {"2026-01-05t03:00:00-05:00", 1767600000, 0},
      {"2026-01-05 08:00:00.25z", 1767600000, 250000000},
      {"1969-12-31T23:59:59.1234567891Z", -1, 123456789},
      {"2016-12-31T23:59:60Z", 1483228800, 0},
      {"0001-01-01T00:00:00Z", -62135596800, 0},
      {"9999-12-31T23:59:59.999999999Z", 253402300799, 999999999},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    i64 seconds = 0, ms = 0;
    i32 nanos = 0;
    assert_true(time_parse(str_from_c(CASES[i].text), &seconds, &nanos));
    assert_true(seconds == CASES[i].seconds && nanos == CASES[i].nanos);
    assert_true(time_parse_ms(str_from_c(CASES[i].text), &ms));
    assert_int_equal(ms, CASES[i].seconds * 1000 + CASES[i].nanos / 1000000);
  }
}

static void what_is_not_rfc_3339_is_refused(void **state) {
  (void)state;
  static const char *const CASES[] = {
      "",
      "2026-01-05",
      "2026-01-05T09:00:00",
      "2026-01-05T09:00Z",
      "2026-13-05T09:00:00Z",
      "2026-02-29T09:00:00Z",
      "2026-01-00T09:00:00Z",
      "2026-01-05T24:00:00Z",
      "2026-01-05T09:60:00Z",
      "2026-01-05T09:00:61Z",
      "2026-01-05T09:00:00.Z",
      "2026-01-05T09:00:00+1:00",
      "2026-01-05T09:00:00+24:00",
      "2026-01-05T09:00:00Z ",
      " 2026-01-05T09:00:00Z",
      "0000-01-01T00:00:00Z",
      "0001-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
      "+2026-01-05T09:00:00Z",
      "2026-01-05T09:00:00\u221205:00",
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    i64 seconds;
    i32 nanos;
    assert_false(time_parse(str_from_c(CASES[i]), &seconds, &nanos));
  }
}

static void times_are_written_with_the_decimals_they_need(void **state) {
  (void)state;
  Arena *arena = arena_new();
  assert_string_equal(str_to_c(arena, time_text_ms(arena, 1767600000000)), "2026-01-05T08:00:00Z");
  assert_string_equal(str_to_c(arena, time_text_ms(arena, 1767600000007)), "2026-01-05T08:00:00.007Z");
  assert_string_equal(str_to_c(arena, time_text_ms(arena, -1)), "1969-12-31T23:59:59.999Z");
  assert_string_equal(str_to_c(arena, time_text_ms(arena, INT64_MIN / 1000 * 1000)), "-292275055-05-16T16:47:05Z");
  arena_free(arena);
}

static void civil_texts_have_no_offset(void **state) {
  (void)state;
  Civil c = {0};
  assert_true(civil_parse(S("2026-01-05T09:07"), &c));
  assert_true(c.year == 2026 && c.month == 1 && c.day == 5 && c.hour == 9 && c.minute == 7 && c.second == 0);
  assert_true(civil_parse(S("2024-02-29T23:59:58"), &c));
  assert_true(c.day == 29 && c.second == 58);
  static const char *const BAD[] = {"2026-01-05T09:00:00Z", "2026-01-05", "2026-01-05T09",
                                    "2026-02-30T00:00",     "",           "2026-01-05T09:00:"};
  for (size_t i = 0; i < COUNT(BAD); i++) assert_false(civil_parse(str_from_c(BAD[i]), &c));
}

/* Zones --------------------------------------------------------------------------------------------------------------
 */

static const Zone *zone_named(ZoneDb *db, const char *name) {
  const Zone *zone = NULL;
  Error err = {0};
  if (!zone_find(db, str_from_c(name), &zone, &err)) fail_msg("%s", err.message);
  return zone;
}

static void check_utc(const Zone *zone, char *fields[5]) {
  i64 seconds = strtoll(fields[2], NULL, 10);
  const char *abbreviation;
  i32 offset = zone_offset(zone, seconds, &abbreviation);
  if (offset != strtol(fields[3], NULL, 10) || strcmp(abbreviation, fields[4]) != 0)
    fail_msg("%s at %s: %d %s, expected %s %s", fields[1], fields[2], offset, abbreviation, fields[3], fields[4]);
  assert_int_equal(civil_to_seconds(zone_to_local(zone, seconds)), seconds + offset);
}

static void check_local(const Zone *zone, char *fields[5]) {
  Civil local;
  assert_true(civil_parse(str_from_c(fields[2]), &local));
  i64 seconds = zone_to_utc(zone, local);
  if (seconds != strtoll(fields[3], NULL, 10))
    fail_msg("%s %s: %lld, expected %s", fields[1], fields[2], (long long)seconds, fields[3]);
}

static void zones_agree_with_python(void **state) {
  (void)state;
  ZoneDb *db = zone_db_new("tests/data/zones");
  FILE *file = fopen("tests/data/zones/expected.tsv", "r");
  assert_non_null(file);
  char line[200];
  int count = 0;
  while (fgets(line, sizeof line, file)) {
    char *fields[5] = {0}, *rest = line;
    line[strcspn(line, "\n")] = '\0';
    for (size_t i = 0; i < COUNT(fields) && rest; i++) fields[i] = strsep(&rest, "\t");
    const Zone *zone = zone_named(db, fields[1]);
    if (strcmp(fields[0], "utc") == 0)
      check_utc(zone, fields);
    else
      check_local(zone, fields);
    count++;
  }
  fclose(file);
  print_message("zones: %d expectations\n", count);
  assert_true(count > 2000);
  zone_db_free(db);
}

static void a_skipped_time_moves_forward_and_a_repeated_one_is_the_first(void **state) {
  (void)state;
  static const struct {
    const char *zone, *local, *utc;
  } CASES[] = {
      {"Europe/London", "2026-03-29T01:30:00", "2026-03-29T01:30:00Z"},    /* 02:30 BST */
      {"Europe/London", "2026-10-25T01:30:00", "2026-10-25T00:30:00Z"},    /* BST */
      {"America/New_York", "2099-03-08T02:00:00", "2099-03-08T07:00:00Z"}, /* the rule of the tail */
      {"America/New_York", "2099-11-01T01:59:59", "2099-11-01T05:59:59Z"},
      {"Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00Z"}, /* half an hour */
      {"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00Z"},        /* the day that was not */
      {"UTC", "2026-01-05T08:00:00", "2026-01-05T08:00:00Z"},
  };
  Arena *arena = arena_new();
  ZoneDb *db = zone_db_new("tests/data/zones");
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Civil local;
    assert_true(civil_parse(str_from_c(CASES[i].local), &local));
    i64 seconds = zone_to_utc(zone_named(db, CASES[i].zone), local);
    assert_string_equal(str_to_c(arena, time_text_ms(arena, seconds * 1000)), CASES[i].utc);
  }
  zone_db_free(db);
  arena_free(arena);
}

static void unknown_names_are_refused_and_stay_in_the_folder(void **state) {
  (void)state;
  static const char *const NAMES[] = {
      "",
      "Europe/Atlantis",
      "../zones/Europe/London",
      "Europe/../Europe/London",
      "/etc/passwd",
      "Europe/./London",
      "Europe//London",
      "Europe/London/",
      "Europe",
      "tzdata.zi",
      "README.md",
      "localtime",
      "right/UTC",
      "Europe/London\n",
      "Europe/Lond\xc3\xb6n",
      "%s%n",
      "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
  ZoneDb *db = zone_db_new("tests/data/zones");
  for (size_t i = 0; i < COUNT(NAMES); i++) {
    const Zone *zone = NULL;
    Error err = {0};
    assert_false(zone_find(db, str_from_c(NAMES[i]), &zone, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.message, "is not in the zone database; use a name such as Europe/Berlin"));
    assert_null(zone);
  }
  zone_db_free(db);
}

static void a_missing_folder_names_the_package(void **state) {
  (void)state;
  ZoneDb *db = zone_db_new("tests/data/no-such-zones");
  Arena *arena = arena_new();
  const Zone *zone = NULL;
  Error err = {0};
  assert_false(zone_find(db, S("Europe/London"), &zone, &err));
  assert_non_null(strstr(err.message, "package tzdata"));
  assert_string_equal(str_to_c(arena, zone_db_version(db, arena)), "unknown");
  assert_true(zone_find(db, S("UTC"), &zone, &err)); /* needs no file */
  assert_ptr_equal(zone, zone_utc());
  zone_db_free(db);
  arena_free(arena);
}

static void a_zone_is_loaded_once_and_shown_to_people(void **state) {
  (void)state;
  ZoneDb *db = zone_db_new("tests/data/zones");
  Arena *arena = arena_new();
  const Zone *zone = zone_named(db, "America/New_York");
  assert_ptr_equal(zone, zone_named(db, "America/New_York"));
  assert_true(str_equal_c(zone_name(zone), "America/New_York"));
  assert_string_equal(str_to_c(arena, zone_db_version(db, arena)), "2025b");
  assert_string_equal(str_to_c(arena, zone_text_ms(arena, zone, 1767625200000)), "Mon 5 Jan 2026, 10:00 EST");
  assert_string_equal(str_to_c(arena, zone_text_ms(arena, zone_utc(), -1)), "Wed 31 Dec 1969, 23:59 UTC");
  zone_db_free(db);
  arena_free(arena);
}

static void tails_are_read_by_posix(void **state) {
  (void)state;
  static const struct {
    const char *text;
    i64 at;
    i32 offset;
    const char *abbreviation;
  } CASES[] = {
      {"CET-1CEST,M3.5.0,M10.5.0/3", 1784000000, 7200, "CEST"},
      {"CET-1CEST,M3.5.0,M10.5.0/3", 1767600000, 3600, "CET"},
      {"IST-1GMT0,M10.5.0,M3.5.0/1", 1767600000, 0, "GMT"}, /* summer time that is negative */
      {"XXX3EDT4,0/0,J365/23", 1767600000, -14400, "EDT"},  /* summer time all year */
      {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1784000000, -3600, "-01"},
      {"<+0545>-5:45", 0, 20700, "+0545"},
      {"AAA0BBB,J60/0,J300/0", 1709164800, 0, "AAA"},  /* J60 is 1 March, in leap years too: 2024-02-29 is before */
      {"AAA0BBB,59/0,300/0", 1709164800, 3600, "BBB"}, /* day 59 from 0 is 29 February */
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    ZoneTail tail;
    assert_true(zone_tail_parse(str_from_c(CASES[i].text), &tail));
    ZoneSpan span = zone_tail_span(&tail, CASES[i].at);
    assert_int_equal(span.offset, CASES[i].offset);
    assert_string_equal(span.abbreviation, CASES[i].abbreviation);
    assert_true(span.until > CASES[i].at);
  }
  static const char *const BAD[] = {"",
                                    "A1",
                                    "CET",
                                    "CET-25",
                                    "CET-1CEST",
                                    "<CET-1",
                                    "CET-1CEST,M3",
                                    "CET-1CEST,M13.5.0,M10.5.0",
                                    "CET-1 ",
                                    "CET-1CEST,M3.5.0,M10.5.0/168",
                                    "<ABCDEFGHIJKLMNOPQ>0",
                                    "CET-1CEST,J0,J1"};
  ZoneTail tail;
  for (size_t i = 0; i < COUNT(BAD); i++) assert_false(zone_tail_parse(str_from_c(BAD[i]), &tail));
}

/* Each byte of a good file cut off or changed: an error or a zone, never a crash. */
static void damaged_files_are_errors(void **state) {
  (void)state;
  FILE *file = fopen("tests/data/zones/Pacific/Apia", "rb");
  assert_non_null(file);
  char bytes[4096];
  size_t count = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (size_t i = 0; i < count; i++) {
    Arena *arena = arena_new();
    struct Zone zone;
    Error err = {0};
    assert_false(tzif_parse(arena, str_copy(arena, (Str){bytes, i}), &zone, &err));
    assert_true(err.message[0] != '\0');
    bytes[i] = (char)~bytes[i];
    if (tzif_parse(arena, (Str){bytes, count}, &zone, &err)) zone_to_utc(&zone, (Civil){2011, 12, 30, 12, 0, 0});
    bytes[i] = (char)~bytes[i];
    arena_free(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_day_of_five_centuries_is_counted_and_read_back),
      cmocka_unit_test(fields_out_of_range_carry),
      cmocka_unit_test(rfc_3339_is_read),
      cmocka_unit_test(what_is_not_rfc_3339_is_refused),
      cmocka_unit_test(times_are_written_with_the_decimals_they_need),
      cmocka_unit_test(civil_texts_have_no_offset),
      cmocka_unit_test(zones_agree_with_python),
      cmocka_unit_test(a_skipped_time_moves_forward_and_a_repeated_one_is_the_first),
      cmocka_unit_test(unknown_names_are_refused_and_stay_in_the_folder),
      cmocka_unit_test(a_missing_folder_names_the_package),
      cmocka_unit_test(a_zone_is_loaded_once_and_shown_to_people),
      cmocka_unit_test(tails_are_read_by_posix),
      cmocka_unit_test(damaged_files_are_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
