fn _nothing() {}
