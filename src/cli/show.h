/* Show: an alert or an incident with what happened to it, as the one screen that a person needs at night. */
#ifndef TOCSIN_CLI_SHOW_H
#define TOCSIN_CLI_SHOW_H

#include "cli/list.h"

/* The thing, who was told, its alerts (of an incident), its timeline. */
MUST_CHECK int show_subject(Verb *verb, const Resource *kind, const char *id);

/* Every page of an alert, and of the incident that it belongs to, with each person's messages. reasons: why each page
 * was begun, unless that was said already. */
void show_told_of_alert(Verb *verb, const Value *alert, bool reasons);

#endif
