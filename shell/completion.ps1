# Completion of kcaws for PowerShell 5.1 or newer. Part of `kcaws init powershell`.

$global:__kcaws_binary = '::KCAWS::'

Register-ArgumentCompleter -Native -CommandName kcaws -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    if ($line.Length -gt $cursorPosition) { $line = $line.Substring(0, $cursorPosition) }
    if ($wordToComplete -eq '') { $line = $line + ' ' }
    & $global:__kcaws_binary __complete --line $line 2>$null | ForEach-Object {
        $value, $description = $_ -split "`t", 2
        if (-not $description) { $description = $value }
        $text = $value
        # A name is one word, whatever it contains.
        if ($value -notmatch '^[A-Za-z0-9_.:+/=-]+$') { $text = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($value) + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $description)
    }
}
