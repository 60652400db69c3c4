import { decodeForm } from "./percent.ts";

/** A decoded query: parameters in wire order, duplicates kept. A parameter without `=` has the value "". */
export type QueryString = readonly (readonly [name: string, value: string])[];

/** Reads a raw query (without the `?`); undefined when a name or value does not decode. */
export function readQueryString(raw: string | undefined): QueryString | undefined {
  const parameters: (readonly [string, string])[] = [];
  if (raw === undefined || raw === "") return parameters;
  for (const pair of raw.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decodeForm(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decodeForm(pair.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    parameters.push([name, value]);
  }
  return parameters;
}

/** Every value of the parameters called `name`. */
export function queryValues(query: QueryString, name: string): readonly string[] {
  return query.filter(([key]) => key === name).map(([, value]) => value);
}
