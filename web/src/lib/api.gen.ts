/* Made from /api/openapi.json by scripts/generate.mjs. Not to be edited. */

export type Actor = {
  /** user, key, rule, runbook, source or system. */
  kind: string;
  /** Of the user, key or rule; null: none. */
  id: string | null;
  /** As it was then. */
  name: string;
};

/** The tenant: everything belongs to one. */
export type Organization = {
  /** Its id. Taken: id, slug. */
  id: string;
  /** Names it, wherever an id is taken; stays when it is renamed. */
  slug: string;
  /** What the organization is called. */
  name: string;
  /** Of people and schedules that have none of their own. */
  time_zone: string;
  /** Pages when nothing nearer to the alert has a policy. Taken: id, slug. */
  policy_id: string | null;
  /** Words for severities 0 to 4. */
  severity_labels: Record<string, string>;
  /** Words for the statuses of incidents. */
  status_labels: Record<string, string>;
  /** How long things are kept, in days. */
  retention: {
    /** Requests that were taken. 7. */
    requests_days: number | null;
    /** Requests that were not taken, or are part of an incident. 90. */
    requests_kept_days: number | null;
    /** Requests of one integration; those not taken are counted apart. 10000. */
    requests_max: number | null;
    /** Occurrences of alerts; the first and the last stay with the alert. 90. */
    occurrences_days: number | null;
    /** Closed alerts; their pages, notifications, explanations and timelines stay. 400. */
    alerts_days: number | null;
    /** What a stream can be resumed from. 1. */
    live_events_days: number | null;
  } | null;
  /** Windows and limits, in seconds; integrations may set their own. */
  defaults: {
    /** The same key within this time reopens the alert; later it makes a new one. 1800. */
    reopen_window_s: number | null;
    /** How long after a resolve an event that is older than it is late: recorded, not acted on. 300. */
    late_window_s: number | null;
    /** A sender's time that lies further ahead of ours is not believed. 60. */
    clock_tolerance_s: number | null;
    /** How long an acknowledgement outlives a resolve. 600. */
    ack_kept_s: number | null;
    /** Without news for this long an alert resolves itself; 0 never. 0. */
    resolve_after_s: number | null;
    /** The same for alerts that come to /am without an end. 300. */
    am_resolve_after_s: number | null;
    /** How long an incident takes new alerts of its group. 3600. */
    window_s: number | null;
    /** The end of a window that slides. 86400. */
    max_window_s: number | null;
    /** So many alerts of a group are one incident, then the next opens. 1000. */
    alerts_max: number | null;
    /** Every page waits so long; a resolve in time means none. 0. */
    pause_s: number | null;
    /** Incidents of rules resolve when all of their alerts are. false. */
    auto_resolve: boolean;
    /** ... and stayed so for this long. 300. */
    auto_resolve_after_s: number | null;
    /** So many changes of state within flap_window_s are flapping. 6. */
    flap_count: number | null;
    /** The window of flap_count. 1800. */
    flap_window_s: number | null;
    /** Quiet for this long ends flapping. 900. */
    flap_quiet_s: number | null;
    /** How long what an inhibition rule may mute waits for what mutes it. 0. */
    wait_s: number | null;
    /** How long after that ended it waits to page. 30. */
    release_s: number | null;
    /** How long a delivery that comes again is known. 86400. */
    idempotency_s: number | null;
    /** Longer dedup keys are hashed whole. 1024. */
    key_bytes: number | null;
    /** Longer titles are cut. 1024. */
    title_bytes: number | null;
    /** Of more labels the telling ones are kept. 256. */
    labels_max: number | null;
    /** Longer values of labels are cut. 4096. */
    label_bytes: number | null;
    /** Larger bodies are refused; templates that take more do so. 1048576. */
    body_bytes: number | null;
  } | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type OrganizationList = {
  items: Array<Organization>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** The tenant: everything belongs to one. */
export type OrganizationCreate = {
  /** Chosen from the name when it is not given. */
  slug?: string | null;
  /** What the organization is called. */
  name: string;
  /** Of people and schedules that have none of their own. */
  time_zone?: string | null;
  /** Pages when nothing nearer to the alert has a policy. Taken: id, slug. */
  policy_id?: string | null;
  /** Words for severities 0 to 4. */
  severity_labels?: Record<string, string | null> | null;
  /** Words for the statuses of incidents. */
  status_labels?: Record<string, string | null> | null;
  /** How long things are kept, in days. */
  retention?: {
    /** Requests that were taken. 7. */
    requests_days?: number | null;
    /** Requests that were not taken, or are part of an incident. 90. */
    requests_kept_days?: number | null;
    /** Requests of one integration; those not taken are counted apart. 10000. */
    requests_max?: number | null;
    /** Occurrences of alerts; the first and the last stay with the alert. 90. */
    occurrences_days?: number | null;
    /** Closed alerts; their pages, notifications, explanations and timelines stay. 400. */
    alerts_days?: number | null;
    /** What a stream can be resumed from. 1. */
    live_events_days?: number | null;
  } | null;
  /** Windows and limits, in seconds; integrations may set their own. */
  defaults?: {
    /** The same key within this time reopens the alert; later it makes a new one. 1800. */
    reopen_window_s?: number | null;
    /** How long after a resolve an event that is older than it is late: recorded, not acted on. 300. */
    late_window_s?: number | null;
    /** A sender's time that lies further ahead of ours is not believed. 60. */
    clock_tolerance_s?: number | null;
    /** How long an acknowledgement outlives a resolve. 600. */
    ack_kept_s?: number | null;
    /** Without news for this long an alert resolves itself; 0 never. 0. */
    resolve_after_s?: number | null;
    /** The same for alerts that come to /am without an end. 300. */
    am_resolve_after_s?: number | null;
    /** How long an incident takes new alerts of its group. 3600. */
    window_s?: number | null;
    /** The end of a window that slides. 86400. */
    max_window_s?: number | null;
    /** So many alerts of a group are one incident, then the next opens. 1000. */
    alerts_max?: number | null;
    /** Every page waits so long; a resolve in time means none. 0. */
    pause_s?: number | null;
    /** Incidents of rules resolve when all of their alerts are. false. */
    auto_resolve?: boolean | null;
    /** ... and stayed so for this long. 300. */
    auto_resolve_after_s?: number | null;
    /** So many changes of state within flap_window_s are flapping. 6. */
    flap_count?: number | null;
    /** The window of flap_count. 1800. */
    flap_window_s?: number | null;
    /** Quiet for this long ends flapping. 900. */
    flap_quiet_s?: number | null;
    /** How long what an inhibition rule may mute waits for what mutes it. 0. */
    wait_s?: number | null;
    /** How long after that ended it waits to page. 30. */
    release_s?: number | null;
    /** How long a delivery that comes again is known. 86400. */
    idempotency_s?: number | null;
    /** Longer dedup keys are hashed whole. 1024. */
    key_bytes?: number | null;
    /** Longer titles are cut. 1024. */
    title_bytes?: number | null;
    /** Of more labels the telling ones are kept. 256. */
    labels_max?: number | null;
    /** Longer values of labels are cut. 4096. */
    label_bytes?: number | null;
    /** Larger bodies are refused; templates that take more do so. 1048576. */
    body_bytes?: number | null;
  } | null;
};

/** The tenant: everything belongs to one. */
export type OrganizationUpdate = {
  /** What the organization is called. */
  name?: string;
  /** Of people and schedules that have none of their own. */
  time_zone?: string | null;
  /** Pages when nothing nearer to the alert has a policy. Taken: id, slug. */
  policy_id?: string | null;
  /** Words for severities 0 to 4. */
  severity_labels?: Record<string, string | null> | null;
  /** Words for the statuses of incidents. */
  status_labels?: Record<string, string | null> | null;
  /** How long things are kept, in days. */
  retention?: {
    /** Requests that were taken. 7. */
    requests_days?: number | null;
    /** Requests that were not taken, or are part of an incident. 90. */
    requests_kept_days?: number | null;
    /** Requests of one integration; those not taken are counted apart. 10000. */
    requests_max?: number | null;
    /** Occurrences of alerts; the first and the last stay with the alert. 90. */
    occurrences_days?: number | null;
    /** Closed alerts; their pages, notifications, explanations and timelines stay. 400. */
    alerts_days?: number | null;
    /** What a stream can be resumed from. 1. */
    live_events_days?: number | null;
  } | null;
  /** Windows and limits, in seconds; integrations may set their own. */
  defaults?: {
    /** The same key within this time reopens the alert; later it makes a new one. 1800. */
    reopen_window_s?: number | null;
    /** How long after a resolve an event that is older than it is late: recorded, not acted on. 300. */
    late_window_s?: number | null;
    /** A sender's time that lies further ahead of ours is not believed. 60. */
    clock_tolerance_s?: number | null;
    /** How long an acknowledgement outlives a resolve. 600. */
    ack_kept_s?: number | null;
    /** Without news for this long an alert resolves itself; 0 never. 0. */
    resolve_after_s?: number | null;
    /** The same for alerts that come to /am without an end. 300. */
    am_resolve_after_s?: number | null;
    /** How long an incident takes new alerts of its group. 3600. */
    window_s?: number | null;
    /** The end of a window that slides. 86400. */
    max_window_s?: number | null;
    /** So many alerts of a group are one incident, then the next opens. 1000. */
    alerts_max?: number | null;
    /** Every page waits so long; a resolve in time means none. 0. */
    pause_s?: number | null;
    /** Incidents of rules resolve when all of their alerts are. false. */
    auto_resolve?: boolean | null;
    /** ... and stayed so for this long. 300. */
    auto_resolve_after_s?: number | null;
    /** So many changes of state within flap_window_s are flapping. 6. */
    flap_count?: number | null;
    /** The window of flap_count. 1800. */
    flap_window_s?: number | null;
    /** Quiet for this long ends flapping. 900. */
    flap_quiet_s?: number | null;
    /** How long what an inhibition rule may mute waits for what mutes it. 0. */
    wait_s?: number | null;
    /** How long after that ended it waits to page. 30. */
    release_s?: number | null;
    /** How long a delivery that comes again is known. 86400. */
    idempotency_s?: number | null;
    /** Longer dedup keys are hashed whole. 1024. */
    key_bytes?: number | null;
    /** Longer titles are cut. 1024. */
    title_bytes?: number | null;
    /** Of more labels the telling ones are kept. 256. */
    labels_max?: number | null;
    /** Longer values of labels are cut. 4096. */
    label_bytes?: number | null;
    /** Larger bodies are refused; templates that take more do so. 1048576. */
    body_bytes?: number | null;
  } | null;
};

/** A set of permissions that people can be given instead of one of the four roles. */
export type Role = {
  /** Its id. Taken: id, slug. */
  id: string;
  /** Names it, wherever an id is taken; stays when it is renamed. */
  slug: string;
  /** What people call it. */
  name: string;
  /** What it permits; everything else is denied. */
  permissions: Array<{
    /** As it stands in the path; * for every one. */
    resource: string;
    /** read, create, update, delete, or what follows the id in the path (acknowledge); write: all of them; * also the special ones. */
    verb: string;
    /** Of which rows. */
    scope: "all" | "team" | "own";
  }>;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type RoleList = {
  items: Array<Role>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** A set of permissions that people can be given instead of one of the four roles. */
export type RoleCreate = {
  /** Chosen from the name when it is not given. */
  slug?: string | null;
  /** What people call it. */
  name: string;
  /** What it permits; everything else is denied. */
  permissions?: Array<{
    /** As it stands in the path; * for every one. */
    resource: string;
    /** read, create, update, delete, or what follows the id in the path (acknowledge); write: all of them; * also the special ones. */
    verb: string;
    /** Of which rows. */
    scope?: "all" | "team" | "own" | null;
  }> | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** A set of permissions that people can be given instead of one of the four roles. */
export type RoleUpdate = {
  /** What people call it. */
  name?: string;
  /** What it permits; everything else is denied. */
  permissions?: Array<{
    /** As it stands in the path; * for every one. */
    resource: string;
    /** read, create, update, delete, or what follows the id in the path (acknowledge); write: all of them; * also the special ones. */
    verb: string;
    /** Of which rows. */
    scope?: "all" | "team" | "own" | null;
  }> | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** A person who answers, or reads. */
export type User = {
  /** Its id. Taken: id, e-mail. */
  id: string;
  /** What people call them. */
  name: string;
  /** Signs in with it; names the user anywhere an id does. */
  email: string;
  /** What they may do. */
  role: "owner" | "admin" | "responder" | "viewer";
  /** A role that people made: what it permits, instead of what `role` would. For responders and viewers. Taken: id, slug. */
  role_id: string | null;
  /** Whether they can sign in and be paged. */
  status: "active" | "invited" | "deactivated";
  /** Their own; null: the organization's. */
  time_zone: string | null;
  /** Language of pages and mail, as a language tag. */
  locale: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type UserList = {
  items: Array<User>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** A person who answers, or reads. */
export type UserCreate = {
  /** What people call them. */
  name: string;
  /** Signs in with it; names the user anywhere an id does. */
  email: string;
  /** What they may do. */
  role?: "owner" | "admin" | "responder" | "viewer" | null;
  /** A role that people made: what it permits, instead of what `role` would. For responders and viewers. Taken: id, slug. */
  role_id?: string | null;
  /** Whether they can sign in and be paged. */
  status?: "active" | "invited" | "deactivated" | null;
  /** Their own; null: the organization's. */
  time_zone?: string | null;
  /** Language of pages and mail, as a language tag. */
  locale?: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** A person who answers, or reads. */
export type UserUpdate = {
  /** What people call them. */
  name?: string;
  /** Signs in with it; names the user anywhere an id does. */
  email?: string;
  /** What they may do. */
  role?: "owner" | "admin" | "responder" | "viewer" | null;
  /** A role that people made: what it permits, instead of what `role` would. For responders and viewers. Taken: id, slug. */
  role_id?: string | null;
  /** Whether they can sign in and be paged. */
  status?: "active" | "invited" | "deactivated" | null;
  /** Their own; null: the organization's. */
  time_zone?: string | null;
  /** Language of pages and mail, as a language tag. */
  locale?: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** One way to reach one person. */
export type ContactMethod = {
  /** Its id. */
  id: string;
  /** Whose it is. Taken: id, e-mail. */
  user_id: string;
  /** The channel. */
  kind: "email" | "sms" | "voice" | "push" | "webhook" | "ntfy" | "slack" | "telegram" | "teams" | "google_chat" | "mattermost" | "discord" | "pushover" | "gotify" | "matrix";
  /** Number, address or URL, as the channel wants it. */
  address: string;
  /** What the person calls it. */
  label: string | null;
  /** Proved by a code; an administrator or an import may say so. */
  verified: boolean;
  /** Why nothing can be sent there any more; null: it works. */
  broken: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type ContactMethodList = {
  items: Array<ContactMethod>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** One way to reach one person. */
export type ContactMethodCreate = {
  /** Whose it is. Taken: id, e-mail. */
  user_id: string;
  /** The channel. */
  kind: "email" | "sms" | "voice" | "push" | "webhook" | "ntfy" | "slack" | "telegram" | "teams" | "google_chat" | "mattermost" | "discord" | "pushover" | "gotify" | "matrix";
  /** Number, address or URL, as the channel wants it. */
  address: string;
  /** What the person calls it. */
  label?: string | null;
  /** Proved by a code; an administrator or an import may say so. */
  verified?: boolean | null;
};

/** One way to reach one person. */
export type ContactMethodUpdate = {
  /** Number, address or URL, as the channel wants it. */
  address?: string;
  /** What the person calls it. */
  label?: string | null;
  /** Proved by a code; an administrator or an import may say so. */
  verified?: boolean | null;
};

/** In which order a person is reached, for one urgency. */
export type NotificationRule = {
  /** Its id. */
  id: string;
  /** Whose it is. Taken: id, e-mail. */
  user_id: string;
  /** Of the pages it is for; one rule per user and urgency. */
  urgency: "high" | "low";
  /** In order of their delays. */
  steps: Array<{
    /** Seconds after the page reached the person. */
    delay_s: number;
    /** Used together. */
    contact_method_ids: Array<string>;
  }>;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type NotificationRuleList = {
  items: Array<NotificationRule>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** In which order a person is reached, for one urgency. */
export type NotificationRuleCreate = {
  /** Whose it is. Taken: id, e-mail. */
  user_id: string;
  /** Of the pages it is for; one rule per user and urgency. */
  urgency: "high" | "low";
  /** In order of their delays. */
  steps?: Array<{
    /** Seconds after the page reached the person. */
    delay_s?: number | null;
    /** Used together. */
    contact_method_ids: Array<string>;
  }> | null;
};

/** In which order a person is reached, for one urgency. */
export type NotificationRuleUpdate = {
  /** In order of their delays. */
  steps?: Array<{
    /** Seconds after the page reached the person. */
    delay_s?: number | null;
    /** Used together. */
    contact_method_ids: Array<string>;
  }> | null;
};

/** People who own things together. */
export type Team = {
  /** Its id. Taken: id, slug. */
  id: string;
  /** Names it, wherever an id is taken; stays when it is renamed. */
  slug: string;
  /** What people call it. */
  name: string;
  /** Who is in it, with their role. */
  members: Array<{
    /** The member. Taken: id, e-mail. */
    user_id: string;
    /** In this team. */
    role: "owner" | "admin" | "responder" | "viewer";
  }>;
  /** Pages for services of the team that have no policy. Taken: id, slug. */
  policy_id: string | null;
  /** Null: the organization's. */
  time_zone: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type TeamList = {
  items: Array<Team>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** People who own things together. */
export type TeamCreate = {
  /** Chosen from the name when it is not given. */
  slug?: string | null;
  /** What people call it. */
  name: string;
  /** Who is in it, with their role. */
  members?: Array<{
    /** The member. Taken: id, e-mail. */
    user_id: string;
    /** In this team. */
    role?: "owner" | "admin" | "responder" | "viewer" | null;
  }> | null;
  /** Pages for services of the team that have no policy. Taken: id, slug. */
  policy_id?: string | null;
  /** Null: the organization's. */
  time_zone?: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** People who own things together. */
export type TeamUpdate = {
  /** What people call it. */
  name?: string;
  /** Who is in it, with their role. */
  members?: Array<{
    /** The member. Taken: id, e-mail. */
    user_id: string;
    /** In this team. */
    role?: "owner" | "admin" | "responder" | "viewer" | null;
  }> | null;
  /** Pages for services of the team that have no policy. Taken: id, slug. */
  policy_id?: string | null;
  /** Null: the organization's. */
  time_zone?: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** What can break. */
export type Service = {
  /** Its id. Taken: id, slug. */
  id: string;
  /** Names it, wherever an id is taken; stays when it is renamed. */
  slug: string;
  /** What people call it. */
  name: string;
  /** Other names under which alerts come. */
  aliases: Array<string>;
  /** tier1 wakes people first. */
  tier: "tier1" | "tier2" | "tier3" | "tier4";
  /** Who owns it. Taken: id, slug. */
  team_id: string | null;
  /** Who is paged; null: the team's. Taken: id, slug. */
  policy_id: string | null;
  /** Words to route by. */
  labels: Record<string, string>;
  /** What it needs to work. */
  depends_on: Array<string>;
  /** Severity of its incidents, 0 is worst; null: from the alert's priority. */
  failure_severity: number | null;
  /** Wins over the policy's; null: the policy decides. */
  urgency: "high" | "low" | null;
  /** Where its source is. */
  repository: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type ServiceList = {
  items: Array<Service>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** What can break. */
export type ServiceCreate = {
  /** Chosen from the name when it is not given. */
  slug?: string | null;
  /** What people call it. */
  name: string;
  /** Other names under which alerts come. */
  aliases?: Array<string> | null;
  /** tier1 wakes people first. */
  tier?: "tier1" | "tier2" | "tier3" | "tier4" | null;
  /** Who owns it. Taken: id, slug. */
  team_id?: string | null;
  /** Who is paged; null: the team's. Taken: id, slug. */
  policy_id?: string | null;
  /** Words to route by. */
  labels?: Record<string, string | null> | null;
  /** What it needs to work. */
  depends_on?: Array<string> | null;
  /** Severity of its incidents, 0 is worst; null: from the alert's priority. */
  failure_severity?: number | null;
  /** Wins over the policy's; null: the policy decides. */
  urgency?: "high" | "low" | null;
  /** Where its source is. */
  repository?: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** What can break. */
export type ServiceUpdate = {
  /** What people call it. */
  name?: string;
  /** Other names under which alerts come. */
  aliases?: Array<string> | null;
  /** tier1 wakes people first. */
  tier?: "tier1" | "tier2" | "tier3" | "tier4" | null;
  /** Who owns it. Taken: id, slug. */
  team_id?: string | null;
  /** Who is paged; null: the team's. Taken: id, slug. */
  policy_id?: string | null;
  /** Words to route by. */
  labels?: Record<string, string | null> | null;
  /** What it needs to work. */
  depends_on?: Array<string> | null;
  /** Severity of its incidents, 0 is worst; null: from the alert's priority. */
  failure_severity?: number | null;
  /** Wins over the policy's; null: the policy decides. */
  urgency?: "high" | "low" | null;
  /** Where its source is. */
  repository?: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** Who is on call when. */
export type Schedule = {
  /** Its id. Taken: id, slug. */
  id: string;
  /** Names it, wherever an id is taken; stays when it is renamed. */
  slug: string;
  /** What people call it. */
  name: string;
  /** Who owns it. Taken: id, slug. */
  team_id: string | null;
  /** Of its local times; when not given, the organization's. */
  time_zone: string | null;
  /** Later ones win over earlier ones. */
  layers: Array<{
    /** What people call it. */
    name: string;
    /** Null: the schedule's. Follow-the-sun layers set their own. */
    time_zone: string | null;
    /** How it lies over the layers before. */
    mode: "replace" | "add";
    /** The first turn begins; nobody is on call from the layer before. */
    starts_at: string;
    /** Exclusive; null: never. */
    ends_at: string | null;
    /** How long each set is on call. */
    turn: {
      /** So many units are one turn. */
      every: number;
      /** Counted on the wall clock. */
      unit: "hour" | "day" | "week" | "month";
    };
    /** The turns in order, each a set of people. */
    members: Array<Array<string>>;
    /** Limit the layer; none: always. */
    windows: Array<{
      /** On which it begins; none: every day. */
      days: Array<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun">;
      /** Local time. */
      from: string;
      /** Local time; not after from: on the next day; equal: 24 hours. */
      to: string;
    }>;
    /** From where turns count since the list of the running layer was changed: made by the server, taken only with a new layer, from an export. */
    anchor: {
      /** A local time at which a turn began. */
      at: string;
      /** The place in members that had it. */
      index: number;
    } | null;
  }>;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type ScheduleList = {
  items: Array<Schedule>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** Who is on call when. */
export type ScheduleCreate = {
  /** Chosen from the name when it is not given. */
  slug?: string | null;
  /** What people call it. */
  name: string;
  /** Who owns it. Taken: id, slug. */
  team_id?: string | null;
  /** Of its local times; when not given, the organization's. */
  time_zone?: string | null;
  /** Later ones win over earlier ones. */
  layers?: Array<{
    /** What people call it. */
    name: string;
    /** Null: the schedule's. Follow-the-sun layers set their own. */
    time_zone?: string | null;
    /** How it lies over the layers before. */
    mode?: "replace" | "add" | null;
    /** The first turn begins; nobody is on call from the layer before. */
    starts_at: string;
    /** Exclusive; null: never. */
    ends_at?: string | null;
    /** How long each set is on call. */
    turn?: {
      /** So many units are one turn. */
      every?: number | null;
      /** Counted on the wall clock. */
      unit?: "hour" | "day" | "week" | "month" | null;
    } | null;
    /** The turns in order, each a set of people. */
    members: Array<Array<string> | null>;
    /** Limit the layer; none: always. */
    windows?: Array<{
      /** On which it begins; none: every day. */
      days?: Array<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun"> | null;
      /** Local time. */
      from: string;
      /** Local time; not after from: on the next day; equal: 24 hours. */
      to: string;
    }> | null;
    /** From where turns count since the list of the running layer was changed: made by the server, taken only with a new layer, from an export. */
    anchor?: {
      /** A local time at which a turn began. */
      at: string;
      /** The place in members that had it. */
      index?: number | null;
    } | null;
  }> | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** Who is on call when. */
export type ScheduleUpdate = {
  /** What people call it. */
  name?: string;
  /** Who owns it. Taken: id, slug. */
  team_id?: string | null;
  /** Of its local times; when not given, the organization's. */
  time_zone?: string | null;
  /** Later ones win over earlier ones. */
  layers?: Array<{
    /** What people call it. */
    name: string;
    /** Null: the schedule's. Follow-the-sun layers set their own. */
    time_zone?: string | null;
    /** How it lies over the layers before. */
    mode?: "replace" | "add" | null;
    /** The first turn begins; nobody is on call from the layer before. */
    starts_at: string;
    /** Exclusive; null: never. */
    ends_at?: string | null;
    /** How long each set is on call. */
    turn?: {
      /** So many units are one turn. */
      every?: number | null;
      /** Counted on the wall clock. */
      unit?: "hour" | "day" | "week" | "month" | null;
    } | null;
    /** The turns in order, each a set of people. */
    members: Array<Array<string> | null>;
    /** Limit the layer; none: always. */
    windows?: Array<{
      /** On which it begins; none: every day. */
      days?: Array<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun"> | null;
      /** Local time. */
      from: string;
      /** Local time; not after from: on the next day; equal: 24 hours. */
      to: string;
    }> | null;
    /** From where turns count since the list of the running layer was changed: made by the server, taken only with a new layer, from an export. */
    anchor?: {
      /** A local time at which a turn began. */
      at: string;
      /** The place in members that had it. */
      index?: number | null;
    } | null;
  }> | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** A change of a schedule for a while. */
export type ScheduleOverride = {
  /** Its id. */
  id: string;
  /** Of which schedule. Taken: id, slug. */
  schedule_id: string;
  /** Who covers, is added or removed. Taken: id, e-mail. */
  user_id: string;
  /** cover: only in place of this person, while they are on call. Taken: id, e-mail. */
  replaces_user_id: string | null;
  /** What it does. */
  kind: "cover" | "add" | "remove";
  /** From this instant. */
  starts_at: string;
  /** Until this instant, exclusive. */
  ends_at: string;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type ScheduleOverrideList = {
  items: Array<ScheduleOverride>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** A change of a schedule for a while. */
export type ScheduleOverrideCreate = {
  /** Of which schedule. Taken: id, slug. */
  schedule_id: string;
  /** Who covers, is added or removed. Taken: id, e-mail. */
  user_id: string;
  /** cover: only in place of this person, while they are on call. Taken: id, e-mail. */
  replaces_user_id?: string | null;
  /** What it does. */
  kind?: "cover" | "add" | "remove" | null;
  /** From this instant. */
  starts_at: string | number;
  /** Until this instant, exclusive. */
  ends_at: string | number;
};

/** A change of a schedule for a while. */
export type ScheduleOverrideUpdate = {
  /** Who covers, is added or removed. Taken: id, e-mail. */
  user_id?: string;
  /** cover: only in place of this person, while they are on call. Taken: id, e-mail. */
  replaces_user_id?: string | null;
  /** What it does. */
  kind?: "cover" | "add" | "remove" | null;
  /** From this instant. */
  starts_at?: string | number;
  /** Until this instant, exclusive. */
  ends_at?: string | number;
};

/** A person. */
export type EscalationPolicyLevelsTargetsUser = {
  kind: "user";
  /** The person. Taken: id, e-mail. */
  id: string;
};

/** Who is on call. */
export type EscalationPolicyLevelsTargetsSchedule = {
  kind: "schedule";
  /** Whoever is on call there. Taken: id, slug. */
  id: string;
};

/** A whole team. */
export type EscalationPolicyLevelsTargetsTeam = {
  kind: "team";
  /** Everybody in the team. Taken: id, slug. */
  id: string;
};

/** A chat channel. */
export type EscalationPolicyLevelsTargetsChannel = {
  kind: "channel";
  /** A chat channel. */
  id: string;
};

/** A person. */
export type EscalationPolicyExhaustedUser = {
  kind: "user";
  /** The person. Taken: id, e-mail. */
  id: string;
};

/** Who is on call. */
export type EscalationPolicyExhaustedSchedule = {
  kind: "schedule";
  /** Whoever is on call there. Taken: id, slug. */
  id: string;
};

/** A whole team. */
export type EscalationPolicyExhaustedTeam = {
  kind: "team";
  /** Everybody in the team. Taken: id, slug. */
  id: string;
};

/** A chat channel. */
export type EscalationPolicyExhaustedChannel = {
  kind: "channel";
  /** A chat channel. */
  id: string;
};

/** Whom to page, in which order, how long to wait. */
export type EscalationPolicy = {
  /** Its id. Taken: id, slug. */
  id: string;
  /** Names it, wherever an id is taken; stays when it is renamed. */
  slug: string;
  /** What people call it. */
  name: string;
  /** Who owns it. Taken: id, slug. */
  team_id: string | null;
  /** In order. */
  levels: Array<{
    /** Paged together. */
    targets: Array<EscalationPolicyLevelsTargetsUser | EscalationPolicyLevelsTargetsSchedule | EscalationPolicyLevelsTargetsTeam | EscalationPolicyLevelsTargetsChannel>;
    /** Seconds until the next level. */
    wait_s: number;
    /** Whom of the targets. */
    strategy: "all" | "round_robin";
    /** How often the level is paged before the next. */
    attempts: number;
  }>;
  /** So many times more after the first pass. */
  repeat: number;
  /** Told when nobody answered; none: the team's owners, then the organization's. */
  exhausted: Array<EscalationPolicyExhaustedUser | EscalationPolicyExhaustedSchedule | EscalationPolicyExhaustedTeam | EscalationPolicyExhaustedChannel>;
  /** An acknowledgement without any further act ends after this; null: never. */
  ack_timeout_s: number | null;
  /** Which of people's notification rules is used. */
  urgency: "high" | "low" | "by_priority";
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type EscalationPolicyList = {
  items: Array<EscalationPolicy>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** A person. */
export type EscalationPolicyCreateLevelsTargetsUser = {
  kind: "user";
  /** The person. Taken: id, e-mail. */
  id: string;
};

/** Who is on call. */
export type EscalationPolicyCreateLevelsTargetsSchedule = {
  kind: "schedule";
  /** Whoever is on call there. Taken: id, slug. */
  id: string;
};

/** A whole team. */
export type EscalationPolicyCreateLevelsTargetsTeam = {
  kind: "team";
  /** Everybody in the team. Taken: id, slug. */
  id: string;
};

/** A chat channel. */
export type EscalationPolicyCreateLevelsTargetsChannel = {
  kind: "channel";
  /** A chat channel. */
  id: string;
};

/** A person. */
export type EscalationPolicyCreateExhaustedUser = {
  kind: "user";
  /** The person. Taken: id, e-mail. */
  id: string;
};

/** Who is on call. */
export type EscalationPolicyCreateExhaustedSchedule = {
  kind: "schedule";
  /** Whoever is on call there. Taken: id, slug. */
  id: string;
};

/** A whole team. */
export type EscalationPolicyCreateExhaustedTeam = {
  kind: "team";
  /** Everybody in the team. Taken: id, slug. */
  id: string;
};

/** A chat channel. */
export type EscalationPolicyCreateExhaustedChannel = {
  kind: "channel";
  /** A chat channel. */
  id: string;
};

/** Whom to page, in which order, how long to wait. */
export type EscalationPolicyCreate = {
  /** Chosen from the name when it is not given. */
  slug?: string | null;
  /** What people call it. */
  name: string;
  /** Who owns it. Taken: id, slug. */
  team_id?: string | null;
  /** In order. */
  levels: Array<{
    /** Paged together. */
    targets: Array<EscalationPolicyCreateLevelsTargetsUser | EscalationPolicyCreateLevelsTargetsSchedule | EscalationPolicyCreateLevelsTargetsTeam | EscalationPolicyCreateLevelsTargetsChannel>;
    /** Seconds until the next level. */
    wait_s?: number | null;
    /** Whom of the targets. */
    strategy?: "all" | "round_robin" | null;
    /** How often the level is paged before the next. */
    attempts?: number | null;
  }>;
  /** So many times more after the first pass. */
  repeat?: number | null;
  /** Told when nobody answered; none: the team's owners, then the organization's. */
  exhausted?: Array<EscalationPolicyCreateExhaustedUser | EscalationPolicyCreateExhaustedSchedule | EscalationPolicyCreateExhaustedTeam | EscalationPolicyCreateExhaustedChannel> | null;
  /** An acknowledgement without any further act ends after this; null: never. */
  ack_timeout_s?: number | null;
  /** Which of people's notification rules is used. */
  urgency?: "high" | "low" | "by_priority" | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** A person. */
export type EscalationPolicyUpdateLevelsTargetsUser = {
  kind: "user";
  /** The person. Taken: id, e-mail. */
  id: string;
};

/** Who is on call. */
export type EscalationPolicyUpdateLevelsTargetsSchedule = {
  kind: "schedule";
  /** Whoever is on call there. Taken: id, slug. */
  id: string;
};

/** A whole team. */
export type EscalationPolicyUpdateLevelsTargetsTeam = {
  kind: "team";
  /** Everybody in the team. Taken: id, slug. */
  id: string;
};

/** A chat channel. */
export type EscalationPolicyUpdateLevelsTargetsChannel = {
  kind: "channel";
  /** A chat channel. */
  id: string;
};

/** A person. */
export type EscalationPolicyUpdateExhaustedUser = {
  kind: "user";
  /** The person. Taken: id, e-mail. */
  id: string;
};

/** Who is on call. */
export type EscalationPolicyUpdateExhaustedSchedule = {
  kind: "schedule";
  /** Whoever is on call there. Taken: id, slug. */
  id: string;
};

/** A whole team. */
export type EscalationPolicyUpdateExhaustedTeam = {
  kind: "team";
  /** Everybody in the team. Taken: id, slug. */
  id: string;
};

/** A chat channel. */
export type EscalationPolicyUpdateExhaustedChannel = {
  kind: "channel";
  /** A chat channel. */
  id: string;
};

/** Whom to page, in which order, how long to wait. */
export type EscalationPolicyUpdate = {
  /** What people call it. */
  name?: string;
  /** Who owns it. Taken: id, slug. */
  team_id?: string | null;
  /** In order. */
  levels?: Array<{
    /** Paged together. */
    targets: Array<EscalationPolicyUpdateLevelsTargetsUser | EscalationPolicyUpdateLevelsTargetsSchedule | EscalationPolicyUpdateLevelsTargetsTeam | EscalationPolicyUpdateLevelsTargetsChannel>;
    /** Seconds until the next level. */
    wait_s?: number | null;
    /** Whom of the targets. */
    strategy?: "all" | "round_robin" | null;
    /** How often the level is paged before the next. */
    attempts?: number | null;
  }>;
  /** So many times more after the first pass. */
  repeat?: number | null;
  /** Told when nobody answered; none: the team's owners, then the organization's. */
  exhausted?: Array<EscalationPolicyUpdateExhaustedUser | EscalationPolicyUpdateExhaustedSchedule | EscalationPolicyUpdateExhaustedTeam | EscalationPolicyUpdateExhaustedChannel> | null;
  /** An acknowledgement without any further act ends after this; null: never. */
  ack_timeout_s?: number | null;
  /** Which of people's notification rules is used. */
  urgency?: "high" | "low" | "by_priority" | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** One configured inbound source with its own URL. */
export type Integration = {
  /** Its id. Taken: id, slug. */
  id: string;
  /** Names it, wherever an id is taken; stays when it is renamed. */
  slug: string;
  /** What people call it. */
  name: string;
  /** A template of the catalog; `generic` is our own JSON. */
  template: string;
  /** Stands in its URL; may be given, so that senders can keep theirs. */
  key: string;
  /** Whether it takes requests. */
  enabled: boolean;
  /** Record, never act. */
  quiet: boolean;
  /** Who owns it. Taken: id, slug. */
  team_id: string | null;
  /** Of alerts that name no service. Taken: id, slug. */
  service_id: string | null;
  /** Pages when neither service nor its team has one. Taken: id, slug. */
  policy_id: string | null;
  /** Of alerts whose sender says none. */
  default_priority: "p1" | "p2" | "p3" | "p4" | null;
  /** Within which dedup keys are the same alert. */
  dedup_scope: "integration" | "organization";
  /** The same key within this time reopens the alert. Null: the organization's. */
  reopen_window_s: number | null;
  /** Without news for this long an alert resolves itself; 0 never. Null: the organization's. */
  resolve_after_s: number | null;
  /** Events whose own time is older are recorded only. Null: the organization's. */
  late_window_s: number | null;
  /** So many changes of state within flap_window_s are flapping. Null: the organization's. */
  flap_count: number | null;
  /** The window of flap_count. Null: the organization's. */
  flap_window_s: number | null;
  /** Quiet for this long ends flapping. Null: the organization's. */
  flap_quiet_s: number | null;
  /** CEL per event field, over the template's. */
  overrides: Record<string, string>;
  /** Elements for which it is false are left out. */
  filter: string | null;
  /** Of times that come without offset. */
  time_zone: string | null;
  /** Where the sender posts. */
  url: string | null;
  /** Where the sender mails; null: no mail comes in. */
  email: string | null;
  /** When something last came; null: never. */
  last_request_at: string | null;
  /** Requests so far, by outcome. */
  counts: unknown;
  /** What about its requests deserves a look, the last first: text, count, first_at, last_at, request_id. */
  warnings: unknown;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type IntegrationList = {
  items: Array<Integration>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** One configured inbound source with its own URL. */
export type IntegrationCreate = {
  /** Chosen from the name when it is not given. */
  slug?: string | null;
  /** What people call it. */
  name: string;
  /** A template of the catalog; `generic` is our own JSON. */
  template: string;
  /** Stands in its URL; may be given, so that senders can keep theirs. */
  key?: string;
  /** Whether it takes requests. */
  enabled?: boolean | null;
  /** Record, never act. */
  quiet?: boolean | null;
  /** Who owns it. Taken: id, slug. */
  team_id?: string | null;
  /** Of alerts that name no service. Taken: id, slug. */
  service_id?: string | null;
  /** Pages when neither service nor its team has one. Taken: id, slug. */
  policy_id?: string | null;
  /** Of alerts whose sender says none. */
  default_priority?: "p1" | "p2" | "p3" | "p4" | null;
  /** Proves the sender: signature, token or password, as the template says. */
  secret?: string | null;
  /** Within which dedup keys are the same alert. */
  dedup_scope?: "integration" | "organization" | null;
  /** The same key within this time reopens the alert. Null: the organization's. */
  reopen_window_s?: number | null;
  /** Without news for this long an alert resolves itself; 0 never. Null: the organization's. */
  resolve_after_s?: number | null;
  /** Events whose own time is older are recorded only. Null: the organization's. */
  late_window_s?: number | null;
  /** So many changes of state within flap_window_s are flapping. Null: the organization's. */
  flap_count?: number | null;
  /** The window of flap_count. Null: the organization's. */
  flap_window_s?: number | null;
  /** Quiet for this long ends flapping. Null: the organization's. */
  flap_quiet_s?: number | null;
  /** CEL per event field, over the template's. */
  overrides?: Record<string, string | null> | null;
  /** Elements for which it is false are left out. */
  filter?: string | null;
  /** Of times that come without offset. */
  time_zone?: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** One configured inbound source with its own URL. */
export type IntegrationUpdate = {
  /** What people call it. */
  name?: string;
  /** A template of the catalog; `generic` is our own JSON. */
  template?: string;
  /** Whether it takes requests. */
  enabled?: boolean | null;
  /** Record, never act. */
  quiet?: boolean | null;
  /** Who owns it. Taken: id, slug. */
  team_id?: string | null;
  /** Of alerts that name no service. Taken: id, slug. */
  service_id?: string | null;
  /** Pages when neither service nor its team has one. Taken: id, slug. */
  policy_id?: string | null;
  /** Of alerts whose sender says none. */
  default_priority?: "p1" | "p2" | "p3" | "p4" | null;
  /** Proves the sender: signature, token or password, as the template says. */
  secret?: string | null;
  /** Within which dedup keys are the same alert. */
  dedup_scope?: "integration" | "organization" | null;
  /** The same key within this time reopens the alert. Null: the organization's. */
  reopen_window_s?: number | null;
  /** Without news for this long an alert resolves itself; 0 never. Null: the organization's. */
  resolve_after_s?: number | null;
  /** Events whose own time is older are recorded only. Null: the organization's. */
  late_window_s?: number | null;
  /** So many changes of state within flap_window_s are flapping. Null: the organization's. */
  flap_count?: number | null;
  /** The window of flap_count. Null: the organization's. */
  flap_window_s?: number | null;
  /** Quiet for this long ends flapping. Null: the organization's. */
  flap_quiet_s?: number | null;
  /** CEL per event field, over the template's. */
  overrides?: Record<string, string | null> | null;
  /** Elements for which it is false are left out. */
  filter?: string | null;
  /** Of times that come without offset. */
  time_zone?: string | null;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** Changes the alert; later rules see it. */
export type AlertRuleActionsSet = {
  type: "set";
  /** p1 to p4, or a template that gives one. */
  priority: string | null;
  /** The service it is about. Taken: id, slug. */
  service_id: string | null;
  /** Added; values are templates. */
  labels: Record<string, string>;
  /** A template. */
  title: string | null;
};

/** Holds it: no incident, no page. */
export type AlertRuleActionsSuppress = {
  type: "suppress";
  /** Shown on the alert. */
  reason: string | null;
};

/** Takes that hold away. */
export type AlertRuleActionsUnsuppress = {
  type: "unsuppress";
};

/** Waits before it pages. */
export type AlertRuleActionsPause = {
  type: "pause";
  /** Pages wait so long; a resolve in time means none. */
  for_s: number;
};

/** The actions after it need so many occurrences. */
export type AlertRuleActionsThreshold = {
  type: "threshold";
  /** So many occurrences ... */
  count: number;
  /** ... within so many seconds. */
  within_s: number;
};

/** Opens an incident, or joins its group's. */
export type AlertRuleActionsCreateIncident = {
  type: "create_incident";
  /** 0 is worst; null: the service's, else from the priority. */
  severity?: number | null;
  /** A template; null: the alert's title. */
  title?: string | null;
  /** The incident type. */
  type_id?: string | null;
  /** Alerts with equal values share one incident; none: each has its own. */
  group_by?: Array<string>;
  /** How long it takes new alerts; null: the organization's. */
  window_s?: number | null;
  /** Each new alert makes the window slide. */
  extend?: boolean;
  /** The end of a window that slides; null: the organization's. */
  max_window_s?: number | null;
  /** What an absent value of group_by means. */
  missing?: "separate" | "group";
  /** Resolves it when its last alert is resolved; null: the organization's. */
  auto_resolve?: boolean;
  /** ... and stayed so for this long; null: the organization's. */
  auto_resolve_after_s?: number | null;
  /** What sort of incident. */
  kind?: "normal" | "drill" | "test" | "backfilled";
};

/** Pages. */
export type AlertRuleActionsPage = {
  type: "page";
  /** Null: the default chain. Taken: id, slug. */
  policy_id: string | null;
};

/** Starts a runbook. */
export type AlertRuleActionsRunRunbook = {
  type: "run_runbook";
  /** Which. */
  runbook_id: string;
  /** Its inputs, as templates. */
  inputs: unknown;
};

/** Tells a channel. */
export type AlertRuleActionsNotify = {
  type: "notify";
  /** Where. */
  channel: string;
  /** A template. */
  message: string | null;
};

/** Quiet for a while. */
export type AlertRuleActionsSnooze = {
  type: "snooze";
  /** Quiet for so long; then, if still triggered, one page. */
  for_s: number;
};

/** What happens with which alerts. */
export type AlertRule = {
  /** Its id. Taken: id, slug. */
  id: string;
  /** Names it, wherever an id is taken; stays when it is renamed. */
  slug: string;
  /** What people call it. */
  name: string;
  /** Null: the organization's rules, which run first. Taken: id, slug. */
  team_id: string | null;
  /** Only for alerts of these; none: all. */
  integration_ids: Array<string>;
  /** Order within its list; not given: last. */
  position: number;
  /** Whether it runs. */
  enabled: boolean;
  /** An expression over the alert. */
  when: string | null;
  /** Rows instead of an expression. */
  conditions: Array<{
    /** Of the alert; labels.x is the label x. */
    field: string;
    /** How to compare. */
    op: "=" | "!=" | "equals" | "not_equals" | "contains" | "not_contains" | "starts_with" | "ends_with" | "matches" | "not_matches" | "=~" | "!~" | "in" | "not_in" | ">" | ">=" | "<" | "<=" | "exists" | "not_exists";
    /** With what; a list for in and not_in. */
    value: unknown;
  }>;
  /** How conditions are joined. */
  match: "all" | "any";
  /** What it does, in order. */
  actions: Array<AlertRuleActionsSet | AlertRuleActionsSuppress | AlertRuleActionsUnsuppress | AlertRuleActionsPause | AlertRuleActionsThreshold | AlertRuleActionsCreateIncident | AlertRuleActionsPage | AlertRuleActionsRunRunbook | AlertRuleActionsNotify | AlertRuleActionsSnooze>;
  /** No later rule of the list sees the alert. */
  stop: boolean;
  /** When it runs; null: always. */
  active_times: unknown;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type AlertRuleList = {
  items: Array<AlertRule>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** Changes the alert; later rules see it. */
export type AlertRuleCreateActionsSet = {
  type: "set";
  /** p1 to p4, or a template that gives one. */
  priority?: string | null;
  /** The service it is about. Taken: id, slug. */
  service_id?: string | null;
  /** Added; values are templates. */
  labels?: Record<string, string | null> | null;
  /** A template. */
  title?: string | null;
};

/** Holds it: no incident, no page. */
export type AlertRuleCreateActionsSuppress = {
  type: "suppress";
  /** Shown on the alert. */
  reason?: string | null;
};

/** Takes that hold away. */
export type AlertRuleCreateActionsUnsuppress = {
  type: "unsuppress";
};

/** Waits before it pages. */
export type AlertRuleCreateActionsPause = {
  type: "pause";
  /** Pages wait so long; a resolve in time means none. */
  for_s: number;
};

/** The actions after it need so many occurrences. */
export type AlertRuleCreateActionsThreshold = {
  type: "threshold";
  /** So many occurrences ... */
  count: number;
  /** ... within so many seconds. */
  within_s: number;
};

/** Opens an incident, or joins its group's. */
export type AlertRuleCreateActionsCreateIncident = {
  type: "create_incident";
  /** 0 is worst; null: the service's, else from the priority. */
  severity?: number | null;
  /** A template; null: the alert's title. */
  title?: string | null;
  /** The incident type. */
  type_id?: string | null;
  /** Alerts with equal values share one incident; none: each has its own. */
  group_by?: Array<string> | null;
  /** How long it takes new alerts; null: the organization's. */
  window_s?: number | null;
  /** Each new alert makes the window slide. */
  extend?: boolean | null;
  /** The end of a window that slides; null: the organization's. */
  max_window_s?: number | null;
  /** What an absent value of group_by means. */
  missing?: "separate" | "group" | null;
  /** Resolves it when its last alert is resolved; null: the organization's. */
  auto_resolve?: boolean | null;
  /** ... and stayed so for this long; null: the organization's. */
  auto_resolve_after_s?: number | null;
  /** What sort of incident. */
  kind?: "normal" | "drill" | "test" | "backfilled" | null;
};

/** Pages. */
export type AlertRuleCreateActionsPage = {
  type: "page";
  /** Null: the default chain. Taken: id, slug. */
  policy_id?: string | null;
};

/** Starts a runbook. */
export type AlertRuleCreateActionsRunRunbook = {
  type: "run_runbook";
  /** Which. */
  runbook_id: string;
  /** Its inputs, as templates. */
  inputs?: unknown;
};

/** Tells a channel. */
export type AlertRuleCreateActionsNotify = {
  type: "notify";
  /** Where. */
  channel: string;
  /** A template. */
  message?: string | null;
};

/** Quiet for a while. */
export type AlertRuleCreateActionsSnooze = {
  type: "snooze";
  /** Quiet for so long; then, if still triggered, one page. */
  for_s: number;
};

/** What happens with which alerts. */
export type AlertRuleCreate = {
  /** Chosen from the name when it is not given. */
  slug?: string | null;
  /** What people call it. */
  name: string;
  /** Null: the organization's rules, which run first. Taken: id, slug. */
  team_id?: string | null;
  /** Only for alerts of these; none: all. */
  integration_ids?: Array<string> | null;
  /** Order within its list; not given: last. */
  position?: number;
  /** Whether it runs. */
  enabled?: boolean | null;
  /** An expression over the alert. */
  when?: string | null;
  /** Rows instead of an expression. */
  conditions?: Array<{
    /** Of the alert; labels.x is the label x. */
    field: string;
    /** How to compare. */
    op?: "=" | "!=" | "equals" | "not_equals" | "contains" | "not_contains" | "starts_with" | "ends_with" | "matches" | "not_matches" | "=~" | "!~" | "in" | "not_in" | ">" | ">=" | "<" | "<=" | "exists" | "not_exists" | null;
    /** With what; a list for in and not_in. */
    value?: unknown;
  }> | null;
  /** How conditions are joined. */
  match?: "all" | "any" | null;
  /** What it does, in order. */
  actions?: Array<AlertRuleCreateActionsSet | AlertRuleCreateActionsSuppress | AlertRuleCreateActionsUnsuppress | AlertRuleCreateActionsPause | AlertRuleCreateActionsThreshold | AlertRuleCreateActionsCreateIncident | AlertRuleCreateActionsPage | AlertRuleCreateActionsRunRunbook | AlertRuleCreateActionsNotify | AlertRuleCreateActionsSnooze> | null;
  /** No later rule of the list sees the alert. */
  stop?: boolean | null;
  /** When it runs; null: always. */
  active_times?: unknown;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** Changes the alert; later rules see it. */
export type AlertRuleUpdateActionsSet = {
  type: "set";
  /** p1 to p4, or a template that gives one. */
  priority?: string | null;
  /** The service it is about. Taken: id, slug. */
  service_id?: string | null;
  /** Added; values are templates. */
  labels?: Record<string, string | null> | null;
  /** A template. */
  title?: string | null;
};

/** Holds it: no incident, no page. */
export type AlertRuleUpdateActionsSuppress = {
  type: "suppress";
  /** Shown on the alert. */
  reason?: string | null;
};

/** Takes that hold away. */
export type AlertRuleUpdateActionsUnsuppress = {
  type: "unsuppress";
};

/** Waits before it pages. */
export type AlertRuleUpdateActionsPause = {
  type: "pause";
  /** Pages wait so long; a resolve in time means none. */
  for_s: number;
};

/** The actions after it need so many occurrences. */
export type AlertRuleUpdateActionsThreshold = {
  type: "threshold";
  /** So many occurrences ... */
  count: number;
  /** ... within so many seconds. */
  within_s: number;
};

/** Opens an incident, or joins its group's. */
export type AlertRuleUpdateActionsCreateIncident = {
  type: "create_incident";
  /** 0 is worst; null: the service's, else from the priority. */
  severity?: number | null;
  /** A template; null: the alert's title. */
  title?: string | null;
  /** The incident type. */
  type_id?: string | null;
  /** Alerts with equal values share one incident; none: each has its own. */
  group_by?: Array<string> | null;
  /** How long it takes new alerts; null: the organization's. */
  window_s?: number | null;
  /** Each new alert makes the window slide. */
  extend?: boolean | null;
  /** The end of a window that slides; null: the organization's. */
  max_window_s?: number | null;
  /** What an absent value of group_by means. */
  missing?: "separate" | "group" | null;
  /** Resolves it when its last alert is resolved; null: the organization's. */
  auto_resolve?: boolean | null;
  /** ... and stayed so for this long; null: the organization's. */
  auto_resolve_after_s?: number | null;
  /** What sort of incident. */
  kind?: "normal" | "drill" | "test" | "backfilled" | null;
};

/** Pages. */
export type AlertRuleUpdateActionsPage = {
  type: "page";
  /** Null: the default chain. Taken: id, slug. */
  policy_id?: string | null;
};

/** Starts a runbook. */
export type AlertRuleUpdateActionsRunRunbook = {
  type: "run_runbook";
  /** Which. */
  runbook_id: string;
  /** Its inputs, as templates. */
  inputs?: unknown;
};

/** Tells a channel. */
export type AlertRuleUpdateActionsNotify = {
  type: "notify";
  /** Where. */
  channel: string;
  /** A template. */
  message?: string | null;
};

/** Quiet for a while. */
export type AlertRuleUpdateActionsSnooze = {
  type: "snooze";
  /** Quiet for so long; then, if still triggered, one page. */
  for_s: number;
};

/** What happens with which alerts. */
export type AlertRuleUpdate = {
  /** What people call it. */
  name?: string;
  /** Null: the organization's rules, which run first. Taken: id, slug. */
  team_id?: string | null;
  /** Only for alerts of these; none: all. */
  integration_ids?: Array<string> | null;
  /** Order within its list; not given: last. */
  position?: number;
  /** Whether it runs. */
  enabled?: boolean | null;
  /** An expression over the alert. */
  when?: string | null;
  /** Rows instead of an expression. */
  conditions?: Array<{
    /** Of the alert; labels.x is the label x. */
    field: string;
    /** How to compare. */
    op?: "=" | "!=" | "equals" | "not_equals" | "contains" | "not_contains" | "starts_with" | "ends_with" | "matches" | "not_matches" | "=~" | "!~" | "in" | "not_in" | ">" | ">=" | "<" | "<=" | "exists" | "not_exists" | null;
    /** With what; a list for in and not_in. */
    value?: unknown;
  }> | null;
  /** How conditions are joined. */
  match?: "all" | "any" | null;
  /** What it does, in order. */
  actions?: Array<AlertRuleUpdateActionsSet | AlertRuleUpdateActionsSuppress | AlertRuleUpdateActionsUnsuppress | AlertRuleUpdateActionsPause | AlertRuleUpdateActionsThreshold | AlertRuleUpdateActionsCreateIncident | AlertRuleUpdateActionsPage | AlertRuleUpdateActionsRunRunbook | AlertRuleUpdateActionsNotify | AlertRuleUpdateActionsSnooze> | null;
  /** No later rule of the list sees the alert. */
  stop?: boolean | null;
  /** When it runs; null: always. */
  active_times?: unknown;
  /** The set of files (tocsin apply --set) that made it; null: somebody by hand. */
  managed_by?: string | null;
};

/** Lets a program in. Shown once. */
export type ApiKey = {
  /** Its id. */
  id: string;
  /** What uses it. */
  name: string;
  /** The first characters, to recognise it by. */
  hint: string | null;
  /** The key itself: only in the answer to its creation. */
  key: string | null;
  /** What it may do, within what its user may. */
  scopes: Array<string>;
  /** For whom it acts; null: a service of its own. Taken: id, e-mail. */
  user_id: string | null;
  /** From then on it is refused; null: never. */
  expires_at: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type ApiKeyList = {
  items: Array<ApiKey>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** Lets a program in. Shown once. */
export type ApiKeyCreate = {
  /** What uses it. */
  name: string;
  /** What it may do, within what its user may. */
  scopes?: Array<string> | null;
  /** For whom it acts; null: a service of its own. Taken: id, e-mail. */
  user_id?: string | null;
  /** From then on it is refused; null: never. */
  expires_at?: string | number | null;
};

/** Lets a program in. Shown once. */
export type ApiKeyUpdate = {
  /** What uses it. */
  name?: string;
  /** From then on it is refused; null: never. */
  expires_at?: string | number | null;
};

/** A deduplicated problem. */
export type Alert = {
  /** Its id. Taken: id, number. */
  id: string;
  /** What people say; names it, wherever an id is taken. */
  number: string;
  /** What is wrong, in a line. */
  title: string;
  /** More about it. */
  description: string | null;
  /** Changed by the verbs. */
  status: "triggered" | "acknowledged" | "resolved" | "dismissed" | null;
  /** p1 is most urgent; null: nobody said. */
  priority: "p1" | "p2" | "p3" | "p4" | null;
  /** The sender's word. */
  source_priority: string | null;
  /** The same key is the same alert while it is open. */
  dedup_key: string | null;
  /** Where it came from. Taken: id, slug. */
  integration_id: string | null;
  /** What it is about. Taken: id, slug. */
  service_id: string | null;
  /** What noticed it: a host, a monitor. */
  source: string | null;
  /** The sender's, and those that rules set. */
  labels: Record<string, string>;
  /** Further reading. */
  links: Array<{
    /** Where to. */
    href: string;
    /** What is there. */
    title: string | null;
  }>;
  /** Pictures. */
  images: Array<{
    /** Where to. */
    href: string;
    /** What is there. */
    title: string | null;
  }>;
  /** How often it was reported. */
  count: number | null;
  /** When this episode began, says the sender. */
  starts_at: string | null;
  /** When it ended, says the sender. */
  ends_at: string | null;
  /** When we first heard of it. */
  first_seen_at: string | null;
  /** When we last heard of it. */
  last_seen_at: string | null;
  /** When its status last changed; since and until mean this. */
  status_changed_at: string | null;
  /** When somebody took it. */
  acknowledged_at: string | null;
  /** Who. */
  acknowledged_by: Actor | null;
  /** Whose task it is, by the verb assign; null: nobody's. Taken: id, e-mail. */
  assignee_id: string | null;
  /** When it was over. */
  resolved_at: string | null;
  /** Who said so. */
  resolved_by: Actor | null;
  /** Quiet until then. */
  snoozed_until: string | null;
  /** 1, then one more at each reopening. */
  episode: number | null;
  /** Why it makes no noise. */
  holds: Array<{
    /** silence, maintenance, inhibition, flapping, pause, quiet, suppressed, snooze. */
    reason: string | null;
    /** Of the rule or silence; null: none. */
    id: string | null;
    /** Null: open end. */
    until: string | null;
  }>;
  /** It reached nobody. */
  unrouted: boolean;
  /** The alert of the same key before. Taken: id, number. */
  previous_alert_id: string | null;
  /** The incident it belongs to. Taken: id, number. */
  incident_id: string | null;
  /** Whose it is. Taken: id, slug. */
  team_id: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type AlertList = {
  items: Array<Alert>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** A deduplicated problem. */
export type AlertUpdate = {
  /** What is wrong, in a line. */
  title?: string;
  /** More about it. */
  description?: string | null;
  /** p1 is most urgent; null: nobody said. */
  priority?: "p1" | "p2" | "p3" | "p4" | null;
  /** What it is about. Taken: id, slug. */
  service_id?: string | null;
  /** The sender's, and those that rules set. */
  labels?: Record<string, string | null> | null;
};

/** What remains of an alert after the organization's alerts_days. */
export type AlertRecord = {
  /** Its id. Taken: id, number. */
  id: string;
  /** What people say; names it, wherever an id is taken. */
  number: string;
  /** As it was. */
  title: string | null;
  /** As it was. */
  dedup_key: string | null;
  /** resolved or dismissed. */
  status: "triggered" | "acknowledged" | "resolved" | "dismissed" | null;
  /** The incident it belonged to. Taken: id, number. */
  incident_id: string | null;
  /** Whose it was. Taken: id, slug. */
  team_id: string | null;
  /** When we first heard of it. */
  first_seen_at: string | null;
  /** When its status last changed. */
  closed_at: string | null;
  /** When its time was over. */
  removed_at: string | null;
  /** The id that it had, by which pages, explanations and its timeline name it. */
  alert_id: string | null;
};

export type AlertRecordList = {
  items: Array<AlertRecord>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** One inbound request, as it came. */
export type Request = {
  /** Its id. */
  id: string;
  /** To which it came. Taken: id, slug. */
  integration_id: string | null;
  /** When. */
  received_at: string | null;
  /** Of HTTP. */
  method: string | null;
  /** Secrets are left out. */
  headers: unknown;
  /** Length of the body as it came. */
  body_bytes: number | null;
  /** As it came; only when one request is read. */
  body: string | null;
  /** What became of it. */
  outcome: "pending" | "accepted" | "partial" | "test" | "confirmation" | "filtered" | "unmapped" | "rejected" | "failed" | null;
  /** Elements that were not taken. */
  errors: Array<{
    /** Which element; -1: the whole body. */
    index: number | null;
    /** Why it was not taken. */
    reason: string | null;
  }>;
  /** What was taken otherwise than it was meant: unknown words, times that cannot be, texts that were cut. */
  warnings: Array<string>;
  /** Alerts it touched. */
  alert_ids: Array<string>;
  /** Changes it told of. */
  change_ids: Array<string>;
};

export type RequestList = {
  items: Array<Request>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** A commit, deployment, flag or configuration that may explain an alert. */
export type Change = {
  /** Its id. Taken: id, number. */
  id: string;
  /** What people say; names it, wherever an id is taken. */
  number: string;
  /** Where it came from. Taken: id, slug. */
  integration_id: string | null;
  /** What sort of change. */
  kind: "commit" | "pull_request" | "deployment" | "pipeline" | "feature_flag" | "infrastructure" | "configuration" | null;
  /** What was changed, in a line. */
  title: string | null;
  /** The sender's word for how it went. */
  status: string | null;
  /** What it changed. Taken: id, slug. */
  service_id: string | null;
  /** The name that the sender gave. */
  service: string | null;
  /** Where. */
  environment: string | null;
  /** Commit or version. */
  revision: string | null;
  /** Who made it. */
  author: string | null;
  /** More about it. */
  url: string | null;
  /** When it began. */
  starts_at: string | null;
  /** When it was done. */
  ends_at: string | null;
  /** The sender's words. */
  labels: Record<string, string>;
  /** The same key is the same change. */
  dedup_key: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type ChangeList = {
  items: Array<Change>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** The response to something that is broken. */
export type Incident = {
  /** Its id. Taken: id, number. */
  id: string;
  /** What people say; names it, wherever an id is taken. */
  number: string;
  /** What is wrong, in a line. */
  title: string;
  /** What is known so far. */
  summary: string | null;
  /** Where the response is. */
  status: "new" | "investigating" | "fixing" | "monitoring" | "closed";
  /** 0 is worst. */
  severity: number;
  /** Drills and tests page nobody by surprise. */
  kind: "normal" | "drill" | "test" | "backfilled";
  /** What is affected. */
  service_ids: Array<string>;
  /** Who leads. Taken: id, e-mail. */
  commander_id: string | null;
  /** Who declared it. Taken: id, e-mail. */
  reporter_id: string | null;
  /** Who holds which further role: a user, or a list of them; null takes it away. */
  roles: unknown;
  /** The type's own fields. */
  fields: unknown;
  /** Seen by owners, admins and who takes part only. */
  private: boolean;
  /** Whose it is. Taken: id, slug. */
  team_id: string | null;
  /** Who is paged when it is declared, and when it pages later; null: nobody is paged by the declaration. Taken: id, slug. */
  policy_id: string | null;
  /** 1, then one more at each reopening. */
  episode: number | null;
  /** How many alerts belong to it. */
  alert_count: number | null;
  /** How many of them are open. */
  open_alert_count: number | null;
  /** When people began to notice. */
  impact_started_at: string | null;
  /** When we noticed. */
  detected_at: string | null;
  /** When it was declared. */
  declared_at: string | null;
  /** When somebody took it. */
  acknowledged_at: string | null;
  /** Who. */
  acknowledged_by: Actor | null;
  /** When it stopped hurting. */
  mitigated_at: string | null;
  /** When it was mended. */
  resolved_at: string | null;
  /** When the response ended. */
  closed_at: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type IncidentList = {
  items: Array<Incident>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** The response to something that is broken. */
export type IncidentCreate = {
  /** What is wrong, in a line. */
  title: string;
  /** What is known so far. */
  summary?: string | null;
  /** Where the response is. */
  status?: "new" | "investigating" | "fixing" | "monitoring" | "closed" | null;
  /** 0 is worst. */
  severity?: number | null;
  /** Drills and tests page nobody by surprise. */
  kind?: "normal" | "drill" | "test" | "backfilled" | null;
  /** What is affected. */
  service_ids?: Array<string> | null;
  /** Who leads. Taken: id, e-mail. */
  commander_id?: string | null;
  /** Who declared it. Taken: id, e-mail. */
  reporter_id?: string | null;
  /** Who holds which further role: a user, or a list of them; null takes it away. */
  roles?: unknown;
  /** The type's own fields. */
  fields?: unknown;
  /** Seen by owners, admins and who takes part only. */
  private?: boolean | null;
  /** Whose it is. Taken: id, slug. */
  team_id?: string | null;
  /** Who is paged when it is declared, and when it pages later; null: nobody is paged by the declaration. Taken: id, slug. */
  policy_id?: string | null;
  /** When people began to notice. */
  impact_started_at?: string | number | null;
  /** When we noticed. */
  detected_at?: string | number | null;
};

/** The response to something that is broken. */
export type IncidentUpdate = {
  /** What is wrong, in a line. */
  title?: string;
  /** What is known so far. */
  summary?: string | null;
  /** Where the response is. */
  status?: "new" | "investigating" | "fixing" | "monitoring" | "closed" | null;
  /** 0 is worst. */
  severity?: number | null;
  /** What is affected. */
  service_ids?: Array<string> | null;
  /** Who leads. Taken: id, e-mail. */
  commander_id?: string | null;
  /** Who declared it. Taken: id, e-mail. */
  reporter_id?: string | null;
  /** Who holds which further role: a user, or a list of them; null takes it away. */
  roles?: unknown;
  /** The type's own fields. */
  fields?: unknown;
  /** Seen by owners, admins and who takes part only. */
  private?: boolean | null;
  /** Whose it is. Taken: id, slug. */
  team_id?: string | null;
  /** When people began to notice. */
  impact_started_at?: string | number | null;
  /** When we noticed. */
  detected_at?: string | number | null;
};

/** What happened, in order; never changed. */
export type TimelineEntry = {
  /** Its id. */
  id: string;
  /** alert, incident or page. */
  subject_kind: string | null;
  /** Of what it tells. */
  subject_id: string | null;
  /** When. */
  at: string | null;
  /** What happened. */
  kind: string | null;
  /** Who did it. */
  actor: Actor | null;
  /** From what to what, and what the kind says. */
  data: unknown;
  /** It matters to the story. */
  key_event: boolean;
};

export type TimelineEntryList = {
  items: Array<TimelineEntry>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** One run of an escalation policy. */
export type Page = {
  /** Its id. */
  id: string;
  /** That it runs. Taken: id, slug. */
  policy_id: string | null;
  /** What it is about. Taken: id, number. */
  alert_id: string | null;
  /** What it is about. Taken: id, number. */
  incident_id: string | null;
  /** Of its subject. */
  episode: number | null;
  /** Whose it is. Taken: id, slug. */
  team_id: string | null;
  /** How it stands. */
  status: "active" | "acknowledged" | "resolved" | "exhausted" | "cancelled" | null;
  /** Why it was cancelled or exhausted, in the words of the holds. */
  reason: string | null;
  /** Which of people's rules it uses. */
  urgency: "high" | "low" | null;
  /** Of its incident. */
  severity: number | null;
  /** What people are told. */
  title: string | null;
  /** Which rule, or which link of the default chain, decided it. */
  why: string | null;
  /** That is being paged. */
  level: number | null;
  /** 0 is the first pass. */
  round: number | null;
  /** The storm page that speaks for it. */
  storm_page_id: string | null;
  /** When the next level is paged. */
  next_escalation_at: string | null;
  /** When somebody answered. */
  acknowledged_at: string | null;
  /** Who. */
  acknowledged_by: Actor | null;
  /** When it ended. */
  ended_at: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type PageList = {
  items: Array<Page>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** One attempt to reach one person on one channel. */
export type Notification = {
  /** Its id. */
  id: string;
  /** That it belongs to. */
  page_id: string | null;
  /** Whom it tells. Taken: id, e-mail. */
  user_id: string | null;
  /** As it was. */
  user_name: string | null;
  /** By which way. */
  contact_method_id: string | null;
  /** The channel, as it was. */
  kind: string | null;
  /** As it was. */
  address: string | null;
  /** page, exhausted, kept (their acknowledgement still holds), assigned. */
  purpose: string | null;
  /** Of the page. */
  level: number | null;
  /** Of the page. */
  round: number | null;
  /** What became of it. */
  status: "queued" | "sending" | "sent" | "delivered" | "unconfirmed" | "failed" | "skipped" | null;
  /** How often it was tried. */
  attempts: number | null;
  /** The provider's own id of it. */
  provider_id: string | null;
  /** Why it failed. */
  error: string | null;
  /** When it is to be sent. */
  due_at: string | null;
  /** When it was queued. */
  queued_at: string | null;
  /** When the provider took it. */
  sent_at: string | null;
  /** When it arrived. */
  delivered_at: string | null;
  /** When it was given up. */
  failed_at: string | null;
  /** When it was made. */
  created_at: string;
  /** When it was last changed. */
  updated_at: string;
  /** Rises with each change; send it as If-Match. */
  version: number;
};

export type NotificationList = {
  items: Array<Notification>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

/** Who changed what. */
export type AuditEntry = {
  /** Its id. */
  id: string;
  /** When. */
  at: string | null;
  /** Who. */
  actor: Actor | null;
  /** create, update, delete or a verb. */
  verb: string | null;
  /** The kind of thing. */
  kind: string | null;
  /** Which one. */
  object_id: string | null;
  /** From where; null: from inside. */
  address: string | null;
  /** The key or the session that was used. */
  via: string | null;
  /** As it was; of an update only what changed. */
  before: unknown;
  /** As it became. */
  after: unknown;
};

export type AuditEntryList = {
  items: Array<AuditEntry>;
  /** Give it as cursor for the next page; null: this was the last. */
  next_cursor: string | null;
  /** How many there are, exact to 10,000; only when total=true was asked for. */
  total: number;
  /** True: there are more than total says. */
  total_is_minimum: boolean;
};

export type Problem = {
  /** about:blank: the status says it. */
  type: string;
  /** The status in words. */
  title: string;
  /** The status. */
  status: number;
  /** For programs: invalid, not_found, conflict, ... */
  code: string;
  /** What was wrong, and what to do. */
  detail: string;
  /** More lines, such as an expression with a caret. */
  context: string;
  /** Every wrong member. */
  errors: Array<{
    /** JSON pointer of the wrong member. */
    pointer: string;
    /** What kind of mistake: required, unknown, type, ... */
    code: string;
    /** What was wrong, and what to do. */
    message: string;
  }>;
};

export type AcknowledgeAlertBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type UnacknowledgeAlertBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type ResolveAlertBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type DismissAlertBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type ReopenAlertBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type SnoozeAlertBody = {
  /** For so many seconds. */
  for_s?: number | null;
  /** Until then, instead of for_s. */
  until?: string | number | null;
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type EscalateAlertBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type AssignAlertBody = {
  /** Whose task it is from now on; null: nobody's. Taken: id, e-mail. */
  user_id?: string | null;
  /** For them; kept in the timeline. */
  note?: string | null;
};

export type NoteAlertBody = {
  /** The note. */
  text: string;
};

export type GetAlertExplanationAnswer = {
  /** The newest first. */
  items: Array<unknown>;
};

export type GetAlertOccurrencesAnswer = {
  /** In order. */
  items: Array<{
    /** 1 is the first. */
    n: number;
    /** When it came. */
    received_at: string;
    /** When it happened, says the sender. */
    occurred_at: string | null;
    /** With which request. */
    request_id: string;
    /** Which element of the request. */
    index: number;
    /** triggered, acknowledged or resolved. */
    status: string;
    /** Recorded, not acted on. */
    late: boolean;
  }>;
  /** Always null: there are 1,000 at most. */
  next_cursor: string | null;
};

export type PreviewAlertRulesBody = {
  /** Whose payload it is. Taken: id, slug. */
  integration_id?: string | null;
  /** A stored request, instead of a payload. */
  request_id?: string | null;
  /** The body as the sender would send it. */
  payload?: unknown;
  /** As the sender would send them. */
  headers?: Record<string, string | null> | null;
};

export type PreviewAlertRulesAnswer = {
  /** One per alert in the payload. */
  items: Array<{
    /** What the mapping made of it. */
    event: unknown;
    /** The alert it would make. */
    alert: unknown;
    /** What the rules would do. */
    explanation: unknown;
  }>;
};

export type AcknowledgeIncidentBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type ResolveIncidentBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type CloseIncidentBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type ReopenIncidentBody = {
  /** Why; kept in the timeline. */
  reason?: string | null;
};

export type StatusUpdatesIncidentBody = {
  /** How it stands. */
  text?: string | null;
  /** Moves it there. */
  status?: "new" | "investigating" | "fixing" | "monitoring" | "closed" | null;
};

export type MergeIncidentBody = {
  /** The one that stays. Taken: id, number. */
  into: string;
};

export type JoinIncidentBody = {
  /** Who; null: oneself. Taken: id, e-mail. */
  user_id?: string | null;
};

export type LeaveIncidentBody = {
  /** Who; null: oneself. Taken: id, e-mail. */
  user_id?: string | null;
};

export type GetIncidentPeopleAnswer = {
  /** In order of joining. */
  items: Array<{
    /** Who. Taken: id, e-mail. */
    user_id: string;
    /** Their name. */
    name: string;
    /** Since when. */
    joined_at: string;
  }>;
  /** Null: that is all. */
  next_cursor: string | null;
};

export type RelationsIncidentBody = {
  /** What it does to the other. */
  kind: "causes" | "duplicates" | "follows" | "correlates_with" | "mitigates" | "drills";
  /** An incident, alert or change. */
  to_id: string;
};

export type PageIncidentBody = {
  /** Null: the incident's, else the default. Taken: id, slug. */
  policy_id?: string | null;
};

/** A person. */
export type CreatePageBodyTargetsUser = {
  kind: "user";
  /** The person. Taken: id, e-mail. */
  id: string;
};

/** Who is on call. */
export type CreatePageBodyTargetsSchedule = {
  kind: "schedule";
  /** Whoever is on call there. Taken: id, slug. */
  id: string;
};

/** A whole team. */
export type CreatePageBodyTargetsTeam = {
  kind: "team";
  /** Everybody in the team. Taken: id, slug. */
  id: string;
};

/** An escalation policy. */
export type CreatePageBodyTargetsPolicy = {
  kind: "policy";
  /** Level by level, as it says. Taken: id, slug. */
  id: string;
};

export type CreatePageBody = {
  /** Whom. */
  targets: Array<CreatePageBodyTargetsUser | CreatePageBodyTargetsSchedule | CreatePageBodyTargetsTeam | CreatePageBodyTargetsPolicy>;
  /** What it is about. */
  message: string;
  /** Which of people's rules it uses. */
  urgency?: "high" | "low" | null;
};

export type GetScheduleShiftsAnswer = {
  /** What holds. */
  final: Array<{
    /** From then on. */
    starts_at: string;
    /** Until then, exclusive. */
    ends_at: string;
    /** Who, sorted. */
    user_ids: Array<string>;
    /** Which layer or override says so. */
    source: string;
  }>;
  /** Each layer alone. */
  layers: Array<{
    /** Of the layer. */
    name: string;
    /** What it alone would give. */
    shifts: Array<{
      /** From then on. */
      starts_at: string;
      /** Until then, exclusive. */
      ends_at: string;
      /** Who, sorted. */
      user_ids: Array<string>;
      /** Which layer or override says so. */
      source: string;
    }>;
  }>;
  /** That touch the range. */
  overrides: Array<{
    /** Its id. */
    id: string;
    /** Who. Taken: id, e-mail. */
    user_id: string;
    /** In place of whom; null: of everyone. Taken: id, e-mail. */
    replaces_user_id: string | null;
    /** cover, add or remove. */
    kind: string;
    /** From then on. */
    starts_at: string;
    /** Until then, exclusive. */
    ends_at: string;
  }>;
  /** Stretches with nobody. */
  gaps: Array<{
    /** From then on. */
    starts_at: string;
    /** Until then, exclusive. */
    ends_at: string;
  }>;
};

export type GetOnCallAnswer = {
  /** The instant. */
  at: string;
  /** One per schedule or target. */
  items: Array<{
    /** Of which schedule; absent: named in the policy. Taken: id, slug. */
    schedule_id: string | null;
    /** Its name. */
    schedule: string | null;
    /** Of the policy, when one was asked for. */
    level: number | null;
    /** Who; none: nobody. */
    users: Array<{
      /** Id. Taken: id, e-mail. */
      id: string;
      /** Name. */
      name: string | null;
      /** E-mail. */
      email: string | null;
    }>;
    /** Which layer or override says so. */
    source: string | null;
    /** Until when; null: for ever. */
    until: string | null;
    /** Who is next; null: nobody known. */
    next: Array<{
      /** Id. Taken: id, e-mail. */
      id: string;
      /** Name. */
      name: string | null;
      /** E-mail. */
      email: string | null;
    }> | null;
    /** From when. */
    next_at: string | null;
  }>;
};

export type GetIncidentRelationsAnswer = {
  /** In both directions. */
  items: Array<{
    /** causes, duplicates, follows, correlates with, ... */
    kind: string;
    /** An incident, alert or change. */
    from_id: string;
    /** An incident, alert or change. */
    to_id: string;
    /** Since when. */
    created_at: string;
  }>;
  /** Always null: all are here. */
  next_cursor: string | null;
};

export type GetTemplatesAnswer = {
  /** All of them. */
  items: Array<{
    /** For `template` of an integration. */
    name: string;
    /** What the vendor calls it. */
    title: string;
    /** How to set it up, in Markdown. */
    guide: string;
  }>;
  /** Always null: all are here. */
  next_cursor: string | null;
};

export type GetPermissionsAnswer = {
  /** All of them. */
  items: Array<{
    /** Of what. */
    resource: string;
    /** What may be done with it. */
    verb: string;
    /** Of which rows an owner holds it: none, own, led, team or all. */
    owner: string;
    /** The same for an admin. */
    admin: string;
    /** The same for a responder. */
    responder: string;
    /** The same for a viewer. */
    viewer: string;
    /** The same for the caller. */
    mine: string;
    /** What needs it. */
    routes: Array<string>;
  }>;
  /** Always null: all are here. */
  next_cursor: string | null;
};

export type GetUserDepartureAnswer = {
  /** Who would leave. Taken: id, e-mail. */
  user_id: string;
  /** Who would take over. Taken: id, e-mail. */
  replacement_id: string | null;
  /** What would change. */
  changes: Array<{
    /** Of the thing. */
    kind: string;
    /** Of the thing. */
    id: string;
    /** What people call it. */
    name: string | null;
    /** What they are in it. */
    what: string;
    /** handed over, given up, or ended. */
    becomes: string | null;
  }>;
  /** Where nobody would be left: these need a replacement. */
  blockers: Array<{
    /** Of the thing. */
    kind: string;
    /** Of the thing. */
    id: string;
    /** What people call it. */
    name: string | null;
    /** What they are in it. */
    what: string;
    /** handed over, given up, or ended. */
    becomes: string | null;
  }>;
  /** Where they are on call now. */
  on_call: Array<string>;
};

export type DeactivateUserBody = {
  /** Who takes over turns, targets, places in teams and what is open. Taken: id, e-mail. */
  replacement_id?: string | null;
};

export type InviteUserAnswer = {
  /** Where they set their password; good once. */
  url: string;
  /** Until when. */
  expires_at: string;
};

export type GetSessionsMeAnswer = {
  /** All of them. */
  items: Array<{
    /** Names it in DELETE. */
    id: string;
    /** From where it was opened. */
    address: string;
    /** The browser, in its own words. */
    agent: string;
    /** When. */
    created_at: string;
    /** When it ends by itself. */
    expires_at: string;
    /** The one that asks. */
    current: boolean;
  }>;
  /** Always null: all are here. */
  next_cursor: string | null;
};

export type SessionsIdMeAnswer = {
  /** All of them. */
  items: Array<{
    /** Names it in DELETE. */
    id: string;
    /** From where it was opened. */
    address: string;
    /** The browser, in its own words. */
    agent: string;
    /** When. */
    created_at: string;
    /** When it ends by itself. */
    expires_at: string;
    /** The one that asks. */
    current: boolean;
  }>;
  /** Always null: all are here. */
  next_cursor: string | null;
};

export type SessionsMeAnswer = {
  /** All of them. */
  items: Array<{
    /** Names it in DELETE. */
    id: string;
    /** From where it was opened. */
    address: string;
    /** The browser, in its own words. */
    agent: string;
    /** When. */
    created_at: string;
    /** When it ends by itself. */
    expires_at: string;
    /** The one that asks. */
    current: boolean;
  }>;
  /** Always null: all are here. */
  next_cursor: string | null;
};

export type EvaluateExpressionsBody = {
  /** The expression, template or path. */
  source?: string | null;
  /** What it is written in. */
  language?: "cel" | "mustache" | "json_path" | "json_pointer" | null;
  /** An object whose members are the variables. */
  context?: unknown;
  /** A stored request: what mappings see of it. */
  request_id?: string | null;
  /** Which of its elements, from 0. */
  element?: number | null;
  /** An alert: what rules see of it. Taken: id, number. */
  alert_id?: string | null;
  /** Check as it is checked there. */
  place?: "rule" | "mapping" | "message" | null;
  /** How a template escapes values. */
  escape?: "text" | "html" | "json" | "url" | "slack" | null;
  /** Look for unknown names and wrong types first. */
  check?: boolean | null;
  /** Whether has(), all() and the like are macros. */
  macros?: boolean | null;
  /** Prefix of names, as CEL has it. */
  container?: string | null;
  /** Of times without offset. */
  time_zone?: string | null;
  /** What now() says. */
  now?: string | number | null;
};

export type EvaluateExpressionsAnswer = {
  /** CEL's name of the value's type. */
  type: string | null;
  /** Bytes in base64, times as RFC 3339, durations as 3600s. */
  value: unknown;
  /** Steps of the budget. */
  cost: number | null;
  /** What the checker knows before: list(string). */
  checked_type: string | null;
  /** Of a condition: the part that decided. */
  decided: string | null;
  /** Instead of type and value. */
  error: {
    /** invalid, missing or too_costly. */
    code: string;
    /** What is wrong, and the way out. */
    message: string;
    /** From 1. */
    line: number | null;
    /** In characters, from 1. */
    column: number | null;
    /** The line, and below it a caret at the place. */
    caret: string | null;
  } | null;
};

export type GetVocabularyExpressionsAnswer = {
  /** Variables by place. */
  places: Array<{
    /** rule, mapping or message. */
    name: string;
    /** Where that is. */
    doc: string;
    /** What is known there. */
    variables: Array<{
      /** alert, alert.labels. */
      name: string;
      /** dyn when it can be anything. */
      type: string;
      /** What it is. */
      doc: string | null;
    }>;
  }>;
  /** The same everywhere. */
  functions: Array<{
    /** startsWith, math.abs, &&. */
    name: string;
    /** function, macro or operator. */
    kind: string;
    /** What it belongs to. */
    library: string | null;
    /** How it is called. */
    signatures: Array<string>;
    /** What it does. */
    doc: string | null;
  }>;
};

export interface Operations {
  /** Lists organizations. */
  "GET /organizations": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
    };
    body: undefined;
    answer: OrganizationList;
  };
  /** Makes one of the organizations. */
  "POST /organizations": {
    query: Record<string, never>;
    body: OrganizationCreate;
    answer: Organization;
  };
  /** One of the organizations. */
  "GET /organizations/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Organization;
  };
  /** Changes one of the organizations: a JSON merge patch. */
  "PATCH /organizations/{id}": {
    query: Record<string, never>;
    body: OrganizationUpdate;
    answer: Organization;
  };
  /** Lists roles. */
  "GET /roles": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      managed_by?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: RoleList;
  };
  /** Makes one of the roles. */
  "POST /roles": {
    query: Record<string, never>;
    body: RoleCreate;
    answer: Role;
  };
  /** One of the roles. */
  "GET /roles/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Role;
  };
  /** Changes one of the roles: a JSON merge patch. */
  "PATCH /roles/{id}": {
    query: Record<string, never>;
    body: RoleUpdate;
    answer: Role;
  };
  /** Deletes one of the roles. */
  "DELETE /roles/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists users. */
  "GET /users": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      email?: string | Array<string>;
      role?: "owner" | "admin" | "responder" | "viewer" | "null" | Array<"owner" | "admin" | "responder" | "viewer" | "null">;
      role_id?: string | "null" | Array<string | "null">;
      status?: "active" | "invited" | "deactivated" | "null" | Array<"active" | "invited" | "deactivated" | "null">;
      managed_by?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: UserList;
  };
  /** Makes one of the users. */
  "POST /users": {
    query: Record<string, never>;
    body: UserCreate;
    answer: User;
  };
  /** One of the users. */
  "GET /users/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: User;
  };
  /** Changes one of the users: a JSON merge patch. */
  "PATCH /users/{id}": {
    query: Record<string, never>;
    body: UserUpdate;
    answer: User;
  };
  /** Deletes one of the users. */
  "DELETE /users/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists contact-methods. */
  "GET /contact-methods": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      user_id?: string | Array<string>;
      kind?: "email" | "sms" | "voice" | "push" | "webhook" | "ntfy" | "slack" | "telegram" | "teams" | "google_chat" | "mattermost" | "discord" | "pushover" | "gotify" | "matrix" | Array<"email" | "sms" | "voice" | "push" | "webhook" | "ntfy" | "slack" | "telegram" | "teams" | "google_chat" | "mattermost" | "discord" | "pushover" | "gotify" | "matrix">;
    };
    body: undefined;
    answer: ContactMethodList;
  };
  /** Makes one of the contact-methods. */
  "POST /contact-methods": {
    query: Record<string, never>;
    body: ContactMethodCreate;
    answer: ContactMethod;
  };
  /** One of the contact-methods. */
  "GET /contact-methods/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: ContactMethod;
  };
  /** Changes one of the contact-methods: a JSON merge patch. */
  "PATCH /contact-methods/{id}": {
    query: Record<string, never>;
    body: ContactMethodUpdate;
    answer: ContactMethod;
  };
  /** Deletes one of the contact-methods. */
  "DELETE /contact-methods/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists notification-rules. */
  "GET /notification-rules": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      user_id?: string | Array<string>;
      urgency?: "high" | "low" | Array<"high" | "low">;
    };
    body: undefined;
    answer: NotificationRuleList;
  };
  /** Makes one of the notification-rules. */
  "POST /notification-rules": {
    query: Record<string, never>;
    body: NotificationRuleCreate;
    answer: NotificationRule;
  };
  /** One of the notification-rules. */
  "GET /notification-rules/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: NotificationRule;
  };
  /** Changes one of the notification-rules: a JSON merge patch. */
  "PATCH /notification-rules/{id}": {
    query: Record<string, never>;
    body: NotificationRuleUpdate;
    answer: NotificationRule;
  };
  /** Deletes one of the notification-rules. */
  "DELETE /notification-rules/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists teams. */
  "GET /teams": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      managed_by?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: TeamList;
  };
  /** Makes one of the teams. */
  "POST /teams": {
    query: Record<string, never>;
    body: TeamCreate;
    answer: Team;
  };
  /** One of the teams. */
  "GET /teams/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Team;
  };
  /** Changes one of the teams: a JSON merge patch. */
  "PATCH /teams/{id}": {
    query: Record<string, never>;
    body: TeamUpdate;
    answer: Team;
  };
  /** Deletes one of the teams. */
  "DELETE /teams/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists services. */
  "GET /services": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      tier?: "tier1" | "tier2" | "tier3" | "tier4" | "null" | Array<"tier1" | "tier2" | "tier3" | "tier4" | "null">;
      team_id?: string | "null" | Array<string | "null">;
      policy_id?: string | "null" | Array<string | "null">;
      managed_by?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: ServiceList;
  };
  /** Makes one of the services. */
  "POST /services": {
    query: Record<string, never>;
    body: ServiceCreate;
    answer: Service;
  };
  /** One of the services. */
  "GET /services/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Service;
  };
  /** Changes one of the services: a JSON merge patch. */
  "PATCH /services/{id}": {
    query: Record<string, never>;
    body: ServiceUpdate;
    answer: Service;
  };
  /** Deletes one of the services. */
  "DELETE /services/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists schedules. */
  "GET /schedules": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      team_id?: string | "null" | Array<string | "null">;
      managed_by?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: ScheduleList;
  };
  /** Makes one of the schedules. */
  "POST /schedules": {
    query: Record<string, never>;
    body: ScheduleCreate;
    answer: Schedule;
  };
  /** One of the schedules. */
  "GET /schedules/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Schedule;
  };
  /** Changes one of the schedules: a JSON merge patch. */
  "PATCH /schedules/{id}": {
    query: Record<string, never>;
    body: ScheduleUpdate;
    answer: Schedule;
  };
  /** Deletes one of the schedules. */
  "DELETE /schedules/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists overrides. */
  "GET /overrides": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      schedule_id?: string | Array<string>;
      user_id?: string | Array<string>;
    };
    body: undefined;
    answer: ScheduleOverrideList;
  };
  /** Makes one of the overrides. */
  "POST /overrides": {
    query: Record<string, never>;
    body: ScheduleOverrideCreate;
    answer: ScheduleOverride;
  };
  /** One of the overrides. */
  "GET /overrides/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: ScheduleOverride;
  };
  /** Changes one of the overrides: a JSON merge patch. */
  "PATCH /overrides/{id}": {
    query: Record<string, never>;
    body: ScheduleOverrideUpdate;
    answer: ScheduleOverride;
  };
  /** Deletes one of the overrides. */
  "DELETE /overrides/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists escalation-policies. */
  "GET /escalation-policies": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      team_id?: string | "null" | Array<string | "null">;
      managed_by?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: EscalationPolicyList;
  };
  /** Makes one of the escalation-policies. */
  "POST /escalation-policies": {
    query: Record<string, never>;
    body: EscalationPolicyCreate;
    answer: EscalationPolicy;
  };
  /** One of the escalation-policies. */
  "GET /escalation-policies/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: EscalationPolicy;
  };
  /** Changes one of the escalation-policies: a JSON merge patch. */
  "PATCH /escalation-policies/{id}": {
    query: Record<string, never>;
    body: EscalationPolicyUpdate;
    answer: EscalationPolicy;
  };
  /** Deletes one of the escalation-policies. */
  "DELETE /escalation-policies/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists integrations. */
  "GET /integrations": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      template?: string | Array<string>;
      enabled?: boolean | "null" | Array<boolean | "null">;
      team_id?: string | "null" | Array<string | "null">;
      service_id?: string | "null" | Array<string | "null">;
      managed_by?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: IntegrationList;
  };
  /** Makes one of the integrations. */
  "POST /integrations": {
    query: Record<string, never>;
    body: IntegrationCreate;
    answer: Integration;
  };
  /** One of the integrations. */
  "GET /integrations/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Integration;
  };
  /** Changes one of the integrations: a JSON merge patch. */
  "PATCH /integrations/{id}": {
    query: Record<string, never>;
    body: IntegrationUpdate;
    answer: Integration;
  };
  /** Deletes one of the integrations. */
  "DELETE /integrations/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists alert-rules. */
  "GET /alert-rules": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      team_id?: string | "null" | Array<string | "null">;
      enabled?: boolean | "null" | Array<boolean | "null">;
      managed_by?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: AlertRuleList;
  };
  /** Makes one of the alert-rules. */
  "POST /alert-rules": {
    query: Record<string, never>;
    body: AlertRuleCreate;
    answer: AlertRule;
  };
  /** One of the alert-rules. */
  "GET /alert-rules/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: AlertRule;
  };
  /** Changes one of the alert-rules: a JSON merge patch. */
  "PATCH /alert-rules/{id}": {
    query: Record<string, never>;
    body: AlertRuleUpdate;
    answer: AlertRule;
  };
  /** Deletes one of the alert-rules. */
  "DELETE /alert-rules/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists api-keys. */
  "GET /api-keys": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      user_id?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: ApiKeyList;
  };
  /** Makes one of the api-keys. */
  "POST /api-keys": {
    query: Record<string, never>;
    body: ApiKeyCreate;
    answer: ApiKey;
  };
  /** One of the api-keys. */
  "GET /api-keys/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: ApiKey;
  };
  /** Changes one of the api-keys: a JSON merge patch. */
  "PATCH /api-keys/{id}": {
    query: Record<string, never>;
    body: ApiKeyUpdate;
    answer: ApiKey;
  };
  /** Deletes one of the api-keys. */
  "DELETE /api-keys/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Lists alerts. */
  "GET /alerts": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id" | "status_changed_at" | "-status_changed_at" | "priority" | "-priority";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      status?: "triggered" | "acknowledged" | "resolved" | "dismissed" | "null" | Array<"triggered" | "acknowledged" | "resolved" | "dismissed" | "null">;
      priority?: "p1" | "p2" | "p3" | "p4" | "null" | Array<"p1" | "p2" | "p3" | "p4" | "null">;
      dedup_key?: string | "null" | Array<string | "null">;
      integration_id?: string | "null" | Array<string | "null">;
      service_id?: string | "null" | Array<string | "null">;
      source?: string | "null" | Array<string | "null">;
      assignee_id?: string | "null" | Array<string | "null">;
      unrouted?: boolean | "null" | Array<boolean | "null">;
      incident_id?: string | "null" | Array<string | "null">;
      team_id?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: AlertList;
  };
  /** One of the alerts. */
  "GET /alerts/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Alert;
  };
  /** Changes one of the alerts: a JSON merge patch. */
  "PATCH /alerts/{id}": {
    query: Record<string, never>;
    body: AlertUpdate;
    answer: Alert;
  };
  /** Lists alert-records. */
  "GET /alert-records": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      dedup_key?: string | "null" | Array<string | "null">;
      incident_id?: string | "null" | Array<string | "null">;
      team_id?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: AlertRecordList;
  };
  /** One of the alert-records. */
  "GET /alert-records/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: AlertRecord;
  };
  /** Lists requests. */
  "GET /requests": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      integration_id?: string | "null" | Array<string | "null">;
      outcome?: "pending" | "accepted" | "partial" | "test" | "confirmation" | "filtered" | "unmapped" | "rejected" | "failed" | "null" | Array<"pending" | "accepted" | "partial" | "test" | "confirmation" | "filtered" | "unmapped" | "rejected" | "failed" | "null">;
    };
    body: undefined;
    answer: RequestList;
  };
  /** One of the requests. */
  "GET /requests/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Request;
  };
  /** Lists changes. */
  "GET /changes": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      integration_id?: string | "null" | Array<string | "null">;
      kind?: "commit" | "pull_request" | "deployment" | "pipeline" | "feature_flag" | "infrastructure" | "configuration" | "null" | Array<"commit" | "pull_request" | "deployment" | "pipeline" | "feature_flag" | "infrastructure" | "configuration" | "null">;
      service_id?: string | "null" | Array<string | "null">;
      environment?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: ChangeList;
  };
  /** One of the changes. */
  "GET /changes/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Change;
  };
  /** Lists incidents. */
  "GET /incidents": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id" | "severity" | "-severity";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      status?: "new" | "investigating" | "fixing" | "monitoring" | "closed" | "null" | Array<"new" | "investigating" | "fixing" | "monitoring" | "closed" | "null">;
      severity?: number | "null" | Array<number | "null">;
      kind?: "normal" | "drill" | "test" | "backfilled" | "null" | Array<"normal" | "drill" | "test" | "backfilled" | "null">;
      commander_id?: string | "null" | Array<string | "null">;
      team_id?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: IncidentList;
  };
  /** Makes one of the incidents. */
  "POST /incidents": {
    query: Record<string, never>;
    body: IncidentCreate;
    answer: Incident;
  };
  /** One of the incidents. */
  "GET /incidents/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Incident;
  };
  /** Changes one of the incidents: a JSON merge patch. */
  "PATCH /incidents/{id}": {
    query: Record<string, never>;
    body: IncidentUpdate;
    answer: Incident;
  };
  /** Lists timeline. */
  "GET /timeline": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      subject_id?: string | "null" | Array<string | "null">;
      kind?: string | "null" | Array<string | "null">;
      key_event?: boolean | "null" | Array<boolean | "null">;
    };
    body: undefined;
    answer: TimelineEntryList;
  };
  /** One of the timeline. */
  "GET /timeline/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: TimelineEntry;
  };
  /** Lists pages. */
  "GET /pages": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      policy_id?: string | "null" | Array<string | "null">;
      alert_id?: string | "null" | Array<string | "null">;
      incident_id?: string | "null" | Array<string | "null">;
      team_id?: string | "null" | Array<string | "null">;
      status?: "active" | "acknowledged" | "resolved" | "exhausted" | "cancelled" | "null" | Array<"active" | "acknowledged" | "resolved" | "exhausted" | "cancelled" | "null">;
      urgency?: "high" | "low" | "null" | Array<"high" | "low" | "null">;
      storm_page_id?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: PageList;
  };
  /** Pages people by hand; opens an alert of source manual. */
  "POST /pages": {
    query: Record<string, never>;
    body: CreatePageBody;
    answer: Page;
  };
  /** One of the pages. */
  "GET /pages/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Page;
  };
  /** Lists notifications. */
  "GET /notifications": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      page_id?: string | "null" | Array<string | "null">;
      user_id?: string | "null" | Array<string | "null">;
      status?: "queued" | "sending" | "sent" | "delivered" | "unconfirmed" | "failed" | "skipped" | "null" | Array<"queued" | "sending" | "sent" | "delivered" | "unconfirmed" | "failed" | "skipped" | "null">;
    };
    body: undefined;
    answer: NotificationList;
  };
  /** One of the notifications. */
  "GET /notifications/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: Notification;
  };
  /** Lists audit. */
  "GET /audit": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      verb?: string | "null" | Array<string | "null">;
      kind?: string | "null" | Array<string | "null">;
      object_id?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: AuditEntryList;
  };
  /** One of the audit. */
  "GET /audit/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: AuditEntry;
  };
  /** The caller's organization. */
  "GET /organization": {
    query: Record<string, never>;
    body: undefined;
    answer: Organization;
  };
  /** Changes the caller's organization. */
  "PATCH /organization": {
    query: Record<string, never>;
    body: OrganizationUpdate;
    answer: Organization;
  };
  /** Stops the paging of an alert. */
  "POST /alerts/{id}/acknowledge": {
    query: Record<string, never>;
    body: AcknowledgeAlertBody;
    answer: Alert;
  };
  /** Restarts the page at level 1. */
  "POST /alerts/{id}/unacknowledge": {
    query: Record<string, never>;
    body: UnacknowledgeAlertBody;
    answer: Alert;
  };
  /** Ends the alert. */
  "POST /alerts/{id}/resolve": {
    query: Record<string, never>;
    body: ResolveAlertBody;
    answer: Alert;
  };
  /** Says that it is not a problem. */
  "POST /alerts/{id}/dismiss": {
    query: Record<string, never>;
    body: DismissAlertBody;
    answer: Alert;
  };
  /** Begins a new episode. */
  "POST /alerts/{id}/reopen": {
    query: Record<string, never>;
    body: ReopenAlertBody;
    answer: Alert;
  };
  /** Quiet until a time; then one page if still triggered. */
  "POST /alerts/{id}/snooze": {
    query: Record<string, never>;
    body: SnoozeAlertBody;
    answer: Alert;
  };
  /** Next level now. */
  "POST /alerts/{id}/escalate": {
    query: Record<string, never>;
    body: EscalateAlertBody;
    answer: Alert;
  };
  /** Makes it somebody's task and tells them; paging goes on until somebody acknowledges. */
  "POST /alerts/{id}/assign": {
    query: Record<string, never>;
    body: AssignAlertBody;
    answer: Alert;
  };
  /** Adds a note to the timeline. */
  "POST /alerts/{id}/note": {
    query: Record<string, never>;
    body: NoteAlertBody;
    answer: Alert;
  };
  /** Why it paged, or not: the last 10 runs of the rules. */
  "GET /alerts/{id}/explanation": {
    query: {
      limit?: number;
      cursor?: string;
    };
    body: undefined;
    answer: GetAlertExplanationAnswer;
  };
  /** The first 500 and the last 500 events. */
  "GET /alerts/{id}/occurrences": {
    query: {
      limit?: number;
      cursor?: string;
    };
    body: undefined;
    answer: GetAlertOccurrencesAnswer;
  };
  /** What the rules would do with a payload; changes nothing. */
  "POST /alert-rules/preview": {
    query: Record<string, never>;
    body: PreviewAlertRulesBody;
    answer: PreviewAlertRulesAnswer;
  };
  /** Applies a stored request again through the present mapping. */
  "POST /requests/{id}/replay": {
    query: Record<string, never>;
    body: undefined;
    answer: Request;
  };
  /** New to investigating; acknowledges its alerts. */
  "POST /incidents/{id}/acknowledge": {
    query: Record<string, never>;
    body: AcknowledgeIncidentBody;
    answer: Incident;
  };
  /** Ends its pages; leaves its alerts as they are. */
  "POST /incidents/{id}/resolve": {
    query: Record<string, never>;
    body: ResolveIncidentBody;
    answer: Incident;
  };
  /** Closes it. */
  "POST /incidents/{id}/close": {
    query: Record<string, never>;
    body: CloseIncidentBody;
    answer: Incident;
  };
  /** Back to investigating, a new episode. */
  "POST /incidents/{id}/reopen": {
    query: Record<string, never>;
    body: ReopenIncidentBody;
    answer: Incident;
  };
  /** Says how it stands; may move the status. */
  "POST /incidents/{id}/status-updates": {
    query: Record<string, never>;
    body: StatusUpdatesIncidentBody;
    answer: Incident;
  };
  /** It is the same as another: alerts, groups, services and people go there, and it is closed. */
  "POST /incidents/{id}/merge": {
    query: Record<string, never>;
    body: MergeIncidentBody;
    answer: Incident;
  };
  /** Takes part from now on. */
  "POST /incidents/{id}/join": {
    query: Record<string, never>;
    body: JoinIncidentBody;
    answer: Incident;
  };
  /** Takes part no longer; a role must be handed over first. */
  "POST /incidents/{id}/leave": {
    query: Record<string, never>;
    body: LeaveIncidentBody;
    answer: Incident;
  };
  /** Who takes part. */
  "GET /incidents/{id}/people": {
    query: {
      limit?: number;
      cursor?: string;
    };
    body: undefined;
    answer: GetIncidentPeopleAnswer;
  };
  /** Says how it stands to another incident, an alert or a change. */
  "POST /incidents/{id}/relations": {
    query: Record<string, never>;
    body: RelationsIncidentBody;
    answer: Incident;
  };
  /** What it follows, what follows it. */
  "GET /incidents/{id}/relations": {
    query: {
      limit?: number;
      cursor?: string;
    };
    body: undefined;
    answer: GetIncidentRelationsAnswer;
  };
  /** Pages a policy for it. */
  "POST /incidents/{id}/page": {
    query: Record<string, never>;
    body: PageIncidentBody;
    answer: Page;
  };
  /** Acknowledges what the page is about. */
  "POST /pages/{id}/acknowledge": {
    query: Record<string, never>;
    body: undefined;
    answer: Page;
  };
  /** Next level now. */
  "POST /pages/{id}/escalate": {
    query: Record<string, never>;
    body: undefined;
    answer: Page;
  };
  /** Who, from when, until when: final, layers, overrides, gaps. */
  "GET /schedules/{id}/shifts": {
    query: {
      from?: string | number;
      to?: string | number;
    };
    body: undefined;
    answer: GetScheduleShiftsAnswer;
  };
  /** Who is on call at an instant, from which source, until when, who is next. */
  "GET /on-call": {
    query: {
      at?: string | number;
      schedule_id?: string;
      user_id?: string;
      service_id?: string;
      policy_id?: string;
      team_id?: string;
    };
    body: undefined;
    answer: GetOnCallAnswer;
  };
  /** What happened to it. */
  "GET /alerts/{id}/timeline": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      subject_id?: string | "null" | Array<string | "null">;
      kind?: string | "null" | Array<string | "null">;
      key_event?: boolean | "null" | Array<boolean | "null">;
    };
    body: undefined;
    answer: TimelineEntryList;
  };
  /** What happened. */
  "GET /incidents/{id}/timeline": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      subject_id?: string | "null" | Array<string | "null">;
      kind?: string | "null" | Array<string | "null">;
      key_event?: boolean | "null" | Array<boolean | "null">;
    };
    body: undefined;
    answer: TimelineEntryList;
  };
  /** Its alerts. */
  "GET /incidents/{id}/alerts": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id" | "status_changed_at" | "-status_changed_at" | "priority" | "-priority";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      status?: "triggered" | "acknowledged" | "resolved" | "dismissed" | "null" | Array<"triggered" | "acknowledged" | "resolved" | "dismissed" | "null">;
      priority?: "p1" | "p2" | "p3" | "p4" | "null" | Array<"p1" | "p2" | "p3" | "p4" | "null">;
      dedup_key?: string | "null" | Array<string | "null">;
      integration_id?: string | "null" | Array<string | "null">;
      service_id?: string | "null" | Array<string | "null">;
      source?: string | "null" | Array<string | "null">;
      assignee_id?: string | "null" | Array<string | "null">;
      unrouted?: boolean | "null" | Array<boolean | "null">;
      incident_id?: string | "null" | Array<string | "null">;
      team_id?: string | "null" | Array<string | "null">;
    };
    body: undefined;
    answer: AlertList;
  };
  /** Who was told, and how. */
  "GET /pages/{id}/notifications": {
    query: {
      limit?: number;
      cursor?: string;
      sort?: "id" | "-id";
      since?: string | number;
      until?: string | number;
      total?: boolean;
      page_id?: string | "null" | Array<string | "null">;
      user_id?: string | "null" | Array<string | "null">;
      status?: "queued" | "sending" | "sent" | "delivered" | "unconfirmed" | "failed" | "skipped" | "null" | Array<"queued" | "sending" | "sent" | "delivered" | "unconfirmed" | "failed" | "skipped" | "null">;
    };
    body: undefined;
    answer: NotificationList;
  };
  /** The catalog of integrations. */
  "GET /templates": {
    query: {
      limit?: number;
      cursor?: string;
    };
    body: undefined;
    answer: GetTemplatesAnswer;
  };
  /** Who this key speaks for. */
  "GET /me": {
    query: Record<string, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Server-sent events; resume by Last-Event-ID. */
  "GET /stream": {
    query: {
      last_event_id?: number;
    };
    body: undefined;
    answer: unknown;
  };
  /** Every permission: its routes, what each role holds of it, and what the caller does. */
  "GET /permissions": {
    query: {
      limit?: number;
      cursor?: string;
    };
    body: undefined;
    answer: GetPermissionsAnswer;
  };
  /** What would change if they left; changes nothing. */
  "GET /users/{id}/departure": {
    query: {
      replacement_id?: string;
    };
    body: undefined;
    answer: GetUserDepartureAnswer;
  };
  /** They leave: hands over what they hold, ends their sessions, keys, contact methods and links. */
  "POST /users/{id}/deactivate": {
    query: Record<string, never>;
    body: DeactivateUserBody;
    answer: User;
  };
  /** A link with which the person sets their password. */
  "POST /users/{id}/invite": {
    query: Record<string, never>;
    body: undefined;
    answer: InviteUserAnswer;
  };
  /** Where I am signed in. */
  "GET /me/sessions": {
    query: {
      limit?: number;
      cursor?: string;
    };
    body: undefined;
    answer: GetSessionsMeAnswer;
  };
  /** Signs out everywhere else. */
  "DELETE /me/sessions": {
    query: Record<string, never>;
    body: undefined;
    answer: SessionsMeAnswer;
  };
  /** Signs out there; what is left. */
  "DELETE /me/sessions/{id}": {
    query: Record<string, never>;
    body: undefined;
    answer: SessionsIdMeAnswer;
  };
  /** Evaluates an expression, template or path over a context, a stored request or an alert; changes nothing. */
  "POST /expressions/evaluate": {
    query: Record<string, never>;
    body: EvaluateExpressionsBody;
    answer: EvaluateExpressionsAnswer;
  };
  /** The variables and functions that expressions may use, by place. */
  "GET /expressions/vocabulary": {
    query: {
      place?: "rule" | "mapping" | "message";
    };
    body: undefined;
    answer: GetVocabularyExpressionsAnswer;
  };
}
