/* What Tocsin sends, caught: a web server for webhooks, a mail relay. Both on loopback, both forget with their test. */
import { createServer as createHttp, type Server as HttpServer } from "node:http";
import { createServer as createTcp, type AddressInfo, type Server as TcpServer } from "node:net";

async function until<T>(look: () => T | undefined, what: string, ms = 15_000): Promise<T> {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not come`);
}

export class Hooks {
  readonly got: { path: string; body: Record<string, string> }[] = [];
  private server!: HttpServer;
  url = "";

  async open() {
    this.server = createHttp((request, response) => {
      let text = "";
      request.on("data", (part) => (text += part));
      request.on("end", () => {
        this.got.push({ path: request.url ?? "", body: JSON.parse(text || "{}") });
        response.end("{}");
      });
    });
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }
  wait(path: string, fits: (body: Record<string, string>) => boolean = () => true) {
    return until(() => this.got.find((one) => one.path === path && fits(one.body))?.body, `a request to ${path}`);
  }
  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export class Mailbox {
  readonly mails: string[] = [];
  private server!: TcpServer;
  url = "";

  async open() {
    this.server = createTcp((socket) => {
      let buffer = "", data = false, mail = "";
      socket.on("error", () => undefined);
      socket.write("220 here\r\n");
      socket.on("data", (part) => {
        buffer += part.toString("latin1");
        for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
          const line = buffer.slice(0, end);
          buffer = buffer.slice(end + 2);
          if (data && line !== ".") mail += `${line}\n`;
          else if (data) {
            this.mails.push(mail.replace(/=\n/g, "").replace(/=3D/g, "=")); // enough of quoted-printable for a link
            data = false;
            mail = "";
            socket.write("250 kept\r\n");
          } else if (line.toUpperCase() === "DATA") {
            data = true;
            socket.write("354 go on\r\n");
          } else if (line.toUpperCase() === "QUIT") socket.end("221 bye\r\n");
          else socket.write("250 fine\r\n");
        }
      });
    });
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }
  wait(pattern: RegExp) {
    return until(() => this.mails.map((mail) => pattern.exec(mail)).find(Boolean) ?? undefined, `a mail with ${pattern}`);
  }
  close() {
    this.server.close();
  }
}
