# Completion of kcaws for elvish: a function for edit:completion:arg-completer[kcaws]. Part of `kcaws init elvish`.

use str

var completing-binary = '::KCAWS::'

fn complete {|@words|
  (external $completing-binary) __complete -- $@words 2>/dev/null | from-lines | each {|line|
    var value description = (str:split &max=2 "\t" $line"\t")
    edit:complex-candidate $value &display=$value'  '(str:trim-right $description "\t")
  }
}
