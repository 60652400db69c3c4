import { expect, test } from "vitest";
import { Progress } from "../../src/recording/progress.ts";

const screen = (isTTY?: boolean) => {
  const shown: string[] = [];
  return { shown, isTTY, write: (text: string) => shown.push(text) };
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a long work tells how far it has come, on a line that goes away", async () => {
  const stderr = screen(true);
  const progress = new Progress(stderr);
  progress.tell("reading", 0.1);
  expect(stderr.shown).toEqual([]);
  await wait(550);
  progress.tell("reading", 0.257);
  progress.tell("reading", 0.258);
  progress.end();
  expect(stderr.shown).toEqual(["\rreading: 25 %", "\r\u001b[K"]);
});

test("nothing is told where stderr is no terminal, or the work is short", async () => {
  const [file, terminal] = [screen(), screen(true)];
  const inFile = new Progress(file);
  await wait(550);
  inFile.tell("reading", 0.5);
  inFile.end();
  const short = new Progress(terminal);
  short.tell("reading", 0.5);
  short.end();
  expect([...file.shown, ...terminal.shown]).toEqual([]);
});
