/* One notification on its way out: what notify.c (rows) and send.c (message and provider) share. */
#ifndef TOCSIN_CORE_NOTIFY_H
#define TOCSIN_CORE_NOTIFY_H

#include "core/paging/internal.h"

typedef struct Notification {
  i64 id, org_id, page_id, user_id, contact_id, level, round, step, epoch, attempts, version;
  i64 connector_id; /* by which it went last, and that is to be avoided; 0: none */
  i64 unknowns;     /* how often nobody knew whether it was taken */
  i64 bundle_id;    /* the message that carries it; its own id: it carries others */
  Str user_name, kind, address, purpose, status, error, title, text;
  bool doubtful; /* an earlier attempt may have arrived */
  bool repeated; /* so this one says */
} Notification;

/* provider.c */
typedef struct Provider {
  const Channel *channel;
  const SetupConnector *connector; /* NULL: it needs none */
} Provider;
const Channel *provider_free(const Catalog *catalog, Str kind); /* that needs no connector; NULL: none */
bool provider_exists(const Finding *f, i64 org_id, Str kind);   /* any thread */
/* The best one now, out->channel NULL: there is none; avoid_id: only when there is no other. The engine's thread. */
MUST_CHECK bool provider_choose(Cycle *cycle, i64 org_id, Str kind, i64 avoid_id, Provider *out, Error *err);
/* The facts of a message, with the settings of its provider and where that calls back (0: nowhere). */
Value provider_context(App *app, Arena *arena, const Provider *provider, i64 notification_id, const Value *facts);
/* Is there another one that may be trusted? After provider_choose. */
bool provider_other(Cycle *cycle, i64 org_id, Str kind, i64 connector_id);
/* What an answer to a message, a test or a check says about the connector: its breaker and state. */
MUST_CHECK bool provider_judged(Cycle *cycle, i64 connector_id, SendVerdict verdict, Str reason, Error *err);

/* broken.c: nothing will ever arrive there: the method is marked, and the person told by another one. */
MUST_CHECK bool notify_broken(Cycle *cycle, const Notification *n, Str error, Error *err);

/* bundle.c: messages to one address that follow within a minute become one; limits of the channel. */
typedef struct Waiting {
  i64 until_ms; /* 0: it may go now */
  bool hurry;   /* it waits for long: the person's next step starts at once */
} Waiting;
MUST_CHECK bool bundle_wait(Cycle *cycle, const Notification *n, const Page *page, const Channel *channel, Waiting *out,
                            Error *err);
/* Others to the same address that are due join it: they become `sending` with it. */
MUST_CHECK bool bundle_gather(Cycle *cycle, const Notification *n, const Channel *channel, Error *err);
/* What became of the message holds for all that it carried. */
MUST_CHECK bool bundle_settle(Cycle *cycle, const Notification *n, const char *status, Str error, Error *err);
/* It will not be sent: those that it carried go by themselves. */
MUST_CHECK bool bundle_release(Cycle *cycle, const Notification *n, Error *err);
/* Titles of what it carries; empty when it carries nothing. */
MUST_CHECK bool bundle_titles(Db *db, Arena *arena, i64 id, Value *out, i64 *out_count, Error *err);

/* tested.c: of the weekly test page, what became of it is kept at its method. */
#define TEST_PAGE_PURPOSE "test_page"
MUST_CHECK bool notify_tested(Cycle *cycle, const Notification *n, const char *status, Str error, Error *err);
/* It is not sent any more, and the person's next step starts at once; nothing, when it is not queued. */
MUST_CHECK bool notify_fail_queued(Cycle *cycle, i64 notification_id, Str error, Error *err);
MUST_CHECK bool notification_load(Db *db, Arena *arena, i64 id, Notification *out, bool *out_found, Error *err);

typedef struct PlannedStep {
  const SetupContact *contact; /* NULL: none, or it was deleted */
  i64 delay_s;
  const char *error; /* why it cannot be used; NULL: it can */
} PlannedStep;
typedef struct StepPlan {
  VEC(PlannedStep) items;
  bool reachable; /* one of them can be used */
  i64 held_s;     /* quiet hours: everything waits for so long */
} StepPlan;
/* steps.c */
void steps_plan(const Finding *f, const SetupUser *user, bool low, StepPlan *out);
/* Why nothing of this kind can be sent from here: "no_provider", "no_smtp"; NULL: it can. */
const char *kind_why_not(const Finding *f, i64 org_id, Str kind);
const char *contact_why_not(const Finding *f, i64 org_id, const SetupContact *contact);
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
SendWork *send_work_new(Cycle *cycle, const Provider *provider, const Notification *n, const Page *page, Error *err);
void send_work_free(SendWork *work);

typedef struct SendResult {
  Arena *arena;
  SendVerdict verdict;
  Str provider_id, error;
  i64 retry_after_s;
  bool resend_unknown, receipts;
  bool doubtful;    /* it was not taken, as far as anybody knows: an error that may have come after that */
  bool not_started; /* too many others waited here: says nothing of the provider, and is no try */
} SendResult;

/* tocsin_notifications_total{kind,outcome} */
void notify_count(App *app, Str kind, const char *outcome);

/* What a message says, as the channel's templates see it. */
MUST_CHECK bool message_context(Cycle *cycle, const Notification *n, const Page *page, Value *out, Error *err);

#endif
