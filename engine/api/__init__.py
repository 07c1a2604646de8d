"""The server's own routes beside the pages: uploads, pictures, datasets as files, and the headers that guard them."""
