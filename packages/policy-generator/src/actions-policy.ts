import { type PolicyText, policyText } from "./generated-policy.ts";
import { prove } from "./prove.ts";
import { ONLY_SID } from "./statements.ts";

/** The compact form: one statement that allows the actions on every resource. Proven. */
export function actionsPolicy(actions: Iterable<string>): PolicyText {
  const Action = [...new Set(actions)].sort();
  const written = policyText([{ Sid: ONLY_SID, Effect: "Allow", Action, Resource: "*" }]);
  prove(
    written.text,
    Action.map((action) => ({
      check: { action, resource: ANY, context: {}, authoritative: [] },
      resource: { text: "*" },
    })),
  );
  return written;
}

const ANY = { pattern: "*", why: "the form has actions only" };
