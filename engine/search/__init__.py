"""Find the best network and recipe for a set of pictures: many are tried briefly, the weak are dropped early."""
