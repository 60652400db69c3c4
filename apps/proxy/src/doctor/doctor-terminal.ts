import type { DecidedRecord } from "@iap/aws-core";
import { Terminal } from "../terminal/terminal.ts";

/** Takes down what the doctor's own proxy sees of a client, and shows nothing. */
export class DoctorTerminal extends Terminal {
  /** Requests that were let through. */
  forwarded = 0;
  /** Requests that were not, and why. */
  refused: string[] = [];
  /** Why clients broke off their handshakes. */
  handshakes: string[] = [];
  /** Other things the proxy would have said. */
  notes: string[] = [];

  constructor() {
    const nowhere = { write: () => true };
    super({ format: "text", color: false, stdout: nowhere, stderr: nowhere, now: () => new Date() });
  }

  /** Forgets what it has seen. */
  forget(): void {
    this.forwarded = 0;
    this.refused = [];
    this.handshakes = [];
    this.notes = [];
  }

  override started(): void {}

  override decided({ forwarded, decision }: DecidedRecord): void {
    if (forwarded) this.forwarded++;
    else this.refused.push(decision.reason);
  }

  override note(message: string): void {
    this.notes.push(message);
  }

  override warn(message: string): void {
    this.notes.push(message);
  }

  override handshakeFailed(_host: string, reason: string): void {
    this.handshakes.push(reason);
  }
}
