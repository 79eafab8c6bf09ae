# shellcheck shell=bash
# Completion of kcaws for bash, 3.2 or newer. Part of `kcaws init bash`; alone: eval -- "$(kcaws completions bash)"

__kcaws_binary='::KCAWS::'

__kcaws_complete() {
  local line=${COMP_LINE:0:COMP_POINT} typed cut='' value _
  COMPREPLY=()
  typed=${line##*[[:space:]]}
  # Readline takes what follows such a letter for a word of its own.
  case $COMP_WORDBREAKS in
    *:*) [ "$typed" = "${typed##*[:=]}" ] || cut=${typed%"${typed##*[:=]}"} ;;
    *) [ "$typed" = "${typed##*=}" ] || cut=${typed%"${typed##*=}"} ;;
  esac
  while IFS=$'\t' \builtin read -r value _; do
    if [ -n "$value" ]; then
      value=${value#"$cut"}
      # A name is one word, whatever stands in it.
      \builtin printf -v value %q "$value"
      COMPREPLY+=("$value")
    fi
  done <<<"$(\command "$__kcaws_binary" __complete --line "$line" 2>/dev/null)"
}

complete -o bashdefault -o default -F __kcaws_complete kcaws
