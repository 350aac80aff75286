/* Recurrence rules and calendar files: what RFC 5545 says, over changes of the clocks, within limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lang/ical.h"

#include <cmocka.h>

typedef struct Fixture {
  Arena *arena;
  ZoneDb *zones;
  const Zone *berlin, *new_york;
} Fixture;

static int set_up(void **state) {
  static Fixture f;
  f = (Fixture){.arena = arena_new(), .zones = zone_db_new(NULL)};
  *state = &f;
  return zone_find(f.zones, S("Europe/Berlin"), &f.berlin, NULL) &&
                 zone_find(f.zones, S("America/New_York"), &f.new_york, NULL)
             ? 0
             : -1;
}

static int tear_down(void **state) {
  Fixture *f = *state;
  arena_free(f->arena);
  zone_db_free(f->zones);
  return 0;
}

static i64 seconds(const char *utc) {
  i64 s = 0;
  i32 nanos = 0;
  assert_true(time_parse(str_from_c(utc), &s, &nanos));
  return s;
}

static const char *occurrences(Fixture *f, const char *rule, const char *start, const Zone *zone, const char *from,
                               const char *to, size_t max) {
  Civil civil;
  IcalTimes times;
  Error err = {0};
  IcalRange range = {seconds(from), seconds(to), max};
  assert_true(civil_parse(str_from_c(start), &civil));
  if (!ical_occurrences(f->arena, str_from_c(rule), civil, zone, &range, &times, &err))
    return str_to_c(f->arena, str_format(f->arena, "!%s", err.message));
  Buf out = buf_new(f->arena, 100000);
  for (size_t i = 0; i < times.count; i++) {
    if (i) buf_putc(&out, ' ');
    civil_write(times.items[i].local, &out);
    assert_int_equal(civil_to_seconds(times.items[i].local),
                     civil_to_seconds(zone_to_local(zone, times.items[i].at_s)));
  }
  if (times.more) buf_puts(&out, " ...");
  return str_to_c(f->arena, buf_str(&out));
}

static void rules_repeat_by_the_clocks_of_their_zone(void **state) {
  Fixture *f = *state;
  static const struct {
    const char *rule, *start, *from, *to, *wanted;
  } ROWS[] = {
      {"FREQ=DAILY", "2026-01-05T09:00:00", "2026-01-05T00:00:00Z", "2026-01-08T00:00:00Z",
       "2026-01-05T09:00:00 2026-01-06T09:00:00 2026-01-07T09:00:00"},
      {"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "2026-01-05T09:00:00", "2026-01-01T00:00:00Z",
       "2026-02-01T00:00:00Z", "2026-01-05T09:00:00 2026-01-08T09:00:00 2026-01-19T09:00:00 2026-01-22T09:00:00"},
      {"FREQ=MONTHLY;BYDAY=-1FR", "2026-01-30T18:00:00", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z",
       "2026-01-30T18:00:00 2026-02-27T18:00:00 2026-03-27T18:00:00"},
      {"FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31T10:00:00", "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z",
       "2026-01-31T10:00:00 2026-03-31T10:00:00 2026-05-31T10:00:00"},
      {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T10:00:00", "2024-01-01T00:00:00Z", "2033-01-01T00:00:00Z",
       "2024-02-29T10:00:00 2028-02-29T10:00:00 2032-02-29T10:00:00"},
      {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3", "2026-01-30T08:00:00", "2026-01-01T00:00:00Z",
       "2027-01-01T00:00:00Z", "2026-01-30T08:00:00 2026-02-27T08:00:00 2026-03-31T08:00:00"},
      {"FREQ=WEEKLY;COUNT=2", "2026-01-05T09:00:00", "2026-01-06T00:00:00Z", "2027-01-01T00:00:00Z",
       "2026-01-12T09:00:00"},
      /* the night of 29 March has no 02:30 in Berlin; 25 October has it twice */
      {"FREQ=DAILY", "2026-03-28T02:30:00", "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z",
       "2026-03-28T02:30:00 2026-03-29T03:30:00 2026-03-30T02:30:00"},
      {"FREQ=DAILY;COUNT=2", "2026-10-25T02:30:00", "2026-10-24T00:00:00Z", "2026-11-01T00:00:00Z",
       "2026-10-25T02:30:00 2026-10-26T02:30:00"},
      /* UNTIL is an instant: 09:00 in Berlin is 08:00Z in winter */
      {"FREQ=DAILY;UNTIL=20260107T080000Z", "2026-01-05T09:00:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
       "2026-01-05T09:00:00 2026-01-06T09:00:00 2026-01-07T09:00:00"},
      {"FREQ=DAILY;UNTIL=20260107T075959Z", "2026-01-05T09:00:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
       "2026-01-05T09:00:00 2026-01-06T09:00:00"},
      {"FREQ=DAILY;UNTIL=20260106", "2026-01-05T09:00:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
       "2026-01-05T09:00:00 2026-01-06T09:00:00"},
      {"FREQ=HOURLY;INTERVAL=12;COUNT=3", "2026-01-05T09:00:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
       "2026-01-05T09:00:00 2026-01-05T21:00:00 2026-01-06T09:00:00"},
      /* what stands twice is once */
      {"FREQ=WEEKLY;BYDAY=MO,TH,MO;COUNT=3", "2026-01-05T09:00:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
       "2026-01-05T09:00:00 2026-01-08T09:00:00 2026-01-12T09:00:00"},
      {"FREQ=DAILY;BYHOUR=20,8,08;COUNT=3", "2026-01-05T08:00:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
       "2026-01-05T08:00:00 2026-01-05T20:00:00 2026-01-06T08:00:00"},
      /* the start counts as the first also when the rule would not name it */
      {"FREQ=WEEKLY;BYDAY=MO", "2026-01-07T09:00:00", "2026-01-01T00:00:00Z", "2026-01-20T00:00:00Z",
       "2026-01-07T09:00:00 2026-01-12T09:00:00 2026-01-19T09:00:00"},
      {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01T09:00:00", "2026-01-02T00:00:00Z", "2027-01-01T00:00:00Z",
       "!the parts of the rule never come true together, or a number is out of its range"},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    const char *got = occurrences(f, ROWS[i].rule, ROWS[i].start, f->berlin, ROWS[i].from, ROWS[i].to, 0);
    if (strcmp(got, ROWS[i].wanted) != 0) fail_msg("%s\n  gives  %s\n  wanted %s", ROWS[i].rule, got, ROWS[i].wanted);
  }
}

/* tests/data/rrules, made by tests/data/generators/rrules.py */
static void rules_repeat_as_dateutil_says(void **state) {
  Fixture *f = *state;
  char line[4000];
  u32 rows = 0, wrong = 0;
  FILE *file = fopen("tests/data/rrules/expected.tsv", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    Str rest = str_trim(str_from_c(line)), rule = STR_NONE, start = STR_NONE, wanted = STR_NONE;
    assert_true(str_cut(rest, '\t', &rule, &rest) && str_cut(rest, '\t', &start, &wanted));
    const char *got = occurrences(f, str_to_c(f->arena, rule), str_to_c(f->arena, start), zone_utc(),
                                  "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z", 12);
    Str have = str_from_c(got);
    if (str_ends_with(have, S(" ..."))) have.len -= 4;
    rows++;
    if (str_equal(have, wanted)) continue;
    if (wrong++ < 5)
      print_message("%.*s from %.*s\n  gives  %s\n  wanted %.*s\n", STR_ARG(rule), STR_ARG(start), got,
                    STR_ARG(wanted));
  }
  fclose(file);
  print_message("rules: %u of %u as dateutil says\n", rows - wrong, rows);
  assert_int_equal(wrong, 0);
  assert_int_equal(rows, 400);
}

static void mistakes_in_rules_are_named(void **state) {
  (void)state;
  static const char *const ROWS[][2] = {
      {"", "\"\" is not a part of a rule such as FREQ=WEEKLY;BYDAY=MO,WE"},
      {"WEEKLY", "\"WEEKLY\" is not a part of a rule such as FREQ=WEEKLY;BYDAY=MO,WE"},
      {"FREQ=WEEKLY;BYDAYS=MO", "a rule has no part \"BYDAYS\""},
      {"FREQ=WEEKLY;FREQ=DAILY", "FREQ stands twice in the rule"},
      {"BYDAY=MO", "FREQ is missing, such as FREQ=WEEKLY"},
      {"FREQ=DAILY;COUNT=3;UNTIL=20260101", "a rule has UNTIL or COUNT, not both"},
      {"FREQ=SOMETIMES", "\"FREQ=SOMETIMES\" is not a rule such as FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"},
      {"FREQ=WEEKLY;BYDAY=MO,2TU", "BYDAY=2TU counts within months or years; other rules take the day alone"},
      {"FREQ=MONTHLY;BYDAY=99MO", "BYDAY=99MO: the number is 1 to 53, or -1 to -53 from the end"},
      {"FREQ=MONTHLY;BYDAY=0MO", "BYDAY=0MO: the number is 1 to 53, or -1 to -53 from the end"},
      {"FREQ=WEEKLY;BYDAY=XX", "\"FREQ=WEEKLY;BYDAY=XX\" is not a rule such as FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"},
      {"FREQ=SECONDLY", "FREQ is HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY; nothing here repeats faster"},
      {"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
       "FREQ=HOURLY cannot be combined with BYMONTH, BYMONTHDAY, BYYEARDAY or BYWEEKNO; use FREQ=DAILY with BYHOUR"},
      {"FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=5",
       "the parts of the rule never come true together, or a number is out of its range"},
      {"FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
       "the parts of the rule never come true together, or a number is out of its range"},
      {"FREQ=YEARLY;BYDAY=MO;BYSETPOS=55",
       "the parts of the rule never come true together, or a number is out of its range"},
      {"FREQ=WEEKLY;BYMONTHDAY=3", "the parts of the rule never come true together, or a number is out of its range"},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    Error err = {0};
    assert_false(ical_rule_check(str_from_c(ROWS[i][0]), &err));
    if (strcmp(err.message, ROWS[i][1]) != 0)
      fail_msg("%s\n  says   %s\n  wanted %s", ROWS[i][0], err.message, ROWS[i][1]);
    assert_false(ical_rule_check(str_from_c(ROWS[i][0]), NULL));
  }
  char big[ICAL_RULE_BYTES_MAX + 100];
  memset(big, 'A', sizeof big);
  assert_false(ical_rule_check((Str){big, sizeof big}, NULL));
}

#define NEVER "!the parts of the rule never come true together, or a number is out of its range"

/* What is jumped over is what would have been walked over: the same series with an end that is counted. */
static void long_ago_is_jumped_over(void **state) {
  Fixture *f = *state;
  static const char *const RULES[] = {"FREQ=DAILY;INTERVAL=3",
                                      "FREQ=HOURLY;INTERVAL=67",
                                      "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,WE;WKST=SU",
                                      "FREQ=WEEKLY;BYDAY=MO,TU,FR;BYSETPOS=-1",
                                      "FREQ=DAILY;INTERVAL=9;BYDAY=TU",
                                      "FREQ=WEEKLY;INTERVAL=5",
                                      "FREQ=MONTHLY",
                                      "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR,2TU",
                                      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                                      "FREQ=YEARLY",
                                      "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=1,100,-1",
                                      "FREQ=YEARLY;BYMONTH=1,5;BYDAY=1MO",
                                      "FREQ=YEARLY;BYWEEKNO=10",
                                      "FREQ=YEARLY;BYMONTHDAY=31",
                                      "FREQ=YEARLY;BYWEEKNO=1,20;BYDAY=MO,SU",
                                      "FREQ=YEARLY;BYDAY=MO,TU;BYSETPOS=1,3,-1"};
  for (size_t i = 0; i < COUNT(RULES); i++) {
    Str counted = str_format(f->arena, "%s;COUNT=900000", RULES[i]);
    const char *starts = "2020-02-03T02:30:00", *from = "2024-06-01T00:00:00Z", *to = "2027-06-01T00:00:00Z";
    const char *jumped = occurrences(f, RULES[i], starts, f->berlin, from, to, 30);
    const char *walked = occurrences(f, str_to_c(f->arena, counted), starts, f->berlin, from, to, 30);
    if (strcmp(jumped, walked) != 0 || jumped[0] == 0 || jumped[0] == '!')
      fail_msg("%s\n  jumped %s\n  walked %s", RULES[i], jumped, walked);
  }
}

static void what_is_asked_for_is_bounded(void **state) {
  Fixture *f = *state;
  assert_string_equal(occurrences(f, "FREQ=DAILY", "2026-01-05T09:00:00", zone_utc(), "2026-01-01T00:00:00Z",
                                  "2036-01-01T00:00:00Z", 2),
                      "2026-01-05T09:00:00 2026-01-06T09:00:00 ...");
  assert_non_null(strstr(occurrences(f, "FREQ=HOURLY;COUNT=900000", "1980-01-05T09:00:00", zone_utc(),
                                     "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 0),
                         "take too long to work out"));
  assert_string_equal(occurrences(f, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "2026-01-05T09:00:00", zone_utc(),
                                  "2026-01-06T00:00:00Z", "2400-01-01T00:00:00Z", 0),
                      NEVER);
  assert_string_equal(occurrences(f, "FREQ=HOURLY;INTERVAL=2;BYHOUR=3", "2026-01-05T08:00:00", zone_utc(),
                                  "2026-01-06T00:00:00Z", "2400-01-01T00:00:00Z", 0),
                      NEVER);
  assert_string_equal(occurrences(f, "FREQ=DAILY;INTERVAL=14;BYDAY=TU", "2026-01-05T08:00:00", zone_utc(),
                                  "2026-01-06T00:00:00Z", "2400-01-01T00:00:00Z", 0),
                      NEVER);
}

static const char CALENDAR[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Rota\r\nX-WR-TIMEZONE:Europe/Berlin\r\n"
    "BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:On call\\, first\r\nDTSTART;TZID=Europe/Berlin:20260105T090000\r\n"
    "DTEND;TZID=Europe/Berlin:20260105T170000\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
    "EXDATE;TZID=Europe/Berlin:20260106T090000\r\nORGANIZER:mailto:boss@example.org\r\n"
    "ATTENDEE;CN=Ann:mailto:ann@example.org\r\nATTENDEE:MAILTO:bob@example.org\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Moved\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260107T090000\r\n"
    "DTSTART;TZID=/x.org/1/America/New_York:20260107T120000\r\nDURATION:PT90M\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:day\r\nSUMMARY:Holiday\r\nDTSTART;VALUE=DATE:20260106\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:utc\r\nSUMMARY:Short\r\nDTSTART:20260106T120000Z\r\nDTEND:20260106T123000Z\r\n"
    "STATUS:CANCELLED\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:float\r\nSUMMARY:Local\r\nDTSTART:20260106T200000\r\nRDATE:20260108T200000\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:lost\r\nSUMMARY:Where\r\nDTSTART;TZID=Mars/Olympus:20260106T200000\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n";

static void put_events(Buf *out, const IcalEvents *events) {
  for (size_t i = 0; i < events->count; i++) {
    const IcalEvent *e = &events->items[i];
    buf_format(out, "%.*s|%.*s|", STR_ARG(e->uid), STR_ARG(e->summary));
    time_write_ms(e->start.at_s * 1000, out);
    buf_putc(out, '|');
    time_write_ms(e->end.at_s * 1000, out);
    buf_format(out, "|%s%s%zu\n", e->all_day ? "day " : "", e->cancelled ? "cancelled " : "", e->attendee_count);
  }
}

static void a_calendar_is_read_with_all_its_exceptions(void **state) {
  Fixture *f = *state;
  IcalEvents events;
  Error err = {0};
  IcalRange range = {seconds("2026-01-05T00:00:00Z"), seconds("2026-01-10T00:00:00Z"), 0};
  if (!ical_read(f->arena, S(CALENDAR), f->zones, zone_utc(), &range, &events, &err)) fail_msg("%s", err.message);
  Buf out = buf_new(f->arena, 10000);
  put_events(&out, &events);
  assert_string_equal(str_to_c(f->arena, buf_str(&out)),
                      "a|On call, first|2026-01-05T08:00:00Z|2026-01-05T16:00:00Z|2\n"
                      "day|Holiday|2026-01-05T23:00:00Z|2026-01-06T23:00:00Z|day 0\n"
                      "utc|Short|2026-01-06T12:00:00Z|2026-01-06T12:30:00Z|cancelled 0\n"
                      "float|Local|2026-01-06T19:00:00Z|2026-01-06T19:00:00Z|0\n"
                      "a|Moved|2026-01-07T17:00:00Z|2026-01-07T18:30:00Z|0\n"
                      "a|On call, first|2026-01-08T08:00:00Z|2026-01-08T16:00:00Z|2\n"
                      "float|Local|2026-01-08T19:00:00Z|2026-01-08T19:00:00Z|0\n");
  assert_true(str_equal_c(events.name, "Rota"));
  assert_true(str_equal_c(events.items[0].organizer, "boss@example.org"));
  assert_true(str_equal_c(events.items[0].attendees[1], "bob@example.org"));
  assert_int_equal(events.warning_count, 1);
  assert_non_null(strstr(str_to_c(f->arena, events.warnings[0]), "\"lost\" was passed over"));
}

static void what_is_written_reads_back(void **state) {
  Fixture *f = *state;
  Str mails[] = {S("ann@example.org"), S("x@y\r\nSUMMARY:forged")};
  IcalEvent made[] = {
      {.uid = S("1@tocsin"),
       .summary = S("Line one\nBEGIN:VEVENT; a, b \\ c \xC3\xA4"),
       .attendees = mails,
       .attendee_count = 2,
       .start = {.at_s = 1767603600},
       .end = {.at_s = 1767607200}},
      {.uid = S("2@tocsin"),
       .summary = S("Day"),
       .all_day = true,
       .start = {{2026, 1, 6, 0, 0, 0}, seconds("2026-01-06T00:00:00Z")},
       .end = {{2026, 1, 7, 0, 0, 0}, seconds("2026-01-07T00:00:00Z")}},
  };
  IcalEvents events;
  Error err = {0};
  Str text;
  IcalRange range = {seconds("2020-01-01T00:00:00Z"), seconds("2040-01-01T00:00:00Z"), 0};
  IcalFile file = {.name = S("Rota, \"all\""), .stamp_s = 1767600000, .refresh_s = 900};
  made[0].url = S("https://tocsin.example.org/schedules/rota");
  made[0].sequence = 7;
  made[0].modified_s = 1767600000;
  made[0].has_alarm = true;
  made[0].alarm_minutes = 90;
  assert_true(ical_write(f->arena, &file, made, COUNT(made), &text, &err));
  static const char *const LINES[] = {"REFRESH-INTERVAL;VALUE=DURATION:PT15M",
                                      "SEQUENCE:7",
                                      "LAST-MODIFIED:20260105T080000Z",
                                      "BEGIN:VALARM",
                                      "TRIGGER:-PT1H30M",
                                      "URL:https://tocsin.example.org/schedules/rota"};
  for (size_t i = 0; i < COUNT(LINES); i++)
    if (str_find(text, str_from_c(LINES[i]), 0) == SIZE_MAX) fail_msg("no %s in %.*s", LINES[i], STR_ARG(text));
  if (!ical_read(f->arena, text, f->zones, zone_utc(), &range, &events, &err)) fail_msg("%s", err.message);
  assert_int_equal(events.count, 2);
  assert_int_equal(events.warning_count, 0);
  assert_true(str_equal_c(events.name, "Rota, \"all\""));
  assert_true(str_equal(events.items[0].summary, made[0].summary));
  assert_int_equal(events.items[0].attendee_count, 2);
  assert_int_equal(events.items[0].start.at_s, made[0].start.at_s);
  assert_int_equal(events.items[0].end.at_s, made[0].end.at_s);
  assert_true(events.items[1].all_day);
  assert_int_equal(events.items[1].end.at_s, made[1].end.at_s);
}

static void put_numbers(Buf *out, const char *name, i32 from, i32 to) {
  buf_format(out, ";%s=", name);
  for (i32 i = from; i <= to; i++) buf_format(out, "%s%d", i > from ? "," : "", (int)i);
}

static const char *file_error(Fixture *f, Str text) {
  IcalEvents events = {0};
  Error err = {0};
  IcalRange range = {seconds("2026-01-01T00:00:00Z"), seconds("2028-01-01T00:00:00Z"), 0};
  if (ical_read(f->arena, text, f->zones, zone_utc(), &range, &events, &err)) return "";
  return str_to_c(f->arena, str_from_c(err.message));
}

static const char *rule_error(Fixture *f, const char *rule) {
  return file_error(f, str_format(f->arena,
                                  "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:19000101\r\n"
                                  "RRULE:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                                  rule));
}

static void rules_of_a_file_that_cost_too_much_are_refused(void **state) {
  Fixture *f = *state;
  Buf rule = buf_new(f->arena, 4000), file = buf_new(f->arena, 100000);
  buf_puts(&rule, "FREQ=YEARLY");
  put_numbers(&rule, "BYYEARDAY", 1, 366);
  put_numbers(&rule, "BYHOUR", 0, 23);
  put_numbers(&rule, "BYMINUTE", 0, 59);
  put_numbers(&rule, "BYSECOND", 0, 59);
  assert_string_equal(rule_error(f, str_to_c(f->arena, buf_str(&rule))),
                      "line 5: the lists of the rule name more than 1000 times together");
  /* many that never come true, and a few that are counted from long ago */
  buf_puts(&file, "BEGIN:VCALENDAR\n");
  for (i32 i = 0; i < 200; i++)
    buf_format(&file,
               "BEGIN:VEVENT\nUID:%d\nDTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\n"
               "END:VEVENT\n",
               (int)i);
  buf_puts(&file, "END:VCALENDAR\n");
  assert_string_equal(file_error(f, buf_str(&file)),
                      "line 5: the parts of the rule never come true together, or a number is out of its range");
  assert_non_null(
      strstr(rule_error(f, "FREQ=DAILY;COUNT=900000;BYHOUR=1,2,3,4,5,6,7,8,9"), "take too long to work out"));
  assert_string_equal(rule_error(f, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25"), "");
}

static void mistakes_in_a_file_are_named_with_their_line(void **state) {
  Fixture *f = *state;
  static const char *const ROWS[][2] = {
      {"FREQ=FORTNIGHTLY", "line 5: \"FREQ=FORTNIGHTLY\" is not a rule such as FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"},
      {"FREQ=WEEKLY;BYDAY=ZZ",
       "line 5: \"FREQ=WEEKLY;BYDAY=ZZ\" is not a rule such as FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"},
      {"FREQ=WEEKLY;INTERVAL=0", "line 5: INTERVAL=0: the number is 1 to 32767"},
      {"FREQ=WEEKLY;UNTIL=nonsense",
       "line 5: UNTIL=nonsense is neither a day such as 20261231 nor a time such as 20261231T170000Z"},
      {"FREQ=DAILY;BYHOUR=24", "line 5: BYHOUR=24: the number is 0 to 23"},
      {"FREQ=MONTHLY;BYMONTHDAY=0", "line 5: BYMONTHDAY=0: the number is 1 to 31, or negative from the end"},
      {"FREQ=MINUTELY", "line 5: FREQ is HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY; nothing here repeats faster"},
      {"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30,31",
       "line 5: the parts of the rule never come true together, or a number is out of its range"},
      {"FREQ=DAILY;\r\n  BYHOUR=25", "line 5: a rule has no part \" BYHOUR\""},
      {"FREQ=DA\r\n ILY;BYHOUR=\r\n 25", "line 5: BYHOUR=25: the number is 0 to 23"},
      {"FREQ=DAILY;INTERVAL=2;", ""},
      {"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29,31", ""},
      {"FREQ=MONTHLY;BYMONTHDAY=+1,-1;UNTIL=20300101T000000Z", ""},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) assert_string_equal(rule_error(f, ROWS[i][0]), ROWS[i][1]);
  /* the rules of a zone's clocks are not read */
  assert_string_equal(file_error(f, S("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\n"
                                      "DTSTART:16010101T030000\nRRULE:FREQ=ODD\nEND:STANDARD\nEND:VTIMEZONE\n"
                                      "END:VCALENDAR\n")),
                      "");
}

static void files_that_are_not_whole_say_so(void **state) {
  Fixture *f = *state;
  assert_string_equal(file_error(f, S("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART:20261201T0")),
                      "the calendar file is cut off: it ends at line 5 without END:VCALENDAR");
  assert_string_equal(file_error(f, S("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n\xFF\xFE END:VCALENDAR\n")),
                      "this is not a calendar file: line 4 is not text in UTF-8");
  assert_string_equal(file_error(f, S("B\0E\0G\0")),
                      "this is not a calendar file: it holds zero bytes and is not text in UTF-8");
  assert_string_equal(file_error(f, S("<html>")), "this is not a calendar file: it has no BEGIN:VCALENDAR");
  assert_string_equal(file_error(f, S("\xEF\xBB\xBF"
                                      "BEGIN:VCALENDAR\nEND:VCALENDAR\n")),
                      "");
}

static void what_is_no_calendar_is_refused(void **state) {
  Fixture *f = *state;
  static const char *const TEXTS[] = {"", "hello", "BEGIN:VEVENT\r\nEND:VEVENT\r\n", "BEGIN:VCALENDAR"};
  IcalRange range = {0, 1, 0};
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    IcalEvents events = {0};
    Error err = {0};
    bool ok = ical_read(f->arena, str_from_c(TEXTS[i]), f->zones, zone_utc(), &range, &events, &err);
    assert_true(ok ? events.count == 0 : err.message[0] != 0);
    if (i < 3) assert_false(ok);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(rules_repeat_by_the_clocks_of_their_zone, set_up, tear_down),
      cmocka_unit_test_setup_teardown(rules_repeat_as_dateutil_says, set_up, tear_down),
      cmocka_unit_test_setup_teardown(mistakes_in_rules_are_named, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_asked_for_is_bounded, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_calendar_is_read_with_all_its_exceptions, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_written_reads_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(long_ago_is_jumped_over, set_up, tear_down),
      cmocka_unit_test_setup_teardown(rules_of_a_file_that_cost_too_much_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(mistakes_in_a_file_are_named_with_their_line, set_up, tear_down),
      cmocka_unit_test_setup_teardown(files_that_are_not_whole_say_so, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_no_calendar_is_refused, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
