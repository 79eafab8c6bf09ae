# Completion of kcaws for nushell. Part of `kcaws init nu`.

const kcaws_completing_binary = '::KCAWS::'

def kcaws-complete [context: string] {
  let found = (^$kcaws_completing_binary __complete --line $context | complete)
  $found.stdout | lines | each {|line|
    let parts = ($line | split row --number 2 "\t")
    let value = $parts.0
    # A name is one word, whatever it contains.
    let plain = ($value =~ '^[A-Za-z0-9_.@%:+/=-]+$')
    {value: (if $plain { $value } else { $value | to nuon }), description: ($parts | get --optional 1 | default '')}
  }
}
