import { basename } from "node:path";
import type { CliProcess } from "../cli.ts";

/** The shells that can be taught. */
export const completionShells = ["bash", "zsh", "fish"] as const;

export interface CompletionArguments {
  /** By $SHELL, else bash. */
  readonly shell?: (typeof completionShells)[number] | undefined;
}

/** Prints the script that makes a shell complete commands and options; it asks the program itself each time. */
export function printCompletion({ shell }: CompletionArguments, { env, stdout }: CliProcess): number {
  const name = shell ?? completionShells.find((each) => each === basename(env.SHELL ?? "")) ?? "bash";
  stdout.write(scripts[name]);
  return 0;
}

const scripts: Readonly<Record<(typeof completionShells)[number], string>> = {
  // Bash 3.2, as macOS has it, knows neither mapfile nor `source` of a process substitution.
  bash: `# eval "$(iam-agent-proxy completion bash)", or put this into ~/.bashrc
_iam_agent_proxy() {
  local IFS=$'\\n' words
  words=$(iam-agent-proxy --get-yargs-completions "\${COMP_WORDS[@]}" 2>/dev/null)
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
  return 0
}
complete -F _iam_agent_proxy iam-agent-proxy
`,
  zsh: `#compdef iam-agent-proxy
# eval "$(iam-agent-proxy completion zsh)", or put this as _iam-agent-proxy into a directory of $fpath
_iam_agent_proxy() {
  local -a replies
  replies=("\${(@f)$(COMP_CWORD="$((CURRENT-1))" COMP_LINE="$BUFFER" COMP_POINT="$CURSOR" iam-agent-proxy --get-yargs-completions "\${words[@]}" 2>/dev/null)}")
  replies=("\${replies[@]%%:*}")
  compadd -a replies || _files
}
compdef _iam_agent_proxy iam-agent-proxy
`,
  fish: `# iam-agent-proxy completion fish | source
function __iam_agent_proxy_complete
  set -l replies (iam-agent-proxy --get-yargs-completions (commandline -opc) (commandline -ct) 2>/dev/null)
  if string length -q -- $replies
    printf '%s\\n' $replies
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c iam-agent-proxy -f -a '(__iam_agent_proxy_complete)'
`,
};
