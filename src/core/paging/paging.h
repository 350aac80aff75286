/* Paging: one page is one run of an escalation policy for one subject (incident if there is one, else alert), unique
 * per (subject, episode, policy, start). It walks levels, targets, each person's notification steps, providers; every
 * wait and every send is a job row made in the transaction that caused it, and every send checks the page's epoch in
 * the transaction that marks it `sending`. Acknowledge, resolve, cancel bump the epoch: what is queued becomes
 * `skipped`. All functions run inside a cycle's transaction. */
#ifndef TOCSIN_CORE_PAGING_H
#define TOCSIN_CORE_PAGING_H

#include "core/app.h"
#include "core/setup/setup.h"

typedef enum PageStatus {
  PAGE_ACTIVE,
  PAGE_ACKNOWLEDGED,
  PAGE_RESOLVED,
  PAGE_EXHAUSTED,
  PAGE_CANCELLED,
  PAGE_STATUS_COUNT
} PageStatus;
const char *page_status_name(PageStatus status);

/* What one end of a hold releases is one page per policy (and urgency): kept while its alerts are let go. */
enum { PAGE_GATHERED_MAX = 64 };
typedef struct PageGathered {
  i64 policy_id, first_id, storm_id;
  bool high;
} PageGathered;
typedef struct PageGather {
  PageGathered items[PAGE_GATHERED_MAX];
  size_t count;
} PageGather;
/* From one slice of a job to the next. */
void page_gather_write(const PageGather *gather, Buf *out);
void page_gather_read(const Value *list, PageGather *out);

typedef struct PageStart {
  i64 org_id;
  const char *subject_kind; /* "incident" or "alert" */
  i64 subject_id;
  i64 integration_id; /* of the alert; 0: none. While it floods, its pages are one */
  i64 alert_id;       /* the alert that caused it; 0 for an incident declared by hand */
  i64 incident_id;    /* 0: none */
  i64 episode, start; /* of the subject: see SURFACE.md section 6 */
  i64 policy_id;      /* 0 with owners: the organization's owners are paged (unrouted) */
  bool fresh;         /* the subject was made in this batch: it can have no page yet */
  bool owners;
  const SetupTarget *targets; /* with policy_id 0: these, as one level (a page by hand) */
  size_t target_count;
  bool by_hand;        /* a person asked for it: it stands alone, also in a storm */
  bool urgent;         /* urgency by the caller: priority p1, p2, unset are urgent; paging applies the policy's word */
  Str service_urgency; /* "high", "low" or empty: wins over the policy's */
  i64 severity;        /* of the incident, -1: none */
  i64 team_id;
  Str title;          /* "INC-42 Database down" or "ALERT-7 Disk full" */
  Str why;            /* one sentence: which rule or default chain decided */
  PageGather *gather; /* NULL: it is released by nothing */
} PageStart;

typedef struct PageOutcome {
  i64 page_id;  /* the page that runs (new or the one that ran already) */
  bool started; /* false: there was one for this (subject, episode, policy, start) already */
  bool storm;   /* it became part of a storm page */
  bool nobody;  /* the policy reaches nobody at all */
} PageOutcome;

MUST_CHECK bool page_start(Cycle *cycle, const PageStart *start, PageOutcome *out, Error *err);

typedef enum PageEnd { PAGE_END_ACKNOWLEDGED, PAGE_END_RESOLVED, PAGE_END_CANCELLED } PageEnd;
/* Ends the running pages of a subject: status, reason (the hold's word, "dismissed", ...; NULL: none), epoch + 1, jobs
 * gone. With acknowledged: by whom. Does not touch alerts or incidents. */
MUST_CHECK bool page_end(Cycle *cycle, i64 subject_id, PageEnd how, const char *reason, const Who *who, Error *err);
/* Restarts the subject's acknowledged pages at level 1 (unacknowledge). */
MUST_CHECK bool page_restart(Cycle *cycle, i64 subject_id, const Who *who, Error *err);
/* Restarts at level 1 the subject's last pages, if a hold cancelled them. */
MUST_CHECK bool page_resume(Cycle *cycle, i64 subject_id, PageGather *gather, Error *err);
/* Next level now (the ack page's and API's "escalate"). */
MUST_CHECK bool page_escalate(Cycle *cycle, i64 page_id, const Who *who, Error *err);
/* The acknowledgement's time begins anew (the warning's "still on it"). */
MUST_CHECK bool page_extend(Cycle *cycle, i64 page_id, const Who *who, Error *err);
/* A person did something about an alert or incident: what was acknowledged stays so for longer. */
MUST_CHECK bool page_touched(Cycle *cycle, i64 subject_id, Error *err);
/* A schedule or an override was written: pages look who came on call. */
MUST_CHECK bool page_shifts_changed(Cycle *cycle, i64 org_id, Error *err);
/* Severity or priority rose while the page runs: title, urgency. */
MUST_CHECK bool page_update(Cycle *cycle, i64 subject_id, Str title, i64 severity, bool urgent, Error *err);

/* What an acknowledgement of a page covers (SURFACE section 3): its incident's triggered alerts, or its alert, or every
 * alert of a storm. Calls alert_acknowledge / incident_acknowledge. Second one: ok, *out_first names who was first. */
MUST_CHECK bool page_acknowledge(Cycle *cycle, i64 page_id, const Who *who, Str *out_first, Error *err);

/* Tells one person something once, by their notification rule; not a page. purpose: "kept" (their acknowledgement still
 * holds), "assigned", "ack_expires". Only of what has paged. */
MUST_CHECK bool page_notice(Cycle *cycle, i64 user_id, i64 alert_id, i64 incident_id, const char *purpose, Error *err);

/* Who would be told when, by what, if this were paged then: level by level, nothing written. */
typedef struct PagePreview {
  i64 org_id, policy_id;    /* policy_id 0: the draft, else the targets, as one level */
  const SetupPolicy *draft; /* not stored; NULL: none */
  const SetupTarget *targets;
  size_t target_count;
  bool low;
  i64 priority, team_id, at_ms;
  Value labels;
} PagePreview;
MUST_CHECK bool page_preview(App *app, Db *db, Arena *arena, const Setup *setup, const PagePreview *preview, Value *out,
                             Error *err);

/* News that nobody has to answer: a sentence, by each person's low rule. */
typedef struct PageAnnouncement {
  i64 org_id, team_id;
  Str title;
  i64 *user_ids;
  size_t user_count;
} PageAnnouncement;
MUST_CHECK bool page_announce(Cycle *cycle, const PageAnnouncement *news, Error *err);

/* A connector was written, or somebody asks: its provider is asked now whether it takes us. */
MUST_CHECK bool connector_check_soon(Cycle *cycle, i64 org_id, i64 connector_id, Error *err);
/* Those that no job looks at (a restore, an upgrade). */
MUST_CHECK bool connector_checks_plan(Cycle *cycle, Error *err);

PageRates *page_rates_new(void);
void page_rates_free(PageRates *rates);

/* Job kinds: page.level, page.exhausted_again, page.newcomers, page.ack_warning, page.ack_timeout, notify.send. */
extern const JobKind PAGING_JOBS[];

/* GET and POST /ack/{token}. Registered by the server; token belongs to one notification. */
void ack_page_get(App *app, HttpRequest *request, Str token);
void ack_page_post(App *app, HttpRequest *request, Str token);

#endif
