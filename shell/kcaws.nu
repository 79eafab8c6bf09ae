# kcaws for nushell. Once, and again after an update:
#
#   kcaws init nu | save --force ($nu.data-dir | path join vendor autoload kcaws.nu)
#
#   kcaws use [PROFILE | - | --clear]   choose, change back or leave the profile of this shell
#   kcaws-prompt                        for PROMPT_COMMAND, where you want it
#
# Says nothing when it is loaded, and changes no prompt by itself.

const kcaws_binary = '::KCAWS::'

def --wrapped kcaws-run [...args: string] {
  if not ($kcaws_binary | path exists) {
    error make --unspanned {msg: $"kcaws: ($kcaws_binary) is gone; write `kcaws init nu` anew"}
  }
  with-env {KCAWS_HOOK: nu} { ^$kcaws_binary ...$args }
}

# A profile and its region; without them, none.
def --env kcaws-set [profile: string, region: string] {
  let chosen = ($env.AWS_PROFILE? | default '')
  $env.KCAWS_BEFORE = if $chosen != '' { $chosen } else { $env.AWS_DEFAULT_PROFILE? | default '' }
  if ($env.AWS_ACCESS_KEY_ID? | is-not-empty) or ($env.AWS_SESSION_TOKEN? | is-not-empty) {
    hide-env --ignore-errors AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_ACCOUNT_ID
  }
  if $profile != '' { $env.AWS_PROFILE = $profile } else { hide-env --ignore-errors AWS_PROFILE }
  # Some tools take these before AWS_PROFILE.
  hide-env --ignore-errors AWS_DEFAULT_PROFILE AWS_EB_PROFILE
  if $region != '' {
    $env.AWS_REGION = $region
    $env.AWS_DEFAULT_REGION = $region
  } else {
    # Only what was set here.
    let ours = ($env.KCAWS_REGION? | default '')
    if $ours != '' and $env.AWS_REGION? == $ours { hide-env AWS_REGION }
    if $ours != '' and $env.AWS_DEFAULT_REGION? == $ours { hide-env AWS_DEFAULT_REGION }
  }
  $env.KCAWS_REGION = $region
}

# How many words stand before `use`, and all words.
def --env kcaws-use [at: int, ...args: string] {
  let before = $env.KCAWS_BEFORE?
  let hook = if $before == null { ['--hook'] } else { ['--hook' $"--before=($before)"] }
  # Lines of data, which are assigned and never evaluated.
  let chosen = (kcaws-run ...($args | take ($at + 1)) ...$hook ...($args | skip ($at + 1)) | lines)
  if ($chosen | is-empty) {
    # It has said why itself.
    error make --unspanned {msg: 'kcaws: nothing was changed'}
  }
  if ($chosen | last) != '.' {
    # Help, or a list.
    return ($chosen | str join "\n")
  }
  kcaws-set $chosen.0 $chosen.1
}

# AWS access for people who live in a Keycloak realm
def --env --wrapped kcaws [...args: string@kcaws-complete] {
  # Options of kcaws itself may stand before the command; none takes a value.
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
