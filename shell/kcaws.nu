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
  $env.KCAWS_BEFORE = ($env.AWS_PROFILE? | default '')
  if ($env.AWS_ACCESS_KEY_ID? | is-not-empty) or ($env.AWS_SESSION_TOKEN? | is-not-empty) {
    hide-env --ignore-errors AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION
    print --stderr 'kcaws: removed the keys from the environment: they come before any profile'
  }
  if $profile != '' { $env.AWS_PROFILE = $profile } else { hide-env --ignore-errors AWS_PROFILE }
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

def --env kcaws-use [...args: string] {
  let first = ($args | get --optional 0 | default '')
  if $first == '--clear' {
    kcaws-set '' ''
    return
  }
  let back = $first == '-'
  if $back and $env.KCAWS_BEFORE? == null {
    error make --unspanned {msg: 'kcaws: no other profile was used here before'}
  }
  if $back and $env.KCAWS_BEFORE == '' {
    kcaws-set '' ''
    return
  }
  let args = if $back { [$env.KCAWS_BEFORE] } else { $args }
  # Lines of data, which are assigned and never evaluated.
  let chosen = (kcaws-run use --hook ...$args | lines)
  kcaws-set $chosen.0 $chosen.1
}

# AWS access for people who live in a Keycloak realm
def --env --wrapped kcaws [...args: string@kcaws-complete] {
  let asks = ($args | any {|word| $word in ['--json' '--help' '-h'] })
  if ($args | get --optional 0) == 'use' and not $asks {
    kcaws-use ...($args | skip 1)
  } else {
    kcaws-run ...$args
  }
}

def --wrapped kcaws-prompt [...args: string] {
  if ($env.AWS_PROFILE? | is-not-empty) or ($env.KCAWS_EXEC? | is-not-empty) {
    try { ^$kcaws_binary prompt ...$args err> /dev/null } catch { '' }
  }
}
