"""Find, read and follow digits, characters and number plates in pictures and video."""
