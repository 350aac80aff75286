/* The client verbs by name: what main lists and runs. */
#include <stddef.h>

#include "cli/cli.h"
#include "cli/verbs.h"

const CliCommand CLI_COMMANDS[] = {
    {"get", command_get, "shows resources: get alerts, get service checkout"},
    {"create", command_create, "makes one: create team name=Payments, or from --file"},
    {"update", command_update, "changes one: update service checkout tier=tier1"},
    {"delete", command_delete, "removes one"},
    {"alert", command_alert, "ack, unack, resolve, dismiss, reopen, snooze, escalate, note, why"},
    {"incident", command_incident, "declare, ack, resolve, close, reopen, say"},
    {"page", command_page, "pages a person by hand"},
    {"oncall", command_oncall, "who is on call; take: you are"},
    {"event", command_event, "send: an alert of your own, through an integration"},
    {"replay", command_replay, "maps a stored request again"},
    {"rule", command_rule, "preview: what the rules would do with a payload"},
    {"watch", command_watch, "prints what changes, as it changes"},
    {NULL, NULL, NULL},
};
