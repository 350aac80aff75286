/* The report of a range: whose hours, by day and night in their own time, how often they were paged then, how fairly
 * that fell, and what had nobody: as it was written down when it was (core/oncall/record.h), not by what schedules say
 * now. What was before a schedule was made, and what is to come, is not counted. */
#include <stdlib.h>

#include "core/duty/duty.h"
#include "core/oncall/record.h"

enum { PAGES_MAX = 200000, BURST_S = 600, FAIR_MIN = 3 };
typedef enum HourClass { HOURS_BUSINESS, HOURS_OFF, HOURS_SLEEP, HOURS_COUNT } HourClass;

typedef struct Person {
  i64 user_id;
  const Zone *zone;
  VEC(Shift) spans;
  i64 hours_ms[HOURS_COUNT], weekend_ms;
  i64 shifts, given, taken, nights, nights_paged, bursts;
  i64 pages[HOURS_COUNT], weekend_pages;
  i64 last_night, last_night_paged, last_page_ms;
} Person;

typedef struct Reporting {
  const DutyCtx *d;
  const ReportAsk *ask;
  i64 to_ms;
  VEC(Person) people;
  ValueVec schedules;
  bool only_those; /* of a team or a schedule: pages of others do not count */
} Reporting;

static Person *person_of(Reporting *r, i64 user_id, bool make) {
  for (size_t i = 0; i < r->people.count; i++)
    if (r->people.items[i].user_id == user_id) return &r->people.items[i];
  if (!make) return NULL;
  const SetupUser *user = setup_user(r->d->setup, user_id);
  const SetupOrg *org = setup_org(r->d->setup, r->ask->org_id);
  Person *made = VEC_PUSH(r->d->arena, &r->people);
  *made = (Person){.user_id = user_id,
                   .zone = user && user->zone ? user->zone
                           : org              ? org->zone
                                              : zone_utc(),
                   .last_night = INT64_MIN,
                   .last_night_paged = INT64_MIN,
                   .last_page_ms = INT64_MIN};
  return made;
}

/* Hours ----------------------------------------------------------------------------------------------------------- */

static HourClass class_at(Civil c, bool *out_weekend) {
  *out_weekend = civil_weekday(civil_days(c.year, c.month, c.day)) >= 5;
  if (c.hour < 8 || c.hour >= 22) return HOURS_SLEEP;
  return !*out_weekend && c.hour >= 9 && c.hour < 18 ? HOURS_BUSINESS : HOURS_OFF;
}

/* When the class changes next, by the person's clock. */
static i64 next_change(const Zone *zone, i64 at_ms) {
  static const i32 HOURS[] = {8, 9, 18, 22, 24};
  Civil c = zone_to_local(zone, at_ms / 1000);
  for (size_t i = 0; i < COUNT(HOURS); i++) {
    if (c.hour >= HOURS[i]) continue;
    Civil then = {.year = c.year, .month = c.month, .day = c.day, .hour = HOURS[i]};
    i64 ms = zone_to_utc(zone, civil_from_seconds(civil_to_seconds(then))) * 1000;
    if (ms > at_ms) return ms;
  }
  return at_ms + 3600 * 1000; /* an hour that the clock repeats */
}

/* The night from 22:00 to 08:00, named by the day on which it ends. */
static i64 night_of(Civil c) {
  return civil_to_seconds((Civil){c.year, c.month, c.day, c.hour + 2, 0, 0}) / 86400;
}

static void count_span(Person *p, i64 from_ms, i64 to_ms) {
  for (i64 t = from_ms, next = 0; t < to_ms; t = next) {
    bool weekend = false;
    Civil local = zone_to_local(p->zone, t / 1000);
    HourClass class = class_at(local, &weekend);
    next = MIN(to_ms, next_change(p->zone, t));
    p->hours_ms[class] += next - t;
    if (weekend) p->weekend_ms += next - t;
    if (class != HOURS_SLEEP || night_of(local) == p->last_night) continue;
    p->last_night = night_of(local);
    p->nights++;
  }
}

static int compare_spans(const void *a, const void *b) {
  const Shift *x = a, *y = b;
  return x->starts_ms < y->starts_ms ? -1 : x->starts_ms > y->starts_ms;
}

/* On call for two schedules at once is on call once. */
static void count_hours(Person *p) {
  i64 from = 0, to = INT64_MIN;
  if (p->spans.count) qsort(p->spans.items, p->spans.count, sizeof(Shift), compare_spans);
  for (size_t i = 0; i < p->spans.count; i++) {
    const Shift *span = &p->spans.items[i];
    if (to != INT64_MIN && span->starts_ms <= to) {
      to = MAX(to, span->ends_ms);
      continue;
    }
    if (to != INT64_MIN) count_span(p, from, to);
    from = span->starts_ms;
    to = span->ends_ms;
  }
  if (to != INT64_MIN) count_span(p, from, to);
}

/* Schedules ------------------------------------------------------------------------------------------------------- */

static double hours(i64 ms) {
  return (double)(ms / 36000) / 100.0;
}

static void add_gaps(Reporting *r, const SetupSchedule *schedule, const Rendered *rendered, i64 from_ms) {
  Arena *arena = r->d->arena;
  ShiftList gaps;
  MapBuilder map = map_builder(arena);
  i64 gap_ms = 0;
  duty_gaps(r->d->app, arena, schedule, &rendered->gaps, rendered->holidays, &gaps);
  for (size_t i = 0; i < gaps.count; i++) gap_ms += gaps.items[i].ends_ms - gaps.items[i].starts_ms;
  map_put_c(&map, "schedule_id", value_string(id_text(arena, "sch", schedule->id)));
  map_put_c(&map, "schedule", value_string(schedule->name));
  map_put_c(&map, "gaps", value_int((i64)gaps.count));
  map_put_c(&map, "gap_hours", value_double(hours(gap_ms)));
  map_put_c(&map, "covered",
            from_ms < r->to_ms ? value_double(1.0 - (double)gap_ms / (double)(r->to_ms - from_ms)) : value_null());
  *VEC_PUSH(arena, &r->schedules) = map_done(&map);
}

static bool add_schedule(Reporting *r, const SetupSchedule *schedule, Error *err) {
  Arena *arena = r->d->arena;
  Rendered rendered;
  RenderSources sources = {0};
  i64 from_ms = 0;
  if (!shift_record_range(r->d->db, arena, r->d->app, schedule, r->ask->from_ms, r->to_ms, &from_ms, &sources,
                          &rendered, err))
    return false;
  for (size_t i = 0; i < rendered.final.count; i++) {
    const Shift *shift = &rendered.final.items[i];
    for (size_t k = 0; k < shift->user_count; k++) {
      Person *p = person_of(r, shift->user_ids[k], true);
      *VEC_PUSH(arena, &p->spans) = *shift;
      p->shifts++;
    }
  }
  for (size_t i = 0; i < sources.override_count; i++) {
    const Override *o = &sources.overrides[i];
    if (!str_equal_c(S("cover"), o->kind) || o->created_ms >= o->ends_ms) continue; /* it was over already */
    person_of(r, o->user_id, true)->taken++;
    if (o->replaces_user_id) person_of(r, o->replaces_user_id, true)->given++;
  }
  add_gaps(r, schedule, &rendered, from_ms);
  return true;
}

/* Pages ----------------------------------------------------------------------------------------------------------- */

static bool read_page(const DbRow *row, void *ctx) {
  Reporting *r = ctx;
  Person *p = person_of(r, db_row_int(row, 0), !r->only_those);
  i64 at_ms = db_row_int(row, 1);
  bool weekend = false;
  if (!p) return true;
  Civil local = zone_to_local(p->zone, at_ms / 1000);
  HourClass class = class_at(local, &weekend);
  p->pages[class]++;
  p->weekend_pages += weekend;
  if (p->last_page_ms == INT64_MIN || at_ms - p->last_page_ms >= BURST_S * 1000) p->bursts++;
  p->last_page_ms = at_ms;
  if (class == HOURS_SLEEP && night_of(local) != p->last_night_paged) {
    p->last_night_paged = night_of(local);
    p->nights_paged++;
  }
  return true;
}

static bool count_pages(Reporting *r, Error *err) {
  static const DbStmt PAGED = {
      "report_pages",
      "SELECT user_id, MIN(queued_at) AS at FROM notification WHERE org_id = $1 AND id >= $2 AND queued_at >= $3 AND "
      "queued_at < $4 AND purpose = 'page' GROUP BY user_id, page_id ORDER BY user_id, at LIMIT $5",
      NULL};
  i64 skew = clock_now(&r->d->app->clock) - clock_true_ms();
  return db_query(r->d->db, &PAGED,
                  DB_ARGS(db_int(r->ask->org_id), db_int(id_at_time(r->ask->from_ms - skew)), db_int(r->ask->from_ms),
                          db_int(r->to_ms), db_int(PAGES_MAX)),
                  read_page, r, err);
}

/* JSON ------------------------------------------------------------------------------------------------------------ */

static i64 total(const i64 *of_class) {
  return of_class[HOURS_BUSINESS] + of_class[HOURS_OFF] + of_class[HOURS_SLEEP];
}

static Value person_value(Reporting *r, const Person *p) {
  const SetupUser *user = setup_user(r->d->setup, p->user_id);
  MapBuilder map = map_builder(r->d->arena);
  map_put_c(&map, "user_id", value_string(id_text(r->d->arena, "usr", p->user_id)));
  map_put_c(&map, "name", user ? value_string(user->name) : value_null());
  map_put_c(&map, "shifts", value_int(p->shifts));
  map_put_c(&map, "hours", value_double(hours(total(p->hours_ms))));
  map_put_c(&map, "hours_business", value_double(hours(p->hours_ms[HOURS_BUSINESS])));
  map_put_c(&map, "hours_off", value_double(hours(p->hours_ms[HOURS_OFF])));
  map_put_c(&map, "hours_sleep", value_double(hours(p->hours_ms[HOURS_SLEEP])));
  map_put_c(&map, "hours_weekend", value_double(hours(p->weekend_ms)));
  map_put_c(&map, "pages", value_int(total(p->pages)));
  map_put_c(&map, "pages_business", value_int(p->pages[HOURS_BUSINESS]));
  map_put_c(&map, "pages_off", value_int(p->pages[HOURS_OFF]));
  map_put_c(&map, "pages_sleep", value_int(p->pages[HOURS_SLEEP]));
  map_put_c(&map, "pages_weekend", value_int(p->weekend_pages));
  map_put_c(&map, "interruptions", value_int(p->bursts));
  map_put_c(&map, "nights", value_int(p->nights));
  map_put_c(&map, "nights_paged", value_int(p->nights_paged));
  map_put_c(&map, "sleep_disruption",
            p->nights ? value_double(MIN(1.0, (double)p->nights_paged / (double)p->nights)) : value_null());
  map_put_c(&map, "covers_taken", value_int(p->taken));
  map_put_c(&map, "covers_given", value_int(p->given));
  return map_done(&map);
}

/* Gini = sum of |x - y| over all pairs / (2 n^2 mean), 0 when the mean is 0 (incident-products.md, 2.5). */
static Value fairness(Reporting *r, bool of_pages) {
  MapBuilder map = map_builder(r->d->arena);
  double sum = 0, apart = 0, most = 0;
  size_t n = 0;
  for (size_t i = 0; i < r->people.count; i++) {
    const Person *p = &r->people.items[i];
    if (total(p->hours_ms) == 0) continue;
    double x = of_pages ? (double)p->pages[HOURS_SLEEP] : (double)total(p->hours_ms);
    sum += x;
    most = MAX(most, x);
    n++;
    for (size_t k = 0; k < r->people.count; k++) {
      const Person *q = &r->people.items[k];
      double y = of_pages ? (double)q->pages[HOURS_SLEEP] : (double)total(q->hours_ms);
      if (total(q->hours_ms)) apart += x > y ? x - y : y - x;
    }
  }
  double mean = n ? sum / (double)n : 0;
  bool enough = n >= FAIR_MIN;
  map_put_c(&map, "gini",
            enough ? value_double(mean > 0 ? apart / (2.0 * (double)n * (double)n * mean) : 0) : value_null());
  map_put_c(&map, "max_to_mean", enough && mean > 0 ? value_double(most / mean) : value_null());
  return map_done(&map);
}

static int compare_people(const void *a, const void *b) {
  const Person *x = a, *y = b;
  i64 left = total(x->hours_ms), right = total(y->hours_ms);
  if (left != right) return left > right ? -1 : 1;
  return x->user_id < y->user_id ? -1 : x->user_id > y->user_id;
}

bool duty_report(const DutyCtx *d, const ReportAsk *ask, Value *out, Error *err) {
  Reporting r = {.d = d, .ask = ask, .to_ms = MIN(ask->to_ms, clock_now(&d->app->clock))};
  ValueVec people = {0};
  size_t with_hours = 0;
  r.only_those = ask->team_id || ask->schedule_id;
  if (r.to_ms <= ask->from_ms || r.to_ms - ask->from_ms > 400 * DAY_MS)
    return fail_at(
        err, ERR_INVALID, "/from",
        "a report is of the past: `from` lies before now and before `to`, and the range is at most 400 days");
  for (size_t i = 0; i < ask->schedule_count; i++) {
    const SetupSchedule *schedule = setup_schedule(d->setup, ask->schedule_ids[i]);
    if (schedule && !add_schedule(&r, schedule, err)) return false;
  }
  for (size_t i = 0; i < r.people.count; i++) count_hours(&r.people.items[i]);
  if (!count_pages(&r, err)) return false;
  if (r.people.count) qsort(r.people.items, r.people.count, sizeof(Person), compare_people);
  for (size_t i = 0; i < r.people.count; i++) {
    with_hours += total(r.people.items[i].hours_ms) > 0;
    *VEC_PUSH(d->arena, &people) = person_value(&r, &r.people.items[i]);
  }
  MapBuilder map = map_builder(d->arena), fair = map_builder(d->arena);
  map_put_c(&fair, "people", value_int((i64)with_hours));
  map_put_c(&fair, "hours", fairness(&r, false));
  map_put_c(&fair, "pages_sleep", fairness(&r, true));
  map_put_c(&map, "from", value_string(time_text_ms(d->arena, ask->from_ms)));
  map_put_c(&map, "to", value_string(time_text_ms(d->arena, r.to_ms)));
  map_put_c(&map, "people", list_done(&people));
  map_put_c(&map, "fairness", map_done(&fair));
  map_put_c(&map, "schedules", list_done(&r.schedules));
  *out = map_done(&map);
  return true;
}
