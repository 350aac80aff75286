/* One notification on its way out: what notify.c (rows) and send.c (message and provider) share. */
#ifndef TOCSIN_CORE_NOTIFY_H
#define TOCSIN_CORE_NOTIFY_H

#include "core/paging/internal.h"

typedef struct Notification {
  i64 id, org_id, page_id, user_id, contact_id, level, round, step, epoch, attempts, version;
  Str user_name, kind, address, purpose, status, error;
  bool repeated; /* an earlier attempt may have arrived */
} Notification;

MUST_CHECK bool notification_load(Db *db, Arena *arena, i64 id, Notification *out, bool *out_found, Error *err);

typedef struct PlannedStep {
  const SetupContact *contact; /* NULL: none, or it was deleted */
  i64 delay_s;
  const char *error; /* why it cannot be used; NULL: it can */
} PlannedStep;
typedef struct StepPlan {
  VEC(PlannedStep) items;
  bool reachable; /* one of them can be used */
} StepPlan;
/* steps.c */
void steps_plan(const Finding *f, const SetupUser *user, bool low, StepPlan *out);
bool user_is_available(const Finding *f, i64 user_id);

/* The message, ready to go, in an arena of its own; lives until the provider's answer. */
typedef struct SendWork {
  Arena *arena;
  App *app;
  const Channel *channel;
  ChannelMessage message;
  Str mail, address;
  bool urgent;
  i64 job_id, token;
} SendWork;

/* NULL: it cannot be made; err says why. */
SendWork *send_work_new(Cycle *cycle, const Channel *channel, const Notification *n, const Page *page, Error *err);
void send_work_free(SendWork *work);

typedef struct SendResult {
  Arena *arena;
  SendVerdict verdict;
  Str provider_id, error;
  i64 retry_after_s;
  bool resend_unknown;
} SendResult;

/* tocsin_notifications_total{kind,outcome} */
void notify_count(App *app, Str kind, const char *outcome);

/* What a message says, as the channel's templates see it. */
MUST_CHECK bool message_context(Cycle *cycle, const Notification *n, const Page *page, Value *out, Error *err);

#endif
