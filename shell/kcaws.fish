# kcaws for fish. In ~/.config/fish/config.fish:
#
#   kcaws init fish | source
#
#   kcaws use [PROFILE | - | --clear]   set, switch back or unset the profile of this shell
#   __kcaws_prompt                      for fish_prompt, where you want it
#
# Prints nothing when it is loaded, can be loaded twice, and does not change the prompt.

set -g __kcaws_binary '::KCAWS::'

# Options of kcaws itself can precede the command; none takes a value.
function kcaws
    set -l at 1
    while test $at -le (count $argv)
        switch $argv[$at]
            case use
                __kcaws_use $at $argv
                return
            case '-*'
                set at (math $at + 1)
            case '*'
                break
        end
    end
    __kcaws_run $argv
end

function __kcaws_run
    if not test -x $__kcaws_binary
        echo "kcaws: error: $__kcaws_binary is gone; load `kcaws init fish` anew" >&2
        return 127
    end
    KCAWS_HOOK=fish command $__kcaws_binary $argv
end

# Arguments: the position of the word `use`, and all words.
function __kcaws_use
    set -l front $argv[2..(math $argv[1] + 1)]
    set -l rest $argv
    set -e rest[1..(math $argv[1] + 1)]
    set -l hook --hook
    set -q __kcaws_before; and set hook --hook "--before=$__kcaws_before"
    # Lines of data, which are assigned and never evaluated.
    set -l chosen (__kcaws_run $front $hook $rest)
    or return
    if test "$chosen[-1]" != .
        # Help, or a list.
        printf '%s\n' $chosen
        return
    end
    __kcaws_set $chosen[1] $chosen[2]
end

# Arguments: a profile, or none; names of variables to remove, which contain no spaces.
function __kcaws_set -a profile names
    set -g __kcaws_before "$AWS_PROFILE"
    test -n "$__kcaws_before"; or set -g __kcaws_before "$AWS_DEFAULT_PROFILE"
    for name in (string split ' ' -- $names)
        set -eg $name
        # A universal variable is hidden, not erased: other shells use it too.
        if set -q $name
            switch $name
                case AWS_DEFAULT_PROFILE AWS_EB_PROFILE
                    test -n "$profile"; and set -gx $name $profile; or set -e $name
                case '*'
                    set -gx $name ''
            end
        end
    end
    if test -n "$profile"
        set -gx AWS_PROFILE $profile
    else
        set -e AWS_PROFILE
    end
    true
end

function __kcaws_prompt
    set -l last $status
    if test -n "$AWS_PROFILE$AWS_DEFAULT_PROFILE$KCAWS_EXEC"; and test -x $__kcaws_binary
        command $__kcaws_binary prompt $argv 2>/dev/null
    end
    return $last
end
