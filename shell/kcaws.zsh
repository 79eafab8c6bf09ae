# kcaws for zsh. In ~/.zshrc, before or after compinit:
#
#   eval -- "$(kcaws init zsh)"
#
#   kcaws use [PROFILE | - | --clear]   set, switch back or unset the profile of this shell
#   __kcaws_prompt                      for PROMPT, where you want it:
#                                       setopt prompt_subst; PROMPT='$(__kcaws_prompt) %# '
#
# Prints nothing when it is loaded, can be loaded twice, and does not change the prompt.

typeset -g __kcaws_binary='::KCAWS::'

# `function`, because an alias of that name would be expanded before `()`. Options of kcaws itself can precede the
# command; none takes a value.
function kcaws {
  emulate -L zsh
  local at=1
  while (( at <= $# )); do
    case ${argv[at]} in
      (use)
        __kcaws_use $at "$@"
        return
        ;;
      (-*) (( at += 1 )) ;;
      (*) break ;;
    esac
  done
  __kcaws_run "$@"
}

__kcaws_run() {
  if [[ ! -x $__kcaws_binary ]]; then
    builtin print -ru2 -- "kcaws: error: $__kcaws_binary is gone; load \`kcaws init zsh\` anew"
    return 127
  fi
  KCAWS_HOOK=zsh command "$__kcaws_binary" "$@"
}

# Arguments: the position of the word `use`, and all words.
__kcaws_use() {
  emulate -L zsh
  local at=$1 chosen
  shift
  set -- "${(@)argv[1,at]}" --hook ${__kcaws_before+"--before=$__kcaws_before"} "${(@)argv[at+1,-1]}"
  # Lines of data, which are assigned and never evaluated; the last is a dot, because $(…) strips line ends.
  chosen=$(__kcaws_run "$@") || return
  if [[ $chosen != *$'\n'. ]]; then
    # Help, or a list.
    builtin print -r -- "$chosen"
    return
  fi
  chosen=${chosen%$'\n'.}
  __kcaws_set "${chosen%%$'\n'*}" "${chosen#*$'\n'}"
}

# Arguments: a profile, or none; names of variables to remove, which contain no spaces.
__kcaws_set() {
  emulate -L zsh
  local name
  typeset -g __kcaws_before=${AWS_PROFILE:-${AWS_DEFAULT_PROFILE-}}
  for name in ${(s: :)2}; do
    unset "$name"
  done
  if [[ -n $1 ]]; then
    export AWS_PROFILE=$1
  else
    unset AWS_PROFILE
  fi
}

__kcaws_prompt() {
  local last=$?
  if [[ -n ${AWS_PROFILE-}${AWS_DEFAULT_PROFILE-}${KCAWS_EXEC-} && -x $__kcaws_binary ]]; then
    command "$__kcaws_binary" prompt --shell zsh "$@" 2>/dev/null || :
  fi
  return $last
}
