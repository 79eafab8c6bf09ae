# shellcheck shell=bash
# kcaws for bash, 3.2 or newer. In ~/.bashrc:
#
#   eval -- "$(kcaws init bash)"
#
#   kcaws use [PROFILE | - | --clear]   set, switch back or unset the profile of this shell
#   __kcaws_prompt                      for PS1, where you want it: PS1='$(__kcaws_prompt) \$ '
#
# Prints nothing when it is loaded, can be loaded twice, and does not change the prompt.

__kcaws_binary='::KCAWS::'

# `function`, because an alias of that name would be expanded before `()`. Options of kcaws itself can precede the
# command; none takes a value.
function kcaws {
  local at=1
  while [ "$at" -le "$#" ]; do
    case ${!at} in
      use)
        __kcaws_use "$at" "$@"
        return
        ;;
      -*) at=$((at + 1)) ;;
      *) break ;;
    esac
  done
  __kcaws_run "$@"
}

__kcaws_run() {
  if [ ! -x "$__kcaws_binary" ]; then
    \builtin printf "kcaws: error: %s is gone; load 'kcaws init bash' anew\n" "$__kcaws_binary" >&2
    return 127
  fi
  KCAWS_HOOK=bash \command "$__kcaws_binary" "$@"
}

# Arguments: the position of the word `use`, and all words.
__kcaws_use() {
  local at=$1 chosen
  shift
  set -- "${@:1:at}" --hook ${__kcaws_before+"--before=$__kcaws_before"} "${@:at+1}"
  # Lines of data, which are assigned and never evaluated; the last is a dot, because $(…) strips line ends.
  chosen=$(__kcaws_run "$@") || return
  case $chosen in
    *$'\n'.) ;;
    *)
      # Help, or a list.
      \builtin printf '%s\n' "$chosen"
      return
      ;;
  esac
  chosen=${chosen%$'\n'.}
  __kcaws_set "${chosen%%$'\n'*}" "${chosen#*$'\n'}"
}

# Arguments: a profile, or none; names of variables to remove, which contain no spaces.
__kcaws_set() {
  local name IFS=' '
  __kcaws_before=${AWS_PROFILE:-${AWS_DEFAULT_PROFILE-}}
  for name in $2; do
    unset -v "$name"
  done
  if [ -n "$1" ]; then
    export AWS_PROFILE="$1"
  else
    unset AWS_PROFILE
  fi
}

__kcaws_prompt() {
  local status=$?
  if [ -n "${AWS_PROFILE-}${AWS_DEFAULT_PROFILE-}${KCAWS_EXEC-}" ] && [ -x "$__kcaws_binary" ]; then
    \command "$__kcaws_binary" prompt --shell bash "$@" 2>/dev/null || \builtin :
  fi
  return "$status"
}
