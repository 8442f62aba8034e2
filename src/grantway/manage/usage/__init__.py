"""What happens: who uses which app, what was refused and why, and taking tokens back."""
