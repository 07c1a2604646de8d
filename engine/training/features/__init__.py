"""Features of a frozen backbone: computed once, kept, spread over workers."""
