import { median } from "./median.mjs";

/**
 * One line of the table. The numbers of a round stand at the same place in each list: rounds are interleaved, so ratios
 * are taken round by round and what the neighbours did falls on both sides.
 * @typedef {object} Measured
 * @property {readonly number[] | undefined} ours None for what could not be measured.
 * @property {readonly number[]} [peer] http-mitm-proxy.
 * @property {readonly number[]} [beside] Something else to compare with.
 * @property {(value: number) => string} format
 * @property {"less" | "more"} [better] Which way is better, for a ratio to the peer, or without one to `beside`.
 * @property {{ most?: number, least?: number, ratio?: number }} [goal] For ours: at most, at least, or at least so many
 *   times better than the peer.
 */

/**
 * @param {string} what
 * @param {Measured} measured
 * @returns {readonly string[]} The cells.
 */
export function row(what, { ours, peer, beside, format, better, goal }) {
  const cell = (values) => (values === undefined ? "" : Number.isNaN(median(values)) ? "n/a" : format(median(values)));
  const other = peer ?? beside;
  const ratio = other === undefined || better === undefined ? undefined : median(ours.map(timesBetter));
  const times = ratio === undefined ? "" : Number.isNaN(ratio) ? "n/a" : `${ratio.toFixed(2)} ×`;
  return [what, cell(ours), cell(peer), cell(beside), times, ...verdict()];

  function timesBetter(value, round) {
    return better === "less" ? other[round] / value : value / other[round];
  }

  function verdict() {
    if (goal === undefined) return ["", ""];
    const { most, least } = goal;
    const value = median(ours);
    if (most !== undefined) return [`≤ ${format(most)}`, word(value, value <= most)];
    if (least !== undefined) return [`≥ ${format(least)}`, word(value, value >= least)];
    return [`≥ ${goal.ratio} ×`, word(ratio, ratio >= goal.ratio)];
  }
}

function word(value, met) {
  if (value === undefined || Number.isNaN(value)) return "n/a";
  return met ? "met" : "missed";
}
