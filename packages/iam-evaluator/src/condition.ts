import { type Comparison, compileComparison, readBoolean } from "./comparison.ts";
import { type ConditionOperator, parseConditionOperator } from "./condition-operator.ts";
import type { ParsedCondition } from "./parse-condition.ts";
import {
  ABSENT,
  type ConditionKey,
  conditionKey,
  type KeyState,
  type RequestContext,
  UNKNOWN,
} from "./request-context.ts";
import { parseTemplate, variablesOf } from "./template.ts";
import { NO, not, type Truth, truthOf, UNDETERMINED, YES } from "./truth.ts";

/** One operator and key of a `Condition`, ready to be asked. */
export interface CompiledCondition {
  /** As the policy writes it. */
  readonly operator: string;
  readonly key: ConditionKey;
  readonly values: readonly string[];
  /** The keys that its values refer to as variables. */
  readonly variables: readonly ConditionKey[];
  readonly holds: (context: RequestContext) => Truth;
}

/** Compiles one condition; an operator that does not exist gives one that is undetermined, always. */
export function compileCondition({ operator, key, values }: ParsedCondition, variables: boolean): CompiledCondition {
  const texts = values.map(({ text }) => text);
  const asked = conditionKey(key.text);
  const parsed = parseConditionOperator(operator.text);
  return {
    operator: operator.text,
    key: asked,
    values: texts,
    variables: variables ? texts.flatMap((text) => variablesOf(parseTemplate(text)).map((found) => found.key)) : [],
    holds: parsed === undefined ? () => UNDETERMINED : holdsFor(parsed, asked, texts, variables),
  };
}

function holdsFor(
  operator: ConditionOperator,
  key: ConditionKey,
  values: readonly string[],
  variables: boolean,
): CompiledCondition["holds"] {
  const { kind } = operator;
  if (kind === "Null") {
    const asked = values.map(readBoolean);
    return (context) => isNull(context.get(key), asked);
  }
  const compare = compileComparison(kind, values, { variables });
  return (context) => compareState(context.get(key), operator, compare, context);
}

/**
 * `"true"`: the request has no such key, or no value for it; `"false"`: it has one. Several values are alternatives.
 * Whether an empty text is a value is told in two ways: by the operator's own section, and by that on set operators, which
 * has `Null` keep empty values out (IAM User Guide, "Condition operator to check existence of condition keys", and
 * "Multivalued context key examples").
 */
function isNull(state: KeyState, asked: readonly ("true" | "false" | undefined)[]): Truth {
  if (state === UNKNOWN || state === "" || isListOfEmptyTexts(state)) return UNDETERMINED;
  const word = state === ABSENT ? "true" : "false";
  if (asked.includes(word)) return YES;
  return asked.includes(undefined) ? UNDETERMINED : NO;
}

/**
 * What rests on an unknown key is undetermined, whatever the operator. A key that is absent makes a comparison false, its
 * contrary true, and anything `...IfExists` true; `ForAllValues` has nothing to object to and `ForAnyValue` nothing to
 * go by, and both take an empty text for no value (IAM User Guide, "Set operators for multivalued context keys"); a list
 * of empty texts may be one or the other. Several values need a set operator: without, they compare with nothing.
 */
function compareState(
  state: KeyState,
  { negated, ifExists, set }: ConditionOperator,
  compare: Comparison,
  context: RequestContext,
): Truth {
  if (state === UNKNOWN) return UNDETERMINED;
  if (state === ABSENT) {
    if (ifExists) return YES;
    return set === undefined ? truthOf(negated) : truthOf(set === "ForAllValues");
  }
  if (typeof state === "object" && !(state instanceof Date)) {
    if (set === undefined) return NO;
    if (isListOfEmptyTexts(state)) return UNDETERMINED;
    let found: Truth = truthOf(set === "ForAllValues");
    const decisive: Truth = set === "ForAllValues" ? NO : YES;
    for (const value of state) {
      const one = compare(value, context);
      const truth = negated ? not(one) : one;
      if (truth === decisive) return decisive;
      if (truth === UNDETERMINED) found = UNDETERMINED;
    }
    return found;
  }
  if (set !== undefined && state === "") return truthOf(set === "ForAllValues");
  const one = compare(state, context);
  return negated ? not(one) : one;
}

function isListOfEmptyTexts(state: KeyState): boolean {
  return Array.isArray(state) && state[0] === "" && state.every((text) => text === "");
}
