# Completion of kcaws for zsh. Part of `kcaws init zsh`; alone: eval -- "$(kcaws completions zsh)"
# It may come before compinit.

typeset -g __kcaws_binary='::KCAWS::'

_kcaws() {
  # Files, with the options of the completion system, not with those below.
  __kcaws_offer || _default
}

__kcaws_offer() {
  emulate -L zsh
  local line
  local -a values shown
  # Quotes in the typed text are removed without expanding anything; compadd adds them again.
  for line in "${(@f)$(command "$__kcaws_binary" __complete -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
    if [[ -n $line ]]; then
      values+=("${line%%$'\t'*}")
      shown+=("${line/$'\t'/  }")
    fi
  done
  (( $#values )) && compadd -l -d shown -a values
}

# Before compinit there is no compdef. Each prompt then checks for it, which is a table lookup, until it exists.
__kcaws_complete() {
  emulate -L zsh
  (( ${+functions[compdef]} )) || return 0
  precmd_functions=("${(@)precmd_functions:#__kcaws_complete}")
  compdef _kcaws kcaws
}

if (( ${+functions[compdef]} )); then
  compdef _kcaws kcaws
else
  typeset -ga precmd_functions
  precmd_functions=("${(@)precmd_functions:#__kcaws_complete}" __kcaws_complete)
fi
