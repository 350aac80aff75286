/* The list of resources. What is configured comes in the order in which one kind needs another; then what happens. */
#include "core/resources.h"

const EnumValue URGENCIES[] = {{"high", 0, "Wakes people: the steps of their high rule."},
                               {"low", 0, "Can wait: the steps of their low rule."},
                               {NULL}};

const EnumValue ROLES[] = {{"owner", 0, "Everything, and is told when nobody answers."},
                           {"admin", 0, "Everything but the organization itself."},
                           {"responder", 0, "Answers, declares, resolves."},
                           {"viewer", 0, "Reads."},
                           {NULL}};

const Resource *const CORE_RESOURCES[] = {
    &ORGANIZATION,
    &ROLE,
    &USER,
    &CONTACT_METHOD,
    &NOTIFICATION_RULE,
    &TEAM,
    &SERVICE,
    &HOLIDAY_CALENDAR,
    &SCHEDULE,
    &SCHEDULE_OVERRIDE,
    &SCHEDULE_BLOCK,
    &ABSENCE,
    &ESCALATION_POLICY,
    &IDENTITY_PROVIDER,
    &CONNECTOR,
    &INTEGRATION,
    &HEARTBEAT,
    &ALERT_RULE,
    &SILENCE,
    &MAINTENANCE_WINDOW,
    &INHIBITION_RULE,
    &API_KEY,
    &SAVED_VIEW,
    &CALENDAR_FEED,
    &ALERT,
    &ALERT_RECORD,
    &REQUEST,
    &CHANGE,
    &INCIDENT,
    &TIMELINE_ENTRY,
    &PAGE,
    &NOTIFICATION,
    &COVER_REQUEST,
    &AUDIT_ENTRY,
    &BULK_JOB,
};
const size_t CORE_RESOURCE_COUNT = COUNT(CORE_RESOURCES);
