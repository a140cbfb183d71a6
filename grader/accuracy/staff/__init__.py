"""What only staff has: a second judge of generated images, and their distance to real ones."""
