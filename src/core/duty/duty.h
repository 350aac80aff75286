/* What follows from who is on call: gaps of which the owners are told. All of it asks oncall_range. */
#ifndef TOCSIN_CORE_DUTY_H
#define TOCSIN_CORE_DUTY_H

#include "core/oncall/oncall.h"

enum { GAP_DAYS = 14 };

/* The stretches with nobody that the schedule's coverage asks somebody for; `empty` and `holidays` are those of a
 * rendering. */
void duty_gaps(const App *app, Arena *arena, const SetupSchedule *schedule, const ShiftList *empty, Holidays holidays,
               ShiftList *out);

/* One person's shifts of a rendering: neighbours are one, whoever else is on call beside them. */
void duty_shifts_of(Arena *arena, const ShiftList *final, i64 user_id, ShiftList *out);

/* GET /on-call/coverage: every schedule of the organization (of a team, one), what is covered in [from, to). */
typedef struct CoverageAsk {
  i64 org_id, team_id, schedule_id; /* 0: any */
  i64 from_ms, to_ms;
} CoverageAsk;
MUST_CHECK bool duty_coverage(Db *db, Arena *arena, App *app, const Setup *setup, const CoverageAsk *ask, Value *out,
                              Error *err);

/* Where somebody reads. */
typedef struct DutyCtx {
  App *app;
  Db *db;
  Arena *arena;
  const Setup *setup;
} DutyCtx;
/* The hand-off report of the shift that holds at an instant: GET /schedules/{id}/handoff; and as a text. */
MUST_CHECK bool duty_handoff(const DutyCtx *d, const SetupSchedule *schedule, i64 at_ms, Value *out, Error *err);
Str duty_handoff_text(Arena *arena, const Value *report);

/* GET /reports/on-call. The schedules are those that the caller sees and asked for. */
typedef struct ReportAsk {
  i64 org_id, team_id, schedule_id; /* 0: any */
  i64 from_ms, to_ms;
  const i64 *schedule_ids;
  size_t schedule_count;
} ReportAsk;
MUST_CHECK bool duty_report(const DutyCtx *d, const ReportAsk *ask, Value *out, Error *err);

/* Would a page reach this person? Adds the members of one item of GET /on-call/readiness. */
MUST_CHECK bool duty_readiness_of(const DutyCtx *d, i64 user_id, MapBuilder *map, bool *out_ready, Error *err);
/* Whoever is on call from these schedules now or within so many days. */
MUST_CHECK bool duty_readiness(const DutyCtx *d, const i64 *schedule_ids, size_t count, i64 days, Value *out,
                               Error *err);
/* Tells them what is missing; ERR_CONFLICT: nothing is, they were told within the hour, or nothing reaches them. */
MUST_CHECK bool duty_remind(Cycle *cycle, i64 user_id, Error *err);

/* A person was written: what they want to hear of their shifts is planned anew. */
MUST_CHECK bool duty_user_changed(Cycle *cycle, i64 org_id, i64 user_id, Error *err);
/* notices.c: shifts of the organization changed; the job of a person's notices. */
MUST_CHECK bool duty_notices_changed(Cycle *cycle, i64 org_id, Error *err);
bool duty_notice_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
/* test_page.c: the person was written, or their zone; the job of their weekly test page. */
MUST_CHECK bool duty_test_page_changed(Cycle *cycle, i64 org_id, i64 user_id, Error *err);
bool duty_test_page_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);

/* A schedule or one of its overrides was written. In the transaction of the write. */
MUST_CHECK bool duty_changed(Cycle *cycle, i64 org_id, i64 schedule_id, Error *err);
/* At the start: every schedule is watched (engine_run). */
MUST_CHECK bool duty_plan(Cycle *cycle, void *ctx, Error *err);
/* The gauges, once, when the metrics exist. */
void duty_metrics(App *app);

extern const JobKind DUTY_JOBS[];

#endif
