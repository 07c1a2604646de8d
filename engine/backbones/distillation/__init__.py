"""Growing a backbone from unlabelled pictures and a teacher."""
