"""From files to items: archives, folders, tables, and what was understood of them."""
