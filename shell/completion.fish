# Completion of kcaws for fish. Part of `kcaws init fish`; alone: kcaws completions fish | source

set -g __kcaws_binary '::KCAWS::'

function __kcaws_complete
    command $__kcaws_binary __complete -- (commandline -opc) (commandline -ct) 2>/dev/null
end

complete -c kcaws -e
# After `--` comes a command with its files.
complete -c kcaws -n 'not contains -- -- (commandline -opc)' -f -a '(__kcaws_complete)'
