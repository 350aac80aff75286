/* What the files of paging share. */
#ifndef TOCSIN_CORE_PAGING_INTERNAL_H
#define TOCSIN_CORE_PAGING_INTERNAL_H

#include "catalog/channel.h"
#include "core/incidents/timeline.h"
#include "core/paging/paging.h"
#include "core/setup/setup.h"

enum { STORM_PAGES = 20, STORM_WINDOW_S = 60, EXHAUSTED_AGAIN_S = 1800, TARGETS_MAX = 200 };

typedef struct Page {
  i64 id, org_id, policy_id, subject_id, alert_id, incident_id, episode, start, team_id;
  Str subject_kind;
  PageStatus status;
  Str urgency, title;
  i64 severity, level, round, epoch, version;
  Str policy; /* the snapshot, JSON */
  i64 storm_page_id, created_ms;
  Str acknowledged_by;
} Page;

/* The policy as it was when the page began. */
typedef struct Snapshot {
  SetupLevel *levels;
  size_t level_count;
  i64 repeat, ack_timeout_s;
  SetupTarget *exhausted;
  size_t exhausted_count;
} Snapshot;

/* How many pages of a policy started in the present minute. The engine's thread only. */
typedef struct PageRate {
  i64 policy_id, window_ms, count, storm_page_id;
} PageRate;
PageRate *page_rate_of(App *app, i64 policy_id);

Str snapshot_json(Arena *arena, const SetupPolicy *policy);
Str snapshot_of_targets(Arena *arena, const SetupTarget *targets, size_t count);
Str snapshot_of_owners(Arena *arena, const SetupOrg *org);
MUST_CHECK bool snapshot_read(Arena *arena, Str json, Snapshot *out, Error *err);

MUST_CHECK bool page_load(Db *db, Arena *arena, i64 id, Page *out, bool *out_found, Error *err);
/* Subject's timeline (the storm's own when it has none). */
MUST_CHECK bool page_tell(Cycle *cycle, const Page *page, const char *kind, const Who *who, Str data, Error *err);
/* Level 1 of round 0 from now on: status active, a job. */
MUST_CHECK bool page_begin(Cycle *cycle, i64 page_id, i64 org_id, i64 epoch, i64 due_ms, Error *err);
MUST_CHECK bool page_end_one(Cycle *cycle, const Page *page, PageEnd how, const char *reason, const Who *who,
                             Error *err);

/* page_level.c */
bool page_level_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
bool page_exhausted_again(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
bool page_ack_timeout(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
/* This notification of the page's present level failed for good. When no other of the same run can still arrive, that
 * is told, and the next level starts at once. */
MUST_CHECK bool page_level_lost(Cycle *cycle, Page *page, i64 notification_id, Error *err);
/* Who a target is now: appends to ids (TARGETS_MAX), without repeats. */
MUST_CHECK bool target_users(Cycle *cycle, const SetupTarget *target, i64 *ids, size_t *count, Error *err);

/* notify.c */
/* Queues what a person's steps say for this urgency. *out_queued: how many notifications. */
MUST_CHECK bool notify_user(Cycle *cycle, const Page *page, i64 user_id, const char *purpose, size_t *out_queued,
                            Error *err);
bool notify_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
void notify_outside(Engine *engine, const Job *job, void *work);
bool notify_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err);
void notify_free_result(void *result);

/* token.c: 13 digits of the notification's id and 26 of an HMAC under the server's own secret */
Str ack_token(App *app, Arena *arena, i64 notification_id);
MUST_CHECK bool ack_token_check(App *app, Arena *arena, Str token, i64 *out_notification_id);

#endif
