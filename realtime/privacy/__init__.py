"""What nobody may see: plates in pictures, passwords in texts."""
