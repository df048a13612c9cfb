"""Values and rules that everything else is built on; standard library only, no IO."""
