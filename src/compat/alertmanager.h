/* Alertmanager's API: what its files share. */
#ifndef TOCSIN_COMPAT_ALERTMANAGER_H
#define TOCSIN_COMPAT_ALERTMANAGER_H

#include "compat/compat.h"

void alertmanager_list(App *app, HttpRequest *request);
void alertmanager_status(App *app, HttpRequest *request);
/* alertmanager_silences.c; an empty id: all of them. */
void alertmanager_silences(App *app, HttpRequest *request, Str id);
void alertmanager_silence_post(App *app, HttpRequest *request);
void alertmanager_silence_delete(App *app, HttpRequest *request, Str id);

#endif
