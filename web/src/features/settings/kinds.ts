import type { FormName } from "./generated-form";

export interface Kind {
  plural: string;
  form: FormName;
  title: string;
  one: string;
  doc: string;
  columns: string[];
}

export const KINDS: Kind[] = [
  { plural: "services", form: "Service", title: "Services", one: "service", doc: "What can break, whose it is, and whom it pages.", columns: ["tier", "team_id", "policy_id"] },
  { plural: "teams", form: "Team", title: "Teams", one: "team", doc: "People who own things together.", columns: ["members", "policy_id"] },
  { plural: "users", form: "User", title: "People", one: "person", doc: "Who answers, and what they may do.", columns: ["email", "role", "status"] },
  { plural: "escalation-policies", form: "EscalationPolicy", title: "Escalation policies", one: "policy", doc: "Whom to page, in which order, how long to wait.", columns: ["levels", "team_id", "urgency"] },
  { plural: "schedules", form: "Schedule", title: "Schedules", one: "schedule", doc: "Who is on call when.", columns: ["team_id", "time_zone", "layers"] },
  { plural: "schedule-blocks", form: "ScheduleBlock", title: "Fixed blocks", one: "fixed block", doc: "Shifts that for a while stand in place of a schedule's layers, such as over Christmas.", columns: ["schedule_id", "starts_at", "ends_at", "shifts"] },
  { plural: "holiday-calendars", form: "HolidayCalendar", title: "Holidays", one: "calendar of holidays", doc: "Days on which windows of layers hold, or do not: an iCalendar file or its address.", columns: ["url", "fetched_at", "error"] },
  { plural: "connectors", form: "Connector", title: "Provider accounts", one: "account", doc: "With which SMS, calls and chat messages are sent.", columns: ["channel", "state", "enabled"] },
  { plural: "identity-providers", form: "IdentityProvider", title: "Sign-in providers", one: "provider", doc: "By whom people sign in instead of a password (OpenID Connect).", columns: ["issuer", "client_id", "enabled"] },
  { plural: "api-keys", form: "ApiKey", title: "API keys", one: "API key", doc: "Let programs in. A key is shown once.", columns: ["hint", "scopes", "user_id", "expires_at"] },
];
