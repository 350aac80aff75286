/* A real provider of OpenID Connect (npm: oidc-provider) on loopback. Whoever types an address is let in as that person. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import type { Page } from "playwright-core";

export class Identity {
  server!: Server;
  issuer = "";

  /* One client that is signed for with RS256 and one with ES256. */
  async open(callback: string) {
    const keys = [generateKeyPairSync("rsa", { modulusLength: 2048 }), generateKeyPairSync("ec", { namedCurve: "P-256" })].map((pair, i) => ({ ...pair.privateKey.export({ format: "jwk" }), kid: `key-${i}`, use: "sig" }));
    this.server = createServer();
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    this.issuer = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const client = (id: string, alg: string) => ({ client_id: id, client_secret: `secret of ${id}`, redirect_uris: [callback], id_token_signed_response_alg: alg });
    const provider = new Provider(this.issuer, {
      clients: [client("tocsin-rs", "RS256"), client("tocsin-es", "ES256")],
      jwks: { keys },
      cookies: { keys: ["of a test"] },
      pkce: { required: () => true },
      scopes: ["openid", "email", "profile", "groups"],
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
      ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Grant: 600, Interaction: 600, Session: 600 },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, email: id, email_verified: !id.startsWith("unproved"), name: `Name of ${id}`, groups: ["everybody", "sre"] }),
      }),
    });
    this.server.on("request", provider.callback());
    return this;
  }

  /* At the provider's own pages. */
  async pass(page: Page, login: string) {
    await page.locator("input[name=login]").fill(login);
    await page.locator("input[name=password]").fill("any");
    await page.locator("button[type=submit]").click();
    await page.locator("input[name=prompt][value=consent]").waitFor({ state: "attached" });
    await page.locator("button[type=submit]").click();
  }

  close() {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}
