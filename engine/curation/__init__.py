"""What the pictures themselves tell: findings of Check, the map, suggestions for labels."""
