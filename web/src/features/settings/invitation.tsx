/* A link with which somebody sets their password. Whoever asked for it hands it over, or has it mailed. */
import { useMutation } from "@tanstack/react-query";
import { Mail } from "lucide-react";
import { useEffect } from "react";
import { api } from "@/lib/api";
import { fullTime } from "@/lib/time";
import { Button } from "@/ui/button";
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
          <MailIt id={id} />
          <p className="mt-3 text-quiet">It ends {fullTime(link.data.expires_at)}, and when their password or e-mail address changes.</p>
        </>
      )}
    </Dialog>
  );
}

function MailIt({ id }: { id: string }) {
  const mail = useMutation({ mutationFn: () => api("POST /users/{id}/invite", { id, body: { mail: true } }) });
  return (
    <div className="mt-3 flex flex-wrap items-center gap-2">
      <Button small busy={mail.isPending} disabled={mail.isSuccess} onClick={() => mail.mutate()}>
        <Mail className="size-3.5" aria-hidden /> {mail.isSuccess ? "On its way to them" : "Send it by e-mail"}
      </Button>
      {mail.isError && (
        <span role="alert" className="text-red">
          {mail.error.message}
        </span>
      )}
    </div>
  );
}
