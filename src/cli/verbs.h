/* The client verbs, one function each, in files by what they are about. */
#ifndef TOCSIN_CLI_VERBS_H
#define TOCSIN_CLI_VERBS_H

/* resource_verbs.c */
int command_get(int argc, char **argv);
int command_create(int argc, char **argv);
int command_update(int argc, char **argv);
int command_delete(int argc, char **argv);
/* daily_verbs.c */
int command_alert(int argc, char **argv);
int command_incident(int argc, char **argv);
int command_page(int argc, char **argv);
int command_oncall(int argc, char **argv);
/* event_verbs.c */
int command_event(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_rule(int argc, char **argv);
/* watch.c */
int command_watch(int argc, char **argv);

#endif
