/* A link with which somebody sets their password. It is handed over by the person who asked for it: no mail is needed. */
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "@/lib/api";
import { fullTime } from "@/lib/time";
import { Dialog } from "@/ui/overlay";
import { Copyable, Failure, Skeleton } from "@/ui/parts";

export function Invitation({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const link = useMutation({ mutationFn: () => api("POST /users/{id}/invite", { id }) });
  const { mutate } = link;
  useEffect(() => mutate(), [mutate]);
  return (
    <Dialog open onClose={onClose} title={`A link for ${name}`} sub="Send it to them: with it they set their password and are signed in. It is good once.">
      {link.isError ? (
        <Failure error={link.error} />
      ) : !link.data ? (
        <Skeleton className="h-9" />
      ) : (
        <>
          <div className="flex items-center gap-2">
            <code className="min-w-0 flex-1 truncate rounded-md border border-line bg-ground px-3 py-2 font-mono text-xs">{link.data.url}</code>
            <Copyable text={link.data.url} />
          </div>
          <p className="mt-3 text-quiet">It ends {fullTime(link.data.expires_at)}, and when their password or e-mail address changes.</p>
        </>
      )}
    </Dialog>
  );
}
