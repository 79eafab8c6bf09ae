# Completion of kcaws for zsh. Part of `kcaws init zsh`; alone, after compinit: eval -- "$(kcaws completions zsh)"

typeset -g __kcaws_binary='::KCAWS::'

_kcaws() {
  # Files, with the options of the completion system, not with those of below.
  __kcaws_offer || _default
}

__kcaws_offer() {
  emulate -L zsh
  local line
  local -a values shown
  # The quotes of what is typed are taken off, and nothing in it is expanded; compadd puts them on again.
  for line in "${(@f)$(command "$__kcaws_binary" __complete -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
    if [[ -n $line ]]; then
      values+=("${line%%$'\t'*}")
      shown+=("${line/$'\t'/  }")
    fi
  done
  (( $#values )) && compadd -l -d shown -a values
}

if (( ${+functions[compdef]} )); then
  compdef _kcaws kcaws
fi
