# Completion of kcaws for fish. Part of `kcaws init fish`; alone: kcaws completions fish | source

set -g __kcaws_binary '::KCAWS::'

function __kcaws_complete
    # As typed: the last word may have an open quote or escapes.
    command $__kcaws_binary __complete --backslash --line (commandline -pc | string collect) 2>/dev/null
end

complete -c kcaws -e
# After the `--` of exec, complete a command and its files.
complete -c kcaws -n 'not contains -- -- (commandline -opc); or not contains exec (commandline -opc)' -f -a '(__kcaws_complete)'
