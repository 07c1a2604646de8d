"""From a frozen backbone to a trained classifier."""
