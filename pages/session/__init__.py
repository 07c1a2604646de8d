"""Who looks, and where: state, person, language, safe text."""
