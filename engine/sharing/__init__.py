"""What leaves the house: a report that anybody can open."""
