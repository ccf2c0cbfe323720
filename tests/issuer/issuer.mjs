// A real OpenID Connect issuer for tests/peers/tests/issuer: oidc-provider with its own log-in page, on any free port of this machine.
// The first line it prints is its address. `PUT /people` replaces its people: { "<login>": { claims } }; any password is right.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import Provider from "oidc-provider";

let people = {};
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const address = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(address, {
  clients: [
    {
      client_id: "adit",
      client_secret: "a secret that only the two know",
      redirect_uris: ["http://127.0.0.1:9/api/openid/arrival"],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  pkce: { required: () => true },
  cookies: { keys: ["for tests only"] },
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["preferred_username", "given_name", "family_name", "groups"],
  },
  // Claims of scopes are at the user info endpoint only, as with most issuers.
  conformIdTokenClaims: true,
  findAccount: (_, login) =>
    people[login] && { accountId: login, claims: () => ({ sub: login, ...people[login] }) },
});

const answer = provider.callback();
server.on("request", async (request, response) => {
  if (request.method === "PUT" && request.url === "/people") {
    people = JSON.parse(await text(request));
    response.writeHead(204).end();
  } else {
    answer(request, response);
  }
});
console.log(address);
// Whoever started it holds its input; without them it ends.
process.stdin.resume().on("end", () => process.exit(0));
