/* Saved views: a filter of a list that somebody wants to find again, under a name. What is in it is the page's own
 * address, so that a link and a view are one thing. */
#include "core/resources.h"

static const EnumValue SCREENS[] = {{"alerts", 0, "The list of alerts."}, {NULL}};

static const Field VIEW_FIELDS[] = {
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .required = true,
     .immutable = true,
     .owner = true,
     .filter = "saved_view_user",
     .doc = "Whose it is."},
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .min = 1,
     .max = 80,
     .doc = "What it is called.",
     .example = "Mine, urgent"},
    {.name = "screen",
     .kind = F_ENUM,
     .values = SCREENS,
     .required = true,
     .immutable = true,
     .filter = FILTER_SCAN,
     .doc = "Of which list."},
    {.name = "search",
     .kind = F_TEXT,
     .required = true,
     .max = 4000,
     .doc = "The query part of the page's address, without the question mark.",
     .example = "status=triggered&priority=p1,p2"},
};

const Resource SAVED_VIEW = {
    .name = "saved_view",
    .plural = "saved-views",
    .prefix = "viw",
    .table = "saved_view",
    .doc = "A filter under a name.",
    FIELDS(VIEW_FIELDS),
    .verbs = VERBS_ALL,
    .owner_column = "user_id",
};
