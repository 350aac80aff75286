/* What people do with their contact methods, with connectors, and with a timeline's entries. */
#include "cli/verb.h"
#include "cli/verbs.h"

static const BodyPart CODE_BODY[] = {{"@last", "code"}, {NULL}};

#define EACH(of) .kind = of, .words_min = 1, .words_max = VERB_WORDS_MAX

const VerbSpec CONTACT_VERBS[] = {
    {.name = "code",
     .usage = "contact code METHOD...",
     .doc = "Sends six digits there, with which it is verified.",
     EACH("contact-methods"),
     .path = "contact-methods/{}/send-code",
     .done = "a code is on its way"},
    {.name = "verify",
     .usage = "contact verify METHOD CODE",
     .doc = "With the digits that came: from now on pages may come there.",
     .kind = "contact-methods",
     .words_min = 2,
     .words_max = 2,
     .path = "contact-methods/{}/verify",
     .body = CODE_BODY,
     .done = "verified"},
    {.name = "test",
     .usage = "contact test METHOD...",
     .doc = "Sends a test there; get contact-methods says what became of it.",
     EACH("contact-methods"),
     .path = "contact-methods/{}/test",
     .done = "a test is on its way"},
    {.name = NULL},
};

const VerbSpec CONNECTOR_VERBS[] = {
    {.name = "check",
     .usage = "connectors check CONNECTOR...",
     .doc = "Asks their providers now whether they take us, without a message to anybody; get connectors says what "
            "became of it.",
     EACH("connectors"),
     .path = "connectors/{}/check",
     .done = "is being asked"},
    {.name = NULL},
};

static const BodyPart CORRECT_BODY[] = {{"text", "text"}, {"at", "at", PART_TIME}, {"reason", "reason"}, {NULL}};
static const Option CORRECT_OPTIONS[] = {
    {"text", OPTION_TEXT, "TEXT", NULL, "what it should say"},
    {"at", OPTION_TEXT, "TIME", NULL, "when it really happened"},
    {"reason", OPTION_TEXT, "TEXT", NULL, "why; kept with what stood there"},
};

const VerbSpec TIMELINE_VERBS[] = {
    {.name = "pin",
     .usage = "timeline pin ENTRY...",
     .doc = "Marks entries as key events: they matter to the story.",
     EACH("timeline"),
     .path = "timeline/{}/pin",
     .done = "marked"},
    {.name = "unpin",
     .usage = "timeline unpin ENTRY...",
     .doc = "Takes the mark away.",
     EACH("timeline"),
     .path = "timeline/{}/unpin",
     .done = "not marked any more"},
    {.name = "correct",
     .usage = "timeline correct ENTRY --reason TEXT [--text TEXT] [--at TIME]",
     .doc = "Puts a text or a time right; what stood there is kept.",
     .kind = "timeline",
     .words_min = 1,
     .words_max = 1,
     .options = CORRECT_OPTIONS,
     .option_count = COUNT(CORRECT_OPTIONS),
     .path = "timeline/{}/correct",
     .body = CORRECT_BODY,
     .done = "put right"},
    {.name = NULL},
};
