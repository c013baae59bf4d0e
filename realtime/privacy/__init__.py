"""What is not to be seen: plates in pictures, passwords in texts."""
