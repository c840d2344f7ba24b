"""Who may spend what: rules and limits that are asked before every claim."""
