"""How everything looks: embeds, buttons, panels and lists, pure."""
