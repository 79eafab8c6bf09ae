# kcaws for zsh. In ~/.zshrc, after compinit:
#
#   eval -- "$(kcaws init zsh)"
#
#   kcaws use [PROFILE | - | --clear]   choose, change back or leave the profile of this shell
#   __kcaws_prompt                      for PROMPT, where you want it:
#                                       setopt prompt_subst; PROMPT='$(__kcaws_prompt) %# '
#
# Says nothing when it is loaded, may be loaded twice, and changes no prompt by itself.

typeset -g __kcaws_binary='::KCAWS::'

kcaws() {
  if [[ ${1-} == use ]]; then
    shift
    __kcaws_use "$@"
  else
    __kcaws_run "$@"
  fi
}

__kcaws_run() {
  if [[ ! -x $__kcaws_binary ]]; then
    builtin print -ru2 -- "kcaws: error: $__kcaws_binary is gone; load \`kcaws init zsh\` anew"
    return 127
  fi
  KCAWS_HOOK=zsh command "$__kcaws_binary" "$@"
}

__kcaws_use() {
  emulate -L zsh
  local chosen word
  for word in "$@"; do
    case $word in
      (-h|--help|--json) __kcaws_run use "$@"; return ;;
    esac
  done
  case ${1-} in
    (--clear)
      __kcaws_set '' ''
      return
      ;;
    (-)
      if (( ! ${+__kcaws_before} )); then
        builtin print -ru2 -- 'kcaws: error: no other profile was used here before'
        return 1
      fi
      if [[ -z $__kcaws_before ]]; then
        __kcaws_set '' ''
        return
      fi
      set -- "$__kcaws_before"
      ;;
  esac
  # Lines of data, which are assigned and never evaluated; the last is a dot, because $(…) eats line ends.
  chosen=$(__kcaws_run use --hook "$@") || return
  chosen=${chosen%$'\n'.}
  __kcaws_set "${chosen%%$'\n'*}" "${chosen#*$'\n'}"
}

# A profile and its region; without them, none.
__kcaws_set() {
  emulate -L zsh
  typeset -g __kcaws_before=${AWS_PROFILE-}
  if [[ -n ${AWS_ACCESS_KEY_ID-}${AWS_SESSION_TOKEN-} ]]; then
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION
    builtin print -ru2 -- 'kcaws: removed the keys from the environment: they come before any profile'
  fi
  if [[ -n $1 ]]; then
    export AWS_PROFILE=$1
  else
    unset AWS_PROFILE
  fi
  if [[ -n $2 ]]; then
    export AWS_REGION=$2 AWS_DEFAULT_REGION=$2
  elif [[ -n ${__kcaws_region-} ]]; then
    # Only what was set here.
    [[ ${AWS_REGION-} != "$__kcaws_region" ]] || unset AWS_REGION
    [[ ${AWS_DEFAULT_REGION-} != "$__kcaws_region" ]] || unset AWS_DEFAULT_REGION
  fi
  typeset -g __kcaws_region=$2
}

__kcaws_prompt() {
  local last=$?
  if [[ -n ${AWS_PROFILE-}${KCAWS_EXEC-} && -x $__kcaws_binary ]]; then
    command "$__kcaws_binary" prompt --shell zsh "$@" 2>/dev/null || :
  fi
  return $last
}
