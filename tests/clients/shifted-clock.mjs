/** Preloaded into a program: its clock is off by the milliseconds that stand in a file, from one call to the next. */
import { readFileSync } from "node:fs";

const file = process.env.CLOCK_OFFSET_FILE;
const offset = () => Number(readFileSync(file, "utf8"));
const RealDate = Date;

globalThis.Date = class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offset());
    else super(...args);
  }
  static now() {
    return RealDate.now() + offset();
  }
};
