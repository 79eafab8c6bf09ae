# kcaws for PowerShell 5.1 or newer. In $PROFILE:
#
#   Invoke-Expression (& kcaws init powershell | Out-String)
#
#   kcaws use [PROFILE | - | --clear]   set, switch back or unset the profile of this shell
#   Get-KcawsPrompt                     for the function prompt, where you want it
#
# Prints nothing when it is loaded, can be loaded twice, and does not change the prompt.

$global:__kcaws_binary = '::KCAWS::'
if (-not (Test-Path Variable:global:__kcaws_before)) { $global:__kcaws_before = $null }

function global:kcaws {
    # Options of kcaws itself can precede the command; none takes a value.
    $at = 0
    while ($at -lt $args.Count -and "$($args[$at])".StartsWith('-')) { $at = $at + 1 }
    if ($at -lt $args.Count -and $args[$at] -ceq 'use') {
        __kcaws_use $at @args
    } else {
        __kcaws_run @args
    }
}

function global:__kcaws_run {
    if (-not (Test-Path -LiteralPath $global:__kcaws_binary)) {
        [Console]::Error.WriteLine("kcaws: error: $($global:__kcaws_binary) is gone; load ``kcaws init powershell`` anew")
        $global:LASTEXITCODE = 127
        return
    }
    $outer = $Env:KCAWS_HOOK
    $Env:KCAWS_HOOK = 'powershell'
    try { & $global:__kcaws_binary @args } finally { $Env:KCAWS_HOOK = $outer }
}

# Arguments: the number of words before `use`, and all words.
function global:__kcaws_use {
    $at = $args[0]
    $front = @($args | Select-Object -Skip 1 -First ($at + 1))
    $rest = @($args | Select-Object -Skip ($at + 2))
    $hook = @('--hook')
    if ($null -ne $global:__kcaws_before) { $hook = @('--hook', "--before=$($global:__kcaws_before)") }
    # Lines of data, which are assigned and never evaluated.
    $chosen = @(__kcaws_run @front @hook @rest)
    if ($LASTEXITCODE -ne 0) { return }
    if ($chosen.Count -ne 3 -or $chosen[2] -cne '.') {
        # Help, or a list.
        return $chosen
    }
    __kcaws_set $chosen[0] $chosen[1]
}

# Arguments: a profile, or none; names of variables to remove, which contain no spaces.
function global:__kcaws_set {
    param([string] $Name, [string] $Gone)
    $global:__kcaws_before = [string] $Env:AWS_PROFILE
    if (-not $global:__kcaws_before) { $global:__kcaws_before = [string] $Env:AWS_DEFAULT_PROFILE }
    foreach ($variable in ($Gone -split ' ')) {
        Remove-Item -LiteralPath "Env:$variable" -ErrorAction Ignore
    }
    if ($Name) { $Env:AWS_PROFILE = $Name } else { $Env:AWS_PROFILE = $null }
}

function global:Get-KcawsPrompt {
    $last = $global:LASTEXITCODE
    if (($Env:AWS_PROFILE -or $Env:AWS_DEFAULT_PROFILE -or $Env:KCAWS_EXEC) -and (Test-Path -LiteralPath $global:__kcaws_binary)) {
        & $global:__kcaws_binary prompt @args 2>$null
    }
    $global:LASTEXITCODE = $last
}
