import { queryOptions } from "@tanstack/react-query";
import { api, type GetChannelsAnswer } from "@/lib/api";

export type Channel = GetChannelsAnswer["items"][number];
export const channelsQuery = queryOptions({ queryKey: ["channels", "all"], queryFn: () => api("GET /channels") });
