"""The demo DAO: its people, papers and proposals as plain files, and how they are planted."""
