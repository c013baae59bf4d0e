"""What is thought over once everything is read: whether texts are whole, what another reader says, their order."""
