/* Writing calendar files. */
#include <string.h>

#include "lang/ical_internal.h"

static const char *c_text(Arena *arena, Str text) {
  char *copy = str_to_c(arena, text);
  for (size_t i = 0; i < text.len; i++) /* line breaks stay: libical writes them as \n */
    if ((u8)copy[i] < 0x20 && copy[i] != '\n' && copy[i] != '\t') copy[i] = ' ';
  return copy;
}

static icaltimetype utc_time(i64 at_s) {
  icaltimetype t = ical_from_civil(civil_from_seconds(at_s));
  t.zone = icaltimezone_get_utc_timezone();
  return t;
}

static icaltimetype day_of(Civil c) {
  icaltimetype t = ical_from_civil((Civil){.year = c.year, .month = c.month, .day = c.day});
  t.is_date = 1;
  return t;
}

static void add(icalcomponent *component, icalproperty *property) {
  if (property) icalcomponent_add_property(component, property);
}

/* What has no property of its own in the library. */
static void add_x(Arena *arena, icalcomponent *calendar, const char *name, Str value) {
  if (value.len == 0) return;
  icalproperty *p = icalproperty_new_x(c_text(arena, value));
  icalproperty_set_x_name(p, name);
  add(calendar, p);
}

/* An address is not quoted in the file: what could end its line is left out. */
static Str mailto(Arena *arena, Str mail) {
  Buf out = buf_new(arena, mail.len + 16);
  buf_puts(&out, "mailto:");
  for (size_t i = 0; i < mail.len; i++)
    if ((u8)mail.ptr[i] > 0x20) buf_putc(&out, mail.ptr[i]);
  return buf_str(&out);
}

static icalcomponent *alarm_component(Arena *arena, const IcalEvent *e) {
  icalcomponent *c = icalcomponent_new(ICAL_VALARM_COMPONENT);
  struct icaltriggertype trigger = icaltriggertype_from_int((int)(-60 * e->alarm_minutes));
  add(c, icalproperty_new_action(ICAL_ACTION_DISPLAY));
  add(c, icalproperty_new_description(c_text(arena, e->summary)));
  add(c, icalproperty_new_trigger(trigger));
  return c;
}

static icalcomponent *event_component(Arena *arena, const IcalEvent *e, i64 stamp_s) {
  icalcomponent *c = icalcomponent_new(ICAL_VEVENT_COMPONENT);
  add(c, icalproperty_new_uid(c_text(arena, e->uid)));
  add(c, icalproperty_new_dtstamp(utc_time(stamp_s)));
  add(c, icalproperty_new_dtstart(e->all_day ? day_of(e->start.local) : utc_time(e->start.at_s)));
  add(c, icalproperty_new_dtend(e->all_day ? day_of(e->end.local) : utc_time(e->end.at_s)));
  add(c, icalproperty_new_summary(c_text(arena, e->summary)));
  if (e->description.len) add(c, icalproperty_new_description(c_text(arena, e->description)));
  if (e->location.len) add(c, icalproperty_new_location(c_text(arena, e->location)));
  if (e->organizer.len) add(c, icalproperty_new_organizer(c_text(arena, mailto(arena, e->organizer))));
  for (size_t i = 0; i < e->attendee_count; i++)
    add(c, icalproperty_new_attendee(c_text(arena, mailto(arena, e->attendees[i]))));
  if (e->cancelled) add(c, icalproperty_new_status(ICAL_STATUS_CANCELLED));
  if (e->url.len) add(c, icalproperty_new_url(c_text(arena, e->url)));
  if (e->modified_s) {
    add(c, icalproperty_new_lastmodified(utc_time(e->modified_s)));
    add(c, icalproperty_new_sequence((int)MIN(e->sequence, INT32_MAX)));
  }
  if (e->has_alarm) icalcomponent_add_component(c, alarm_component(arena, e));
  return c;
}

bool ical_write(Arena *arena, const IcalFile *file, const IcalEvent *events, size_t count, Str *out, Error *err) {
  ical_be_tame();
  if (count > ICAL_OCCURRENCES_MAX)
    return fail(err, ERR_TOO_LARGE, "a calendar file has at most %d events, this one would have %zu",
                ICAL_OCCURRENCES_MAX, count);
  icalcomponent *calendar = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
  add(calendar, icalproperty_new_version("2.0"));
  add(calendar, icalproperty_new_prodid("-//Tocsin//EN"));
  add_x(arena, calendar, "X-WR-CALNAME", file->name);
  if (file->refresh_s) {
    Str length = str_format(arena, "PT%lldM", (long long)(file->refresh_s / 60));
    add_x(arena, calendar, "X-PUBLISHED-TTL", length);
    add_x(arena, calendar, "REFRESH-INTERVAL;VALUE=DURATION", length);
  }
  for (size_t i = 0; i < count; i++)
    icalcomponent_add_component(calendar, event_component(arena, &events[i], file->stamp_s));
  char *text = icalcomponent_as_ical_string_r(calendar);
  *out = str_copy(arena, str_from_c(text));
  icalmemory_free_buffer(text);
  icalcomponent_free(calendar);
  return true;
}
