# kcaws for nushell. Once, and again after an update:
#
#   kcaws init nu | save --force ($nu.data-dir | path join vendor autoload kcaws.nu)
#
#   kcaws use [PROFILE | - | --clear]   set, switch back or unset the profile of this shell
#   kcaws-prompt                        for PROMPT_COMMAND, where you want it
#
# Prints nothing when it is loaded, and does not change the prompt.

const kcaws_binary = '::KCAWS::'

def --wrapped kcaws-run [...args: string] {
  if not ($kcaws_binary | path exists) {
    error make --unspanned {msg: $"kcaws: ($kcaws_binary) is gone; write `kcaws init nu` anew"}
  }
  with-env {KCAWS_HOOK: nu} { ^$kcaws_binary ...$args }
}

# Arguments: a profile, or none; names of variables to remove, which contain no spaces.
def --env kcaws-set [profile: string, names: string] {
  let chosen = ($env.AWS_PROFILE? | default '')
  $env.KCAWS_BEFORE = if $chosen != '' { $chosen } else { $env.AWS_DEFAULT_PROFILE? | default '' }
  hide-env --ignore-errors ...($names | split row ' ')
  if $profile != '' { $env.AWS_PROFILE = $profile } else { hide-env --ignore-errors AWS_PROFILE }
}

# Arguments: the number of words before `use`, and all words.
def --env kcaws-use [at: int, ...args: string] {
  let before = $env.KCAWS_BEFORE?
  let hook = if $before == null { ['--hook'] } else { ['--hook' $"--before=($before)"] }
  # Lines of data, which are assigned and never evaluated.
  let chosen = (kcaws-run ...($args | take ($at + 1)) ...$hook ...($args | skip ($at + 1)) | lines)
  if ($chosen | is-empty) {
    # It has printed the reason itself.
    error make --unspanned {msg: 'kcaws: nothing was changed'}
  }
  if ($chosen | last) != '.' {
    # Help, or a list.
    return ($chosen | str join "\n")
  }
  kcaws-set $chosen.0 $chosen.1
}

# AWS credentials for teams that sign in through IAM Identity Center
def --env --wrapped kcaws [...args: string@kcaws-complete] {
  # Options of kcaws itself can precede the command; none takes a value.
  let at = ($args | take while {|word| $word starts-with '-' } | length)
  if ($args | get --optional $at) == 'use' {
    kcaws-use $at ...$args
  } else {
    kcaws-run ...$args
  }
}

def --wrapped kcaws-prompt [...args: string] {
  if ($env.AWS_PROFILE? | is-not-empty) or ($env.AWS_DEFAULT_PROFILE? | is-not-empty) or ($env.KCAWS_EXEC? | is-not-empty) {
    try { ^$kcaws_binary prompt ...$args err> /dev/null } catch { '' }
  }
}
