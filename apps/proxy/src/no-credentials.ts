/** What to tell when the real credentials cannot be had: why, and how to get them. */
export function noCredentials(error: Error, profile: string | undefined): string {
  const source = profile === undefined ? "the SDK's default chain" : `profile ${profile}`;
  return `no AWS credentials from ${source}: ${error.message}.${advice(error.message, profile)} Requests are answered 503 until there are; set AWS_PROFILE or --profile to a profile that works.`;
}

function advice(message: string, profile: string | undefined): string {
  const named = profile === undefined ? "" : ` --profile ${profile}`;
  if (/sso|token.*(expired|refresh)|device authorization/i.test(message)) return ` Log in: aws sso login${named}.`;
  if (/aws login/i.test(message)) return ` Log in: aws login${named}.`;
  if (/could not resolve credentials using profile|profile .* (not|could not) .*found/i.test(message)) {
    return ` Is the name right? \`aws configure list-profiles\` lists those there are.`;
  }
  if (/could not load credentials from any providers/i.test(message)) {
    return ` The AWS CLI says what is wrong: aws sts get-caller-identity${named}.`;
  }
  if (/gave no answer in/.test(message)) return " Does its credential_process ask for something, or hang?";
  if (/expired at/.test(message)) return " Get new ones where they came from.";
  return "";
}
