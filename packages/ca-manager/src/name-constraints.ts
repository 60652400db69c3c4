/** `id-ce-nameConstraints` (RFC 5280 section 4.2.1.10). */
export const nameConstraintsOid = "2.5.29.30";

/**
 * The value of a name constraints extension that permits the DNS names given and everything below them, and excludes
 * every IP address (0.0.0.0/0 and ::/0). The encoding is DER, so equal constraints are equal bytes.
 */
export function nameConstraints(permittedDnsSuffixes: readonly string[]): Uint8Array {
  const permitted = canonicalSuffixes(permittedDnsSuffixes).map((name) =>
    subtree(tag.dnsName, Buffer.from(name, "ascii")),
  );
  const excluded = [subtree(tag.ipAddress, Buffer.alloc(8)), subtree(tag.ipAddress, Buffer.alloc(32))];
  return der(
    tag.sequence,
    Buffer.concat([der(tag.permitted, Buffer.concat(permitted)), der(tag.excluded, Buffer.concat(excluded))]),
  );
}

/** The suffixes in the one order they are encoded in: lower-case, sorted, each once. */
export function canonicalSuffixes(suffixes: readonly string[]): readonly string[] {
  return [...new Set(suffixes.map((suffix) => suffix.toLowerCase()))].sort();
}

/** The DNS names that constraints made by `nameConstraints` permit; undefined when the value has another form. */
export function permittedDnsSuffixes(value: Uint8Array): readonly string[] | undefined {
  const names: string[] = [];
  const permitted = element(element(Buffer.from(value), tag.sequence)?.content, tag.permitted);
  if (permitted === undefined) return undefined;
  let rest = permitted.content;
  while (rest.length > 0) {
    const entry = element(rest, tag.sequence);
    const name = element(entry?.content, tag.dnsName);
    if (entry === undefined || name === undefined) return undefined;
    names.push(name.content.toString("ascii"));
    rest = entry.rest;
  }
  return Buffer.from(nameConstraints(names)).equals(value) ? names : undefined;
}

const tag = { sequence: 0x30, permitted: 0xa0, excluded: 0xa1, dnsName: 0x82, ipAddress: 0x87 } as const;

function subtree(type: number, name: Buffer): Buffer {
  return der(tag.sequence, der(type, name));
}

function der(type: number, content: Buffer): Buffer {
  const { length } = content;
  if (length > 0xffff) throw new RangeError("name constraints of more than 65,535 bytes");
  const prefix = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([type, ...prefix]), content]);
}

function element(bytes: Buffer | undefined, type: number): { content: Buffer; rest: Buffer } | undefined {
  const first = bytes?.[1];
  if (bytes?.[0] !== type || first === undefined) return undefined;
  const longForm = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || longForm > 2 || bytes.length < 2 + longForm) return undefined;
  const start = 2 + longForm;
  const length = longForm === 0 ? first : bytes.readUIntBE(2, longForm);
  if (bytes.length < start + length) return undefined;
  return { content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}
