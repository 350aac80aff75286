import "./index.css";
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { router } from "./app/router";
import { JoinPage } from "./app/join";
import { SignInForm, SignInPage } from "./app/sign-in";
import { isProblem, onSignedOut } from "./lib/api";
import { applyLooks } from "./lib/looks";
import { meQuery, queryClient } from "./lib/query";
import { startStream, stopStream } from "./lib/stream";
import { Dialog } from "./ui/overlay";
import { Failure } from "./ui/parts";

applyLooks();
// A page that the browser kept may show what its reader may see no more.
addEventListener("pageshow", (event) => event.persisted && location.reload());

/* Nobody is known: the door. A session that ends later asks over the page, which keeps what was typed. */
function App() {
  const me = useQuery(meQuery);
  const [ended, setEnded] = useState(false);
  useEffect(() => onSignedOut(() => queryClient.getQueryData(meQuery.queryKey) && setEnded(true)), []);
  const join = /^\/join\/(\w+)$/.exec(location.pathname);
  if (join) return <JoinPage token={join[1]!} />;
  if (me.data)
    return (
      <>
        <RouterProvider router={router} />
        <Dialog open={ended} onClose={() => undefined} title="Your session ended" sub="Sign in again; nothing that you typed is lost.">
          <SignInForm
            email={me.data.email}
            onDone={() => {
              setEnded(false);
              stopStream();
              startStream();
            }}
          />
        </Dialog>
      </>
    );
  if (me.isPending) return null;
  if (isProblem(me.error) && me.error.status === 401) return <SignInPage onDone={() => me.refetch()} />;
  return (
    <main className="pt-24">
      <h1 className="sr-only">Tocsin</h1>
      <Failure error={me.error} retry={() => me.refetch()} />
    </main>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
