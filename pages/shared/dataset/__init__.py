"""Pictures and classes, wherever they are shown or changed."""
