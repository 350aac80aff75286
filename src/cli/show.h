/* Show: an alert or an incident with what happened to it, as the one screen that a person needs at night. */
#ifndef TOCSIN_CLI_SHOW_H
#define TOCSIN_CLI_SHOW_H

#include "cli/list.h"

/* The thing, who was told, its alerts (of an incident), its timeline. */
MUST_CHECK int show_subject(Verb *verb, const Resource *kind, const char *id);

/* Every page of it, and each person's messages. filter: "alert_id" or "incident_id", of id. */
void show_told(Verb *verb, const char *filter, Str id);
/* The same of an alert, and of the incident that it belongs to. */
void show_told_of_alert(Verb *verb, const Value *alert);

#endif
