/* The client verbs, in files by what they are about. A table ends with a NULL name. */
#ifndef TOCSIN_CLI_VERBS_H
#define TOCSIN_CLI_VERBS_H

#include "cli/verb.h"

/* get_verbs.c, write_verbs.c: any resource */
extern const VerbSpec FIELDS_VERB; /* fields_verb.c */
extern const VerbSpec GET, CREATE, UPDATE, DELETE;
/* apply_verbs.c: resources as files */
extern const VerbSpec APPLY, EXPORT;
/* alert_verbs.c, incident_verbs.c, oncall_verbs.c */
extern const VerbSpec ALERT_VERBS[], INCIDENT_VERBS[];
extern const VerbSpec PAGE_BY_HAND, HEARTBEAT_VERBS[], ONCALL, ONCALL_VERBS[];
/* event_verbs.c, eval_verb.c, watch.c */
extern const VerbSpec EVENT_VERBS[], REPLAY, EVAL, WATCH;
/* rule_verbs.c */
extern const VerbSpec RULE_VERBS[];

/* quiet_verbs.c */
extern const VerbSpec QUIET_NOW, QUIET_VERBS[];
extern const VerbSpec TOGETHER, TOGETHER_VERBS[];
extern const VerbSpec SILENCE_VERBS[], MAINTENANCE_VERBS[], INHIBITION_VERBS[];

/* user_verbs.c */
extern const VerbSpec USER_VERBS[];
/* contact_verbs.c */
extern const VerbSpec CONTACT_VERBS[], CONNECTOR_VERBS[], TIMELINE_VERBS[];
/* cover_verbs.c: of oncall */
int verb_oncall_cover(Verb *verb);
int verb_oncall_shifts(Verb *verb);
/* duty_verbs.c: of oncall */
int verb_oncall_gaps(Verb *verb);
int verb_oncall_import(Verb *verb);
int verb_oncall_holidays(Verb *verb);
extern const Option CALENDAR_FILE_OPTIONS[4];
int verb_oncall_handoff(Verb *verb);
/* report_verbs.c */
int verb_oncall_report(Verb *verb);
int verb_oncall_ready(Verb *verb);
extern const Option SHIFT_REPORT_OPTIONS[2];
int verb_oncall_calendar(Verb *verb);
extern const Option CALENDAR_OPTIONS[2];

#endif
