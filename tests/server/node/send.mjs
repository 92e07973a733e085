// Sends through Segment's own Node client: `node send.mjs URL KEY COUNT`, from the folder where the client is installed.
// Prints what was delivered and what went wrong, as JSON.
import { createRequire } from "node:module";
import path from "node:path";

const [url, key, count] = process.argv.slice(2);
const { Analytics } = createRequire(path.join(process.cwd(), "package.json"))("@segment/analytics-node");
const analytics = new Analytics({ writeKey: key, host: url, flushAt: 20, flushInterval: 500, maxRetries: 2 });
const errors = [];
let delivered = 0;
analytics.on("error", (error) => errors.push(String(error.reason?.message ?? error.code)));
for (const call of ["identify", "track", "page", "screen", "group", "alias"]) analytics.on(call, () => (delivered += 1));

analytics.identify({ userId: "ann", traits: { plan: "tea" } });
analytics.page({ anonymousId: "visitor-1", name: "Teapots" });
analytics.screen({ userId: "ann", name: "Basket" });
analytics.group({ userId: "ann", groupId: "firm-1", traits: { seats: 3 } });
analytics.alias({ userId: "ann", previousId: "visitor-1" });
for (let number = 0; number < Number(count); number += 1) {
  analytics.track({ userId: "ann", event: "Tea Drunk", properties: { number, word: "Té 🍵" }, timestamp: new Date("2026-11-20T10:00:00Z") });
}
await analytics.closeAndFlush({ timeout: 15000 });
console.log(JSON.stringify({ delivered, errors }));
process.exit(0);
