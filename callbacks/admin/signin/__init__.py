"""What an owner sees of signing in: who has a second factor, and who is signed in where."""
