/* Calendar files. libical reads the text into components; times are taken as they are written and resolved by our own
 * zones. An event that cannot be read is passed over with a warning: one bad entry must not hide a rota. */
#include <stdlib.h>
#include <string.h>

#include "lang/ical_internal.h"

enum { WARNINGS_MAX = 100, ATTENDEES_MAX = 200, DATES_MAX = 2000 };

typedef struct Changed { /* an occurrence that a RECURRENCE-ID replaces */
  Str uid;
  i64 at_s;
} Changed;

typedef struct Reader {
  Arena *arena;
  ZoneDb *zones;
  const Zone *zone; /* of times without any */
  const IcalRange *range;
  size_t max;
  IcalWork work;
  VEC(IcalEvent) events;
  VEC(Changed) changed;
  VEC(Str) warnings;
  bool more;
  Error *err;
} Reader;

/* One series of the file. */
typedef struct Series {
  IcalEvent event; /* without start and end */
  const Zone *zone;
  Civil start;
  bool all_day;
  i64 length_s;    /* exact */
  i64 length_days; /* by the calendar */
  VEC(i64) except;
} Series;

static void warn(Reader *r, Str uid, const char *why) {
  if (r->warnings.count < WARNINGS_MAX)
    *VEC_PUSH(r->arena, &r->warnings) =
        str_format(r->arena, "event \"%.*s\" was passed over: %s", STR_ARG(utf8_cut(uid, 80)), why);
}

static Str text_of(const Reader *r, const char *text) {
  return text ? utf8_clean(r->arena, str_copy(r->arena, utf8_cut(str_from_c(text), 16384))) : STR_NONE;
}

static Str mail_of(const Reader *r, const char *address) {
  Str text = str_trim(text_of(r, address));
  if (text.len > 7 && str_equal_nocase(str_slice(text, 0, 7), S("mailto:"))) text = str_slice(text, 7, text.len);
  return text;
}

/* Times ----------------------------------------------------------------------------------------------------------- */

/* "Europe/Berlin", also behind a prefix such as "/softwarestudio.org/Olson_20011030_5/Europe/Berlin", or as Windows
 * names it: "W. Europe Standard Time". */
static const Zone *zone_named(const Reader *r, Str name) {
  const Zone *zone = NULL;
  Str windows = zone_of_windows(name);
  if (zone_find(r->zones, windows.len ? windows : name, &zone, NULL)) return zone;
  size_t last = SIZE_MAX, before = SIZE_MAX;
  for (size_t i = 0; i < name.len; i++)
    if (name.ptr[i] == '/') before = last, last = i;
  if (before != SIZE_MAX && zone_find(r->zones, str_slice(name, before + 1, name.len), &zone, NULL)) return zone;
  return NULL;
}

typedef struct When {
  Civil civil;
  const Zone *zone;
  bool date;
} When;

static bool time_of(const Reader *r, icalproperty *property, icaltimetype t, When *out) {
  icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
  *out = (When){.civil = ical_to_civil(t), .zone = r->zone, .date = t.is_date != 0};
  if (icaltime_is_null_time(t) || !icaltime_is_valid_time(t) || t.year < 1 || t.year > 2500) return false;
  if (icaltime_is_utc(t)) {
    out->zone = zone_utc();
  } else if (parameter && !t.is_date) {
    const char *name = icalparameter_get_tzid(parameter);
    out->zone = zone_named(r, str_from_c(name));
  }
  return out->zone != NULL;
}

static i64 instant_of(const When *when) {
  return zone_to_utc(when->zone, when->civil);
}

/* Reading one VEVENT ---------------------------------------------------------------------------------------------- */

static bool read_start(Reader *r, icalcomponent *component, Series *s) {
  icalproperty *property = icalcomponent_get_first_property(component, ICAL_DTSTART_PROPERTY);
  When when;
  if (!property) return warn(r, s->event.uid, "it has no DTSTART"), false;
  if (!time_of(r, property, icalproperty_get_dtstart(property), &when))
    return warn(r, s->event.uid, "its DTSTART is not a time, or names a zone that is not known"), false;
  s->zone = when.zone;
  s->start = when.civil;
  s->all_day = when.date;
  return true;
}

static bool read_length(Reader *r, icalcomponent *component, Series *s) {
  icalproperty *end = icalcomponent_get_first_property(component, ICAL_DTEND_PROPERTY);
  icalproperty *duration = icalcomponent_get_first_property(component, ICAL_DURATION_PROPERTY);
  When when;
  if (end) {
    if (!time_of(r, end, icalproperty_get_dtend(end), &when))
      return warn(r, s->event.uid, "its DTEND is not a time, or names a zone that is not known"), false;
    if (s->all_day && when.date)
      s->length_days = civil_days(when.civil.year, when.civil.month, when.civil.day) -
                       civil_days(s->start.year, s->start.month, s->start.day);
    else
      s->length_s = instant_of(&when) - zone_to_utc(s->zone, s->start);
  } else if (duration) {
    struct icaldurationtype d = icalproperty_get_duration(duration);
    s->length_days = (i64)d.weeks * 7 + d.days;
    s->length_s = (i64)d.hours * 3600 + (i64)d.minutes * 60 + d.seconds;
    if (d.is_neg) s->length_days = -1;
  } else if (s->all_day) {
    s->length_days = 1;
  }
  if (s->length_days < 0 || s->length_s < 0 || s->length_days > 36600)
    return warn(r, s->event.uid, "it ends before it begins, or after a century"), false;
  return true;
}

static void read_people(const Reader *r, icalcomponent *component, IcalEvent *event) {
  icalproperty *organizer = icalcomponent_get_first_property(component, ICAL_ORGANIZER_PROPERTY);
  VEC(Str) mails = {0};
  if (organizer) event->organizer = mail_of(r, icalproperty_get_organizer(organizer));
  for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_ATTENDEE_PROPERTY);
       p && mails.count < ATTENDEES_MAX; p = icalcomponent_get_next_property(component, ICAL_ATTENDEE_PROPERTY))
    *VEC_PUSH(r->arena, &mails) = mail_of(r, icalproperty_get_attendee(p));
  event->attendees = mails.items;
  event->attendee_count = mails.count;
}

static IcalEvent read_texts(const Reader *r, icalcomponent *component) {
  return (IcalEvent){.uid = text_of(r, icalcomponent_get_uid(component)),
                     .summary = text_of(r, icalcomponent_get_summary(component)),
                     .description = text_of(r, icalcomponent_get_description(component)),
                     .location = text_of(r, icalcomponent_get_location(component)),
                     .cancelled = icalcomponent_get_status(component) == ICAL_STATUS_CANCELLED};
}

static void read_exceptions(Reader *r, icalcomponent *component, Series *s) {
  for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_EXDATE_PROPERTY);
       p && s->except.count < DATES_MAX; p = icalcomponent_get_next_property(component, ICAL_EXDATE_PROPERTY)) {
    When when;
    if (!time_of(r, p, icalproperty_get_exdate(p), &when)) {
      warn(r, s->event.uid, "one of its EXDATE is not a time, or names a zone that is not known");
      continue;
    }
    if (when.date && !s->all_day) /* the day, whatever the hour */
      when.civil.hour = s->start.hour, when.civil.minute = s->start.minute, when.civil.second = s->start.second;
    if (when.date) when.zone = s->zone;
    *VEC_PUSH(r->arena, &s->except) = instant_of(&when);
  }
}

/* Occurrences ----------------------------------------------------------------------------------------------------- */

static bool is_excepted(const Reader *r, const Series *s, i64 at_s, bool recurring) {
  for (size_t i = 0; i < s->except.count; i++)
    if (s->except.items[i] == at_s) return true;
  for (size_t i = 0; recurring && i < r->changed.count; i++)
    if (r->changed.items[i].at_s == at_s && str_equal(r->changed.items[i].uid, s->event.uid)) return true;
  return false;
}

/* True while there is room. */
static bool add_occurrence(Reader *r, const Series *s, IcalTime start, bool recurring) {
  Civil end = start.local;
  IcalEvent event = s->event;
  end.day += (i32)s->length_days;
  event.start = start;
  event.all_day = s->all_day;
  i64 end_s = (s->length_days ? zone_to_utc(s->zone, end) : start.at_s) + s->length_s;
  event.end = (IcalTime){.local = zone_to_local(s->zone, end_s), .at_s = end_s};
  bool outside = start.at_s >= r->range->to_s || (end_s <= r->range->from_s && start.at_s < r->range->from_s);
  if (outside || is_excepted(r, s, start.at_s, recurring)) return true;
  if (r->events.count == r->max) {
    r->more = true;
    return false;
  }
  *VEC_PUSH(r->arena, &r->events) = event;
  return true;
}

static bool add_rule(Reader *r, const Series *s, icalproperty *property) {
  struct icalrecurrencetype rule = icalproperty_get_rrule(property);
  Error why = {0};
  IcalWalk walk = {0};
  IcalTime next;
  bool spent = false, room = true, first = true;
  i64 from_s = r->range->from_s - s->length_s - s->length_days * 86400; /* what began before may still last */
  if (!ical_walk_start(&walk, &rule, s->start, s->zone, from_s, r->range->to_s, &r->work, &why))
    return warn(r, s->event.uid, why.message), true;
  i64 start_s = zone_to_utc(s->zone, s->start);
  while (room && ical_walk_next(&walk, &next, &spent)) {
    bool again = first && next.at_s == start_s; /* DTSTART was added already */
    first = false;
    if (!again) room = add_occurrence(r, s, next, true);
  }
  ical_walk_done(&walk);
  return !spent || ical_too_long(r->err);
}

static void add_dates(Reader *r, icalcomponent *component, const Series *s) {
  size_t count = 0;
  for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY); p && count < DATES_MAX;
       p = icalcomponent_get_next_property(component, ICAL_RDATE_PROPERTY), count++) {
    When when;
    struct icaldatetimeperiodtype date = icalproperty_get_rdate(p);
    if (!time_of(r, p, icaltime_is_null_time(date.time) ? date.period.start : date.time, &when)) {
      warn(r, s->event.uid, "one of its RDATE is not a time, or names a zone that is not known");
      continue;
    }
    IcalTime at = {.at_s = instant_of(&when)};
    at.local = zone_to_local(s->zone, at.at_s);
    (void)add_occurrence(r, s, at, true);
  }
}

static bool read_event(Reader *r, icalcomponent *component) {
  if (ical_work_spent(&r->work)) return ical_too_long(r->err);
  Series s = {.event = read_texts(r, component)};
  icalproperty *rule = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY);
  bool recurring = rule || icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY);
  if (icalcomponent_get_first_property(component, ICAL_RECURRENCEID_PROPERTY)) recurring = false, rule = NULL;
  read_people(r, component, &s.event);
  if (!read_start(r, component, &s) || !read_length(r, component, &s)) return true;
  read_exceptions(r, component, &s);
  (void)add_occurrence(r, &s, ical_at(s.zone, s.start), recurring);
  if (recurring) add_dates(r, component, &s);
  return !rule || add_rule(r, &s, rule);
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static void note_changed(Reader *r, icalcomponent *component) {
  icalproperty *p = icalcomponent_get_first_property(component, ICAL_RECURRENCEID_PROPERTY);
  When when;
  if (!p || !time_of(r, p, icalproperty_get_recurrenceid(p), &when)) return;
  *VEC_PUSH(r->arena, &r->changed) = (Changed){text_of(r, icalcomponent_get_uid(component)), instant_of(&when)};
}

static int event_order(const void *a, const void *b) {
  const IcalEvent *left = a, *right = b;
  if (left->start.at_s != right->start.at_s) return left->start.at_s < right->start.at_s ? -1 : 1;
  return str_compare(left->uid, right->uid);
}

static bool read_calendar(Reader *r, icalcomponent *calendar) {
  size_t count = 0;
  icalcomponent *c = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
  for (; c; c = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
    if (++count > ICAL_EVENTS_MAX)
      return fail(r->err, ERR_TOO_LARGE, "the calendar has more than %d events", ICAL_EVENTS_MAX);
    note_changed(r, c);
  }
  c = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
  for (; c; c = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT))
    if (!read_event(r, c)) return false;
  if (r->events.count) qsort(r->events.items, r->events.count, sizeof *r->events.items, event_order);
  return true;
}

static Str extended_text(const Reader *r, icalcomponent *calendar, const char *name) {
  for (icalproperty *p = icalcomponent_get_first_property(calendar, ICAL_X_PROPERTY); p;
       p = icalcomponent_get_next_property(calendar, ICAL_X_PROPERTY)) {
    const char *is = icalproperty_get_x_name(p);
    if (is && strcmp(is, name) == 0) return text_of(r, icalproperty_get_x(p));
  }
  return STR_NONE;
}

/* The calendar of the text: itself, or the first of several that stand behind each other. */
static icalcomponent *calendar_of(icalcomponent *root) {
  if (!root) return NULL;
  if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT) return root;
  return icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
}

bool ical_read(Arena *arena, Str text, ZoneDb *zones, const Zone *zone, const IcalRange *range, IcalEvents *out,
               Error *err) {
  IcalRange within = ical_range(range);
  Reader r = {.arena = arena, .zones = zones, .zone = zone, .range = &within, .err = err};
  r.max = range->count_max ? MIN(range->count_max, (size_t)ICAL_OCCURRENCES_MAX) : ICAL_OCCURRENCES_MAX;
  ical_be_tame();
  if (text.len > ICAL_FILE_BYTES_MAX)
    return fail(err, ERR_TOO_LARGE, "a calendar file has at most 1 MiB, this one %zu bytes", text.len);
  if (text.len == 0) return fail(err, ERR_INVALID, "this is not a calendar file: it is empty");
  if (memchr(text.ptr, 0, text.len))
    return fail(err, ERR_INVALID, "this is not a calendar file: it holds zero bytes and is not text in UTF-8");
  if (text.len >= 3 && memcmp(text.ptr, "\xEF\xBB\xBF", 3) == 0) text = str_slice(text, 3, text.len);
  r.work = ical_work();
  if (!ical_text_check(arena, text, &r.work, err)) return false;
  icalcomponent *root = icalparser_parse_string(str_to_c(arena, text)), *calendar = calendar_of(root);
  bool ok = calendar != NULL;
  r.work = ical_work(); /* what a file of this size takes to be read is bounded by itself */
  if (ok) {
    Str name = extended_text(&r, calendar, "X-WR-TIMEZONE");
    const Zone *own = name.len ? zone_named(&r, name) : NULL;
    if (own) r.zone = own;
    ok = read_calendar(&r, calendar);
    *out = (IcalEvents){r.events.items,   r.events.count,  r.more, extended_text(&r, calendar, "X-WR-CALNAME"),
                        r.warnings.items, r.warnings.count};
  } else {
    (void)ical_not_whole(arena, text, err);
  }
  if (root) icalcomponent_free(root);
  return ok;
}
