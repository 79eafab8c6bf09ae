# shellcheck shell=bash
# Completion of kcaws for bash, 3.2 or newer. Part of `kcaws init bash`; alone: eval -- "$(kcaws completions bash)"

__kcaws_binary='::KCAWS::'

__kcaws_complete() {
  local line=${COMP_LINE:0:COMP_POINT} typed cut='' quote='' value _
  COMPREPLY=()
  typed=${line##*[[:space:]]}
  # For a quoted word, readline keeps the opening quote and adds the closing one.
  case ${COMP_WORDS[${COMP_CWORD:-0}]-} in
    \"* | \'*) quote=${COMP_WORDS[COMP_CWORD]:0:1} ;;
  esac
  # Readline treats what follows such a character as a separate word.
  [ -n "$quote" ] || case $COMP_WORDBREAKS in
    *:*) [ "$typed" = "${typed##*[:=]}" ] || cut=${typed%"${typed##*[:=]}"} ;;
    *) [ "$typed" = "${typed##*=}" ] || cut=${typed%"${typed##*=}"} ;;
  esac
  while IFS=$'\t' \builtin read -r value _; do
    if [ -n "$value" ]; then
      value=${value#"$cut"}
      # A name is one word, whatever it contains. Names that would end the quotes, or be expanded in them, are left out.
      if [ -z "$quote" ]; then
        \builtin printf -v value %q "$value"
      else
        case $quote$value in
          \'*\'* | \"*[\"\\\$\`!]*) \builtin continue ;;
        esac
      fi
      COMPREPLY+=("$value")
    fi
  done <<<"$(\command "$__kcaws_binary" __complete --backslash --line "$line" 2>/dev/null)"
}

complete -o bashdefault -o default -F __kcaws_complete kcaws
