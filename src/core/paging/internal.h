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
  i64 repeat, ack_timeout_s, version;
  SetupTarget *exhausted;
  size_t exhausted_count;
  OnEmpty on_empty;
  bool page_newcomers, stop_previous;
} Snapshot;

/* Where and when somebody is looked for: in a round, or for a preview. */
typedef struct Finding {
  App *app;
  Db *db;
  Arena *arena;
  const Setup *setup;
  i64 at_ms;
} Finding;
Finding finding_of(Cycle *cycle); /* now */

typedef struct People {
  i64 ids[TARGETS_MAX];
  size_t count;
} People;

/* How many pages of a policy started in the present minute; of those of an integration that floods by itself
 * (integration_id). The engine's thread only. */
typedef struct PageRate {
  i64 policy_id, integration_id, window_ms, count, storm_page_id;
} PageRate;
PageRate *page_rate_of(App *app, i64 policy_id, i64 integration_id);

Str snapshot_json(Arena *arena, const SetupPolicy *policy);
Str snapshot_of_targets(Arena *arena, const SetupTarget *targets, size_t count);
Str snapshot_of_owners(Arena *arena, const SetupOrg *org);
MUST_CHECK bool snapshot_read(Arena *arena, Str json, Snapshot *out, Error *err);
/* With another person in somebody's place, once in each list. */
MUST_CHECK bool snapshot_hand_over(Arena *arena, Str json, i64 from_id, i64 to_id, Str *out, Error *err);

/* page_row.c */
MUST_CHECK bool page_load(Db *db, Arena *arena, i64 id, Page *out, bool *out_found, Error *err);
/* Subject's timeline (the storm's own when it has none). */
MUST_CHECK bool page_tell(Cycle *cycle, const Page *page, const char *kind, const Who *who, Str data, Error *err);
/* Is the subject of an acknowledged page still open? */
MUST_CHECK bool page_still_burns(Cycle *cycle, const Page *page, bool *out_burns, Error *err);
/* Level 1 of round 0 from now on: status active, a job. */
MUST_CHECK bool page_begin(Cycle *cycle, i64 page_id, i64 org_id, i64 epoch, i64 due_ms, Error *err);
/* page_end.c */
MUST_CHECK bool page_end_one(Cycle *cycle, const Page *page, PageEnd how, const char *reason, const Who *who,
                             Error *err);

/* Starts a page that speaks for many. */
MUST_CHECK bool page_storm_start(Cycle *cycle, const PageStart *s, Str urgency, Str snapshot, i64 *out_id, Error *err);
/* gather.c: the page that speaks for what is released together, 0 when this is the first of its policy; then the page
 * that was made is noted. */
MUST_CHECK bool page_gather_join(Cycle *cycle, const PageStart *s, Str urgency, Str snapshot, i64 *out_storm,
                                 Error *err);
void page_gather_note(const PageStart *s, Str urgency, i64 page_id);

/* page_level.c */
bool page_level_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
bool page_exhausted_again(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
/* Where the ladder goes after this run of a level: the same again (attempts), the next, the next round; false: nowhere.
 */
bool ladder_next(const Snapshot *snapshot, i64 *level, i64 *round, i64 *attempt);
/* The job that runs this level then; level 0: exhausted. What is known of it: see LevelRun. */
typedef struct LevelRun {
  i64 epoch, level, round, attempt;
  bool acknowledged; /* only levels that go on until it is resolved */
  i64 held_at_ms;    /* its condition was told to hold then; 0: it was not */
  bool forced;       /* by hand: its condition is not asked */
  i64 together_from; /* it goes together with those from this level on, which were told just now; 0: alone */
  i64 told_at_ms;    /* somebody of its step was told then and has not had the step's wait yet; 0: nobody */
} LevelRun;
/* Levels that are joined by wait_s 0 are one step, which lasts as long as its last level says when any of them told
 * somebody, whatever became of that last one. When what comes after this run is due, and what run is to know of it;
 * told_ms: when this level told somebody; 0: nobody. */
enum { ROUND_S_MIN = 60 };
i64 ladder_due(const Snapshot *snapshot, LevelRun *run, i64 now_ms, i64 told_ms);
MUST_CHECK bool level_job(Cycle *cycle, const Page *page, const LevelRun *run, i64 due_ms, Error *err);

/* when.c */
typedef struct WhenFacts {
  i64 priority; /* 0: none */
  i64 round;
  Value labels;
} WhenFacts;
typedef struct When {
  const char *why; /* it does not hold */
  bool hold;       /* wait, instead of going on */
  bool open_end;   /* what it waits for may never come: a priority, a label */
  i64 look_again_ms;
} When;
MUST_CHECK bool when_facts(const Finding *f, i64 alert_id, i64 incident_id, WhenFacts *out, Error *err);
bool when_holds(const Finding *f, const Value *when, i64 org_id, const WhenFacts *facts, When *out);
/* For what the page is about; a page that speaks for many: for one of them at least. */
MUST_CHECK bool when_holds_for(const Finding *f, const Value *when, const Page *page, i64 round, When *out,
                               bool *out_holds, Error *err);

/* decide.c. Nobody is waited for without an end: for what may never come a level holds as long as its wait_s, then the
 * next one goes on. */
enum { HOLD_S_MIN = 60 };
typedef enum LevelAct { LEVEL_TELLS, LEVEL_SKIPS, LEVEL_HOLDS, LEVEL_NOBODY, LEVEL_TOLD } LevelAct;
typedef struct LevelDecision {
  LevelAct act;
  const char *why;   /* it is skipped or held */
  i64 look_again_ms; /* held: until then at least */
  bool open_end;     /* held for what may never come */
  People people;
} LevelDecision;
/* given: of a subject that does not exist (a preview); else what the page's subject has. told: by the levels that this
 * one goes together with; nobody is told twice at once (LEVEL_TOLD: none is left). write: a round robin moves. */
MUST_CHECK bool level_decide(const Finding *f, const Page *page, const Snapshot *snapshot, const LevelRun *run,
                             const WhenFacts *given, const People *told, bool write, LevelDecision *out, Error *err);

/* newcomers.c */
bool page_newcomers_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
/* When does the next shift of one of the page's schedules begin? A job looks then. */
MUST_CHECK bool page_watch_shifts(Cycle *cycle, const Page *page, const Snapshot *snapshot, Error *err);

/* ack_time.c */
bool page_ack_timeout(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
bool page_ack_warning(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
/* The acknowledgement of this epoch runs out after the policy's time, from now on. */
MUST_CHECK bool page_arm_ack_timeout(Cycle *cycle, const Page *page, i64 epoch, Error *err);
/* This notification of the page's present level failed for good. When no other of the same run can still arrive, that
 * is told, and the next level starts at once. */
MUST_CHECK bool page_level_lost(Cycle *cycle, Page *page, i64 level, i64 notification_id, Error *err);

/* people.c: appends, without repeats. *out_until_ms (may be NULL) is lowered to when the answer changes. */
MUST_CHECK bool target_users(const Finding *f, const SetupTarget *target, People *out, i64 *out_until_ms, Error *err);
MUST_CHECK bool level_users(const Finding *f, const SetupLevel *level, People *out, Error *err);
void owners_of_organization(const Finding *f, i64 org_id, People *out); /* beside who is there */
MUST_CHECK bool exhausted_users(const Finding *f, const Snapshot *snapshot, i64 org_id, i64 team_id, People *out,
                                Error *err);
/* Leaves the one whose turn it is: a page keeps whom it chose, also when it starts again. */
MUST_CHECK bool round_robin(const Finding *f, const Page *page, i64 level, bool write, People *people, Error *err);

/* notify.c */
/* Queues what a person's steps say for this urgency. */
typedef struct Notified {
  size_t queued; /* how many notifications */
  i64 held_s;    /* they wait so long for the end of quiet hours */
  bool asleep;   /* none, because this person has snoozed it for themselves */
} Notified;
MUST_CHECK bool notify_user(Cycle *cycle, const Page *page, i64 user_id, const char *purpose, Notified *out,
                            Error *err);
/* Tells one person something that is about no page: "test", "verify", "method_broken", "shift_begins", ... contact_id
 * 0: by their notification rule of this urgency. Title and text are the message. */
typedef struct NotifyText {
  i64 org_id, user_id, contact_id;
  const char *purpose;
  bool low;
  Str title, text;
} NotifyText;
MUST_CHECK bool notify_text(Cycle *cycle, const NotifyText *what, size_t *out_queued, Error *err);
/* The provider says what became of it: statuses only move forward. */
struct ChannelReceipt;
MUST_CHECK bool notify_receipt(Cycle *cycle, i64 notification_id, const struct ChannelReceipt *receipt, Error *err);
bool notify_receipt_missing(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
bool notify_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
void notify_outside(Engine *engine, const Job *job, void *work);
bool notify_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err);
void notify_free_result(void *result);

/* own_snooze.c */
bool page_snooze_end(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
/* Has this person snoozed all that the page is about for themselves? */
MUST_CHECK bool page_asleep(Cycle *cycle, const Page *page, i64 user_id, bool *out, Error *err);
/* They would have been told now: they will be when their snooze ends. */
MUST_CHECK bool page_withheld(Cycle *cycle, const Page *page, i64 user_id, Error *err);

/* check.c */
bool connector_check_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
bool connector_poll_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err); /* poll.c */
bool connector_poll_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err);
bool connector_respond_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work,
                             Error *err); /* reply.c */
bool connector_respond_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err);
bool connector_check_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err);

/* update.c: messages that were sent say what became of their page, where the provider can. Of this page; of the
 * acknowledged ones of a subject that is over; of one message that was on its way meanwhile. */
MUST_CHECK bool update_page(Cycle *cycle, i64 page_id, Error *err);
MUST_CHECK bool update_resolved(Cycle *cycle, i64 subject_id, Error *err);
MUST_CHECK bool update_late(Cycle *cycle, i64 notification_id, i64 page_id, Str kind, Error *err);
bool notify_update_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
bool notify_update_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err);

typedef struct PageIds {
  Arena *arena;
  VEC(i64) items;
} PageIds;
bool page_read_id(const DbRow *row, void *ctx); /* column 0 into PageIds */
/* Its own pages of this status, the oldest first (page_row.c). */
MUST_CHECK bool pages_of_subject(Cycle *cycle, i64 subject_id, PageStatus status, PageIds *out, Error *err);

/* said.c: "2 alerts: ALERT-7 Disk full; ALERT-8 CPU hot", "ALERT-7 Disk full". status: of the members of one that
 * speaks for many. */
MUST_CHECK bool said_of_pages(Db *db, Arena *arena, const PageIds *pages, const char *status, Str *out, Error *err);

/* callback.c: POST /ack/{token}/receipt, /keys, /acknowledge ...; /ack/in/{connector's token} */
void callback_request(App *app, HttpRequest *request, Str rest);
/* ack.c: what the button behind the link does; *out_said is a sentence for the person. */
typedef struct AckReply {
  i64 notification_id, org_id;
  i64 sender_id; /* whose address it came from; 0: unknown, then it is whoever was told */
  Str action;
} AckReply;
/* request NULL: it was polled. */
MUST_CHECK bool ack_by_callback(App *app, HttpRequest *request, Cycle *cycle, const AckReply *reply, Str *out_said,
                                Error *err);

/* token.c: 13 digits of the notification's id and 26 of an HMAC under the server's own secret */
Str ack_token(App *app, Arena *arena, i64 notification_id);
MUST_CHECK bool ack_token_check(App *app, Arena *arena, Str token, i64 *out_notification_id);

#endif
