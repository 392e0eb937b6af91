"""The sign-in pages of the admin: who has a second factor, and who is signed in where."""
