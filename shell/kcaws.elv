# kcaws for elvish. Once:
#
#   mkdir -p ~/.config/elvish/lib; kcaws init elvish > ~/.config/elvish/lib/kcaws.elv
#
# and in ~/.config/elvish/rc.elv:
#
#   use kcaws
#   var kcaws~ = $kcaws:kcaws~
#   set edit:completion:arg-completer[kcaws] = $kcaws:complete~
#
#   kcaws use [PROFILE | - | --clear]   set, switch back or unset the profile of this shell
#   kcaws:prompt                        for edit:prompt, where you want it
#
# Prints nothing when it is loaded, and does not change the prompt.

use str

var binary = '::KCAWS::'
var before = $nil

fn -value {|name|
  if (has-env $name) { get-env $name } else { put '' }
}

fn -run {|@args|
  if (not (has-external $binary)) {
    echo 'kcaws: error: '$binary' is gone; write `kcaws init elvish` anew' >&2
    fail 'kcaws is gone'
  }
  tmp E:KCAWS_HOOK = elvish
  (external $binary) $@args
}

# Arguments: a profile, or none; names of variables to remove, which contain no spaces.
fn -set {|profile names|
  set before = (-value AWS_PROFILE)
  if (eq $before '') { set before = (-value AWS_DEFAULT_PROFILE) }
  for name [(str:split ' ' $names)] { unset-env $name }
  if (not-eq $profile '') { set-env AWS_PROFILE $profile } else { unset-env AWS_PROFILE }
}

# Arguments: the number of words before `use`, and all words.
fn -use {|at @words|
  var next = (+ $at 1)
  var hook = [--hook]
  if (not-eq $before $nil) { set hook = [--hook --before=$before] }
  # Lines of data, which are assigned and never evaluated.
  var chosen = [(-run (all $words[..$next]) $@hook (all $words[$next..]) | from-lines)]
  if (or (== (count $chosen) 0) (not-eq $chosen[-1] .)) {
    # Help, or a list.
    to-lines $chosen
    return
  }
  -set $chosen[0] $chosen[1]
}

# Options of kcaws itself can precede the command; none takes a value.
fn kcaws {|@args|
  var at = 0
  for word $args {
    if (not (str:has-prefix $word -)) { break }
    set at = (+ $at 1)
  }
  if (and (< $at (count $args)) (eq $args[$at] use)) {
    -use $at $@args
  } else {
    -run $@args
  }
}

fn prompt {|@args|
  if (and (or (has-env AWS_PROFILE) (has-env AWS_DEFAULT_PROFILE) (has-env KCAWS_EXEC)) (has-external $binary)) {
    (external $binary) prompt $@args 2>/dev/null
  }
}
